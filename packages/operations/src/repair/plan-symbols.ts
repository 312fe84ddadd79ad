/** The dictionary of a feed's symbols, made again from its entries that hold. A code whose text is lost stays lost: it is never given to another text. */
import {
  DeepwaterError, type FeedPaths, type Schema, SYMBOLS, SYMBOL_LOST, checkSymbolsHeader, checksumBefore, closeFile, entryProvenByNext, fileStat, isUnbornDictionary, isUnusableFile,
  nextSymbolEntry, openExisting, readAt, regularFileSize, symbolDictionaryBytes, symbolEntryBytes, symbolEntryLength, symbolHeaderBytes,
} from '@deepwater/core';

export interface SymbolsPlan {
  /** The file as it has to be; undefined where it is. */
  readonly bytes: Buffer | undefined;
  readonly problems: readonly string[];
  /** Codes whose texts are lost, by field, ascending. */
  readonly lost: ReadonlyMap<number, readonly number[]>;
}

interface Entry {
  readonly field: number;
  /** In UTF-8; undefined where it is lost. */
  readonly text: Buffer | undefined;
}

const UNCHANGED: SymbolsPlan = { bytes: undefined, problems: [], lost: new Map() };

/**
 * @param codes the greatest code that records in chunks have, by field
 * @param least entries that the dictionary had at least: records in the ring may have the codes of those that are gone
 */
export function planSymbols(paths: FeedPaths, schema: Schema, feedUid: string, codes: ReadonlyMap<number, number>, least: number): SymbolsPlan {
  const fields = schema.fields.filter(({ type }) => type === 'symbol').map(({ index }) => index);
  if (fields.length === 0) return UNCHANGED;
  const problems: string[] = [];
  const file = readFile(paths.symbols, feedUid, problems);
  const entries: Entry[] = [];
  const lost = new Map<number, number[]>();
  const given = new Map<number, number>();
  const add = (field: number, text?: Buffer): void => {
    const code = given.get(field) ?? 0;
    given.set(field, code + 1);
    entries.push({ field, text });
    if (text === undefined) lost.set(field, [...lost.get(field) ?? [], code]);
  };
  const seen = new Set<string>();
  let last = 0;
  for (let at: number = SYMBOLS.HEADER_BYTES; at < file.length;) {
    const length = symbolEntryLength(file, at, last);
    const word = length > 0 ? file.readUInt16LE(at + SYMBOLS.ENTRY_FIELD) : 0;
    const text = file.subarray(at + SYMBOLS.ENTRY_TEXT, at + length - SYMBOLS.ENTRY_CRC_BYTES);
    if (length > 0 && !seen.has(`${word}/${text.toString('latin1')}`)) {
      const field = word & ~SYMBOL_LOST;
      if (word === field) seen.add(`${word}/${text.toString('latin1')}`);
      add(field, word === field ? text : undefined);
      at += length;
      last = checksumBefore(file, at);
      continue;
    }
    const proven = length > 0 ? undefined : entryProvenByNext(file, at, last);
    if (proven !== undefined) {
      problems.push(`the checksum of the entry at byte ${at} is damaged`);
      add(proven.field & ~SYMBOL_LOST, proven.field < SYMBOL_LOST ? proven.text : undefined);
      ({ end: at, checksum: last } = proven);
      continue;
    }
    const next = nextSymbolEntry(file, at + 1);
    if (next === undefined) break; // one that was being written, or damage: the records' codes say which
    const damaged = damagedEntries(file, at, next, fields, last);
    if (damaged === undefined) {
      problems.push(`from byte ${at} on it is damaged so that the codes of what follows are unknown`);
      break;
    }
    problems.push(`${damaged.length === 1 ? 'an entry' : `${damaged.length} entries`} at byte ${at} ${damaged.length === 1 ? 'is' : 'are'} damaged`);
    for (const { field, text: made } of damaged) add(field, made);
    at = next;
    last = checksumBefore(file, at);
  }
  for (const [field, code] of codes) {
    const missing = code + 1 - (given.get(field) ?? 0);
    if (missing <= 0) continue;
    problems.push(`${missing} ${missing === 1 ? 'entry' : 'entries'} of field ${schema.fields[field]?.name ?? field} ${missing === 1 ? 'is' : 'are'} gone, and records have ${missing === 1 ? 'its code' : 'their codes'}`);
    for (let n = 0; n < missing; n++) add(field);
  }
  const gone = least - entries.length;
  if (gone > 0) {
    problems.push(`${gone} ${gone === 1 ? 'entry' : 'entries'} more ${gone === 1 ? 'is' : 'are'} gone, which no record in a chunk has`);
    // Nobody can tell of which field they were: each passes as many codes.
    for (const field of fields) for (let n = 0; n < gone; n++) add(field);
  }
  if (problems.length === 0) return UNCHANGED;
  return { bytes: symbolDictionaryBytes(feedUid, entries), problems, lost };
}

