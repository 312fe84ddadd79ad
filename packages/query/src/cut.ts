/**
 * One consistent cut through a feed that is being written: exactly the rows with sequence numbers below the head as it
 * was when the read began. The head is loaded first; whatever is committed by then is found in chunks, the rest in the
 * ring. Rows move from ring to chunk at any time, never the other way, and are never in neither place.
 */
import { DeepwaterError, ENTRY_STATE } from '@deepwater/core/engine';
import { type Ring, oldestSafe } from '@deepwater/ring';
import type { CatalogIndex } from './catalog-index.js';
import { type FeedFiles, isMissing } from './feed-files.js';
import { type OpenChunk, pinChunk, unpinChunk } from './open-chunk.js';
import type { TimeBounds } from './time-bounds.js';

export interface Cut {
  readonly catalog: CatalogIndex | undefined;
  /** Entries of the catalog to look at. */
  readonly count: number;
  /** Rows from this number on are in no chunk (of those entries). */
  readonly chunksEnd: number;
  /** Rows [ringFrom, head) are in the ring; where it equals `head`, none are. */
  readonly ringFrom: number;
  readonly head: number;
  readonly ring: Ring | undefined;
}

/** Rows [from, to) of a chunk. */
export interface ChunkRef {
  readonly index: number;
  readonly chunkId: number;
  readonly path: string;
  readonly firstSequence: number;
  readonly from: number;
  readonly to: number;
  /** The chunk was sealed with exactly these rows: order and ranges can be read from the catalog. */
  readonly sealed: boolean;
}

/** @param head the head of an earlier cut, to go on with that one. */
export function takeCut(files: FeedFiles, head?: number): Cut {
  const before = files.catalog();
  if (before === undefined) return { catalog: undefined, count: 0, chunksEnd: 0, ringFrom: 0, head: 0, ring: undefined };
  const ring = files.ring(before);
  // In this order: what lies below the tail now is in chunks that the catalog, looked at afterwards, knows.
  const tail = ring?.tail ?? 0;
  const ringHead = ring?.head ?? 0;
  if (ring !== undefined && ring.persist && ringHead - ring.tail > ring.slotCount) {
    throw new DeepwaterError('DW_FILE_CORRUPT', `The ring ${ring.path} is damaged: it says that it holds records ${tail} to ${ringHead}, and has room for ${ring.slotCount}. The next writer makes a new one.`, {
      values: { path: ring.path, tail, head: ringHead, slotCount: ring.slotCount },
    });
  }
  const catalog = files.catalog() as CatalogIndex;
  // What came after this mapping was made is past the head anyway, or found by the next look.
  const count = Math.min(catalog.view.count, catalog.room);
  const end = endOfChunks(files, catalog, count);
  if (ring !== undefined && ring.persist && end < tail && tail > ring.baseSequence) {
    throw new DeepwaterError('DW_FILE_CORRUPT', `The chunks that ${catalog.view.path} knows end before record ${end}, and records up to ${tail} have been put in chunks. Run \`deepwater repair\`, which makes the catalog again.`, {
      values: { path: catalog.view.path, end, tail },
    });
  }
  // The count of a chunk has no checksum. What the ring still holds is taken from there, so that a count that is too high shows nothing.
  if (ring !== undefined && ring.persist && end > ring.head) {
    throw new DeepwaterError('DW_FILE_CORRUPT', `The last chunk that ${catalog.view.path} knows counts records up to ${end}, and only ${ring.head} have been written. Run \`deepwater repair\`.`, {
      values: { path: catalog.view.path, end, head: ring.head },
    });
  }
  const cutHead = Math.min(head ?? (ring === undefined ? end : ringHead), files.headLimit?.() ?? Infinity);
  const inChunks = ring !== undefined && ring.persist ? Math.min(end, Math.max(tail, ring.baseSequence)) : end;
  const chunksEnd = Math.min(inChunks, cutHead);
  const oldest = ring === undefined ? cutHead : ring.persist ? tail : oldestSafe(ring, ringHead);
  return { catalog, count, chunksEnd, ringFrom: Math.min(cutHead, Math.max(chunksEnd, oldest)), head: cutHead, ring };
}

/** The first sequence number after all chunks. */
function endOfChunks(files: FeedFiles, catalog: CatalogIndex, count: number): number {
  for (let index = count - 1; index >= 0; index--) {
    const rows = rowsOf(files, catalog, index);
    if (rows !== undefined) return catalog.firstSequence(index) + rows;
  }
  return 0;
}

