import type { BlockDescriptor, ChunkGeometry, ChunkHeader, Schema } from '@deepwater/core';

/** Rows of the blocks from the first on whose descriptors hold. */
export function describedRows(header: ChunkHeader, geometry: ChunkGeometry, schema: Schema): number {
  let rows = 0;
  for (let index = 0; index < geometry.blockCount; index++) {
    const block = header.block(index, geometry, schema);
    if (!isUsed(block, geometry)) break;
    rows = index * geometry.blockRows + block.count;
    if (block.count < geometry.blockRows) break;
  }
  return rows;
}

/** Rows up to the last block whose descriptor holds, whatever is before it. */
export function lastDescribed(header: ChunkHeader, geometry: ChunkGeometry, schema: Schema): number {
  for (let index = geometry.blockCount - 1; index >= 0; index--) {
    const block = header.block(index, geometry, schema);
    if (isUsed(block, geometry)) return index * geometry.blockRows + block.count;
  }
  return 0;
}

const isUsed = (block: BlockDescriptor | undefined, { blockRows }: ChunkGeometry): block is BlockDescriptor =>
  block !== undefined && block.count > 0 && block.count <= blockRows;
