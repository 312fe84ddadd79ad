import { columnChecksum } from '../checksum/column-checksum.js';
import { DeepwaterError } from '../errors/index.js';
import type { ChunkGeometry } from '../layout/chunk-layout.js';
import { crc32 } from '../layout/crc.js';
import type { Schema } from '../schema/index.js';
import type { ChunkHeader } from './chunk-header.js';

/**
 * The checksum of rows that are in no complete block: those from the last block's beginning to `rows`.
 * 0 where there are none.
 * @param cells gives the cells of `count` rows of a column from a row on
 */
export function tailChecksum(geometry: ChunkGeometry, rows: number, cells: (column: number, from: number, count: number) => Uint8Array): number {
  const from = rows - (rows % geometry.blockRows);
  if (from === rows) return 0;
  const sums = Uint32Array.from(geometry.columnWidths, (_, column) => columnChecksum(cells(column, from, rows - from)));
  return crc32(new Uint8Array(sums.buffer));
}

/**
 * Rows of a chunk that the machine went down over (rule 5): those under the synced mark, and in blocks whose checksums
 * hold. Readers see these, and the next writer keeps the same. `header` must be over the whole chunk, not only its front.
 * @param salvage where the mark does not hold, count the blocks under it that were complete: those that are damaged stay among the others, and
 * whoever reads them is told
 * @throws DeepwaterError DW_FILE_CORRUPT where the mark, or the rows behind the last block under it, are not what was synced
 */
export function survivingRows(header: ChunkHeader, geometry: ChunkGeometry, schema: Schema, salvage = false): number {
  const cellsAt = (column: number, from: number, count: number): Uint8Array => {
    const width = geometry.columnWidths[column] as number;
    const at = (geometry.columnOffsets[column] as number) + from * width;
    return header.bytes.subarray(at, at + count * width);
  };
  let rows = header.syncedRows;
  if (!header.syncedHolds(() => tailChecksum(geometry, rows, cellsAt))) {
    if (!salvage) {
      throw new DeepwaterError('DW_FILE_CORRUPT', `${header.path} is damaged: what was synced before the machine went down (${rows} rows from record ${header.firstSequence} on) does not have its checksum. Run \`deepwater repair --dry-run\` to see what can be kept.`, {
        values: { path: header.path, rows, first: header.firstSequence },
      });
    }
    const marked = rows <= geometry.capacityRows ? Math.floor(rows / geometry.blockRows) : geometry.blockCount;
    rows = 0;
    for (let index = 0; index < marked; index++) if (header.block(index, geometry, schema)?.count === geometry.blockRows) rows = (index + 1) * geometry.blockRows;
  }
  for (let index = Math.floor(rows / geometry.blockRows); index < geometry.blockCount; index++) {
    const block = header.block(index, geometry, schema);
    if (block === undefined || block.count === 0 || block.count > geometry.blockRows) break;
    const first = index * geometry.blockRows;
    if (!geometry.columnWidths.every((_, i) => columnChecksum(cellsAt(i, first, block.count)) === block.columnChecksums[i])) break;
    rows = Math.max(rows, first + block.count);
    if (block.count < geometry.blockRows) break;
  }
  return rows;
}
