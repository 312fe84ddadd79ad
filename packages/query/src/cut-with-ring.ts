import { DeepwaterError, type Field } from '@deepwater/core/engine';
import { type Ring, oldestSafe } from '@deepwater/ring';
import { type Cut, takeCut } from './cut.js';
import type { FeedFiles } from './feed-files.js';
import { type RingBlock, RING_PIECE_ROWS, copyFromRing } from './ring-block.js';

/** How often a cut is taken again because the writer passed the reader by while rows were copied from the ring. */
const TRIES_MAX = 64;

/**
 * A cut together with some columns of its rows in the ring, in order: for whoever goes through it backwards, or more than once.
 * Rows of a persisted feed that were overwritten meanwhile are in chunks by then, so that the cut is taken again. In a memory
 * feed they are gone; the rows behind them are what the feed holds.
 * @param head the head of an earlier cut, to go on with that one
 */
export function cutWithRing(files: FeedFiles, fields: readonly Field[], head?: number): { cut: Cut; blocks: RingBlock[] } {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const cut = takeCut(files, head);
    const { ring } = cut;
    if (ring === undefined) return { cut, blocks: [] };
    const blocks = copyBackwards(files, ring, fields, cut.ringFrom, cut.head);
    if (blocks !== undefined) return { cut, blocks: blocks.reverse() };
  }
  const feed = files.source.spec.name;
  throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The ring of feed ${feed} was overwritten ${TRIES_MAX} times while it was read. Raise ringRecords.`, {
    values: { feed, tries: TRIES_MAX },
  });
}

/**
 * Rows [oldest, end) of a ring, from the newest on: what is overwritten first is copied last, and is all that can be lost.
 * @returns undefined where a persisted feed's rows were overwritten
 */
function copyBackwards(files: FeedFiles, ring: Ring, fields: readonly Field[], oldest: number, end: number): RingBlock[] | undefined {
  const blocks: RingBlock[] = [];
  let from = oldest;
  let rows = RING_PIECE_ROWS;
  for (let to = end; to > from;) {
    const begin = Math.max(from, to - rows);
    const block = copyFromRing(ring, files.schema, fields, begin, to);
    if (block !== undefined) {
      blocks.push(block);
      to = begin;
      continue;
    }
    if (ring.persist) return undefined;
    // In smaller pieces what is left comes out whole but for the last of them, which the writer is about to overwrite.
    from = Math.max(from, oldestSafe(ring, ring.head));
    rows = Math.max(1, (to - Math.max(begin, from)) >> 1);
  }
  return blocks;
}
