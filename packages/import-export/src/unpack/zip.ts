/** The entries of a zip file (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16), without loading it. */
import type { FileHandle } from 'node:fs/promises';

const END = { magic: 0x06054b50, bytes: 22, entries: 10, directoryBytes: 12, directoryOffset: 16, commentMax: 65_535 } as const;
const ENTRY = { magic: 0x02014b50, bytes: 46, flags: 8, method: 10, crc: 16, packedBytes: 20, bytesOfAll: 24, nameBytes: 28, extraBytes: 30, commentBytes: 32, localOffset: 42 } as const;
const LOCAL = { magic: 0x04034b50, bytes: 30, nameBytes: 26, extraBytes: 28 } as const;
const ENCRYPTED = 1;
/** In place of a number that only a zip64 record has. */
const ELSEWHERE = 0xffffffff;
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
  const directoryOffset = tail.readUInt32LE(end + END.directoryOffset);
  const directoryBytes = tail.readUInt32LE(end + END.directoryBytes);
  if (directoryOffset === ELSEWHERE) throw new Error('it is a zip64 of more than 4 GiB, which is not read; unpack it first');
  if (directoryBytes > DIRECTORY_BYTES_MAX || directoryOffset + directoryBytes > size) throw new Error('the zip’s directory is not where its end record says');
  const directory = await readRange(file, directoryOffset, directoryOffset + directoryBytes);
  const entries: ZipEntry[] = [];
  for (let n = tail.readUInt16LE(end + END.entries), at = 0; n > 0; n--) {
    if (at + ENTRY.bytes > directory.length || directory.readUInt32LE(at) !== ENTRY.magic) throw new Error('the zip’s directory is damaged');
    const nameBytes = directory.readUInt16LE(at + ENTRY.nameBytes);
    const name = directory.toString('utf8', at + ENTRY.bytes, at + ENTRY.bytes + nameBytes);
    if ((directory.readUInt16LE(at + ENTRY.flags) & ENCRYPTED) !== 0) throw new Error(`${name} in the zip is encrypted`);
    const entry = {
      name, method: directory.readUInt16LE(at + ENTRY.method), crc: directory.readUInt32LE(at + ENTRY.crc), packedBytes: directory.readUInt32LE(at + ENTRY.packedBytes),
      bytes: directory.readUInt32LE(at + ENTRY.bytesOfAll), localOffset: directory.readUInt32LE(at + ENTRY.localOffset),
    };
    if (entry.packedBytes === ELSEWHERE || entry.bytes === ELSEWHERE) throw new Error(`${name} in the zip has more than 4 GiB, which is not read; unpack it first`);
    if (!name.endsWith('/')) entries.push(entry);
    at += ENTRY.bytes + nameBytes + directory.readUInt16LE(at + ENTRY.extraBytes) + directory.readUInt16LE(at + ENTRY.commentBytes);
  }
  return entries;
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
