/**
 * The symbols of a feed: the texts behind the 32-bit codes of its `symbol` fields. One append-only file:
 *
 *   0      header   magic, version, feed; CRC at the end of its first 64 bytes
 *   4096   entries  u16 field, u16 bytes, the text in UTF-8, u32 CRC-32 of all that, begun with the CRC of the entry before; one after the other
 *
 * A code is the order of appearance among the entries of its field. An entry is on the device before its code is given
 * out, so no record ever holds a code that a crash can take away. An entry whose field has the bit LOST stands for a code whose
 * text is lost: repair writes it, so that those behind keep their codes and nobody gets another's text.
 */
import path from 'node:path';
import { DeepwaterError } from '../errors/index.js';
import { failpoint } from '../mapping/failpoint.js';
import {
  type Access, closeFile, openExisting, openOrCreate, readAt, regularFileSize, syncData, syncDirectory, writeFully,
} from '../mapping/files.js';
import type { GivenSymbols } from './given-symbols.js';
import {
  type Contents, SYMBOLS, SYMBOL_BYTES_MAX, checkSymbolsHeader, checkTail, checksumBefore, isUnbornDictionary, parseEntries, readWholeDictionary, symbolEntryBytes, symbolHeaderBytes,
} from './symbol-entries.js';

export { SYMBOLS, SYMBOLS_MAGIC, SYMBOLS_VERSION, SYMBOL_BYTES_MAX } from './symbol-entries.js';

/** A feed whose symbols never repeat wants a `string` field. */
export const SYMBOLS_PER_FIELD_MAX = 1_000_000;
/** Gives the code of a symbol, adding it where it is new. */
export interface SymbolCoder {
  code(text: string): number;
  /** How many codes exist. */
  readonly size: number;
}

/** The writer's side. One at a time: the feed's lock sees to that. */
export class SymbolDictionary {
  readonly #codes = new Map<number, Map<string, number>>();
  /** Codes that are given out, by field: those whose texts are lost, too. */
  readonly #given = new Map<number, number>();
  /** Where the next entry goes: behind the last whole one. */
  #end: number;
  /** The checksum of that entry; 0 where there is none. */
  #last: number;
  /** What lies behind it, left by an entry that was not written whole. */
  #torn: number;
  /** Entries there are, of all fields. */
  #entries = 0;
  /** One that may be in the file as a whole, and was not synced: its code is that text's, whoever comes next. */
  #unsure: { readonly fieldIndex: number; readonly text: string } | undefined;

  private constructor(
    readonly path: string,
    private fd: number,
    contents: Contents,
    torn: number,
    private readonly known: GivenSymbols | undefined,
  ) {
    for (const [field, texts] of contents.texts) {
      const codes = new Map<string, number>();
      texts.forEach((text, code) => codes.set(text, code)); // passes over those that are lost
      this.#codes.set(field, codes);
      this.#given.set(field, texts.length);
      this.#entries += texts.length;
    }
    this.#end = contents.end;
    this.#last = contents.last;
    this.#torn = torn;
  }

  /**
   * Opens the dictionary of a feed, making it where it is missing. An entry that was being written when the machine
   * went down is passed over.
   * @param known what is known of its entries elsewhere: with fewer it is not opened
   * @throws DeepwaterError DW_FILE_CORRUPT, DW_FORMAT_VERSION, DW_DISK_FULL, DW_SYSTEM_CALL
   */
  static openForWriting(file: string, access: Access, feedUid: string, known?: GivenSymbols): SymbolDictionary {
    const fd = openOrCreate(file, access);
    try {
      let bytes = readWholeDictionary(fd, file);
      if (isUnbornDictionary(bytes)) {
        writeFully(fd, symbolHeaderBytes(feedUid), 0, file);
        syncData(fd, file);
        syncDirectory(path.dirname(file));
        bytes = readWholeDictionary(fd, file);
      }
      checkSymbolsHeader(bytes, file, feedUid);
      const contents = parseEntries(bytes, SYMBOLS.HEADER_BYTES, SYMBOLS.HEADER_BYTES, file, 0);
      const torn = bytes.byteLength - contents.end;
      checkTail(bytes, contents.end, contents.end, file, contents.last);
      const dictionary = new SymbolDictionary(file, fd, contents, torn, known);
      if (known !== undefined) dictionary.#holdAgainst(known);
      return dictionary;
    } catch (error) {
      closeFile(fd);
      throw error;
    }
  }

