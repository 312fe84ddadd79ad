/**
 * The symbols of a feed: the texts behind the 32-bit codes of its `symbol` fields. One append-only file:
 *
 *   0      header   magic, version, feed; CRC at the end of its first 64 bytes
 *   4096   entries  u16 field, u16 bytes, the text in UTF-8, u32 CRC-32 of all that; one after the other
 *
 * A code is the order of appearance among the entries of its field. An entry is on the device before its code is given
 * out, so no record ever holds a code that a crash can take away.
 */
import path from 'node:path';
import { DeepwaterError } from '../errors/index.js';
import { crc32 } from '../layout/crc.js';
import { getHex, getText, putHex, putText } from '../layout/words.js';
import { failpoint } from '../mapping/failpoint.js';
import {
  type Access, closeFile, openExisting, openOrCreate, readAt, regularFileSize, syncData, syncDirectory, writeFully,
} from '../mapping/files.js';

export const SYMBOLS_MAGIC = 'DWSYMBL1';
export const SYMBOLS_VERSION = 1;

export const SYMBOLS = {
  HEADER_BYTES: 4096,
  MAGIC: 0,
  VERSION: 8,
  FEED_UID: 16,
  IDENTITY_CRC: 60,

  ENTRY_FIELD: 0,
  ENTRY_LENGTH: 2,
  ENTRY_TEXT: 4,
  ENTRY_CRC_BYTES: 4,
} as const;

/** A feed whose symbols never repeat wants a `string` field. */
export const SYMBOLS_PER_FIELD_MAX = 1_000_000;
export const SYMBOL_BYTES_MAX = 65535;
const ENTRY_BYTES_MAX = SYMBOLS.ENTRY_TEXT + SYMBOL_BYTES_MAX + SYMBOLS.ENTRY_CRC_BYTES;

/** Gives the code of a symbol, adding it where it is new. */
export interface SymbolCoder {
  code(text: string): number;
  /** How many codes exist. */
  readonly size: number;
}

/** The writer's side. One at a time: the feed's lock sees to that. */
export class SymbolDictionary {
  readonly #codes = new Map<number, Map<string, number>>();
  /** Where the next entry goes: behind the last whole one. */
  #end: number;
  /** What lies behind that, left by an entry that was not written whole. */
  #torn: number;

  private constructor(
    readonly path: string,
    private fd: number,
    contents: Contents,
    torn: number,
  ) {
    for (const [field, texts] of contents.texts) this.#codes.set(field, new Map(texts.map((text, code) => [text, code])));
    this.#end = contents.end;
    this.#torn = torn;
  }

  /**
   * Opens the dictionary of a feed, making it where it is missing. An entry that was being written when the machine
   * went down is passed over.
   * @throws DeepwaterError DW_FILE_CORRUPT, DW_FORMAT_VERSION, DW_DISK_FULL, DW_SYSTEM_CALL
   */
  static openForWriting(file: string, access: Access, feedUid: string): SymbolDictionary {
    const fd = openOrCreate(file, access);
    try {
      let bytes = readWhole(fd, file);
      if (isUnborn(bytes)) {
        writeFully(fd, headerBytes(feedUid), 0, file);
        syncData(fd, file);
        syncDirectory(path.dirname(file));
        bytes = readWhole(fd, file);
      }
      checkHeader(bytes, file, feedUid);
      const contents = parseEntries(bytes, SYMBOLS.HEADER_BYTES, SYMBOLS.HEADER_BYTES);
      const torn = bytes.byteLength - contents.end;
      if (torn > ENTRY_BYTES_MAX || holdsEntry(bytes, contents.end + 1)) {
        // Going on would give codes out a second time.
        throw corrupt(file, `the entry at byte ${contents.end} is damaged and others follow`, { offset: contents.end });
      }
      return new SymbolDictionary(file, fd, contents, torn);
    } catch (error) {
      closeFile(fd);
      throw error;
    }
  }

  /** The coder of one symbol field. */
  coder(fieldIndex: number): SymbolCoder {
    let codes = this.#codes.get(fieldIndex);
    if (codes === undefined) this.#codes.set(fieldIndex, (codes = new Map()));
    const known = codes;
    return {
      code: (text) => known.get(text) ?? this.#add(fieldIndex, known, text),
      get size() { return known.size; },
    };
  }

