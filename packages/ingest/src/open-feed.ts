/**
 * What has to be true before a feed is written, under the feed's lock: the catalog is whole, what an earlier writer left
 * open is sealed, and the ring is one that continues where the chunks end. Rows that an earlier writer left in the ring
 * stay there: the ring's tail is set to the first row that no chunk holds, and the ingest worker moves them like any
 * others. There is no recovery path that is not the usual path.
 */
import {
  CATALOG_ENTRIES_MIN, type CatalogEntry, type CatalogFile, CHUNK_STATE, type ChunkGeometry, type ChunkSeal, DeepwaterError, ENTRY_STATE, type FeedPaths, Quarantine,
  type ReadableChunk, SEAL_REASON, type Schema, type SealReason, type WritableChunk, adoptChunk, bootId, chunkPath, closeFile, failpoint, fileExists, growCatalog, isUnusableFile,
  makeDirectory, openChunkForReading, openChunkForRecovery, peekChunk, survivingRows, syncFile,
} from '@deepwater/core/engine';
import type { Bell, Ring } from '@deepwater/ring';
import type { FeedSource, IngestSettings } from './lane-source.js';
import { type EarlierWriter, type FeedEnd, openFeedRing } from './open-ring.js';
import { openOrRebuildCatalog } from './rebuild-catalog.js';

export interface OpenedFeed {
  readonly catalog: CatalogFile;
  readonly ring: Ring;
  readonly ringPlace: string;
  readonly bell: Bell;
  readonly epoch: number;
  readonly gapBefore: number;
  readonly nextChunkId: number;
  /** The last chunk was filled: the next one may be reserved whole. */
  readonly busy: boolean;
  /** What was found and put right, for the log. */
  readonly notes: readonly string[];
  /** Chunks that earlier writers left open, to be sealed. Their rows are final. */
  readonly leftovers: readonly Leftover[];
  /** Chunk files that were made ahead and never used. They go before the next one is made: numbers above the last that is in use are looked through at every opening. */
  readonly unused: readonly string[];
  /** Numbers of earlier writers' records end here; the next record may have a higher one. */
  readonly earlierEnd: number;
  /** The machine went down while a writer was open. */
  readonly powerLost: boolean;
}

export interface Leftover {
  readonly chunk: WritableChunk;
  readonly chunkId: number;
  readonly catalogIndex: number;
  readonly reason: SealReason;
}

/** @param writer whether a writer lives that this process has: its keeper died, and goes on. `closing`: it lives no more but for what it left in its ring. */
export function openFeed(
  source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, geometry: ChunkGeometry, scratchBytes: number, writer: EarlierWriter = 'none',
): OpenedFeed {
  const notes: string[] = [];
  makeDirectory(paths.directory, settings.access);
  makeDirectory(paths.chunks, settings.access);
  const found = openOrRebuildCatalog(source, settings, paths, schema, notes);
  let { catalog } = found;
  const leftovers: Leftover[] = [];
  const unused: string[] = [];
  try {
    const end = closeLeftovers(catalog, paths, schema, source.feedUid, notes, leftovers, unused, new Quarantine(source.basePath, settings.access, source.spec.name));
    while (catalog.view.count + CATALOG_ENTRIES_MIN / 2 > catalog.view.capacity) catalog = growCatalog(paths.catalog, schema, source.feedUid);

    const epoch = catalog.view.epoch + 1;
    const { ring, bell, place, gapBefore, earlierEnd } = openFeedRing(source, settings, paths, schema, scratchBytes, end, catalog, found.leftOpen, writer, notes);
    failpoint('open.ring-made');
    catalog.view.epoch = epoch;
    failpoint('open.epoch');
    ring.epoch = epoch;
    ring.setWriter(true, process.pid);
    catalog.view.setRingPlace(place.kind, place.user);
    catalog.view.setWriter(true, process.pid, bootId());
    // On the device before there is a record: after a power loss the catalog has to say that it may be older than the chunks.
    syncFile(paths.catalog);
    failpoint('open.writer-named');
    bell.ringForAll(); // those that sleep in other processes may have slept on a ring that is not this one
    const last = catalog.view.count > 0 ? catalog.view.entry(catalog.view.count - 1) : undefined;
    return {
      catalog, ring, ringPlace: place.directory, bell, epoch, gapBefore,
      nextChunkId: end.nextChunkId, busy: last?.sealReason === SEAL_REASON.FULL, notes, leftovers, unused,
      earlierEnd, powerLost: end.powerLost || found.powerLost,
    };
  } catch (error) {
    for (const { chunk } of leftovers) closeFile(chunk.fd);
    throw error;
  }
}