  /** @throws DeepwaterError DW_FILE_CORRUPT where entries are gone whose codes records may have */
  #holdAgainst({ least, fields, raise }: GivenSymbols): void {
    const none = fields.find((field) => (this.#given.get(field) ?? 0) === 0);
    if (this.#entries < least || none !== undefined) {
      const what = this.#entries < least ? `it has ${this.#entries} entries, and had ${least}` : `it has no entry of field ${none}, and there are records`;
      throw new DeepwaterError('DW_FILE_CORRUPT', `${this.path} is damaged: ${what}. A new symbol would get a code that records have. Run \`deepwater repair\`: it keeps these codes from being given again.`, {
        values: { path: this.path, entries: this.#entries, had: least },
      });
    }
    if (this.#entries === 0) return;
    // A writer that was killed may have written the last one and not synced it.
    syncData(this.fd, this.path);
    if (this.#entries > least) raise(this.#entries);
  }

  /** The coder of one symbol field. */
  coder(fieldIndex: number): SymbolCoder {
    let codes = this.#codes.get(fieldIndex);
    if (codes === undefined) this.#codes.set(fieldIndex, (codes = new Map()));
    const known = codes;
    const given = this.#given;
    return {
      code: (text) => known.get(text) ?? this.#add(fieldIndex, known, text),
      get size() { return given.get(fieldIndex) ?? 0; },
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
    const given = this.#given.get(fieldIndex) ?? 0;
    if (given >= SYMBOLS_PER_FIELD_MAX) {
      throw new DeepwaterError(
        'DW_LIMIT_EXCEEDED',
        `${this.path} holds ${given} symbols of field ${fieldIndex}, the most there can be. Use a \`string\` field for texts that rarely repeat.`,
        { values: { path: this.path, fieldIndex, limit: SYMBOLS_PER_FIELD_MAX } },
      );
    }
    if (this.fd < 0) {
      throw new DeepwaterError('DW_WRITER_CLOSED', `The symbol dictionary ${this.path} is closed; the record was not written. Create a new writer.`, {
        values: { path: this.path },
      });
    }
    const unsure = this.#unsure;
    if (unsure !== undefined && (unsure.fieldIndex !== fieldIndex || unsure.text !== text)) {
      // A reader may have found it there already.
      this.coder(unsure.fieldIndex).code(unsure.text);
      return codes.get(text) ?? this.#add(fieldIndex, codes, text);
    }
    const entry = symbolEntryBytes(fieldIndex, utf8, this.#last);
    // Zeros over the rest of a torn entry: no part of it may ever be taken for an entry.
    const block = this.#torn > entry.byteLength ? Buffer.concat([entry, Buffer.alloc(this.#torn - entry.byteLength)]) : entry;
    this.#unsure = { fieldIndex, text };
    writeFully(this.fd, block, this.#end, this.path);
    failpoint('symbol.written');
    syncData(this.fd, this.path);
    failpoint('symbol.synced');
    this.known?.raise(this.#entries + 1);
    failpoint('symbol.noted');
    this.#unsure = undefined;
    this.#entries += 1;
    this.#torn = Math.max(0, this.#torn - entry.byteLength);
    this.#end += entry.byteLength;
    this.#last = checksumBefore(entry, entry.byteLength);
    codes.set(text, given);
    this.#given.set(fieldIndex, given + 1);
    return given;
  }
}

/** The reader's side: reads what there is, and reads on when a record holds a code it does not know yet. */
export class SymbolDictionaryReader {
  readonly #texts = new Map<number, string[]>();
  readonly #lost = new Map<number, number[]>();
  #end = 0;
  #last = 0;

  constructor(
    readonly path: string,
    readonly feedUid: string,
  ) {}

  /** The codes of a field whose texts are lost, ascending: the array has grown in place like that of the texts, which has holes there. */
  lost(fieldIndex: number): readonly number[] {
    let lost = this.#lost.get(fieldIndex);
    if (lost === undefined) this.#lost.set(fieldIndex, (lost = []));
    return lost;
  }

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
        if (isUnbornDictionary(header.subarray(0, got))) return;
        checkSymbolsHeader(header, this.path, this.feedUid);
        this.#end = SYMBOLS.HEADER_BYTES;
      }
      const size = regularFileSize(fd, this.path);
      if (size <= this.#end) return;
      const bytes = Buffer.alloc(size - this.#end);
      const got = readAt(fd, bytes, this.#end, this.path);
      const { texts, end, last } = parseEntries(bytes.subarray(0, got), 0, this.#end, this.path, this.#last);
      checkTail(bytes.subarray(0, got), end - this.#end, end, this.path, last);
      for (const [field, found] of texts) {
        const known = this.texts(field);
        for (let i = 0; i < found.length; i++) {
          const text = found[i];
          if (text !== undefined) known.push(text);
          else (this.lost(field) as number[]).push(known.length++);
        }
      }
      this.#end = end;
      this.#last = last;
    } finally {
      closeFile(fd);
    }
  }
}

