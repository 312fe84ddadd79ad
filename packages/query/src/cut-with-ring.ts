import { DeepwaterError, type Field } from '@deepwater/core/engine';
import { type Cut, takeCut } from './cut.js';
import type { FeedFiles } from './feed-files.js';
import { type RingBlock, RING_PIECE_ROWS, copyFromRing } from './ring-block.js';

/** How often a cut is taken again because the writer passed the reader by while rows were copied from the ring. */
const TRIES_MAX = 64;

/** A cut together with some columns of its rows in the ring: for whoever goes through it backwards, or more than once. */
export function cutWithRing(files: FeedFiles, fields: readonly Field[]): { cut: Cut; blocks: RingBlock[] } {
  let cut = takeCut(files);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const blocks: RingBlock[] = [];
    let from = cut.ringFrom;
    while (from < cut.head && cut.ring !== undefined) {
      const to = Math.min(cut.head, from + RING_PIECE_ROWS);
      const block = copyFromRing(cut.ring, files.schema, fields, from, to);
      if (block === undefined) break;
      blocks.push(block);
      from = to;
    }
    if (from >= cut.head || cut.ring === undefined) return { cut, blocks };
    cut = takeCut(files);
  }
  throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The ring of feed ${files.source.spec.name} was overwritten ${TRIES_MAX} times while it was read. Raise ringRecords.`, {
    values: { feed: files.source.spec.name, tries: TRIES_MAX },
  });
}
