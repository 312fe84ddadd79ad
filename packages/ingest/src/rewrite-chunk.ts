/**
 * The rows of a chunk that the device refused (rule 9), written into another file that takes its place. The first one's pages may
 * be gone from memory at any time now, so nothing is believed that a checksum does not hold for.
 */
import path from 'node:path';
import {
  type Access, ChunkHeader, type ChunkSeal, DeepwaterError, type Schema, type WritableChunk, closeFile, columnChecksum, createExclusive, failpoint, readAt,
  removeFile, renameFile, reserve, reserveRows, setFileSize, syncDataAsync, syncDirectory, writeFully,
} from '@deepwater/core/engine';

/**
 * Copies a chunk that nobody writes any more, with a descriptor for each of its blocks, as a sealed one. Readers that have the first
 * file go on with it.
 *
 * @throws DeepwaterError DW_FILE_CORRUPT where rows can be read no more; what the device says, with the first file as it was
 */
export async function rewriteChunk(chunk: WritableChunk, access: Access, schema: Schema, seal: ChunkSeal): Promise<void> {
  const { geometry } = chunk;
  const file = `${chunk.path}.new`;
  removeFile(file);
  const fd = createExclusive(file, access);
  try {
    setFileSize(fd, geometry.fileBytes, file);
    reserve(fd, 0, geometry.columnsOffset, file);
    reserveRows(fd, geometry, 0, seal.rows, file);
    for (let index = 0; index * geometry.blockRows < seal.rows; index++) copyBlock(chunk, schema, seal.rows, index, fd, file);
    writeFully(fd, frontOf(chunk, schema, seal), 0, file);
    failpoint('rewrite.written');
    await syncDataAsync(fd, file);
    failpoint('rewrite.synced');
    renameFile(file, chunk.path);
    failpoint('rewrite.renamed');
    syncDirectory(path.dirname(chunk.path));
  } catch (error) {
    removeFile(file);
    throw error;
  } finally {
    closeFile(fd);
  }
}

function copyBlock(chunk: WritableChunk, schema: Schema, rows: number, index: number, fd: number, file: string): void {
  const { header, geometry } = chunk;
  const from = index * geometry.blockRows;
  const count = Math.min(geometry.blockRows, rows - from);
  const block = header.block(index, geometry, schema);
  geometry.columnWidths.forEach((width, i) => {
    const bytes = Buffer.alloc(count * width);
    const at = (geometry.columnOffsets[i] as number) + from * width;
    const got = readAt(chunk.fd, bytes, at, chunk.path);
    if (block?.count !== count || got !== bytes.length || columnChecksum(bytes) !== block.columnChecksums[i]) {
      const first = header.firstSequence + from;
      throw new DeepwaterError(
        'DW_FILE_CORRUPT',
        `The device did not take ${chunk.path}, and records ${first} to ${first + count} of it cannot be read back: they are no longer what was written. Check the disk, then run \`deepwater repair\`.`,
        { values: { path: chunk.path, first, next: first + count, column: schema.columns[i]?.name } },
      );
    }
    writeFully(fd, bytes, at, file);
  });
}

/** Header, schema and block table, sealed. */
function frontOf(chunk: WritableChunk, schema: Schema, seal: ChunkSeal): Uint8Array {
  const bytes = Uint8Array.from(chunk.header.bytes);
  const header = new ChunkHeader(bytes, chunk.path);
  header.reservedRows = seal.rows;
  header.committedRows = seal.rows;
  header.syncedRows = seal.rows;
  header.writeSeal(schema, seal);
  return bytes;
}
