import { type Cut, refOf, takeCut } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import type { FollowOptions } from './follow-step.js';

/** Number of the first record of a cut: what was deleted or overwritten before it is no loss of who begins now. */
function firstRecord(files: FeedFiles, cut: Cut): number {
  const { catalog } = cut;
  if (catalog === undefined) return cut.head;
  for (let index = catalog.view.firstLive; index < cut.count; index++) {
    const ref = refOf(files, cut, index);
    if (ref !== undefined) return ref.firstSequence;
  }
  return cut.ringFrom;
}

/** Where a follower begins, and below which number it takes records by their times. */
export function placeOf(files: FeedFiles, { from, bounds }: FollowOptions): { next: number; historyEnd: number } {
  if (from !== undefined) return { next: from, historyEnd: 0 };
  const cut = takeCut(files);
  return bounds === undefined ? { next: cut.head, historyEnd: 0 } : { next: firstRecord(files, cut), historyEnd: cut.head };
}
