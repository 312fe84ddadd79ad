import type { Field } from '@deepwater/core/engine';
import type { FeedFiles } from '../feed-files.js';
import { type Piece, checkRows } from '../select.js';
import { runNow } from '../slices.js';

/**
 * Holds rows that are about to be given out against their checksums.
 * @param giveBack is called where they do not hold: whoever goes on after the error comes to the same rows again
 * @throws DeepwaterError DW_FILE_CORRUPT
 */
export function checkPiece(files: FeedFiles, piece: Piece, fields: readonly Field[], giveBack: () => void): Piece {
  if ('block' in piece) return piece;
  try {
    runNow(checkRows(files, piece, fields));
    return piece;
  } catch (error) {
    giveBack();
    throw error;
  }
}
