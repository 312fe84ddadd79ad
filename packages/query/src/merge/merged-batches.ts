/** Many feeds as one sequence of records in order of time: what merged reads and backtests are made of. */
import { DeepwaterError, type TimeUnit } from '@deepwater/core/engine';
import { FeedCursor, type MergeOrder } from './feed-cursor.js';
import { ENDED, FULL, LoserTree, TOO_FAR } from './loser-tree.js';
import { MERGE_FEEDS_MAX, MergeMemory, blockRows } from './merge-memory.js';
import type { MergedPart } from './part.js';
import type { FeedRequest } from './stretches.js';
import { FAR, factorOf, finestUnit } from './time-scale.js';

/**
 * Up to a few thousand records in order: record i is row `row[i]` of `parts[source[i]]`. Good until the next batch is asked for,
 * which is the same object: its arrays are filled again, chunks are unmapped.
 */
export interface MergedBatch {
  readonly length: number;
  /** By record: index of its feed. */
  readonly source: Uint16Array;
  /** By record: its row in the part of its feed. */
  readonly row: Uint32Array;
  /** One a feed. */
  readonly parts: readonly MergedPart[];
  /**
   * By record: the time by which it was merged, in `unit`, less `base`; exact. With the order `arrival` that is the greatest time
   * its feed has had so far.
   */
  readonly times: Float64Array;
  /** 0 on clocks in ms and us, but where their times are no safe integers. */
  readonly base: bigint;
  /** The finest unit among the clocks. */
  readonly unit: TimeUnit;
  /** Where `source` and `row` lie. */
  readonly memory: MergeMemory;
}

export interface MergeEngineOptions {
  /**
   * `time` (default): records come exactly by time, of one time by the order in which the feeds are named, in a feed by sequence.
   * `arrival`: each feed's records stay in their own order, as a live strategy sees them; feeds are merged by the greatest time each
   * has had so far.
   */
  readonly order?: MergeOrder;
  /** Records of a batch at most, up to 16,384. Default: 4,096, which are made records of in about the time that an event loop may be held. */
  readonly batchRows?: number | undefined;
}

/**
 * Merges feeds; `undefined` is a place to pause. Each feed is seen as it is at the first `next()`. Ending the generator lets go of
 * everything.
 * @throws DeepwaterError DW_LIMIT_EXCEEDED for too many feeds, or too much that is out of order; DW_FILE_CORRUPT
 */
export function* mergedBatches(requests: readonly FeedRequest[], { order = 'time', batchRows }: MergeEngineOptions = {}): Generator<MergedBatch | undefined, void, void> {
  const feeds = requests.length;
  if (feeds > MERGE_FEEDS_MAX) {
    throw new DeepwaterError('DW_LIMIT_EXCEEDED', `A merge takes at most ${MERGE_FEEDS_MAX} feeds, not ${feeds}. Merge some of them at a time.`, {
      values: { feeds, limit: MERGE_FEEDS_MAX },
    });
  }
  if (feeds === 0) return;
  const unit = finestUnit(requests.map(({ wanted }) => wanted.bounds.clock));
  const room = blockRows(feeds);
  const memory = MergeMemory.take(batchRows);
  if (feeds === 1) {
    const [request] = requests as readonly [FeedRequest];
    const cursor = new FeedCursor(request, order, 1, memory, 0, room);
    try {
      yield* oneFeed(cursor, memory, unit);
    } finally {
      cursor.close();
      memory.give();
    }
    return;
  }
  const cursors = requests.map((request, feed) => new FeedCursor(
    request, order, factorOf(request.wanted.bounds.clock, unit), memory, feed * room, room, feed,
  ));
  try {
    yield* merge(cursors, memory, unit);
  } finally {
    for (const cursor of cursors) cursor.close();
    memory.give();
  }
}

/** One feed has no tournament: its keys and rows are the batch. */
function* oneFeed(cursor: FeedCursor, memory: MergeMemory, unit: TimeUnit): Generator<MergedBatch | undefined, void, void> {
  const { keys, rows, source, row, times } = memory;
  cursor.open();
  source.fill(0);
  const batch = { length: 0, source, row, parts: [cursor.part], times, base: 0n, unit, memory };
  for (let begun = false; yield* cursor.load(); begun = true) {
    cursor.dropRetired();
    batch.parts[0] = cursor.part;
    const { from, end } = cursor;
    if (!begun) cursor.rebase((batch.base = baseAt(cursor.timeAt(from), unit)));
    for (let at = from; at < end; at += batch.length) {
      if ((keys[at] as number) >= FAR) cursor.rebase((batch.base = cursor.timeAt(at)));
      let to = end;
      // Keys ascend.
      if ((keys[end - 1] as number) >= FAR) for (to = at + 1; (keys[to] as number) < FAR;) to++;
      row.set(rows.subarray(at, to));
      times.set(keys.subarray(at, to));
      batch.length = to - at;
      yield batch;
    }
  }
}

/** What keys are counted from, where the least time is this one: from 0 where all times are likely to be exact then. */
function baseAt(least: bigint, unit: TimeUnit): bigint {
  return unit !== 'ns' && least >= 0n && least < BigInt(FAR) ? 0n : least;
}

function* merge(cursors: readonly FeedCursor[], memory: MergeMemory, unit: TimeUnit): Generator<MergedBatch | undefined, void, void> {
  const tree = new LoserTree(cursors.length, memory);
  const { source, row, times, at, end } = memory;
  // All cuts at one time, before the first chunk is looked at.
  for (const cursor of cursors) cursor.open();
  for (const [feed, cursor] of cursors.entries()) {
    yield* cursor.load();
    at[feed] = cursor.from;
    end[feed] = cursor.end;
    cursor.dropRetired();
  }
  const parts = cursors.map(({ part }) => part);
  const batch = { length: 0, source, row, parts, times, base: 0n, unit, memory };
  const full = (): MergedBatch => {
    batch.length = tree.length;
    tree.length = 0;
    return batch;
  };
  const least = leastTime(cursors, memory);
  if (least === undefined) return;
  batch.base = baseAt(least, unit);
  countFrom(batch.base, cursors, tree);
  for (;;) {
    const why = tree.run();
    if (why === FULL) {
      yield full();
    } else if (why === ENDED || why === TOO_FAR) {
      if (tree.length > 0) yield full();
      if (why === ENDED) return;
      batch.base = leastTime(cursors, memory) as bigint;
      countFrom(batch.base, cursors, tree);
    } else {
      const cursor = cursors[why] as FeedCursor;
      yield* cursor.load();
      at[why] = cursor.from;
      end[why] = cursor.end;
      if (cursor.retired.length > 0) {
        // The batch has rows of the part that is done with.
        if (tree.length > 0) yield full();
        cursor.dropRetired();
        parts[why] = cursor.part;
      }
      tree.settle(why);
    }
  }
}

/** The least time that is still to come; undefined at the end of all feeds. */
function leastTime(cursors: readonly FeedCursor[], memory: MergeMemory): bigint | undefined {
  let least: bigint | undefined;
  for (const [feed, cursor] of cursors.entries()) {
    const at = memory.at[feed] as number;
    if (at >= (memory.end[feed] as number)) continue;
    const time = cursor.timeAt(at);
    if (least === undefined || time < least) least = time;
  }
  return least;
}

function countFrom(base: bigint, cursors: readonly FeedCursor[], tree: LoserTree): void {
  for (const cursor of cursors) cursor.rebase(base);
  tree.begin();
}
