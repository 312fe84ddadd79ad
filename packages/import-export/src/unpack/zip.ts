/** The entries of a zip file (APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3), without loading it. */
import type { FileHandle } from 'node:fs/promises';

const END = { magic: 0x06054b50, bytes: 22, entries: 10, directoryBytes: 12, directoryOffset: 16, commentMax: 65_535 } as const;
const ENTRY = { magic: 0x02014b50, bytes: 46, flags: 8, method: 10, crc: 16, packedBytes: 20, bytesOfAll: 24, nameBytes: 28, extraBytes: 30, commentBytes: 32, localOffset: 42 } as const;
const LOCAL = { magic: 0x04034b50, bytes: 30, nameBytes: 26, extraBytes: 28 } as const;
const ENCRYPTED = 1;
/** In place of a number that is in a zip64 record, which some writers make for small files, too. */
const ELSEWHERE = 0xffffffff;
const ENTRIES_ELSEWHERE = 0xffff;
const LOCATOR64 = { magic: 0x07064b50, bytes: 20, recordOffset: 8 } as const;
const END64 = { magic: 0x06064b50, bytes: 56, entries: 32, directoryBytes: 40, directoryOffset: 48 } as const;
const EXTRA64 = 1;
/** A directory that is longer is none of a data file. */
const DIRECTORY_BYTES_MAX = 64 * 1024 * 1024;

export const ZIP_METHOD = { STORED: 0, DEFLATED: 8 } as const;

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly localOffset: number;
}

export const isZip = (head: Buffer): boolean => head.length >= 4 && head.readUInt32LE(0) === LOCAL.magic;

/** The files in a zip, in the order of its directory. @throws Error where it is not one, or of a kind that is not read */
export async function zipEntries(file: FileHandle, size: number): Promise<ZipEntry[]> {
  const tail = await readRange(file, Math.max(0, size - END.bytes - END.commentMax), size);
  let end = tail.length - END.bytes;
  while (end >= 0 && tail.readUInt32LE(end) !== END.magic) end--;
  if (end < 0) throw new Error('the zip has no end record: it is cut off');
  let [entryCount, directoryBytes, directoryOffset] = [tail.readUInt16LE(end + END.entries), tail.readUInt32LE(end + END.directoryBytes), tail.readUInt32LE(end + END.directoryOffset)];
  if (directoryOffset === ELSEWHERE || directoryBytes === ELSEWHERE || entryCount === ENTRIES_ELSEWHERE) {
    const locator = end - LOCATOR64.bytes;
    if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR64.magic) throw new Error('the zip64 has no locator');
    const record = await readRange(file, Number(tail.readBigUInt64LE(locator + LOCATOR64.recordOffset)), Number(tail.readBigUInt64LE(locator + LOCATOR64.recordOffset)) + END64.bytes);
    if (record.length < END64.bytes || record.readUInt32LE(0) !== END64.magic) throw new Error('the zip64’s end record is not where its locator says');
    [entryCount, directoryBytes, directoryOffset] = [END64.entries, END64.directoryBytes, END64.directoryOffset].map((at) => Number(record.readBigUInt64LE(at))) as [number, number, number];
  }
  if (directoryBytes > DIRECTORY_BYTES_MAX || directoryOffset + directoryBytes > size) throw new Error('the zip’s directory is not where its end record says');
  const directory = await readRange(file, directoryOffset, directoryOffset + directoryBytes);
  const entries: ZipEntry[] = [];
  for (let n = entryCount, at = 0; n > 0; n--) {
    if (at + ENTRY.bytes > directory.length || directory.readUInt32LE(at) !== ENTRY.magic) throw new Error('the zip’s directory is damaged');
    const nameBytes = directory.readUInt16LE(at + ENTRY.nameBytes);
    const name = directory.toString('utf8', at + ENTRY.bytes, at + ENTRY.bytes + nameBytes);
    if ((directory.readUInt16LE(at + ENTRY.flags) & ENCRYPTED) !== 0) throw new Error(`${name} in the zip is encrypted`);
    const extraAt = at + ENTRY.bytes + nameBytes;
    const extraBytes = directory.readUInt16LE(at + ENTRY.extraBytes);
    const [bytes, packedBytes, localOffset] = sizes64(directory.subarray(extraAt, extraAt + extraBytes), [ENTRY.bytesOfAll, ENTRY.packedBytes, ENTRY.localOffset].map((field) => directory.readUInt32LE(at + field)));
    if (!name.endsWith('/')) entries.push({ name, method: directory.readUInt16LE(at + ENTRY.method), crc: directory.readUInt32LE(at + ENTRY.crc), packedBytes: packedBytes!, bytes: bytes!, localOffset: localOffset! });
    at = extraAt + extraBytes + directory.readUInt16LE(at + ENTRY.commentBytes);
  }
  return entries;
}

/** Sizes and offset of an entry; those that are elsewhere are in its zip64 extra field, in the same order. */
function sizes64(extra: Buffer, given: readonly number[]): number[] {
  if (!given.includes(ELSEWHERE)) return [...given];
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== EXTRA64) continue;
    let next = at + 4;
    return given.map((value) => (value === ELSEWHERE ? Number(extra.readBigUInt64LE((next += 8) - 8)) : value));
  }
  throw new Error('an entry of the zip64 does not tell its size');
}

/** Where the packed bytes of an entry begin. @throws Error where the entry is not where the directory says */
export async function contentOffset(file: FileHandle, { name, localOffset }: ZipEntry): Promise<number> {
  const local = await readRange(file, localOffset, localOffset + LOCAL.bytes);
  if (local.length < LOCAL.bytes || local.readUInt32LE(0) !== LOCAL.magic) throw new Error(`${name} is not where the zip’s directory says`);
  return localOffset + LOCAL.bytes + local.readUInt16LE(LOCAL.nameBytes) + local.readUInt16LE(LOCAL.extraBytes);
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
