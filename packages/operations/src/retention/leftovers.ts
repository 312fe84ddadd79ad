/** What processes that were killed leave behind, and nobody else puts away. Nothing of a living process is touched. */
import path from 'node:path';
import {
  type Access, CHUNK_STATE, type CatalogView, ENTRY_STATE, FileLock, RING_PLACE, STORE_FILES, SHARED_MEMORY, bootId, chunkIdOf, chunkPath, closeFile, failpoint, compileSchema, feedPaths, fileExists, fileStat,
  listDirectory, openCatalog, openExisting, peekChunk, processAlive, removeEmptyDirectory, removeFile, removeTree, ringPaths, setUse, sharedRingDirectory, syncFile,
  STORE_LOCK, withFileLock, withFileLockSync,
} from '@deepwater/core/engine';
import type { ReaderSource } from '@deepwater/query';
import { Bell, openRing } from '@deepwater/ring';

/** Something that was put away, or would be. */
export interface Leftover {
  readonly what: 'unfinished file' | 'deleted feed' | 'ring' | 'prepared chunk' | 'directory of rings';
  readonly path: string;
}

/** Files that are being written are finished in moments; the process that began them need not be one that we see. */
const UNFINISHED_MS = 3_600_000;

/** Whether a file was left alone for long; a clock that jumped may say so wrongly, so it is never the only reason. */
const isOld = (file: string, nowMs: number): boolean => nowMs - Number((fileStat(file)?.modifiedNs ?? BigInt(nowMs) * 1_000_000n) / 1_000_000n) > UNFINISHED_MS;

/** Files of the whole store: those that were to replace others, feeds that were deleted, directories of rings without a ring. */
export function storeLeftovers(basePath: string, access: Access, nowMs: number, dryRun: boolean): Leftover[] {
  const feeds = path.join(basePath, STORE_FILES.FEEDS);
  const unfinished = [basePath, ...below(feeds), ...below(path.join(basePath, STORE_FILES.QUARANTINE)).flatMap(below)]
    .flatMap((directory) => (listDirectory(directory) ?? []).map((name) => path.join(directory, name)))
    .filter((file) => isUnfinished(file) && isOld(file, nowMs) && fileStat(file)?.kind === 'file');
  const deleted = (listDirectory(feeds) ?? []).filter((name) => name.startsWith('.deleted-')).map((name) => path.join(feeds, name));
  const begun = unmadeFeeds(feeds, nowMs);
  if (!dryRun) {
    unfinished.forEach(removeFile);
    deleted.forEach(removeTree);
    // Under the lock that feeds are made under, and asked again.
    if (begun.length > 0) withFileLockSync(path.join(basePath, STORE_LOCK), access, () => { unmadeFeeds(feeds, nowMs).forEach(removeTree); });
  }
  return [
    ...unfinished.map((file) => ({ what: 'unfinished file' as const, path: file })),
    ...deleted.map((directory) => ({ what: 'deleted feed' as const, path: directory })),
    ...begun.map((directory) => ({ what: 'unfinished file' as const, path: directory })),
    ...emptyRingDirectories(nowMs, dryRun),
  ];
}

const below = (directory: string): string[] => (fileStat(directory)?.kind === 'directory' ? listDirectory(directory) ?? [] : []).map((name) => path.join(directory, name));

/** `manifest.json.4711.new`, of a process that is no more. */
function isUnfinished(file: string): boolean {
  const found = /\.json\.(\d+)\.new$/.exec(file);
  return found !== null && !processAlive(Number(found[1]));
}

/** Directories of feeds that were never made: there is nothing in them, but for a lock that somebody once took. */
function unmadeFeeds(feeds: string, nowMs: number): string[] {
  return below(feeds).filter((directory) => {
    if (fileStat(directory)?.kind !== 'directory' || !isOld(directory, nowMs)) return false;
    return below(directory).every((file) => path.basename(file) === 'writer.lock' && !FileLock.isHeld(file));
  });
}

