import {
  type Access, type BlockDescriptor, CHUNK_STATE, DeepwaterError, type Schema, type WritableChunk, closeFile, columnChecksum, createChunk, failpoint, geometryOf,
  openExisting, readAt, releaseMapping, removeFile, renameFile, syncData, writeFully,
} from '@deepwater/core';
import { type OldChunk, blockChecksum } from './old-chunk.js';

/** Cells that are copied at once, bytes. */
const PIECE_BYTES = 1024 * 1024;

/** Writes a chunk anew as this version writes it, beside the old one, holds the two against each other, and puts it in its place. */
export function rewriteChunk(old: OldChunk, schema: Schema, access: Access): void {
  const next = `${old.path}.migrated`;
  removeFile(next);
  const { header } = old;
  const geometry = geometryOf(schema, header.capacityRows, header.blockRows);
  const { chunkId, feedName, feedUid, createdUs } = header;
  const from = openExisting(old.path, false);
  let chunk: WritableChunk | undefined;
  try {
    chunk = createChunk(next, access, { chunkId, feedName, feedUid, createdUs }, schema, geometry, Math.max(header.reservedRows, old.written));
    copyColumns(from, old, chunk);
    copyBlocks(from, old, chunk, schema);
    copyState(old, chunk, schema);
    syncData(chunk.fd, next);
    compare(from, old, chunk);
  } catch (error) {
    removeFile(next);
    throw error;
  } finally {
    closeFile(from);
    if (chunk !== undefined) {
      closeFile(chunk.fd);
      releaseMapping(chunk.mapped);
    }
  }
  renameFile(next, old.path);
  failpoint('migrate.chunk-rewritten');
}

/** The cells of all columns that the old chunk has; an index column that is new is zeros, which a new file holds. */
function copyColumns(from: number, { path, geometry, written }: OldChunk, chunk: WritableChunk): void {
  for (const [i, offset] of geometry.columnOffsets.entries()) {
    const bytes = written * (geometry.columnWidths[i] as number);
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      const piece = Buffer.alloc(Math.min(PIECE_BYTES, bytes - at));
      readAt(from, piece, offset + at, path);
      writeFully(chunk.fd, piece, (chunk.geometry.columnOffsets[i] as number) + at, chunk.path);
    }
  }
}

/** Block descriptors with checksums of today. Those that did not hold do not hold afterwards either: damage is not to be hidden. */
function copyBlocks(from: number, { path, header, geometry, schema: earlier }: OldChunk, { header: to, geometry: wider, fd }: WritableChunk, schema: Schema): void {
  for (let index = 0; index < geometry.blockCount; index++) {
    const block = header.block(index, geometry, earlier);
    if (block === undefined || block.count === 0 || block.count > geometry.blockRows) continue;
    const holds = blockChecksum(from, path, geometry, index, block) !== undefined;
    const columnChecksums = wider.columnOffsets.map((offset, i) => {
      const width = wider.columnWidths[i] as number;
      const cells = Buffer.alloc(block.count * width);
      readAt(fd, cells, offset + index * wider.blockRows * width, path);
      const sum = columnChecksum(cells);
      return holds || i >= geometry.columnCount ? sum : ~sum >>> 0;
    });
    to.writeBlock(index, wider, schema, { ...block, columnChecksums } satisfies BlockDescriptor);
  }
}

function copyState({ header, schema: earlier, rows }: OldChunk, { header: to }: WritableChunk, schema: Schema): void {
  const { firstSequence, epoch, gapBefore, activatedUs, bootId } = header;
  to.activate({ firstSequence, epoch, gapBefore, activatedUs, bootId });
  to.committedRows = header.committedRows;
  to.syncedRows = header.syncedRows;
  const seal = header.seal(earlier);
  if (seal !== undefined) to.writeSeal(schema, { ...seal, rows });
}

/** @throws DeepwaterError DW_FILE_CORRUPT where the new chunk does not hold what the old one does; the old one is as it was then */
function compare(from: number, { path, header, geometry, written, schema: earlier }: OldChunk, chunk: WritableChunk): void {
  const same = header.firstSequence === chunk.header.firstSequence && header.committedRows === chunk.header.committedRows && header.syncedRows === chunk.header.syncedRows
    && (header.seal(earlier) === undefined) === (chunk.header.state !== CHUNK_STATE.SEALED);
  const wrong = !same ? 'its place in the sequence' : geometry.columnOffsets.findIndex((offset, i) => {
    const bytes = written * (geometry.columnWidths[i] as number);
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      const [a, b] = [Buffer.alloc(Math.min(PIECE_BYTES, bytes - at)), Buffer.alloc(Math.min(PIECE_BYTES, bytes - at))];
      readAt(from, a, offset + at, path);
      readAt(chunk.fd, b, (chunk.geometry.columnOffsets[i] as number) + at, chunk.path);
      if (!a.equals(b)) return true;
    }
    return false;
  });
  if (wrong === -1) return;
  throw new DeepwaterError('DW_FILE_CORRUPT', `${chunk.path} does not hold what ${path} does (${typeof wrong === 'string' ? wrong : `column ${wrong}`}); the old file is as it was. Check the device, then run \`deepwater migrate\` again.`, {
    values: { path, wrong },
  });
}