/** What is under the name; nothing where it is no dictionary of this feed. */
function readFile(file: string, feedUid: string, problems: string[]): Buffer {
  if (fileStat(file) === undefined) return Buffer.alloc(0);
  try {
    const fd = openExisting(file, false);
    try {
      const bytes = Buffer.alloc(Math.min(regularFileSize(fd, file), 2 ** 31 - 1));
      const whole = bytes.subarray(0, readAt(fd, bytes, 0, file));
      if (isUnbornDictionary(whole)) return Buffer.alloc(0);
      try {
        checkSymbolsHeader(whole, file, feedUid);
      } catch (error) {
        if (DeepwaterError.isDeepwaterError(error) && error.code === 'DW_FORMAT_VERSION' && error.values['found'] !== undefined && isWhole(whole)) throw error;
        problems.push((error as Error).message);
        // Entries do not say whose they are: those of another feed are not ours.
        if (isWhole(whole)) return Buffer.alloc(0);
      }
      return whole;
    } finally {
      closeFile(fd);
    }
  } catch (error) {
    if (!isUnusableFile(error)) throw error;
    problems.push(error.message);
    return Buffer.alloc(0);
  }
}

/** Whether the header is that of a dictionary, of whatever feed and version. */
function isWhole(bytes: Buffer): boolean {
  const made = symbolHeaderBytes(bytes.toString('hex', SYMBOLS.FEED_UID, SYMBOLS.FEED_UID + 8));
  bytes.copy(made, SYMBOLS.VERSION, SYMBOLS.VERSION, SYMBOLS.VERSION + 4);
  return bytes.subarray(0, SYMBOLS.IDENTITY_CRC).equals(made.subarray(0, SYMBOLS.IDENTITY_CRC));
}

/** What was between two places; undefined where nobody can tell how many entries it was, or of which fields. */
function damagedEntries(file: Buffer, from: number, to: number, fields: readonly number[], before: number): { field: number; text?: Buffer }[] | undefined {
  const length = to - from - SYMBOLS.ENTRY_TEXT - 4;
  if (length < 0) return undefined;
  // One whose length or field is damaged: the checksum tells what they were.
  const text = file.subarray(from + SYMBOLS.ENTRY_TEXT, to - 4);
  for (const field of fields) {
    const made = symbolEntryBytes(field, text, before);
    if (made.readUInt32LE(made.length - 4) === file.readUInt32LE(to - 4)) return [{ field, text }];
  }
  const found: { field: number }[] = [];
  let at = from;
  while (at < to) {
    if (at + SYMBOLS.ENTRY_TEXT > to) return undefined;
    const field = file.readUInt16LE(at) & ~SYMBOL_LOST;
    const known = fields.includes(field) ? field : fields.length === 1 ? fields[0] : undefined;
    if (known === undefined) return undefined;
    found.push({ field: known });
    at += SYMBOLS.ENTRY_TEXT + file.readUInt16LE(at + SYMBOLS.ENTRY_LENGTH) + 4;
  }
  return at === to ? found : undefined;
}
