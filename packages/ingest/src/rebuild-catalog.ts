/** A feed's chunk catalog as a writer opens it: the one that is there, or one made again from the chunks. */
import os from 'node:os';
import {
  type CatalogFile, type CatalogView, DeepwaterError, ENTRY_STATE, type FeedPaths, RING_PLACE, type RemovedChunk, type RingPlace, type Schema, addChunks, bootId, createCatalog, failpoint, fileExists, openCatalog,
  readRemoved, removeFile, renameFile, ringPaths, sharedRingDirectory, startedChunks, syncDirectory, syncFile, withFileLockSync,
} from '@deepwater/core/engine';
import type { FeedSource, IngestSettings } from './lane-source.js';

export interface FoundCatalog {
  readonly catalog: CatalogFile;
  /** Its last writer did not close, for all that is known: it may have published more than there is now. */
  readonly leftOpen: boolean;
  /** The machine went down while a writer had it open. */
  readonly powerLost: boolean;
}

/** @param notes takes what was put right, for the log @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
export function openOrRebuildCatalog(source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, notes: string[]): FoundCatalog {
  let stale: CatalogFile | undefined;
  let powerLost = false;
  let damaged = false;
  /** For all that the catalog knows. */
  let wasOpen = true;
  if (fileExists(paths.catalog)) {
    try {
      const catalog = openCatalog(paths.catalog, schema, source.feedUid, true);
      const { open, bootId: boot } = catalog.view.writer;
      powerLost = open && boot !== bootId();
      const { retired } = catalog.view;
      const unsound = powerLost || retired ? undefined : unsoundEntry(catalog.view);
      if (!powerLost && !retired && unsound === undefined) return { catalog, leftOpen: open, powerLost: false };
      // After a power loss the catalog's pages may be older than the chunks': trust the chunks.
      if (powerLost) {
        stale = catalog;
        notes.push('the machine went down while the feed was written: its catalog is made again from the chunks');
      } else if (unsound !== undefined) {
        // What of its entries holds vouches for their chunks; readers that have it open look for its successor.
        stale = catalog;
        wasOpen = open;
        notes.push(`entry ${unsound} of the catalog, which tells where numbers go on, does not have its checksum: the catalog is made again from the chunks`);
      } else {
        // Readers look for its successor, so there has to be one.
        damaged = true;
        notes.push('a deletion of the feed was broken off: its catalog is made again from the chunks');
      }
    } catch (error) {
      if (!(error instanceof DeepwaterError) || (error.code !== 'DW_FILE_CORRUPT' && error.code !== 'DW_FORMAT_VERSION')) throw error;
      notes.push(error.message);
      damaged = true;
      powerLost = false;
    }
  }
  // Nobody removes chunks meanwhile, and knows them by a catalog that is none any more.
  return withFileLockSync(paths.chunksLock, settings.access, () => {
    // Under another name until it is whole: readers find the old one or the new one.
    const next = `${paths.catalog}.new`;
    removeFile(next);
    const { view, closed } = rebuildCatalog(source, settings, paths, schema, next, stale, notes);
    const leftOpen = (stale !== undefined && wasOpen) || damaged || !closed;
    // Should the machine go down again before there is a writer, that has to be known then, too. Of a writer of which nothing is known this boot is as good as
    // another: chunks and rings say themselves of which they are, and a ring of this one may hold records that are nowhere else.
    if (leftOpen) view.setWriter(true, 0, powerLost ? (stale as CatalogFile).view.writer.bootId : bootId());
    // Readers that come before the ring is open again find in it what is in no chunk.
    const { place, user } = stale?.view.ringPlace ?? ringPlaceOf(source, settings, paths);
    view.setRingPlace(place, user);
    failpoint('open.catalog-new');
    // On the device before it has the name: a name that is there after a power loss has to be the catalog's.
    syncFile(next);
    renameFile(next, paths.catalog);
    failpoint('open.catalog-renamed');
    syncDirectory(paths.directory);
    stale?.view.retire();
    failpoint('open.stale-retired');
    return { catalog: openCatalog(paths.catalog, schema, source.feedUid, true), leftOpen, powerLost };
  });
}

/** The last entries tell where numbers of records and chunks go on. @returns the index of one that is sealed and does not have its checksum */
function unsoundEntry(view: CatalogView): number | undefined {
  for (let index = Math.max(0, view.count - 2); index < view.count; index++) {
    if (view.state(index) !== ENTRY_STATE.ACTIVE && !view.entryHolds(index)) return index;
  }
  return undefined;
}

/**
 * Makes the catalog from the chunk headers, which are the truth. Files that are not chunks of this feed are left alone.
 * @param stale the catalog before: of writers that left no chunk only its epoch tells, and it vouches for sealed chunks
 * @returns and whether the last chunk was closed by its writer, or there is none
 * @throws DeepwaterError DW_FILE_CORRUPT where nothing tells how far the numbers went
 */
function rebuildCatalog(source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, file: string, stale: CatalogFile | undefined, notes: string[]): { view: CatalogView; closed: boolean } {
  let removed: RemovedChunk | undefined;
  let problem: Error | undefined;
  try {
    removed = readRemoved(paths, source.feedUid, schema.clocks.length);
  } catch (error) {
    problem = error as Error;
    notes.push(problem.message);
  }
  const started = startedChunks(paths, schema, source.feedUid, removed, ({ message }) => { notes.push(`left out of the catalog: ${message}`); });
  // Without a chunk, only that file knows how far the numbers went: to begin again at 0 would give them out twice.
  if (problem !== undefined && started.chunks.length === 0) throw problem;
  const { view } = createCatalog(file, settings.access, schema, source.feedUid, (started.files + (stale?.view.count ?? 0)) * 2);
  const { epoch, closed } = addChunks(view, started, schema, stale?.view);
  view.epoch = Math.max(epoch, stale?.view.epoch ?? 0);
  view.symbolsGiven = stale?.view.symbolsGiven ?? 0;
  if (started.chunks.length > 0) notes.push(`the chunk catalog was made again from ${started.chunks.length} chunks`);
  return { view, closed };
}

/** Where a ring lies that an earlier writer left, where the catalog does not say. */
function ringPlaceOf({ storeId, spec }: FeedSource, { ringDir }: IngestSettings, { directory }: FeedPaths): { place: RingPlace; user: number } {
  const user = os.userInfo().uid;
  const ringIn = (place: string): boolean => fileExists(ringPaths(place, spec.name).ring);
  if (ringIn(ringDir ?? sharedRingDirectory(storeId, user))) return { place: RING_PLACE.SHARED_MEMORY, user };
  return { place: ringIn(directory) ? RING_PLACE.FEED_DIRECTORY : RING_PLACE.NONE, user };
}