/** Finds what earlier writers left open, and settles how many rows it has. @param leftovers takes the chunks to be sealed, open @param unused takes the paths of chunks that were only prepared */
function closeLeftovers(catalog: CatalogFile, paths: FeedPaths, schema: Schema, feedUid: string, notes: string[], leftovers: Leftover[], unused: string[], quarantine: Quarantine): FeedEnd {
  const { view } = catalog;
  let powerLost = false;
  // A chunk can be activated and not in the catalog yet: look past the last entry, as far as files are prepared ahead.
  const known = view.count > 0 ? Math.max(view.entry(view.count - 1).chunkId, view.count > 1 ? view.entry(view.count - 2).chunkId : 0) : 0;
  let maxId = known;
  for (let id = known + 1, missing = 0; missing < 4; id++) {
    const path = chunkPath(paths, id);
    if (!fileExists(path)) {
      missing += 1;
      continue;
    }
    missing = 0;
    maxId = id;
    const front = readFront(path, notes, quarantine);
    if (front === undefined) continue;
    if (front.state === CHUNK_STATE.ACTIVE && front.activationHolds && front.committedRows > 0) {
      view.append({ chunkId: id, firstSequence: front.firstSequence, epoch: front.epoch, gapBefore: front.gapBefore, createdUs: front.createdUs });
      failpoint('open.leftover-listed');
    } else if (isSealedBehind(view, paths, schema, feedUid, id, front)) {
      // Its entry comes before its rows: the catalog is older than that, put back by somebody or by the device.
      const seal = front.seal(schema) as ChunkSeal;
      const index = view.append({ chunkId: id, firstSequence: front.firstSequence, epoch: front.epoch, gapBefore: front.gapBefore, createdUs: front.createdUs });
      view.seal(index, { ...seal, sealReason: seal.reason });
      view.epoch = Math.max(view.epoch, front.epoch);
      notes.push(`${paths.catalog} did not know ${path}, which has records from ${front.firstSequence} on: it is an older one, and knows it now`);
    } else if (front.state === CHUNK_STATE.ACTIVE && !front.activationHolds && front.committedRows > 0) {
      notes.push(`${path} counts ${front.committedRows} rows and the checksum over its place in the sequence does not hold; it is left as it is. Run \`deepwater repair --dry-run\`.`);
    } else if (front.state !== CHUNK_STATE.SEALED) {
      // Made ahead and never used; one with rows, whose state is damaged, is somebody's to look at.
      if (front.committedRows === 0) unused.push(path);
      else {
        quarantine.take(path, `it has rows, is in the state ${front.state}, and the catalog does not know it`);
        notes.push(`${path} has rows, and its state is damaged: moved to ${quarantine.directory ?? 'quarantine'}`);
      }
    }
  }
  const last = view.count > 0 ? view.entry(view.count - 1) : undefined;
  let next = last === undefined ? 0 : last.firstSequence + last.rows;
  for (let index = firstOpen(view); index < view.count; index++) {
    const entry = view.entry(index);
    if (entry.state !== ENTRY_STATE.ACTIVE) {
      next = entry.firstSequence + entry.rows;
      continue;
    }
    const path = chunkPath(paths, entry.chunkId);
    const chunk = openChunkForRecovery(path, schema);
    const leftover = { chunk, chunkId: entry.chunkId, catalogIndex: index, reason: SEAL_REASON.RECOVERED as SealReason };
    leftovers.push(leftover);
    const lost = chunk.header.seal(schema) === undefined && chunk.header.bootId !== bootId();
    if (lost) {
      powerLost = true;
      const whole = openChunkForReading(path, schema);
      // Rows that a writer which was killed had not counted may hold all the same; the next chunk begins with them then.
      const end = index + 1 < view.count ? view.entry(index + 1).firstSequence : Infinity;
      const rows = Math.min(survivorsOf(whole, schema, notes), end - chunk.header.firstSequence);
      notes.push(`after a power loss chunk ${entry.chunkId} keeps ${rows} of ${chunk.header.committedRows} rows`);
      chunk.header.committedRows = rows;
      chunk.header.state = CHUNK_STATE.ACTIVE; // of a seal that was half written
      failpoint('open.leftover-counted');
      // Settled once: a writer that is killed before the chunk is sealed leaves a ring of this boot, which counts.
      adoptChunk(chunk, bootId());
      failpoint('open.leftover-adopted');
    } else {
      // Its boot id was written and not the checksum; the entry, made before, vouches for the rest.
      if (!chunk.header.activationHolds && vouchesFor(entry, chunk.header)) adoptChunk(chunk, bootId());

      notes.push(`chunk ${entry.chunkId} was left open by an earlier writer and is sealed with ${chunk.header.committedRows} rows`);
    }
    if (lost) leftover.reason = SEAL_REASON.POWER_LOSS;
    next = chunk.header.firstSequence + chunk.header.committedRows;
  }
  return { next, nextChunkId: maxId + 1, powerLost };
}

