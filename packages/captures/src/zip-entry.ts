import { inflateRawSync } from 'node:zlib';

/** Names and offsets of the few fields of a zip that are needed here (APPNOTE 6.3, 4.3.7, 4.3.12 and 4.3.16). */
const END = { magic: 0x06054b50, bytes: 22, entries: 10, directoryOffset: 16 } as const;
const ENTRY = { magic: 0x02014b50, method: 10, packedBytes: 20, localOffset: 42 } as const;
const LOCAL = { magic: 0x04034b50, bytes: 30, nameBytes: 26, extraBytes: 28 } as const;
const STORED = 0;
const DEFLATED = 8;

export const isZip = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.readUInt32LE(0) === LOCAL.magic;

/** The content of a zip with one entry. @throws RangeError or Error where it is not one */
export function onlyZipEntry(bytes: Buffer): Buffer {
  // A comment of up to 65,535 bytes may follow the end record.
  let end = bytes.length - END.bytes;
  while (end >= 0 && bytes.readUInt32LE(end) !== END.magic) end--;
  if (end < 0) throw new Error('the zip has no end record');
  const entries = bytes.readUInt16LE(end + END.entries);
  if (entries !== 1) throw new Error(`the zip has ${entries} entries, not one`);
  const entry = bytes.readUInt32LE(end + END.directoryOffset);
  if (bytes.readUInt32LE(entry) !== ENTRY.magic) throw new Error('the zip has no directory');
  const local = bytes.readUInt32LE(entry + ENTRY.localOffset);
  if (bytes.readUInt32LE(local) !== LOCAL.magic) throw new Error('the zip’s entry is not where the directory says');
  const start = local + LOCAL.bytes + bytes.readUInt16LE(local + LOCAL.nameBytes) + bytes.readUInt16LE(local + LOCAL.extraBytes);
  const packed = bytes.subarray(start, start + bytes.readUInt32LE(entry + ENTRY.packedBytes));
  const method = bytes.readUInt16LE(entry + ENTRY.method);
  if (method === STORED) return packed;
  if (method === DEFLATED) return inflateRawSync(packed);
  throw new Error(`the zip’s entry is packed by method ${method}`);
}
