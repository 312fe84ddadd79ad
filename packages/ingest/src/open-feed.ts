/**
 * What has to be true before a feed is written, under the feed's lock: the catalog is whole, what an earlier writer left
 * open is sealed, and the ring is one that continues where the chunks end. Rows that an earlier writer left in the ring
 * stay there: the ring's tail is set to the first row that no chunk holds, and the ingest worker moves them like any
 * others. There is no recovery path that is not the usual path.
 */
import os from 'node:os';
import {
  CATALOG_ENTRIES_MIN, type CatalogFile, CHUNK_STATE, type ChunkGeometry, DeepwaterError, Quarantine, ENTRY_STATE, type ErrorCode, type FeedPaths, RING,
  RING_BYTES_DEFAULT, RING_PLACE, RING_RECORDS_DEFAULT_MIN, RING_RECORDS_MIN, type ReadableChunk, SEAL_REASON, type Schema, type SealReason, type WritableChunk, bootId,
  chunkPath, closeFile, failpoint, fileExists, growCatalog, makeDirectory, openChunkForReading, openChunkForRecovery, peekChunk,
  removeFile, ringPaths, sharedRingDirectory, survivingRows, syncFile, system,
} from '@deepwater/core/engine';
import { Bell, type Ring, type RingIdentity, createRing, openRing } from '@deepwater/ring';
import type { FeedSource, IngestSettings } from './lane-source.js';
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

/**
 * Where a writer's ring is lost, numbers up to its head may have been seen; nobody publishes this many before a chunk is on the
 * device. Of writers that were lost one after the other, each has begun a jump further than the one before.
 */
const NUMBERS_JUMP = 2 ** 36;

export function openFeed(
  source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, geometry: ChunkGeometry, scratchBytes: number,
): OpenedFeed {
  const notes: string[] = [];
  makeDirectory(paths.directory, settings.access);
  makeDirectory(paths.chunks, settings.access);
  const found = openOrRebuildCatalog(source, settings, paths, schema, notes);
  let { catalog } = found;
  const leftovers: Leftover[] = [];
  try {
    const end = closeLeftovers(catalog, paths, schema, notes, leftovers, new Quarantine(source.basePath, settings.access, source.spec.name));
    while (catalog.view.count + CATALOG_ENTRIES_MIN / 2 > catalog.view.capacity) catalog = growCatalog(paths.catalog, schema, source.feedUid);

    const epoch = catalog.view.epoch + 1;
    const { ring, bell, place, gapBefore, earlierEnd } = openFeedRing(source, settings, paths, schema, scratchBytes, end, catalog, found.leftOpen, notes);
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
      nextChunkId: end.nextChunkId, busy: last?.sealReason === SEAL_REASON.FULL, notes, leftovers,
      earlierEnd, powerLost: end.powerLost || found.powerLost,
    };
  } catch (error) {
    for (const { chunk } of leftovers) closeFile(chunk.fd);
    throw error;
  }
}

interface FeedEnd {
  /** First sequence number that no chunk holds. */
  readonly next: number;
  readonly nextChunkId: number;
  /** The machine went down while a writer was open: what the ring held is gone. */
  readonly powerLost: boolean;
}

/** Finds what earlier writers left open, settles how many rows it has, and removes chunks that were only prepared. @param leftovers takes the chunks to be sealed, open */
function closeLeftovers(catalog: CatalogFile, paths: FeedPaths, schema: Schema, notes: string[], leftovers: Leftover[], quarantine: Quarantine): FeedEnd {
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
    } else if (front.state !== CHUNK_STATE.SEALED) {
      // Made ahead and never used; one with rows, whose place nothing tells, is somebody's to look at.
      if (front.committedRows === 0) removeFile(path);
      else {
        quarantine.take(path, 'its place in the sequence is damaged, and the catalog does not know it');
        notes.push(`${path} has rows, and its place in the sequence is damaged: moved to ${quarantine.directory ?? 'quarantine'}`);
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
      const rows = survivorsOf(whole, schema, notes);
      notes.push(`after a power loss chunk ${entry.chunkId} keeps ${rows} of ${chunk.header.committedRows} rows`);
      chunk.header.committedRows = rows;
      chunk.header.state = CHUNK_STATE.ACTIVE; // of a seal that was half written
      failpoint('open.leftover-counted');
      // Settled once: a writer that is killed before the chunk is sealed leaves a ring of this boot, which counts.
      chunk.header.adopt(bootId());
      failpoint('open.leftover-adopted');
    } else {
      notes.push(`chunk ${entry.chunkId} was left open by an earlier writer and is sealed with ${chunk.header.committedRows} rows`);
    }
    if (lost) leftover.reason = SEAL_REASON.POWER_LOSS;
    next = chunk.header.firstSequence + chunk.header.committedRows;
  }
  return { next, nextChunkId: maxId + 1, powerLost };
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
    const unusable = DeepwaterError.isDeepwaterError(error) && (error.code === 'DW_FILE_CORRUPT' || error.values['errno'] === 'ELOOP');
    if (unusable) {
      quarantine.take(path, error.message);
      notes.push(`${path} was moved to ${quarantine.directory ?? 'quarantine'}`);
    }
    return undefined;
  }
}

/** Only the last chunks can be open; looking at their states from the end is enough. The one before them says where they begin. */
function firstOpen(view: CatalogFile['view']): number {
  let index = view.count;
  let sealedInRow = 0;
  while (index > view.firstLive && sealedInRow < 8) {
    index -= 1;
    sealedInRow = view.state(index) === ENTRY_STATE.ACTIVE ? 0 : sealedInRow + 1;
  }
  return index;
}

