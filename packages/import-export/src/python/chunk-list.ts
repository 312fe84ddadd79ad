/** Which chunks a feed of the Python Deepwater has, and how much of each is committed: by its registry, `data/<feed>/<feed>.reg`. */
import path from 'node:path';
import { lstat } from 'node:fs/promises';
import { unreadable } from '../unpack/source-file.js';
import { CHUNK_ENTRY, CHUNK_STATUS, FEED_REGISTRY, chunkName } from './python-layout.js';
import { openStoreFile, readRange } from './store-file.js';

export interface PythonChunk {
  /** From 1. */
  readonly id: number;
  readonly file: string;
  /** Records that are committed, by the registry: what the reference's own readers give. */
  readonly committed: number;
  /** Those of them that are in the file; fewer where it was cut short. */
  readonly records: number;
  /** What is wrong with it, where records are missing. */
  readonly damage?: string;
  /** Its records went with a clean-up, or it never was on disk. */
  readonly gone?: 'expired' | 'missing' | 'in memory';
}

/** Undefined where the feed has no registry: it was never written. @throws DeepwaterError DW_IMPORT_UNREADABLE for one that is damaged */
export async function readChunkList(directory: string, feedName: string, recordBytes: number): Promise<PythonChunk[] | undefined> {
  const file = path.join(directory, `${feedName}.reg`);
  const registry = await openStoreFile(file);
  if (registry === undefined) return undefined;
  try {
    // A registry that is being made.
    if (registry.bytes === 0) return [];
    const { HEADER_BYTES, ENTRY_BYTES, CHUNKS_MAX } = FEED_REGISTRY;
    if (registry.bytes < HEADER_BYTES) throw new Error(`it has ${registry.bytes} bytes, fewer than its header`);
    const header = Buffer.alloc(HEADER_BYTES);
    await readRange(registry.handle, header, 0);
    const count = header.readBigUInt64LE(FEED_REGISTRY.CHUNK_COUNT);
    const room = Math.floor((registry.bytes - HEADER_BYTES) / ENTRY_BYTES);
    if (count > BigInt(Math.min(room, CHUNKS_MAX))) throw new Error(`it counts ${count} chunks, and has room for ${Math.min(room, CHUNKS_MAX)}`);
    const entries = Buffer.alloc(Number(count) * ENTRY_BYTES);
    await readRange(registry.handle, entries, HEADER_BYTES);
    const chunks: PythonChunk[] = [];
    for (let id = 1; id <= Number(count); id++) chunks.push(await chunkOf(directory, id, entries.subarray((id - 1) * ENTRY_BYTES, id * ENTRY_BYTES), recordBytes));
    return chunks;
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    await registry.handle.close();
  }
}

async function chunkOf(directory: string, id: number, entry: Buffer, recordBytes: number): Promise<PythonChunk> {
  const word = (at: number): bigint => entry.readBigUInt64LE(at);
  const file = path.join(directory, chunkName(id));
  const writePos = word(CHUNK_ENTRY.WRITE_POS);
  const size = word(CHUNK_ENTRY.SIZE);
  const within = writePos > size ? size : writePos;
  // No file has more bytes than a number counts.
  const committed = Math.floor(Number(within > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : within) / recordBytes);
  const status = entry.readUInt8(CHUNK_ENTRY.STATUS);
  if (status === CHUNK_STATUS.EXPIRED || status === CHUNK_STATUS.IN_MEMORY) return { id, file, committed, records: 0, gone: status === CHUNK_STATUS.EXPIRED ? 'expired' : 'in memory' };
  const bytes = await sizeOf(file);
  if (bytes === undefined) return { id, file, committed, records: 0, gone: 'missing' };
  const records = Math.min(committed, Math.floor(bytes / recordBytes));
  const damage = damageOf(id, entry, { writePos, size, status, committed, records, recordBytes });
  return { id, file, committed, records, ...(damage === undefined ? {} : { damage }) };
}

interface Looked {
  readonly writePos: bigint;
  readonly size: bigint;
  readonly status: number;
  readonly committed: number;
  readonly records: number;
  readonly recordBytes: number;
}

/** What is told of a chunk whose registry entry does not fit it. */
function damageOf(id: number, entry: Buffer, { writePos, size, status, committed, records, recordBytes }: Looked): string | undefined {
  const chunkId = entry.readBigUInt64LE(CHUNK_ENTRY.CHUNK_ID);
  const counted = entry.readBigUInt64LE(CHUNK_ENTRY.RECORDS);
  if (records < committed) return `the file is cut short: ${records} of the ${committed} records that the registry has of it are there`;
  if (writePos > size) return `the registry has ${writePos} bytes of it as written, and ${size} as its size`;
  // Written in this order: bytes, write position, count. A writer that died in between leaves the count one write behind.
  if (counted > BigInt(committed)) return `the registry counts ${counted} records, and has ${committed} as written`;
  if (Number(writePos) % recordBytes !== 0) return `${Number(writePos) % recordBytes} bytes behind its last record are no whole one`;
  if (chunkId !== BigInt(id)) return `the registry has it as chunk ${chunkId}`;
  return status === CHUNK_STATUS.ON_DISK ? undefined : `its status is ${status}, which is unknown`;
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const stat = await lstat(file);
    if (!stat.isFile()) throw unreadable(file, new Error('it is no regular file'));
    return stat.size;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, cause);
  }
}
