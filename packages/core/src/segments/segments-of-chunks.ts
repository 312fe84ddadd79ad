import { SEAL_REASON, type SealReason } from '../layout/chunk-layout.js';
import { SEGMENT_KIND, type SegmentKind } from '../layout/segments-layout.js';
import type { SegmentEntry } from './segment-entries.js';

/** What a chunk, or its entry in the catalog, tells of segments. */
export interface ChunkPlace {
  readonly firstSequence: number;
  /** Rows; of a chunk that is not sealed those there are now. */
  readonly rows: number;
  readonly epoch: number;
  readonly createdUs: number;
  /** 0 while it is not sealed. */
  readonly sealedUs: number;
  readonly sealReason: SealReason;
}

/**
 * The segments that chunks alone tell of, in their order: a writer's records begin with the first chunk of its epoch, and end
 * with the last one. Boundaries that writers marked are not known to chunks. What a successor found in the ring of a writer
 * that had died counts as the successor's, since it lies in chunks of its.
 */
export function segmentsOfChunks(chunks: Iterable<ChunkPlace>): SegmentEntry[] {
  const entries: SegmentEntry[] = [];
  let last: ChunkPlace | undefined;
  for (const chunk of chunks) {
    if (last?.epoch !== chunk.epoch) {
      if (last !== undefined) entries.push(endOf(last));
      entries.push({ kind: SEGMENT_KIND.OPENED, sequence: chunk.firstSequence, wallUs: chunk.createdUs, epoch: chunk.epoch, reason: '' });
    }
    last = chunk;
  }
  // The last writer may live, or its successor has not looked yet: its end is not known before its chunk is sealed as the last.
  if (last !== undefined && LASTS.has(last.sealReason)) entries.push(endOf(last));
  return entries;
}

/** Chunks that are sealed like this have none of the same writer behind them. */
const LASTS: ReadonlySet<number> = new Set([SEAL_REASON.CLOSED, SEAL_REASON.RECOVERED, SEAL_REASON.POWER_LOSS]);

function endOf(chunk: ChunkPlace): SegmentEntry {
  return { kind: endKindOf(chunk.sealReason), sequence: chunk.firstSequence + chunk.rows, wallUs: chunk.sealedUs, epoch: chunk.epoch, reason: '' };
}

/** How a writer ended whose last chunk was sealed for this reason. */
export function endKindOf(reason: SealReason): SegmentKind {
  switch (reason) {
    case SEAL_REASON.CLOSED: return SEGMENT_KIND.CLOSED;
    case SEAL_REASON.POWER_LOSS: return SEGMENT_KIND.POWER_LOST;
    // A full chunk is sealed when there is a record for the next one: a writer that closes has that next one.
    case SEAL_REASON.RECOVERED: case SEAL_REASON.FULL: return SEGMENT_KIND.CRASHED;
    default: return SEGMENT_KIND.UNKNOWN;
  }
}