  close(): void {
    if (this.fd < 0) return;
    closeFile(this.fd);
    this.fd = -1;
  }

  #add(fieldIndex: number, codes: Map<string, number>, text: string): number {
    const utf8 = Buffer.from(text, 'utf8');
    if (utf8.byteLength > SYMBOL_BYTES_MAX || utf8.toString('utf8') !== text) {
      throw new DeepwaterError(
        'DW_VALUE_RANGE',
        `A symbol is a well-formed text of at most ${SYMBOL_BYTES_MAX} bytes in UTF-8; this one ${utf8.byteLength > SYMBOL_BYTES_MAX ? `has ${utf8.byteLength}` : 'has half of a surrogate pair'}. The record was not written.`,
        { values: { fieldIndex, bytes: utf8.byteLength, limit: SYMBOL_BYTES_MAX } },
      );
    }
    if (codes.size >= SYMBOLS_PER_FIELD_MAX) {
      throw new DeepwaterError(
        'DW_LIMIT_EXCEEDED',
        `${this.path} holds ${codes.size} symbols of field ${fieldIndex}, the most there can be. Use a \`string\` field for texts that rarely repeat.`,
        { values: { path: this.path, fieldIndex, limit: SYMBOLS_PER_FIELD_MAX } },
      );
    }
    if (this.fd < 0) {
      throw new DeepwaterError('DW_WRITER_CLOSED', `The symbol dictionary ${this.path} is closed; the record was not written. Create a new writer.`, {
        values: { path: this.path },
      });
    }
    const entry = entryBytes(fieldIndex, utf8);
    // Zeros over the rest of a torn entry: no part of it may ever be taken for an entry.
    const block = this.#torn > entry.byteLength ? Buffer.concat([entry, Buffer.alloc(this.#torn - entry.byteLength)]) : entry;
    writeFully(this.fd, block, this.#end, this.path);
    failpoint('symbol.written');
    syncData(this.fd, this.path);
    failpoint('symbol.synced');
    this.#torn = Math.max(0, this.#torn - entry.byteLength);
    this.#end += entry.byteLength;
    const code = codes.size;
    codes.set(text, code);
    return code;
  }
}

/** The reader's side: reads what there is, and reads on when a record holds a code it does not know yet. */
export class SymbolDictionaryReader {
  readonly #texts = new Map<number, string[]>();
  #end = 0;

  constructor(
    readonly path: string,
    readonly feedUid: string,
  ) {}

  /** The texts of a field by code. The array grows in place when `reload` finds more. */
  texts(fieldIndex: number): string[] {
    let texts = this.#texts.get(fieldIndex);
    if (texts === undefined) this.#texts.set(fieldIndex, (texts = []));
    return texts;
  }

