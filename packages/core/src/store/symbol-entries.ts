/** The bytes of a symbol dictionary: its header, its entries, and what is wrong with them. */
import { DeepwaterError } from '../errors/index.js';
import { crc32 } from '../layout/crc.js';
import { getHex, getText, putHex, putText } from '../layout/words.js';
import { readAt, regularFileSize } from '../mapping/files.js';

export const SYMBOLS_MAGIC = 'DWSYMBL1';
/** Since version 2 the checksum of an entry goes on from that of the one before it, so that none holds in the place of another. */
export const SYMBOLS_VERSION = 2;

export const SYMBOLS = {
  HEADER_BYTES: 4096,
  MAGIC: 0,
  VERSION: 8,
  FEED_UID: 16,
  IDENTITY_CRC: 60,

  /** Index of the field; with the bit LOST, the text of this code is lost. */
  ENTRY_FIELD: 0,
  ENTRY_LENGTH: 2,
  ENTRY_TEXT: 4,
  ENTRY_CRC_BYTES: 4,
} as const;

/** Of ENTRY_FIELD. A record has 256 fields at most. */
export const SYMBOL_LOST = 0x8000;

export const SYMBOL_BYTES_MAX = 65535;
const ENTRY_BYTES_MAX = SYMBOLS.ENTRY_TEXT + SYMBOL_BYTES_MAX + SYMBOLS.ENTRY_CRC_BYTES;


export interface Contents {
  /** By field and code; a hole where the text is lost. */
  readonly texts: Map<number, string[]>;
  /** File offset behind the last whole entry. */
  readonly end: number;
  /** The checksum of the last entry, with which that of the next begins. */
  readonly last: number;
}

/** The whole entries at the front of `bytes`; `fileOffset` is where `bytes[from]` lies in the file. @param before the checksum of the entry before them; 0: they are the first */
export function parseEntries(bytes: Buffer, from: number, fileOffset: number, file: string, before: number): Contents {
  const texts = new Map<number, string[]>();
  const seen = new Set<string>();
  let at = from;
  let last = before;
  for (;;) {
    const length = symbolEntryLength(bytes, at, last);
    if (length === 0) return { texts, end: fileOffset + at - from, last };
    last = checksumBefore(bytes, at + length);
    const word = bytes.readUInt16LE(at + SYMBOLS.ENTRY_FIELD);
    const field = word & ~SYMBOL_LOST;
    const list = texts.get(field) ?? [];
    texts.set(field, list);
    if (word !== field) {
      list.length += 1;
      at += length;
      continue;
    }
    const text = bytes.toString('utf8', at + SYMBOLS.ENTRY_TEXT, at + length - SYMBOLS.ENTRY_CRC_BYTES);
    // No text is added twice: what stands here stands in the place of another.
    if (seen.has(`${field}/${text}`)) throw corrupt(file, `its entry at byte ${fileOffset + at - from} has a text that is there already`, { offset: fileOffset + at - from });
    seen.add(`${field}/${text}`);
    list.push(text);
    at += length;
  }
}

/** Bytes of the whole entry at an offset; 0 where there is none. @param before the checksum of the entry before it; 0: it is the first. In version 1 always 0 */
export function symbolEntryLength(bytes: Buffer, at: number, before: number): number {
  if (at + SYMBOLS.ENTRY_TEXT + SYMBOLS.ENTRY_CRC_BYTES > bytes.byteLength) return 0;
  const crcAt = at + SYMBOLS.ENTRY_TEXT + bytes.readUInt16LE(at + SYMBOLS.ENTRY_LENGTH);
  if (crcAt + SYMBOLS.ENTRY_CRC_BYTES > bytes.byteLength || bytes.readUInt32LE(crcAt) !== crc32(bytes.subarray(at, crcAt), before)) return 0;
  return crcAt + SYMBOLS.ENTRY_CRC_BYTES - at;
}

/** Behind the last whole entry is one unfinished write at most: an entry there means that one before is damaged, and its code would be given out twice. */
export function checkTail(bytes: Buffer, at: number, offset: number, file: string, before: number): void {
  if (at === bytes.byteLength || (bytes.byteLength - at <= ENTRY_BYTES_MAX && nextSymbolEntry(bytes, at + 1) === undefined && entryProvenByNext(bytes, at, before) === undefined)) return;
  throw corrupt(file, `the entry at byte ${offset} is damaged and others follow`, { offset });
}

/** Where the first whole entry at or after an offset begins, behind something else: the four bytes before it are the checksum of the one before. */
export function nextSymbolEntry(bytes: Buffer, from: number): number | undefined {
  for (let at = Math.max(from, SYMBOLS.ENTRY_CRC_BYTES); at < bytes.byteLength; at++) {
    if (symbolEntryLength(bytes, at, checksumBefore(bytes, at)) > 0) return at;
  }
  return undefined;
}