/**
 * Whether a chunk that no entry is of is sealed, whole in its front, and goes on where the entries end: what lies elsewhere is for repair to look at.
 * Numbers that it has are never given out again.
 */
function isSealedBehind(view: CatalogFile['view'], { catalog }: FeedPaths, schema: Schema, feedUid: string, id: number, front: ReturnType<typeof peekChunk>['header']): boolean {
  if (front.state !== CHUNK_STATE.SEALED || !front.activationHolds || front.feedUid !== feedUid || front.chunkId !== id) return false;
  const seal = front.seal(schema);
  if (seal === undefined || seal.rows === 0) return false;
  let end = 0;
  for (let index = 0; index < view.count; index++) {
    const entry = view.entry(index);
    if (entry.chunkId === id) return false;
    end = Math.max(end, entry.firstSequence + entry.rows);
  }
  if (front.firstSequence >= end) return true;
  throw new DeepwaterError('DW_FILE_CORRUPT', `${catalog} does not know ${front.path}, whose records from ${front.firstSequence} on lie among those of others. Run \`deepwater repair\`; the catalog is made again from the chunks.`, {
    values: { path: catalog, chunk: front.path, first: front.firstSequence, end },
  });
}

/** Rows that a power loss left. Where what was synced is damaged, the blocks that hold, and a note that says so. */
function survivorsOf({ header, geometry }: ReadableChunk, schema: Schema, notes: string[]): number {
  try {
    return survivingRows(header, geometry, schema);
  } catch (error) {
    if (!(error instanceof DeepwaterError)) throw error;
    notes.push(error.message);
    return survivingRows(header, geometry, schema, true);
  }
}

/** The header of a chunk file that the catalog does not know; undefined for what is none, which goes into quarantine. */
function readFront(path: string, notes: string[], quarantine: Quarantine): ReturnType<typeof peekChunk>['header'] | undefined {
  try {
    return peekChunk(path).header;
  } catch (error) {
    notes.push((error as Error).message);
    if (isUnusableFile(error)) {
      quarantine.take(path, error.message);
      notes.push(`${path} was moved to ${quarantine.directory ?? 'quarantine'}`);
    }
    return undefined;
  }
}

/** Whether a chunk has the place in the sequence that its entry says. */
function vouchesFor(entry: CatalogEntry, header: ReadableChunk['header']): boolean {
  return entry.firstSequence === header.firstSequence && entry.epoch === header.epoch && entry.gapBefore === header.gapBefore;
}

/**
 * The first chunk that is open. Any number of later ones can be sealed: where the device refuses a chunk, and another file for it, its
 * writer goes on.
 */
function firstOpen(view: CatalogFile['view']): number {
  const { count } = view;
  let index = view.firstLive;
  while (index < count && view.state(index) !== ENTRY_STATE.ACTIVE) index += 1;
  return index;
}
