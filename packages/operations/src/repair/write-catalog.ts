/** The catalog of a feed, made again from its chunks. The last step of a repair. */
import os from 'node:os';
import path from 'node:path';
import {
  type Access, CATALOG, type CatalogView, type FeedPaths, RING_PLACE, type RemovedChunk, type RingPlace, type Schema, addChunks, bootId, closeFile, createCatalog, failpoint, fileExists,
  fileStat, openExisting, removeFile, renameFile, ringPaths, startedChunks, syncDirectory, syncFile, writeFully,
} from '@deepwater/core';
import type { CatalogEvidence } from './catalog-evidence.js';

export interface CatalogWork {
  readonly name: string;
  readonly uid: string;
  readonly paths: FeedPaths;
  readonly schema: Schema;
  readonly access: Access;
  readonly removed: RemovedChunk | undefined;
  readonly evidence: CatalogEvidence;
  /** Epochs of writers that chunks may not know of. */
  readonly epoch: number;
  /** The last writer closed, and nothing came after it. */
  readonly closed: boolean;
  /** Where rings in shared memory are. */
  readonly ringDirectory: string;
}

export function writeCatalog(work: CatalogWork): void {
  const { paths, schema, uid, access, removed, evidence } = work;
  const next = `${paths.catalog}.new`;
  removeFile(next);
  const started = startedChunks(paths, schema, uid, removed, () => {});
  const { view } = createCatalog(next, access, schema, uid, started.files * 2);
  const { epoch } = addChunks(view, started, schema);
  view.epoch = Math.max(epoch, evidence.epoch, work.epoch);
  view.symbolsGiven = evidence.symbolsGiven;
  setWriter(view, work);
  const { place, user } = evidence.ringPlace ?? ringPlaceOf(work);
  view.setRingPlace(place, user);
  syncFile(next);
  failpoint('repair.catalog-written');
  // Those that have the one before mapped look for its successor.
  const old = fileStat(paths.catalog)?.kind === 'file' ? openExisting(paths.catalog, true) : undefined;
  try {
    renameFile(next, paths.catalog);
    syncDirectory(path.dirname(paths.catalog));
    failpoint('repair.catalog-renamed');
    if (old !== undefined) writeFully(old, Uint8Array.of(1, 0, 0, 0), CATALOG.RETIRED, paths.catalog);
  } finally {
    if (old !== undefined) closeFile(old);
  }
}

/** As the catalog before had it. Where nothing tells, a writer may have been open, and the next one passes the numbers that it may have given out. */
function setWriter(view: CatalogView, { evidence: { writer }, closed }: CatalogWork): void {
  if (writer !== undefined) view.setWriter(writer.open, writer.pid, writer.bootId);
  else if (!closed) view.setWriter(true, 0, bootId());
}

function ringPlaceOf({ name, paths, ringDirectory }: CatalogWork): { place: RingPlace; user: number } {
  const user = os.userInfo().uid;
  if (fileExists(ringPaths(ringDirectory, name).ring)) return { place: RING_PLACE.SHARED_MEMORY, user };
  return { place: fileExists(ringPaths(paths.directory, name).ring) ? RING_PLACE.FEED_DIRECTORY : RING_PLACE.NONE, user };
}