/** An entry of which only the checksum is damaged: the next one holds on top of what it has to be. @param before the checksum of the entry before it */
export function entryProvenByNext(bytes: Buffer, at: number, before: number): { field: number; text: Buffer; end: number; checksum: number } | undefined {
  if (at + SYMBOLS.ENTRY_TEXT > bytes.byteLength) return undefined;
  const textEnd = at + SYMBOLS.ENTRY_TEXT + bytes.readUInt16LE(at + SYMBOLS.ENTRY_LENGTH);
  const end = textEnd + SYMBOLS.ENTRY_CRC_BYTES;
  if (end >= bytes.byteLength) return undefined;
  const checksum = crc32(bytes.subarray(at, textEnd), before);
  if (symbolEntryLength(bytes, end, checksum) === 0) return undefined;
  return { field: bytes.readUInt16LE(at + SYMBOLS.ENTRY_FIELD), text: bytes.subarray(at + SYMBOLS.ENTRY_TEXT, textEnd), end, checksum };
}

/** @param fieldIndex with SYMBOL_LOST and an empty text, one whose text is lost @param before the checksum of the entry before it; 0: it is the first */
export function symbolEntryBytes(fieldIndex: number, utf8: Buffer, before: number): Buffer {
  const entry = Buffer.alloc(SYMBOLS.ENTRY_TEXT + utf8.byteLength + SYMBOLS.ENTRY_CRC_BYTES);
  entry.writeUInt16LE(fieldIndex, SYMBOLS.ENTRY_FIELD);
  entry.writeUInt16LE(utf8.byteLength, SYMBOLS.ENTRY_LENGTH);
  utf8.copy(entry, SYMBOLS.ENTRY_TEXT);
  const crcAt = SYMBOLS.ENTRY_TEXT + utf8.byteLength;
  entry.writeUInt32LE(crc32(entry.subarray(0, crcAt), before), crcAt);
  return entry;
}

/** The checksum of the entry that ends at a place: that of the next one goes on from it. */
export function checksumBefore(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at - SYMBOLS.ENTRY_CRC_BYTES);
}

/** A whole dictionary. @param entries in order; those without a text (UTF-8) stand for codes whose texts are lost */
export function symbolDictionaryBytes(feedUid: string, entries: readonly { readonly field: number; readonly text: Buffer | undefined }[]): Buffer {
  const parts = [symbolHeaderBytes(feedUid)];
  let last = 0;
  for (const { field, text } of entries) {
    const entry = text === undefined ? symbolEntryBytes(field | SYMBOL_LOST, Buffer.alloc(0), last) : symbolEntryBytes(field, text, last);
    last = checksumBefore(entry, entry.byteLength);
    parts.push(entry);
  }
  return Buffer.concat(parts);
}

export function symbolHeaderBytes(feedUid: string): Buffer {
  const bytes = Buffer.alloc(SYMBOLS.HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  putText(view, SYMBOLS.MAGIC, 8, SYMBOLS_MAGIC);
  view.setUint32(SYMBOLS.VERSION, SYMBOLS_VERSION, true);
  putHex(view, SYMBOLS.FEED_UID, 8, feedUid);
  view.setUint32(SYMBOLS.IDENTITY_CRC, crc32(bytes.subarray(0, SYMBOLS.IDENTITY_CRC)), true);
  return bytes;
}

/** A header never written whole: nothing can be in the file, since it is synced before any entry. */
export function isUnbornDictionary(bytes: Buffer): boolean {
  return bytes.byteLength < SYMBOLS.HEADER_BYTES || (bytes.byteLength === SYMBOLS.HEADER_BYTES && bytes.every((byte) => byte === 0));
}

export function checkSymbolsHeader(bytes: Buffer, file: string, feedUid: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (getText(view, SYMBOLS.MAGIC, 8) !== SYMBOLS_MAGIC) throw corrupt(file, 'it does not begin as a symbol dictionary does', {});
  const version = view.getUint32(SYMBOLS.VERSION, true);
  if (version !== SYMBOLS_VERSION) {
    throw new DeepwaterError('DW_FORMAT_VERSION', `${file} has format ${version}; this version reads ${SYMBOLS_VERSION}. Use a matching version, or run \`deepwater migrate\`.`, {
      values: { path: file, found: version, supported: SYMBOLS_VERSION },
    });
  }
  if (view.getUint32(SYMBOLS.IDENTITY_CRC, true) !== crc32(bytes.subarray(0, SYMBOLS.IDENTITY_CRC))) {
    throw corrupt(file, 'the checksum of its header does not hold', {});
  }
  const owner = getHex(view, SYMBOLS.FEED_UID, 8);
  if (owner !== feedUid) throw corrupt(file, `it belongs to another feed (${owner})`, { found: owner, expected: feedUid });
}

export function readWholeDictionary(fd: number, file: string): Buffer {
  const size = regularFileSize(fd, file);
  if (size > SIZE_MAX) throw corrupt(file, `it has ${size} bytes, which no dictionary has`, { size, limit: SIZE_MAX });
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readAt(fd, bytes, 0, file));
}

/** Far more than any dictionary has; a larger one is not read into memory. */
const SIZE_MAX = 2 ** 31 - 1;

function corrupt(file: string, what: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `${file} is damaged: ${what}. Run \`deepwater repair --dry-run\` to see what can be kept.`, {
    values: { path: file, ...values },
  });
}
