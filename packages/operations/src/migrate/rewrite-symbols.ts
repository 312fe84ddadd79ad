/** Symbol dictionaries of format 1: the checksum of an entry did not go on from that of the one before it, so that one held in the place of another. */
import {
  type Access, type FeedPaths, SYMBOLS, SYMBOLS_VERSION, failpoint, fileExists, isUnbornDictionary, readWholeFile, replaceWhole, symbolDictionaryBytes, symbolEntryLength,
} from '@deepwater/core';

export interface OldSymbols {
  /** Each with the index of its field, in order. */
  readonly entries: readonly { readonly field: number; readonly text: Buffer }[];
  /** What does not hold, with others behind it; undefined where nothing is damaged. */
  readonly problem: string | undefined;
}

/** The entries of a dictionary of format 1; undefined where there is none, or one of this format. @throws DeepwaterError DW_SYSTEM_CALL */
export function oldSymbols({ symbols }: FeedPaths): OldSymbols | undefined {
  const bytes = fileExists(symbols) ? readWholeFile(symbols) : Buffer.alloc(0);
  if (isUnbornDictionary(bytes) || bytes.readUInt32LE(SYMBOLS.VERSION) >= SYMBOLS_VERSION) return undefined;
  const entries: { field: number; text: Buffer }[] = [];
  let at: number = SYMBOLS.HEADER_BYTES;
  for (let length = symbolEntryLength(bytes, at, 0); length > 0; length = symbolEntryLength(bytes, at, 0)) {
    entries.push({ field: bytes.readUInt16LE(at + SYMBOLS.ENTRY_FIELD), text: bytes.subarray(at + SYMBOLS.ENTRY_TEXT, at + length - SYMBOLS.ENTRY_CRC_BYTES) });
    at += length;
  }
  for (let behind = at + 1; behind < bytes.length; behind++) {
    if (symbolEntryLength(bytes, behind, 0) === 0) continue;
    return { entries, problem: `${symbols} is damaged from byte ${at} on, and nothing says which codes the entries behind have: they are left out. Records that have them read as an error; run \`deepwater repair\` afterwards.` };
  }
  return { entries, problem: undefined };
}

/** Writes a dictionary anew in this format: the codes stay what they were. @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
export function rewriteSymbols(paths: FeedPaths, feedUid: string, access: Access): void {
  const old = oldSymbols(paths);
  if (old === undefined) return;
  replaceWhole(paths.symbols, `${paths.symbols}.migrated`, symbolDictionaryBytes(feedUid, old.entries), access);
  failpoint('migrate.symbols-rewritten');
}
