import { columnChecksum } from '../checksum/column-checksum.js';
import type { ChunkGeometry } from '../layout/chunk-layout.js';
import type { Schema } from '../schema/index.js';
import type { ChunkHeader } from './chunk-header.js';

/**
 * Rows of a chunk that the machine went down over (rule 5): those under the synced mark, and in blocks whose checksums
 * hold. Readers see these, and the next writer keeps the same. `header` must be over the whole chunk, not only its front.
 */
export function survivingRows(header: ChunkHeader, geometry: ChunkGeometry, schema: Schema): number {
  let rows = header.syncedRows;
  for (let index = Math.floor(rows / geometry.blockRows); index < geometry.blockCount; index++) {
    const block = header.block(index, geometry, schema);
    if (block === undefined || block.count === 0 || block.count > geometry.blockRows) break;
    const first = index * geometry.blockRows;
    const holds = geometry.columnOffsets.every((offset, i) => {
      const width = geometry.columnWidths[i] as number;
      const at = offset + first * width;
      return columnChecksum(header.bytes.subarray(at, at + block.count * width)) === block.columnChecksums[i];
    });
    if (!holds) break;
    rows = Math.max(rows, first + block.count);
    if (block.count < geometry.blockRows) break;
  }
  return rows;
}
