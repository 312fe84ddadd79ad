/** Where a feed's records were interrupted: by its file of segments, and by its chunks where that says nothing. Pure. */
import { SEAL_REASON, SEGMENT_KIND, type ChunkPlace, type SegmentEntry, type SegmentKind, endKindOf } from '@deepwater/core/engine';

/**
 * How a segment ended: `open`, its writer goes on; `marked`, by `writer.markSegment`; `closed`, with its writer; `crash`, its writer died;
 * `power loss`, the machine went down; `removed`, records behind it were deleted while older ones stay; `unknown`, nothing tells.
 */
export type SegmentEnd = 'open' | 'marked' | 'closed' | 'crash' | 'power loss' | 'removed' | 'unknown';

/** A place between two records. */
export interface Boundary {
  /** Records before it have lower numbers. */
  readonly at: number;
  /** How the segment before it ended. */
  ended?: SegmentEnd;
  reason?: string;
  /** When it ended, and when what is behind it was opened, us since 1970. */
  endedUs?: number;
  openedUs?: number;
}

/** Rows of a feed that lie together: a chunk, deleted or not. */
export interface Stretch extends ChunkPlace {
  /** Numbers that were left out before it. */
  readonly gapBefore: number;
  readonly deleted: boolean;
}

const END_OF_KIND: Partial<Record<SegmentKind, SegmentEnd>> = {
  [SEGMENT_KIND.MARKED]: 'marked', [SEGMENT_KIND.CLOSED]: 'closed', [SEGMENT_KIND.CRASHED]: 'crash', [SEGMENT_KIND.POWER_LOST]: 'power loss',
  [SEGMENT_KIND.UNKNOWN]: 'unknown',
};

/**
 * The boundaries of a feed in order of their numbers.
 * @param entries what the file of segments holds, in its order
 * @param stretches the chunks that the catalog knows, in order of their numbers
 */
export function boundariesOf(entries: readonly SegmentEntry[], stretches: readonly Stretch[]): Boundary[] {
  const bounds = boundsOfEntries(entries);
  addStretches(bounds, entries, stretches);
  return bounds;
}

function boundsOfEntries(entries: readonly SegmentEntry[]): Boundary[] {
  const bounds: Boundary[] = [];
  for (const { kind, sequence, wallUs, reason } of entries) {
    if (kind === SEGMENT_KIND.CONTINUED) continue;
    const ended = END_OF_KIND[kind];
    // Records from an end on are lost where there were any, and with them the boundaries between them.
    if (ended !== undefined && ended !== 'marked') while (bounds.length > 0 && (bounds.at(-1) as Boundary).at > sequence) bounds.pop();
    const bound = boundAt(bounds, sequence);
    if (ended === undefined || ended === 'marked') bound.openedUs = wallUs;
    // What ended the segment first did; whatever came before the next record changes nothing about that.
    if (ended === undefined || bound.ended !== undefined) continue;
    bound.ended = ended;
    bound.endedUs = wallUs;
    if (reason !== '') bound.reason = reason;
  }
  return bounds;
}

/** The boundary at a number, made where there is none; mostly it belongs at the end. */
function boundAt(bounds: Boundary[], sequence: number): Boundary {
  let index = bounds.length;
  while (index > 0 && (bounds[index - 1] as Boundary).at > sequence) index -= 1;
  const there = bounds[index - 1];
  if (there?.at === sequence) return there;
  const bound: Boundary = { at: sequence };
  bounds.splice(index, 0, bound);
  return bound;
}

/** Chunks know the beginnings of writers whose entries are lost, and the numbers that are missing. */
function addStretches(bounds: Boundary[], entries: readonly SegmentEntry[], stretches: readonly Stretch[]): void {
  const known = new Set(entries.filter(({ kind }) => kind === SEGMENT_KIND.OPENED || kind === SEGMENT_KIND.CONTINUED).map(({ epoch }) => epoch));
  const at = (sequence: number): Boundary => boundAt(bounds, sequence);
  let last: Stretch | undefined;
  let living = false;
  for (const stretch of stretches) {
    const { firstSequence, epoch, createdUs } = stretch;
    const lastEnd = last === undefined ? firstSequence : last.firstSequence + last.rows;
    const hole = firstSequence > lastEnd;
    if (last === undefined ? !known.has(epoch) : hole || (epoch !== last.epoch && !known.has(epoch))) {
      if (last !== undefined) endHere(at(lastEnd), hole && stretch.gapBefore === 0 ? 'removed' : endOf(last), last.sealedUs);
      at(firstSequence).openedUs ??= createdUs;
    }
    // Deleted ones at the front only shorten a segment; behind records that are there they are a hole.
    if (last !== undefined && last.deleted !== stretch.deleted && living) {
      if (stretch.deleted) endHere(at(firstSequence), 'removed', undefined);
      else at(firstSequence).openedUs ??= createdUs;
    }
    living ||= !stretch.deleted;
    last = stretch;
  }
}

function endHere(bound: Boundary, ended: SegmentEnd, endedUs: number | undefined): void {
  if (bound.ended !== undefined) return;
  bound.ended = ended;
  if (endedUs !== undefined && endedUs > 0) bound.endedUs = endedUs;
}

/** How a writer ended whose last rows these are. */
export function endOf({ sealReason }: Pick<Stretch, 'sealReason'>): SegmentEnd {
  // Not sealed: nobody has looked since its writer died.
  return sealReason === SEAL_REASON.NONE ? 'crash' : END_OF_KIND[endKindOf(sealReason)] ?? 'unknown';
}
