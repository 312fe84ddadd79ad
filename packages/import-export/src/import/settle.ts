/**
 * How many records an import had added when it ended out of order. It was the feed's only writer from its first record on, and its records have numbers without
 * a gap, so the count is where its writer's records end less where the import's began. The end is in the feed's file of segments: whoever
 * opens the feed next writes there how the writer before had ended. So this is asked after a writer was opened.
 *
 *     ledger   open: sequence 100, epoch 7
 *     segments OPENED 60 epoch 7 … CRASHED 142 epoch 7, OPENED 142 epoch 8      →  42 records
 */
import { DeepwaterError, SEGMENT_KIND, type SegmentEntry } from '@deepwater/core';

/** Kinds of entries after which no writer is open. */
const ENDS: ReadonlySet<number> = new Set([SEGMENT_KIND.CLOSED, SEGMENT_KIND.CRASHED, SEGMENT_KIND.POWER_LOST, SEGMENT_KIND.UNKNOWN]);

/** Records of the feed that exist with from <= number < to. */
export type CountRecords = (from: number, to: number) => Promise<number>;

/**
 * @param entries of the feed's segments, in their order
 * @throws DeepwaterError DW_IMPORT_LOST where it cannot be told
 */
export async function recordsAdded(feedName: string, file: string, { sequence, epoch }: { readonly sequence: number; readonly epoch: number }, entries: readonly SegmentEntry[], countRecords: CountRecords): Promise<number> {
  const lost = (why: string): DeepwaterError =>
    new DeepwaterError('DW_IMPORT_LOST', `An import of ${file} into feed ${feedName} ended out of order, and ${why}. Delete the feed and import its files again, or take another feed.`, {
      values: { file, feed: feedName, sequence, epoch },
    });
  const opened = entries.findIndex((entry) => entry.kind === SEGMENT_KIND.OPENED && entry.epoch === epoch && entry.sequence <= sequence);
  if (opened < 0) throw lost('the feed’s file of segments does not tell of its writer any more');
  const ended = entries.slice(opened + 1).find(({ kind }) => ENDS.has(kind));
  if (ended === undefined) throw lost('the feed’s file of segments does not tell how far its writer came');
  const added = ended.sequence - sequence;
  // After a power loss the records that survived may end before the import began.
  if (added <= 0) return 0;
  if (ended.kind === SEGMENT_KIND.POWER_LOST && (await countRecords(sequence, ended.sequence)) !== added) throw lost('a power loss took records from the middle of it');
  return added;
}
