/** How many rows a chunk has that is not sealed. */
import { type BlockDescriptor, CHUNK, type ChunkGeometry, type ChunkHeader, type Schema, bootId, tailChecksum } from '@deepwater/core';
import type { ChunkBytes } from './chunk-bytes.js';
import { describedRows, lastDescribed } from './described-rows.js';
import type { ChunkFlaw } from './looked-chunk.js';

/** Whether the file was cut before its cells and, with its end, lost what tells how many of them there were. */
export function isCountGone(was: ChunkHeader, { columnsOffset }: ChunkGeometry, size: number): boolean {
  if (size >= columnsOffset) return false;
  // On the same boot one word counts them; after a power loss the blocks count as well.
  return was.bootId !== bootId() || size < CHUNK.COMMITTED_ROWS + 4;
}

/** Rows that are there, of those that it had. */
export interface OpenRows {
  readonly rows: number;
  readonly had: number;
  /** It may have had more, and nothing tells how many. */
  readonly endUnknown: boolean;
}

/** Older versions stored the mark without one. */
const hasCheck = ({ bytes }: ChunkHeader): boolean => new DataView(bytes.buffer, bytes.byteOffset).getUint32(CHUNK.SYNCED_CHECK, true) !== 0;

/**
 * As readers count them; where what they go by is damaged, the blocks that hold.
 * @param flaws takes what is wrong with that
 * @param holds whether a block has its checksum
 */
export function openRows(
  was: ChunkHeader, geometry: ChunkGeometry, schema: Schema, bytes: ChunkBytes, ringTail: number | undefined, flaws: ChunkFlaw[], holds: (index: number, block: BlockDescriptor) => boolean,
): OpenRows {
  const { committedRows, syncedRows } = was;
  const { blockRows, capacityRows } = geometry;
  const described = describedRows(was, geometry, schema);
  const complete = described - (described % blockRows);
  // A block in the midst may be damaged: those behind it have descriptors all the same.
  const last = lastDescribed(was, geometry, schema);
  const tail = (): number => tailChecksum(geometry, syncedRows, (column, from, count) => bytes.cells(geometry, column, from, count));
  const synced = syncedRows <= capacityRows && was.syncedHolds(tail);
  if (was.bootId === bootId()) {
    // The last may be of rows that a killed writer had not counted, and are in the ring, too.
    const uncounted = committedRows < last && last - committedRows <= blockRows && was.firstSequence + committedRows >= (ringTail ?? Infinity);
    // Where the descriptors were cut off nothing gainsays the count.
    const cut = bytes.size < geometry.columnsOffset;
    const proven = synced && hasCheck(was) ? syncedRows : 0;
    if (committedRows <= capacityRows && committedRows >= proven && (cut || uncounted || [complete, last].some((end) => committedRows >= end && committedRows - end <= blockRows))) {
      return { rows: committedRows, had: committedRows, endUnknown: false };
    }
    const rows = Math.max(last, proven);
    flaws.push({ what: `its count of rows is damaged (${committedRows}); rows behind those that something proves are gone, if there were any`, lost: true, from: rows, to: Infinity });
    return { rows, had: rows, endUnknown: true };
  }
  // Complete blocks under the mark are looked at one by one, wherever among them the damage is.
  const marked = syncedRows <= capacityRows ? syncedRows - (syncedRows % blockRows) : capacityRows;
  let rows = synced ? syncedRows : Math.min(marked, last);
  if (!synced) {
    const from = Math.max(described, rows);
    flaws.push({ what: 'what was synced before the machine went down does not have its checksum', lost: true, from, to: Math.max(from, Math.min(syncedRows, capacityRows)) });
  }
  for (let index = Math.floor(rows / blockRows); index < geometry.blockCount; index++) {
    const block = was.block(index, geometry, schema);
    if (block === undefined || block.count === 0 || block.count > blockRows || !holds(index, block)) break;
    rows = Math.max(rows, index * blockRows + block.count);
    if (block.count < blockRows) break;
  }
  // What a power loss took behind the mark is not missed; what somebody cut off is.
  return { rows, had: bytes.size < geometry.fileBytes ? Math.max(rows, last) : rows, endUnknown: false };
}