/** Rows of a chunk, by its entry where that can be believed, else by its header; undefined where it is deleted and says nothing. */
function rowsOf(files: FeedFiles, catalog: CatalogIndex, index: number): number | undefined {
  const state = catalog.state(index);
  if (state !== ENTRY_STATE.ACTIVE && catalog.holds(index)) return catalog.rows(index);
  if (state === ENTRY_STATE.DELETED) return undefined;
  const path = files.chunk(catalog.chunkId(index));
  const chunk = pinEntry(files, catalog, index, path);
  if (chunk === undefined) return undefined;
  try {
    // After a power loss blocks may hold that their writer had not counted when it was killed: the next chunk begins with their rows.
    const end = index + 1 < Math.min(catalog.view.count, catalog.room) ? catalog.firstSequence(index + 1) : Infinity;
    return Math.min(chunk.rows, end - chunk.firstSequence);
  } finally {
    unpinChunk(path);
  }
}

/** The chunks of a cut, from a sequence number on; with bounds, only those that may hold such times. */
export function* chunkRefs(files: FeedFiles, cut: Cut, from: number, bounds?: TimeBounds): Generator<ChunkRef, void, void> {
  const { catalog, count } = cut;
  if (catalog === undefined) return;
  for (let index = catalog.indexOfSequence(from, count); index < count; index++) {
    const state = catalog.state(index);
    if (state === ENTRY_STATE.DELETED) continue;
    const holds = state === ENTRY_STATE.SEALED && catalog.holds(index);
    if (holds && bounds !== undefined && catalog.relation(index, bounds) === 'outside') continue;
    const ref = refOf(files, cut, index, from);
    if (ref !== undefined) yield ref;
  }
}

/** The rows of one entry that are in the cut, from a sequence number on; undefined where there are none. */
export function refOf(files: FeedFiles, cut: Cut, index: number, from = 0): ChunkRef | undefined {
  const catalog = cut.catalog as CatalogIndex;
  const state = catalog.state(index);
  if (state === ENTRY_STATE.DELETED) return undefined;
  const firstSequence = catalog.firstSequence(index);
  const rows = firstSequence < cut.chunksEnd ? rowsOf(files, catalog, index) ?? 0 : 0;
  const to = Math.min(rows, cut.chunksEnd - firstSequence);
  const first = Math.max(0, from - firstSequence);
  if (first >= to) return undefined;
  const chunkId = catalog.chunkId(index);
  // A chunk sealed after the cut can hold rows behind it, and its entry speaks of those, too.
  const sealed = to === rows && state === ENTRY_STATE.SEALED && catalog.holds(index);
  return { index, chunkId, path: files.chunk(chunkId), firstSequence, from: first, to, sealed };
}

/**
 * Maps the chunk of a reference until `unpinChunk`; undefined where retention has deleted it in the meantime.
 * @throws DeepwaterError DW_FILE_CORRUPT where file and catalog disagree
 */
export function pinRef(files: FeedFiles, cut: Cut, ref: ChunkRef): OpenChunk | undefined {
  const catalog = cut.catalog as CatalogIndex;
  const chunk = pinEntry(files, catalog, ref.index, ref.path);
  if (chunk === undefined) return undefined;
  try {
    const { rows } = chunk;
    if (rows >= ref.to && (!ref.sealed || rows === catalog.rows(ref.index))) return chunk;
    throw disagreement(ref.path, `it holds ${rows} rows, the catalog counts ${ref.sealed ? catalog.rows(ref.index) : ref.to}`, { rows });
  } catch (error) {
    unpinChunk(ref.path);
    throw error;
  }
}

function pinEntry(files: FeedFiles, catalog: CatalogIndex, index: number, path: string): OpenChunk | undefined {
  let chunk: OpenChunk;
  try {
    chunk = pinChunk(path, files.schema, files.source.feedUid);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (catalog.state(index) === ENTRY_STATE.DELETED || catalog.view.retired) return undefined;
    throw new DeepwaterError('DW_FILE_CORRUPT', `${path} is missing, and the catalog of the feed does not say that it was deleted. Run \`deepwater repair\`, or put the file back.`, {
      values: { path, index }, cause: error,
    });
  }
  const expected = catalog.firstSequence(index);
  if (chunk.firstSequence === expected) return chunk;
  unpinChunk(path);
  throw disagreement(path, `it begins with record ${chunk.firstSequence}, the catalog says ${expected}`, { firstSequence: chunk.firstSequence, expected });
}

function disagreement(path: string, what: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `${path} and the catalog of its feed disagree: ${what}. Run \`deepwater repair\`, which makes the catalog again from the chunks.`, {
    values: { path, ...values },
  });
}
