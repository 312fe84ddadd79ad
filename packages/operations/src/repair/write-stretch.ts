/** The rows of a damaged chunk that hold, as a chunk of their own. */
import {
  type Access, type BlockDescriptor, type ChunkGeometry, DeepwaterError, type Schema, type SealReason, chunkPath, closeFile, columnChecksum, countIndexPoints, createChunk, describeBlock, failpoint,
  type FeedPaths, readAt, releaseMapping, removeFile, renameFile, syncData, syncDirectory, tailChecksum, writeFully,
} from '@deepwater/core';
import { ChunkBytes } from './chunk-bytes.js';
import { RowsSummary } from './rows-summary.js';

/** A chunk that is to be made. */
export interface Stretch {
  readonly id: number;
  readonly first: number;
  readonly rows: number;
  readonly epoch: number;
  readonly gapBefore: number;
  readonly createdUs: number;
  readonly activatedUs: number;
  readonly bootId: string;
  readonly reason: SealReason;
  readonly sealedUs: number;
  readonly geometry: ChunkGeometry;
  /** Where its rows are; undefined where it has none, and only keeps numbers from being given out again. */
  readonly source?: { readonly path: string; readonly from: number; readonly blocks: readonly (BlockDescriptor | undefined)[] } | undefined;
}

/** Endings of files that are not whole yet: what is left of them by a process that was killed is removed. */
export const UNFINISHED = '.repaired';

/**
 * Writes a sealed chunk under another name, holds it against its descriptors as the device gives it back, and names it.
 * @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL, DW_FILE_CORRUPT where it cannot be read back as it was written
 */
export function writeStretch(stretch: Stretch, paths: FeedPaths, schema: Schema, feed: { readonly name: string; readonly uid: string }, access: Access): void {
  const { geometry, rows, first: firstSequence, epoch, gapBefore, activatedUs, bootId } = stretch;
  const file = chunkPath(paths, stretch.id);
  const next = `${file}${UNFINISHED}`;
  removeFile(next);
  const source = stretch.source === undefined ? undefined : ChunkBytes.open(stretch.source.path);
  try {
    const chunk = createChunk(next, access, { chunkId: stretch.id, feedName: feed.name, feedUid: feed.uid, createdUs: stretch.createdUs }, schema, geometry, rows);
    try {
      const summary = new RowsSummary(schema.clocks.length);
      let indexPoints = 0;
      chunk.header.activate({ firstSequence, epoch, gapBefore, activatedUs, bootId });
      for (let row = 0; row < rows; row += geometry.blockRows) {
        const count = Math.min(geometry.blockRows, rows - row);
        const columns = (source as ChunkBytes).columns(geometry, (stretch.source?.from ?? 0) + row, count);
        const block = describeBlock(schema, columns, count);
        const before = stretch.source?.blocks[((stretch.source.from) + row) / geometry.blockRows];
        if (before?.count === count && before.columnChecksums.some((sum, i) => sum !== block.columnChecksums[i])) {
          throw new DeepwaterError('DW_FILE_CORRUPT', `${stretch.source?.path} gives other cells now than when it was looked at; nothing was changed. Check the device, then run \`deepwater repair\` again.`, { values: { path: stretch.source?.path, row } });
        }
        summary.add(block);
        if (schema.indexColumn !== undefined) indexPoints += countIndexPoints(columns[schema.indexColumn.index] as Uint8Array);
        columns.forEach((cells, i) => { writeFully(chunk.fd, cells, (geometry.columnOffsets[i] as number) + row * (geometry.columnWidths[i] as number), next); });
        chunk.header.writeBlock(row / geometry.blockRows, geometry, schema, block);
      }
      const cellsOf = (column: number, from: number, count: number): Uint8Array => {
        const cells = Buffer.alloc(count * (geometry.columnWidths[column] as number));
        readAt(chunk.fd, cells, (geometry.columnOffsets[column] as number) + from * (geometry.columnWidths[column] as number), next);
        return cells;
      };
      chunk.header.committedRows = rows;
      chunk.header.markSynced(rows, tailChecksum(geometry, rows, cellsOf));
      chunk.header.writeSeal(schema, {
        rows, reason: stretch.reason, sealedUs: stretch.sealedUs, sortedMask: summary.sortedMask, indexPoints,
        ranges: summary.ranges.length > 0 ? summary.ranges : schema.clocks.map(() => ({ min: 0n, max: 0n })),
      });
      syncData(chunk.fd, next);
      for (let index = 0; index * geometry.blockRows < rows; index++) {
        const block = chunk.header.block(index, geometry, schema);
        const holds = block !== undefined && geometry.columnWidths.every((_, i) => columnChecksum(cellsOf(i, index * geometry.blockRows, block.count)) === block.columnChecksums[i]);
        if (!holds) {
          throw new DeepwaterError('DW_FILE_CORRUPT', `${next} cannot be read back as it was written; nothing was changed. Check the device, then run \`deepwater repair\` again.`, { values: { path: next, block: index } });
        }
      }
    } finally {
      closeFile(chunk.fd);
      releaseMapping(chunk.mapped);
    }
  } catch (error) {
    removeFile(next);
    throw error;
  } finally {
    source?.close();
  }
  failpoint('repair.stretch-written');
  renameFile(next, file);
  syncDirectory(paths.chunks);
  failpoint('repair.stretch-named');
}
