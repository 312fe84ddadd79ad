import { DeepwaterError } from '../errors/index.js';
import {
  type Access, closeFile, createExclusive, openExisting, readAt, regularFileSize, removeFile, reserve, setFileSize, writeFully,
} from '../mapping/files.js';
import { type MappedFile, MAPPING_BYTES_MAX, SECTION_BYTES, alignUp, mapFile } from '../mapping/mapped-file.js';
import type { MemoryPool } from '../mapping/memory-pool.js';
import type { Schema } from '../schema/index.js';
import { CHUNK, CHUNK_STATE, type ChunkGeometry } from '../layout/chunk-layout.js';
import { ChunkHeader, type ChunkIdentity } from './chunk-header.js';

/** A chunk open for writing: the descriptor rows go through, and its front, mapped. */
export interface WritableChunk {
  readonly path: string;
  readonly fd: number;
  readonly header: ChunkHeader;
  readonly mapped: MappedFile;
  readonly geometry: ChunkGeometry;
}

/** A chunk open for reading: everything mapped. */
export interface ReadableChunk {
  readonly path: string;
  readonly header: ChunkHeader;
  readonly mapped: MappedFile;
  readonly geometry: ChunkGeometry;
}

/** Reserves rows [from, to) of every column. @throws DeepwaterError DW_DISK_FULL, with nothing committed lost. */
export function reserveRows(fd: number, geometry: ChunkGeometry, from: number, to: number, path: string): void {
  geometry.columnOffsets.forEach((offset, i) => {
    const width = geometry.columnWidths[i] as number;
    reserve(fd, offset + from * width, (to - from) * width, path);
  });
}

/**
 * Makes a chunk file in state PREPARED, its first rows reserved. Where anything fails, the file is gone again.
 * @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL
 */
export function createChunk(
  path: string, access: Access, identity: ChunkIdentity, schema: Schema, geometry: ChunkGeometry, reservedRows: number,
  pool?: MemoryPool,
): WritableChunk {
  const fd = createExclusive(path, access);
  try {
    setFileSize(fd, geometry.fileBytes, path);
    reserve(fd, 0, geometry.columnsOffset, path);
    reserveRows(fd, geometry, 0, reservedRows, path);
    const mapped = mapFile(fd, { path, length: geometry.columnsOffset, mode: 'shared', ...(pool === undefined ? {} : { pool }) });
    const header = new ChunkHeader(new Uint8Array(mapped.buffer, 0, geometry.columnsOffset), path);
    header.writeIdentity(identity, schema, geometry);
    header.reservedRows = reservedRows;
    header.state = CHUNK_STATE.PREPARED;
    return { path, fd, header, mapped, geometry };
  } catch (error) {
    closeFile(fd);
    removeFile(path);
    throw error;
  }
}

/** Opens the front of an existing chunk for a writer's recovery: sealing it, or marking it synced. */
export function openChunkForRecovery(path: string, schema: Schema): WritableChunk {
  const fd = openExisting(path, true);
  try {
    const size = checkedSize(fd, path);
    const probe = Buffer.alloc(CHUNK.HEADER_BYTES);
    readAt(fd, probe, 0, path);
    const geometry = new ChunkHeader(probe, path).check(schema, size);
    const mapped = mapFile(fd, { path, length: geometry.columnsOffset, mode: 'shared' });
    const header = new ChunkHeader(new Uint8Array(mapped.buffer, 0, geometry.columnsOffset), path);
    return { path, fd, header, mapped, geometry };
  } catch (error) {
    closeFile(fd);
    throw error;
  }
}

/**
 * After a power loss, once it is settled which rows there are: from here on the chunk is one of this boot. One write within a
 * page, so that whoever is killed over it leaves all of it or nothing: a boot id without its checksum would be a damaged chunk.
 */
export function adoptChunk({ header, fd, path }: WritableChunk, bootId: string): void {
  writeFully(fd, header.activationOf(bootId), CHUNK.ACTIVATION, path);
}

/**
 * Maps a whole chunk for reading.
 * @param scratchBytes anonymous bytes behind it, for kernels; none where chunk and scratch space do not fit into one mapping
 */
export function openChunkForReading(path: string, schema: Schema, pool?: MemoryPool, scratchBytes = 0): ReadableChunk {
  const fd = openExisting(path, false);
  try {
    const size = checkedSize(fd, path);
    const length = Math.min(size, MAPPING_BYTES_MAX);
    const scratch = alignUp(length, SECTION_BYTES) + scratchBytes <= MAPPING_BYTES_MAX ? scratchBytes : 0;
    const mapped = mapFile(fd, { path, length, mode: 'read-only', scratchBytes: scratch, ...(pool === undefined ? {} : { pool }) });
    const header = new ChunkHeader(new Uint8Array(mapped.buffer, 0, mapped.fileBytes), path);
    // Held against what is mapped: a column beyond a mapping's reach cannot be looked at.
    return { path, header, mapped, geometry: header.check(schema, mapped.fileBytes) };
  } finally {
    closeFile(fd);
  }
}

/** The first page of a chunk file, for looking without mapping: catalog rebuilds, repair. */
export function peekChunk(path: string): { header: ChunkHeader; size: number } {
  const fd = openExisting(path, false);
  try {
    const size = checkedSize(fd, path);
    const bytes = Buffer.alloc(CHUNK.HEADER_BYTES);
    readAt(fd, bytes, 0, path);
    return { header: new ChunkHeader(bytes, path), size };
  } finally {
    closeFile(fd);
  }
}

function checkedSize(fd: number, path: string): number {
  const size = regularFileSize(fd, path);
  if (size < CHUNK.HEADER_BYTES) {
    throw new DeepwaterError('DW_FILE_CORRUPT', `${path} has ${size} bytes, less than a chunk's header. Run \`deepwater repair --dry-run\`.`, {
      values: { path, size },
    });
  }
  return size;
}
