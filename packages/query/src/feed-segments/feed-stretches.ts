import { type CatalogEntry, type ClockRange, type Clock, DeepwaterError, ENTRY_STATE, type Field, SEAL_REASON, type SegmentEntry, bootId, processAlive, readSegments } from '@deepwater/core/engine';
import { type Cut, pinRef, refOf } from '../cut.js';
import { cutWithRing } from '../cut-with-ring.js';
import type { FeedFiles } from '../feed-files.js';
import { type OpenChunk, unpinChunk } from '../open-chunk.js';
import type { RingBlock } from '../ring-block.js';
import { type SegmentEnd, type Stretch, endOf } from './boundaries.js';

/** A chunk of a cut with the rows that are there. */
export interface ChunkStretch extends Stretch {
  readonly index: number;
  /** The catalog can be asked for its times. */
  readonly sealed: boolean;
}

/** A feed as it is at one moment, as far as segments are concerned. */
export interface FeedMoment {
  readonly cut: Cut;
  readonly chunks: readonly ChunkStretch[];
  /** Rows of the ring, with the clock alone. */
  readonly blocks: readonly RingBlock[];
  readonly entries: readonly SegmentEntry[];
  /** What became of the writer that came last. */
  readonly writer: SegmentEnd;
  /** Whether the reader sees no more than a part, as one that plays back: what is at its end has not happened then. */
  readonly limited: boolean;
}

export function momentOf(files: FeedFiles, clockIndex: number): FeedMoment {
  const field = clockField(files, clockIndex);
  const { cut, blocks } = cutWithRing(files, [field]);
  const limited = files.headLimit !== undefined;
  // After the cut: what is said of records is in the file before they are.
  const chunks = chunksOf(files, cut);
  return { cut, blocks, entries: entriesOf(files), chunks, writer: limited ? 'open' : writerOf(cut, chunks.at(-1)), limited };
}

export const clockField = (files: FeedFiles, clockIndex: number): Field => files.schema.fields[(files.schema.clocks[clockIndex] as Clock).fieldIndex] as Field;

/** A file that cannot be used is no reason to say nothing: chunks know most of it. */
function entriesOf(files: FeedFiles): readonly SegmentEntry[] {
  try {
    return readSegments(files.paths.segments, files.source.feedUid)?.entries ?? [];
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error) && error.code === 'DW_FILE_CORRUPT') return [];
    throw error;
  }
}

function chunksOf(files: FeedFiles, cut: Cut): ChunkStretch[] {
  const { catalog, count } = cut;
  const chunks: ChunkStretch[] = [];
  for (let index = 0; index < count && catalog !== undefined; index++) {
    const entry = catalog.view.entry(index);
    const deleted = entry.state === ENTRY_STATE.DELETED;
    const holds = catalog.holds(index) && entry.state !== ENTRY_STATE.ACTIVE;
    const ref = deleted ? undefined : refOf(files, cut, index);
    const rows = deleted ? rowsOfDeleted(cut, entry, holds, index + 1 < count ? catalog.firstSequence(index + 1) : cut.chunksEnd) : ref === undefined ? 0 : ref.to;
    if (rows <= 0) continue;
    const { firstSequence, epoch, createdUs, gapBefore } = entry;
    chunks.push({
      index, firstSequence, rows, epoch, createdUs, gapBefore, deleted, sealed: ref?.sealed === true,
      sealedUs: holds ? entry.sealedUs : 0, sealReason: holds ? entry.sealReason : SEAL_REASON.NONE,
    });
  }
  return chunks;
}

/** What is not known of a chunk that is gone reaches up to the next one. */
function rowsOfDeleted(cut: Cut, entry: CatalogEntry, holds: boolean, next: number): number {
  return Math.min(holds ? entry.rows : next - entry.firstSequence, cut.head - entry.firstSequence);
}

/** What became of the writer that came last, where the file of segments does not say. */
function writerOf({ catalog }: Cut, last: ChunkStretch | undefined): SegmentEnd {
  if (catalog === undefined) return 'unknown';
  const { open, pid, bootId: boot } = catalog.view.writer;
  if (!open) return last === undefined ? 'unknown' : endOf(last);
  if (boot !== bootId()) return 'power loss';
  return processAlive(pid) ? 'open' : 'crash';
}

/** Times of a chunk's rows [from, to) by what may be known without opening it; undefined where it must be opened. */
export function knownRange({ cut }: FeedMoment, chunk: ChunkStretch, clock: Clock, clockIndex: number, from: number, to: number): ClockRange | undefined {
  return chunk.sealed && from === 0 && to === chunk.rows ? cut.catalog?.range(chunk.index, clock, clockIndex) : undefined;
}

/** Opens a chunk of a moment for `look`; undefined where retention has deleted it meanwhile. */
export function lookInto<T>(files: FeedFiles, { cut }: FeedMoment, chunk: ChunkStretch, look: (open: OpenChunk, rows: number) => T): T | undefined {
  const ref = refOf(files, cut, chunk.index);
  const open = ref === undefined ? undefined : pinRef(files, cut, ref);
  if (ref === undefined || open === undefined) return undefined;
  try {
    return look(open, ref.to);
  } finally {
    unpinChunk(ref.path);
  }
}