/** Only empty ones: which store a ring is of, and whether that is still there, its file does not tell. */
function emptyRingDirectories(nowMs: number, dryRun: boolean): Leftover[] {
  const ours = path.dirname(sharedRingDirectory('-'));
  if (!ours.startsWith(SHARED_MEMORY)) return [];
  return (listDirectory(ours) ?? []).filter((name) => /^[0-9a-f]{32}$/.test(name)).map((name) => path.join(ours, name))
    .filter((directory) => isOld(directory, nowMs) && (listDirectory(directory) ?? ['']).length === 0)
    .filter((directory) => dryRun || removeEmptyDirectory(directory))
    .map((directory) => ({ what: 'directory of rings' as const, path: directory }));
}

/**
 * Puts away what a writer that died left of a feed: its ring, once all of its rows are in chunks, and chunks that it had
 * prepared. Holds the feed's writer lock for that, so that a writer that opens just now waits a moment. Does nothing while one lives.
 */
export function feedLeftovers(source: ReaderSource, access: Access, dryRun: boolean): Leftover[] {
  const { name } = source.spec;
  const paths = feedPaths(source.basePath, name);
  if (FileLock.isHeld(paths.lock)) return [];
  const candidates = [...unfinishedFiles(source), ...preparedChunks(source), ...deadRings(source), ...lonelyBells(source)];
  if (candidates.length === 0 || dryRun) return candidates;
  const lock = FileLock.tryExclusive(paths.lock, access);
  if (lock === undefined) return [];
  try {
    // Again, now that nobody can change it.
    return [
      ...unfinishedFiles(source).filter(({ path: file }) => removeFile(file)),
      ...preparedChunks(source).filter(({ path: file }) => removeFile(file)), ...deadRings(source).filter(() => retireRing(source)),
      ...lonelyBells(source).filter(({ path: file }) => removeFile(file)),
    ];
  } finally {
    lock.release();
  }
}

/** An unfinished catalog, which is made under the feed's `chunks.lock`. */
export async function unfinishedCatalog(source: ReaderSource, access: Access, dryRun: boolean): Promise<Leftover[]> {
  const paths = feedPaths(source.basePath, source.spec.name);
  const file = `${paths.catalog}.new`;
  if (!fileExists(file)) return [];
  const gone = dryRun || await withFileLock(paths.chunksLock, access, () => removeFile(file));
  return gone ? [{ what: 'unfinished file', path: file }] : [];
}

/** Files that were to take the place of others of the feed, by writers and repairs: both hold the writer's lock meanwhile. */
function unfinishedFiles({ basePath, spec }: ReaderSource): Leftover[] {
  const { chunks, directory } = feedPaths(basePath, spec.name);
  const files = [...below(chunks), ...below(directory)].filter((file) => /\.dw[kgs]\.(new|repaired)$/.test(file) && fileStat(file)?.kind === 'file');
  return files.map((file) => ({ what: 'unfinished file', path: file }));
}

/** Chunks behind the last one of the catalog that were never begun. Not while a writer lives, which has some, too. */
function preparedChunks(source: ReaderSource): Leftover[] {
  const paths = feedPaths(source.basePath, source.spec.name);
  if (!fileExists(paths.catalog)) return [];
  const { view } = openCatalog(paths.catalog, compileSchema(source.spec), source.feedUid, false);
  const known = new Set<number>();
  for (let index = view.firstLive; index < view.count; index++) known.add(view.entry(index).chunkId);
  const last = view.count === 0 ? 0 : view.entry(view.count - 1).chunkId;
  return (listDirectory(paths.chunks) ?? []).flatMap((file) => chunkIdOf(file) ?? []).filter((id) => id > last && !known.has(id))
    .map((id) => chunkPath(paths, id))
    .filter((file) => {
      const { header } = peekChunk(file);
      // One whose writer was killed as it made it may have nothing in its header yet.
      const blank = header.bytes.every((byte) => byte === 0);
      return blank || (header.feedUid === source.feedUid && (header.state === CHUNK_STATE.PREPARED || header.state === CHUNK_STATE.NEW));
    })
    .map((file) => ({ what: 'prepared chunk', path: file }));
}

/** The ring of a writer that died, where its rows are all in chunks. */
function deadRings(source: ReaderSource): Leftover[] {
  const found = deadRing(source);
  return found === undefined ? [] : [{ what: 'ring', path: found.ring.path }];
}

