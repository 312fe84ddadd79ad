/** The ring that a feed goes on with: the one that an earlier writer left, the one that a living writer has, or a new one. */
import os from 'node:os';
import {
  type CatalogFile, DeepwaterError, type ErrorCode, type FeedPaths, RING, RING_BYTES_DEFAULT, RING_PLACE, RING_RECORDS_DEFAULT_MIN, RING_RECORDS_MIN,
  type Schema, bootId, fileExists, makeDirectory, removeFile, ringPaths, sharedRingDirectory, system,
} from '@deepwater/core/engine';
import { Bell, type Ring, type RingIdentity, createRing, openRing } from '@deepwater/ring';
import type { FeedSource, IngestSettings } from './lane-source.js';

/** What became of the writer that an earlier keeper of this process opened the feed for. */
export type EarlierWriter = 'none' | 'living' | 'closing';

/** Where the chunks end, as an opening writer finds them. */
export interface FeedEnd {
  /** First sequence number that no chunk holds. */
  readonly next: number;
  readonly nextChunkId: number;
  /** The machine went down while a writer was open: what the ring held is gone. */
  readonly powerLost: boolean;
}

/**
 * Where a writer's ring is lost, numbers up to its head may have been seen; nobody publishes this many before a chunk is on the
 * device. Of writers that were lost one after the other, each has begun a jump further than the one before.
 */
const NUMBERS_JUMP = 2 ** 36;

export interface RingOpening {
  readonly ring: Ring;
  readonly bell: Bell;
  readonly place: { readonly kind: 1 | 2; readonly user: number; readonly directory: string };
  readonly gapBefore: number;
  readonly earlierEnd: number;
}

/**
 * Opens or makes the ring. What it holds that no chunk does stays in it, behind its tail.
 * @param leftOpen the catalog says that a writer did not close
 * @throws DeepwaterError DW_INGEST_FAILED where that of a living writer cannot be gone on with; DW_DISK_FULL, DW_LIMIT_EXCEEDED, DW_SYSTEM_CALL
 */
export function openFeedRing(
  source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, scratchBytes: number, end: FeedEnd,
  catalog: CatalogFile, leftOpen: boolean, writer: EarlierWriter, notes: string[],
): RingOpening {
  const { spec } = source;
  const user = os.userInfo().uid;
  const shared = { kind: RING_PLACE.SHARED_MEMORY, user, directory: settings.ringDir ?? sharedRingDirectory(source.storeId, user) };
  const local = { kind: RING_PLACE.FEED_DIRECTORY, user, directory: paths.directory };
  const places = settings.ringDir === undefined || settings.ringDir === shared.directory ? [shared, local] : [local];

  // A ring that an earlier writer left goes on, with its rows, where it continues the chunks.
  for (const place of places) {
    const { ring: file } = ringPaths(place.directory, spec.name);
    if (writer === 'living' && place.kind !== catalog.view.ringPlace.place) continue; // its ring is the one that readers are sent to
    const left = writer === 'living' ? openLiving(file, source, schema, scratchBytes, end) : openLeftover(file, source, schema, scratchBytes, end, notes);
    if (left === undefined) continue;
    // Its writer may be in the midst of it, and would then go on over what is set here.
    if (writer === 'none') left.settleHead();
    const resume = Math.max(end.next, left.baseSequence);
    if (spec.persist) left.resetPosition(RING.TAIL, resume);
    const bell = Bell.create(ringPaths(place.directory, spec.name).bell, settings.access);
    return { ring: left, bell, place, gapBefore: spec.persist ? resume - end.next : 0, earlierEnd: left.head };
  }

  if (writer === 'living') throw lostRing(source, 'it is not where the catalog says');
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
    const { head, resume, continues } = lookAt(ring, source, end);
    const sameSize = ring.slotCount === ringSlots(source, schema);
    const empty = source.spec.persist && head === resume;
    if (continues && (sameSize || !empty)) {
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

/** Whether a ring goes on where the chunks end, and its records from `resume` on are in no chunk. */
function lookAt(ring: Ring, source: FeedSource, end: FeedEnd): { head: number; resume: number; continues: boolean } {
  const { persist } = source.spec;
  const usable = ring.storeId === source.storeId && ring.bootId === bootId() && !ring.retired && ring.persist === persist && !end.powerLost;
  const { head } = ring;
  // A ring that begins past the chunks' end was made after a jump in the numbers, and none of its rows is in a chunk yet.
  const resume = Math.max(end.next, ring.baseSequence);
  return { head, resume, continues: usable && (!persist || (resume <= head && head - resume <= ring.slotCount)) };
}

/**
 * The ring that a living writer publishes into, whatever its size is. No other can take its place, since he would not know: where
 * it cannot be gone on with, opening fails, and his records stay where they are.
 */
function openLiving(path: string, source: FeedSource, schema: Schema, scratchBytes: number, end: FeedEnd): Ring {
  let ring: Ring;
  try {
    ring = openRing(path, schema, source.feedUid, 'shared', scratchBytes);
  } catch (error) {
    throw lostRing(source, (error as Error).message, error);
  }
  if (!lookAt(ring, source, end).continues) throw lostRing(source, `it does not go on from record ${end.next}, where the chunks end`);
  return ring;
}

function lostRing(source: FeedSource, why: string, cause?: unknown): DeepwaterError {
  const { name } = source.spec;
  return new DeepwaterError('DW_INGEST_FAILED', `The ring that feed ${name} is written through cannot be gone on with: ${why}. Its records are moved no more; stop writing, and restart the process.`, {
    values: { feed: name }, ...(cause === undefined ? {} : { cause }),
  });
}

/** Slots of a feed's ring: as the spec says, else what takes about 4 MiB. */
function ringSlots(source: FeedSource, schema: Schema): number {
  const { ringRecords, ringBytes } = source.spec;
  if (ringRecords !== undefined) return ringRecords;
  const bytes = ringBytes ?? RING_BYTES_DEFAULT;
  const floor = ringBytes === undefined ? RING_RECORDS_DEFAULT_MIN : RING_RECORDS_MIN;
  return Math.max(floor, 2 ** Math.floor(Math.log2(bytes / schema.slotStride)));
}
