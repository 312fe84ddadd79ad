import { type Field, PAGE_BYTES } from '@deepwater/core/engine';
import { closePiece, openPiece } from '../piece-source.js';
import type { Piece } from '../select.js';
import type { WorkerFeed } from './worker-feeds.js';

/** Loads that are thrown away are left out by compilers; these end up here. */
let seen = 0;

/** Brings the pages that rows of some columns lie on into memory, by looking at each: whoever reads them next does not wait for the disk. */
export function touchPiece(feed: WorkerFeed, piece: Piece, fields: readonly Field[]): void {
  // What was copied out of the ring is in memory.
  if ('block' in piece) return;
  const source = openPiece(feed.files, piece);
  if (source === undefined) return;
  try {
    const bytes = new Uint8Array(source.buffer);
    const { runs } = piece;
    for (const { index, width } of fields) {
      const column = source.columnOffsets[index] as number;
      for (let r = 0; r < runs.length; r += 2) {
        const end = column + (runs[r + 1] as number) * width;
        for (let at = column + (runs[r] as number) * width; at < end; at = (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES) seen ^= bytes[at] as number;
      }
    }
  } finally {
    closePiece(piece);
  }
}

/** What the loads came to; of no use but that nobody can leave them out. */
export const touched = (): number => seen;
