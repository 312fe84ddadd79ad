/**
 * What is known of a feed's symbols outside of their dictionary. A dictionary that lost entries at its end looks like one that never had them, and
 * like one whose last entry was not written whole: the next new symbol would get a code that records have, and they another's text.
 */
import { openCatalog } from '../catalog/catalog-file.js';
import { DeepwaterError } from '../errors/index.js';
import { CATALOG, ENTRY_STATE } from '../layout/catalog-layout.js';
import { crc32 } from '../layout/crc.js';
import { closeFile, openExisting, writeFully } from '../mapping/files.js';
import type { Schema } from '../schema/index.js';
import type { FeedPaths } from './feed-paths.js';

export interface GivenSymbols {
  /** Entries that the dictionary had at least, all fields together; 0: nothing is known, of a catalog that was made anew for example. */
  readonly least: number;
  /** Fields that have a symbol at least: there are records. */
  readonly fields: readonly number[];
  /** Notes how many entries there are, before the code of the last is given out. They are on the device. @throws DeepwaterError DW_SYSTEM_CALL */
  raise(entries: number): void;
}

/** As the feed's catalog has it. Once it is the one that its writer writes. @throws DeepwaterError DW_FILE_CORRUPT, DW_SYSTEM_CALL */
export function givenSymbols(paths: FeedPaths, schema: Schema, feedUid: string): GivenSymbols {
  const { view } = openCatalog(paths.catalog, schema, feedUid, false);
  let hasRecords = false;
  for (let index = view.firstLive; index < view.count && !hasRecords; index++) {
    const { state, rows } = view.entry(index);
    hasRecords = state === ENTRY_STATE.ACTIVE || (state === ENTRY_STATE.SEALED && rows > 0);
  }
  return {
    least: view.symbolsGiven,
    fields: hasRecords ? schema.fields.filter(({ type }) => type === 'symbol').map(({ index }) => index) : [],
    raise(entries) { note(paths.catalog, entries); },
  };
}

/** By its name: in its time the catalog may have grown, or have been made again. */
function note(catalog: string, entries: number): void {
  const bytes = Buffer.alloc(CATALOG.SYMBOLS_CRC + 4 - CATALOG.SYMBOLS_GIVEN);
  bytes.writeUInt32LE(entries, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 4)), CATALOG.SYMBOLS_CRC - CATALOG.SYMBOLS_GIVEN);
  let fd: number;
  try {
    fd = openExisting(catalog, true);
  } catch (error) {
    // Taken away from under its writer: whoever makes it again knows nothing, and asks the chunks.
    if (error instanceof DeepwaterError && error.values['errno'] === 'ENOENT') return;
    throw error;
  }
  try {
    writeFully(fd, bytes, CATALOG.SYMBOLS_GIVEN, catalog);
  } finally {
    closeFile(fd);
  }
}
