/** A store of the Python Deepwater, or one of its feeds, as sources: one for each chunk. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DeepwaterError } from '@deepwater/core';
import type { ImportOptions } from '../import/options.js';
import type { SourceRef } from '../import/source.js';
import { unreadable } from '../unpack/source-file.js';
import { ChunkSource, restSource } from './chunk-source.js';
import { PythonFeed } from './python-feed.js';
import { KNOWN_VERSION, LIMITS, STORE_NAMES } from './python-layout.js';
import { readStoreFile } from './store-file.js';

/**
 * What there is to import in a directory: of a store all feeds, of a feed's own directory that one.
 * @throws DeepwaterError DW_IMPORT_LAYOUT for a directory that is none of these or of an unknown version, DW_IMPORT_UNREADABLE
 */
export async function pythonSources(directory: string, options: ImportOptions): Promise<SourceRef[]> {
  const found = path.resolve(directory);
  const alone = await isFeed(found);
  await checkVersion(alone ? path.dirname(path.dirname(found)) : found, found);
  const folders = alone ? [found] : await feedFolders(found);
  const feeds = (await Promise.all(folders.map((folder) => PythonFeed.open(folder)))).filter((feed) => feed !== undefined);
  if (feeds.length === 0) throw noStore(found, `its ${STORE_NAMES.DATA}/ has no feed with ${STORE_NAMES.SCHEMA} or ${STORE_NAMES.RECORD_FORMAT}`);
  if (options.feed !== undefined && feeds.length > 1) {
    throw new DeepwaterError('DW_OPTION_INVALID', `${found} has ${feeds.length} feeds, and --feed names one. Give the directory of the feed: ${feeds[0]!.directory}.`, { values: { option: 'feed', feeds: feeds.map(({ name }) => name) } });
  }
  return feeds.flatMap((feed) => sourcesOf(feed, options));
}

/** A chunk at a time, in order; and what there is to tell of a feed that gives no more records. */
function sourcesOf(feed: PythonFeed, options: ImportOptions): SourceRef[] {
  const sources: SourceRef[] = [];
  let untold = [...feed.chunks ?? []];
  for (const chunk of feed.present) {
    const lost = untold.filter(({ id }) => id < chunk.id);
    untold = untold.filter(({ id }) => id > chunk.id);
    const bytes = chunk.records * feed.format.recordBytes;
    sources.push({ path: chunk.file, bytes, open: () => ChunkSource.open(feed, chunk, lost, options) });
  }
  if (untold.length > 0 || sources.length === 0) sources.push({ path: feed.directory, bytes: 0, open: () => Promise.resolve(restSource(feed, untold)) });
  return sources;
}

async function isFeed(directory: string): Promise<boolean> {
  return path.basename(path.dirname(directory)) === STORE_NAMES.DATA && (await exists(path.join(directory, STORE_NAMES.SCHEMA)) || await exists(path.join(directory, STORE_NAMES.RECORD_FORMAT)));
}

/** Links are not followed: a store has its feeds in itself. */
async function feedFolders(directory: string): Promise<string[]> {
  const data = path.join(directory, STORE_NAMES.DATA);
  try {
    const entries = await readdir(data, { withFileTypes: true });
    if (entries.length > LIMITS.FEEDS) throw new Error(`it has ${entries.length} entries, and a store has at most ${LIMITS.FEEDS} feeds`);
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(data, name)).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw noStore(directory, `it has no ${STORE_NAMES.DATA}/`);
    throw unreadable(data, cause);
  }
}

/**
 * The manifest of the versions that have one. The later ones have none, and are told by the schemas of their feeds; those from before 0.0.1 had neither.
 * @param given the directory as it was given, for messages
 */
async function checkVersion(store: string, given: string): Promise<void> {
  const file = path.join(store, STORE_NAMES.MANIFEST);
  const text = await readStoreFile(file, LIMITS.JSON_BYTES);
  if (text === undefined) {
    const folders = await feedFolders(store);
    for (const folder of folders) if (await exists(path.join(folder, STORE_NAMES.SCHEMA))) return;
    if (folders.length === 0 && !await exists(path.join(store, STORE_NAMES.REGISTRY))) throw noStore(given, `it has neither ${STORE_NAMES.MANIFEST} nor feeds`);
    throw noStore(given, `it has no ${STORE_NAMES.MANIFEST}, and no feed of it has ${STORE_NAMES.SCHEMA}: it is from before version 0.0.1, of which too little is known`);
  }
  let manifest: { readonly format_version?: unknown; readonly deepwater_version?: unknown; readonly product?: unknown };
  try {
    manifest = JSON.parse(text.toString()) as typeof manifest;
    if (typeof manifest !== 'object' || manifest === null) throw new Error('it is no object');
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (manifest.product !== undefined) throw noStore(given, 'it is a store of this Deepwater: open it, or export its feeds');
  if (manifest.format_version !== KNOWN_VERSION) {
    throw noStore(given, `its format is ${JSON.stringify(manifest.format_version)} (written by Deepwater ${JSON.stringify(manifest.deepwater_version)}), and format ${KNOWN_VERSION} is known`);
  }
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) !== undefined;
}

function noStore(directory: string, why: string): DeepwaterError {
  return new DeepwaterError('DW_IMPORT_LAYOUT', `${directory} is no store of the Python Deepwater that can be read: ${why}.`, { values: { file: directory, layout: 'python' } });
}
