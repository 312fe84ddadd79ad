import type { CatalogIndex } from '../catalog-index.js';
import { type Cut, refOf } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';

/** The first record that a chunk of the cut holds. */
export function firstInChunks(files: FeedFiles, cut: Cut): number | undefined {
  const catalog = cut.catalog as CatalogIndex;
  for (let index = catalog.view.firstLive; index < cut.count; index++) {
    const ref = refOf(files, cut, index);
    if (ref !== undefined) return ref.firstSequence;
  }
  return undefined;
}
