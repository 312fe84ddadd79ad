import { type Cut, refOf } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';

/** Number of the first record of a cut: what was deleted or overwritten before it is no loss of who begins now. */
export function firstRecord(files: FeedFiles, cut: Cut): number {
  const { catalog } = cut;
  if (catalog === undefined) return cut.head;
  for (let index = catalog.view.firstLive; index < cut.count; index++) {
    const ref = refOf(files, cut, index);
    if (ref !== undefined) return ref.firstSequence;
  }
  return cut.ringFrom;
}
