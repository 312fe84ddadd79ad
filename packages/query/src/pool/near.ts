/** Reads that the thread that asks is done with sooner than a thread of the pool would have heard of them. */
import { ENTRY_STATE, type Field, isResident } from '@deepwater/core/engine';
import type { CatalogIndex } from '../catalog-index.js';
import { type ChunkRef, type Cut, chunkRefs, pinRef, takeCut } from '../cut.js';
import type { DecodeHelpers } from '../decode-values.js';
import type { FeedFiles } from '../feed-files.js';
import { type OpenChunk, isMapped, unpinChunk } from '../open-chunk.js';
import { planChunk } from '../plan.js';
import { type RowsWanted, sequenceOfLast } from '../reads.js';
import { type Piece, blocksAround, factsOf, searchRows } from '../select.js';
import { columnsOf } from '../where/predicate.js';

export interface NearRead {
  readonly cut: Cut;
  /** The first record that is wanted. */
  readonly from: number;
  /** The rows themselves, where they have been found by the way. */
  readonly found?: readonly Piece[];
}

/**
 * Whether a read looks at few rows, in chunks that this thread has open, and all of that is in memory: then this thread does not wait for the disk, and has
 * its rows in less time than two messages take.
 * @param head only records before it @param rowsMax rows that it may look at
 * @returns what to read by; undefined where the read is one for the pool
 */
export function nearRead(files: FeedFiles, helpers: DecodeHelpers, head: number | undefined, wanted: RowsWanted, rowsMax: number): NearRead | undefined {
  const { bounds, where, last } = wanted;
  const columns = where === undefined ? wanted.fields : [...new Set([...wanted.fields, ...[...columnsOf(where.predicate)].map((column) => files.schema.columns[column] as Field)])];
  // Their texts may have to be read from a file.
  if (columns.some(({ index, type }) => type === 'symbol' && (helpers.texts[index] as readonly string[]).length === 0)) return undefined;
  const catalog = files.catalog();
  if (catalog === undefined || !endIsNear(files, catalog)) return undefined;
  const cut = takeCut(files, head);
  const from = last === undefined ? wanted.from ?? 0 : sequenceOfLast(files, cut, last);
  const inRing = Math.max(0, cut.head - Math.max(from, cut.ringFrom));
  const found: Piece[] = [];
  let isFound = where === undefined && inRing === 0;
  let left = rowsMax - inRing;
  let limit = wanted.limit ?? Infinity;
  for (const ref of chunkRefs(files, cut, from, bounds)) {
    if (left < 0 || !isMapped(ref.path)) return undefined;
    const chunk = pinRef(files, cut, ref);
    if (chunk === undefined) return undefined;
    try {
      for (const { from: first, to, certain, known } of rowsLookedAt(files, cut, ref, chunk, bounds)) {
        isFound &&= certain;
        const end = isFound ? Math.min(to, first + limit) : to;
        left -= end - first;
        if (left < 0 || !columns.every((field) => field === known || columnIsResident(chunk, field, first, end))) return undefined;
        if (!isFound || end === first) continue;
        for (const field of columns) chunk.checks.checkNow(field.index, first, end);
        found.push({ cut, ref, runs: Int32Array.of(first, end), rows: end - first });
        limit -= end - first;
        if (limit <= 0) return { cut, from, found };
      }
    } finally {
      unpinChunk(ref.path);
    }
  }
  return left < 0 ? undefined : { cut, from, ...(isFound ? { found } : {}) };
}

/** Where the chunks end is known without waiting: nobody writes the last one, this thread has it open, or it is being written, and so in memory. */
function endIsNear(files: FeedFiles, catalog: CatalogIndex): boolean {
  for (let index = Math.min(catalog.view.count, catalog.room) - 1; index >= 0; index--) {
    const state = catalog.state(index);
    if (state === ENTRY_STATE.DELETED) continue;
    return (state !== ENTRY_STATE.ACTIVE && catalog.holds(index)) || isMapped(files.chunk(catalog.chunkId(index))) || files.ring(catalog) !== undefined;
  }
  return true;
}

interface RowsLookedAt {
  readonly from: number;
  readonly to: number;
  /** All of them are within the bounds. */
  readonly certain: boolean;
  /** A column that is known to be in memory there. */
  readonly known?: Field;
}

const FAR: RowsLookedAt = { from: 0, to: Infinity, certain: false };

/** Blocks of chunks whose descriptors have been found in memory; they are small, and what has been looked at is kept. */
const described = new WeakMap<OpenChunk, number>();

/** Whether what tells of a chunk's times is in memory: the descriptors of its blocks, and the times of the one that is not complete. */
function factsAreResident(chunk: OpenChunk, ref: ChunkRef, timesAreResident: (from: number, to: number) => boolean): boolean {
  const { buffer, geometry: { blockRows, blockBytes, blockTableOffset } } = chunk;
  const blocks = ref.sealed ? Math.ceil(ref.to / blockRows) : Math.floor(ref.to / blockRows);
  if (blocks > (described.get(chunk) ?? -1)) {
    if (!isResident(buffer, 0, blockTableOffset + blocks * blockBytes)) return false;
    described.set(chunk, blocks);
  }
  return timesAreResident(blocks * blockRows, ref.to);
}

/** Rows of a chunk that are read for some bounds; without end where something would have to be read from the disk to know them. */
function* rowsLookedAt(files: FeedFiles, cut: Cut, ref: ChunkRef, chunk: OpenChunk, bounds: RowsWanted['bounds']): Generator<RowsLookedAt, void, void> {
  if (bounds === undefined || (ref.sealed && cut.catalog?.relation(ref.index, bounds) === 'inside')) {
    yield { from: ref.from, to: ref.to, certain: true };
    return;
  }
  const clock = files.schema.fields[bounds.clock.fieldIndex] as Field;
  const timesAreResident = (first: number, end: number): boolean => columnIsResident(chunk, clock, first, end);
  if (!factsAreResident(chunk, ref, timesAreResident)) {
    yield FAR;
    return;
  }
  for (const { from, to, how } of planChunk(factsOf(cut, ref, chunk, bounds), bounds)) {
    if (how === 'whole') {
      yield { from, to, certain: true };
      continue;
    }
    const around = how === 'search' ? blocksAround(chunk, ref.to, bounds, from, to) : { from, to };
    if (!timesAreResident(around.from, around.to)) {
      yield FAR;
    } else if (how === 'filter') {
      yield { from, to, certain: false, known: clock };
    } else {
      yield { ...searchRows(chunk, ref.to, chunk.words(clock), bounds, around.from, around.to), certain: true, known: clock };
    }
  }
}

/** Whether the rows are in memory, and with them those that their checksums are of, where they have not been held against these yet. */
function columnIsResident({ buffer, columnOffsets, checks }: OpenChunk, { index, width }: Field, first: number, end: number): boolean {
  const { from, to } = checks.lookedAt(index, first, end);
  return isResident(buffer, (columnOffsets[index] as number) + from * width, (to - from) * width);
}