function deadRing(source: ReaderSource, writable = false) {
  const { name, persist } = source.spec;
  const paths = feedPaths(source.basePath, name);
  // A memory feed's ring is all there is of it.
  if (!persist || !fileExists(paths.catalog)) return undefined;
  const schema = compileSchema(source.spec);
  const catalog = openCatalog(paths.catalog, schema, source.feedUid, writable);
  const { view } = catalog;
  // After a power loss the next writer puts things right.
  if (view.retired || (view.writer.open && view.writer.bootId !== bootId())) return undefined;
  const file = ringFiles(source, view).find(({ ring }) => fileExists(ring));
  if (file === undefined) return undefined;
  const ring = openRing(file.ring, schema, source.feedUid, writable ? 'shared' : 'read-only');
  const ours = ring.storeId === source.storeId && ring.bootId === bootId() && ring.persist;
  const { tail, head } = ring;
  // A jump in the numbers that no record has taken up is known to that ring alone: it begins behind the chunks then.
  const moved = tail === head && endOfChunks(source, view) === head;
  return ours && moved ? { catalog, ring, bell: file.bell } : undefined;
}

/** Where the ring of a feed lies. One that its writer had just made, or was about to remove, the catalog does not tell of. */
function ringFiles({ basePath, ringDir, storeId, spec }: ReaderSource, view: CatalogView): ReturnType<typeof ringPaths>[] {
  const { place, user } = view.ringPlace;
  const shared = ringDir ?? (place === RING_PLACE.NONE ? sharedRingDirectory(storeId) : sharedRingDirectory(storeId, user));
  const own = feedPaths(basePath, spec.name).directory;
  const directories = { [RING_PLACE.NONE]: [shared, own], [RING_PLACE.SHARED_MEMORY]: [shared], [RING_PLACE.FEED_DIRECTORY]: [own] }[place];
  return directories.map((directory) => ringPaths(directory, spec.name));
}

/** Bells without a ring. Who still has such a ring mapped knows that it is retired, and does not sleep at its bell. */
function lonelyBells(source: ReaderSource): Leftover[] {
  const paths = feedPaths(source.basePath, source.spec.name);
  if (!fileExists(paths.catalog)) return [];
  const { view } = openCatalog(paths.catalog, compileSchema(source.spec), source.feedUid, false);
  return ringFiles(source, view).filter(({ ring, bell }) => fileExists(bell) && !fileExists(ring)).map(({ bell }) => ({ what: 'ring', path: bell }));
}

/** The number after the last record in chunks, 0 where there never was one; undefined where that cannot be told for sure. */
function endOfChunks(source: ReaderSource, view: CatalogView): number | undefined {
  if (view.count === 0) return 0;
  const entry = view.entry(view.count - 1);
  if (entry.state !== ENTRY_STATE.ACTIVE) return entry.firstSequence + entry.rows;
  const { header } = peekChunk(chunkPath(feedPaths(source.basePath, source.spec.name), entry.chunkId));
  return header.activationHolds && header.firstSequence === entry.firstSequence ? header.firstSequence + header.committedRows : undefined;
}

/** Ends a dead writer's ring as the writer would have. Not while anybody uses it. */
function retireRing(source: ReaderSource): boolean {
  const found = deadRing(source, true);
  if (found === undefined) return false;
  const { catalog: { view }, ring, bell } = found;
  const use = openExisting(ring.path, true);
  try {
    if (!setUse(use, 'exclusive', ring.path)) return false;
    // In the order of a writer that closes: a catalog that says that no writer has it open is believed after a power loss.
    syncFile(view.path);
    view.setWriter(false, 0, view.writer.bootId);
    failpoint('leftover.writer-cleared');
    syncFile(view.path);
    view.setRingPlace(RING_PLACE.NONE, 0);
    failpoint('leftover.ring-forgotten');
    ring.retire();
    if (fileExists(bell)) Bell.open(bell).ringForAll(); // sleepers look for the next writer's ring from now on
    removeFile(ring.path);
    failpoint('leftover.ring-removed');
    removeFile(bell);
    return true;
  } finally {
    closeFile(use);
  }
}