  /**
   * Reads what has been added since the last time. Where there is no file, there are no symbols.
   * @throws DeepwaterError DW_FILE_CORRUPT, DW_FORMAT_VERSION, DW_SYSTEM_CALL
   */
  reload(): void {
    let fd: number;
    try {
      fd = openExisting(this.path, false);
    } catch (error) {
      if (error instanceof DeepwaterError && error.values['errno'] === 'ENOENT') return;
      throw error;
    }
    try {
      if (this.#end === 0) {
        const header = Buffer.alloc(SYMBOLS.HEADER_BYTES);
        const got = readAt(fd, header, 0, this.path);
        if (isUnborn(header.subarray(0, got))) return;
        checkHeader(header, this.path, this.feedUid);
        this.#end = SYMBOLS.HEADER_BYTES;
      }
      const size = regularFileSize(fd, this.path);
      if (size <= this.#end) return;
      const bytes = Buffer.alloc(size - this.#end);
      const got = readAt(fd, bytes, this.#end, this.path);
      const { texts, end } = parseEntries(bytes.subarray(0, got), 0, this.#end);
      for (const [field, found] of texts) {
        const known = this.texts(field);
        for (const text of found) known.push(text);
      }
      this.#end = end;
    } finally {
      closeFile(fd);
    }
  }
}

interface Contents {
  readonly texts: Map<number, string[]>;
  /** File offset behind the last whole entry. */
  readonly end: number;
}

/** The whole entries at the front of `bytes`; `fileOffset` is where `bytes[from]` lies in the file. */
function parseEntries(bytes: Buffer, from: number, fileOffset: number): Contents {
  const texts = new Map<number, string[]>();
  let at = from;
  for (;;) {
    const length = entryLengthAt(bytes, at);
    if (length === 0) return { texts, end: fileOffset + at - from };
    const field = bytes.readUInt16LE(at + SYMBOLS.ENTRY_FIELD);
    let list = texts.get(field);
    if (list === undefined) texts.set(field, (list = []));
    list.push(bytes.toString('utf8', at + SYMBOLS.ENTRY_TEXT, at + length - SYMBOLS.ENTRY_CRC_BYTES));
    at += length;
  }
}

/** Bytes of the whole entry at an offset; 0 where there is none. */
function entryLengthAt(bytes: Buffer, at: number): number {
  if (at + SYMBOLS.ENTRY_TEXT + SYMBOLS.ENTRY_CRC_BYTES > bytes.byteLength) return 0;
  const crcAt = at + SYMBOLS.ENTRY_TEXT + bytes.readUInt16LE(at + SYMBOLS.ENTRY_LENGTH);
  if (crcAt + SYMBOLS.ENTRY_CRC_BYTES > bytes.byteLength) return 0;
  if (bytes.readUInt32LE(crcAt) !== crc32(bytes.subarray(at, crcAt))) return 0;
  return crcAt + SYMBOLS.ENTRY_CRC_BYTES - at;
}

/** Whether any whole entry begins at or after an offset: then what lies before is damage, not an unfinished write. */
function holdsEntry(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.byteLength; at++) if (entryLengthAt(bytes, at) > 0) return true;
  return false;
}

function entryBytes(fieldIndex: number, utf8: Buffer): Buffer {
  const entry = Buffer.alloc(SYMBOLS.ENTRY_TEXT + utf8.byteLength + SYMBOLS.ENTRY_CRC_BYTES);
  entry.writeUInt16LE(fieldIndex, SYMBOLS.ENTRY_FIELD);
  entry.writeUInt16LE(utf8.byteLength, SYMBOLS.ENTRY_LENGTH);
  utf8.copy(entry, SYMBOLS.ENTRY_TEXT);
  const crcAt = SYMBOLS.ENTRY_TEXT + utf8.byteLength;
  entry.writeUInt32LE(crc32(entry.subarray(0, crcAt)), crcAt);
  return entry;
}

function headerBytes(feedUid: string): Buffer {
  const bytes = Buffer.alloc(SYMBOLS.HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  putText(view, SYMBOLS.MAGIC, 8, SYMBOLS_MAGIC);
  view.setUint32(SYMBOLS.VERSION, SYMBOLS_VERSION, true);
  putHex(view, SYMBOLS.FEED_UID, 8, feedUid);
  view.setUint32(SYMBOLS.IDENTITY_CRC, crc32(bytes.subarray(0, SYMBOLS.IDENTITY_CRC)), true);
  return bytes;
}

/** A file whose header was never written whole: nothing can be in it, since the header is synced before any entry. */
function isUnborn(bytes: Buffer): boolean {
  return bytes.byteLength < SYMBOLS.HEADER_BYTES || (bytes.byteLength === SYMBOLS.HEADER_BYTES && bytes.every((byte) => byte === 0));
}

function checkHeader(bytes: Buffer, file: string, feedUid: string): void {
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

function readWhole(fd: number, file: string): Buffer {
  const size = regularFileSize(fd, file);
  if (size > SIZE_MAX) throw corrupt(file, `it has ${size} bytes, which no dictionary has`, { size, limit: SIZE_MAX });
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readAt(fd, bytes, 0, file));
}

/** Far more than any dictionary within the limits of practice; a larger one is not read into memory. */
const SIZE_MAX = 2 ** 31 - 1;

function corrupt(file: string, what: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `${file} is damaged: ${what}. Run \`deepwater repair --dry-run\` to see what can be kept.`, {
    values: { path: file, ...values },
  });
}