interface RingOpening {
  readonly ring: Ring;
  readonly bell: Bell;
  readonly place: { readonly kind: 1 | 2; readonly user: number; readonly directory: string };
  readonly gapBefore: number;
  readonly earlierEnd: number;
}

function openFeedRing(
  source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, scratchBytes: number, end: FeedEnd,
  catalog: CatalogFile, leftOpen: boolean, notes: string[],
): RingOpening {
  const { spec } = source;
  const user = os.userInfo().uid;
  const shared = { kind: RING_PLACE.SHARED_MEMORY, user, directory: settings.ringDir ?? sharedRingDirectory(source.storeId, user) };
  const local = { kind: RING_PLACE.FEED_DIRECTORY, user, directory: paths.directory };
  const places = settings.ringDir === undefined || settings.ringDir === shared.directory ? [shared, local] : [local];

  // A ring that an earlier writer left goes on, with its rows, where it continues the chunks.
  for (const place of places) {
    const left = openLeftover(ringPaths(place.directory, spec.name).ring, source, schema, scratchBytes, end, notes);
    if (left === undefined) continue;
    left.settleHead();
    const resume = Math.max(end.next, left.baseSequence);
    if (spec.persist) left.resetPosition(RING.TAIL, resume);
    const bell = Bell.create(ringPaths(place.directory, spec.name).bell, settings.access);
    return { ring: left, bell, place, gapBefore: spec.persist ? resume - end.next : 0, earlierEnd: left.head };
  }

  // Without the ring of a writer that did not close, nobody knows how far its numbers went.
  const numbersLost = end.powerLost || (leftOpen && spec.persist);
  if (numbersLost) notes.push(`the ring of the last writer is gone; the next record is numbered past everything that it may have published`);
  const lastEpoch = catalog.view.count > 0 ? catalog.view.entry(catalog.view.count - 1).epoch : 0;
  const gapBefore = numbersLost ? NUMBERS_JUMP * Math.max(1, catalog.view.epoch + 1 - lastEpoch) : 0;
  const memoryStart = spec.persist ? 0 : catalog.view.epoch * 2 ** 32;
  const identity: RingIdentity = {
    feedName: spec.name, feedUid: source.feedUid, storeId: source.storeId, bootId: bootId(), persist: spec.persist,
    slotCount: ringSlots(source, schema), baseSequence: end.next + gapBefore + memoryStart, createdUs: system.wallMs() * 1000,
  };
  let problem: unknown;
  for (const place of places) {
    const files = ringPaths(place.directory, spec.name);
    try {
      makeDirectory(place.directory, settings.access);
      const ring = createRing(files.ring, settings.access, schema, identity, scratchBytes);
      if (problem !== undefined) notes.push(`shared memory is short (${(problem as Error).message}); the ring lies in ${place.directory}`);
      return { ring, bell: Bell.create(files.bell, settings.access), place, gapBefore, earlierEnd: end.next };
    } catch (error) {
      if (!(error instanceof DeepwaterError)) throw error;
      problem = error;
    }
  }
  throw problem;
}

/** What says that a file is no ring of this feed, now or later. */
const GIVEN_UP = new Set<ErrorCode>(['DW_FILE_CORRUPT', 'DW_FORMAT_VERSION', 'DW_CHUNK_SCHEMA_MISMATCH']);

/** An earlier ring of this feed and this boot that starts no later than the chunks end; anything else is put out of use. */
function openLeftover(path: string, source: FeedSource, schema: Schema, scratchBytes: number, end: FeedEnd, notes: string[]): Ring | undefined {
  if (!fileExists(path)) return undefined;
  try {
    const ring = openRing(path, schema, source.feedUid, 'shared', scratchBytes);
    const usable =
      ring.storeId === source.storeId && ring.bootId === bootId() && !ring.retired && ring.persist === source.spec.persist && !end.powerLost;
    const { head } = ring;
    // A ring that begins past the chunks' end was made after a jump in the numbers, and none of its rows is in a chunk yet.
    const resume = Math.max(end.next, ring.baseSequence);
    const continues = !source.spec.persist || (resume <= head && head - resume <= ring.slotCount);
    const sameSize = ring.slotCount === ringSlots(source, schema);
    const empty = source.spec.persist && head === resume;
    if (usable && continues && (sameSize || !empty)) {
      if (source.spec.persist && head > resume) notes.push(`${head - resume} records that an earlier writer left in the ring are moved to chunks`);
      return ring;
    }
    ring.retire();
  } catch (error) {
    // Only one that is damaged is given up: what cannot be opened just now may hold records that are nowhere else.
    if (!DeepwaterError.isDeepwaterError(error) || !GIVEN_UP.has(error.code)) throw error;
    notes.push(error.message);
  }
  removeFile(path);
  return undefined;
}

/** Slots of a feed's ring: as the spec says, else what takes about 4 MiB. */
export function ringSlots(source: FeedSource, schema: Schema): number {
  const { ringRecords, ringBytes } = source.spec;
  if (ringRecords !== undefined) return ringRecords;
  const bytes = ringBytes ?? RING_BYTES_DEFAULT;
  const floor = ringBytes === undefined ? RING_RECORDS_DEFAULT_MIN : RING_RECORDS_MIN;
  return Math.max(floor, 2 ** Math.floor(Math.log2(bytes / schema.slotStride)));
}
