import type { ChunkHeader } from '@deepwater/core/engine';
import type { ChunkSummary } from './block-buffers.js';

/** The chunk that a lane fills now. */
export interface FillingChunk {
  readonly chunkId: number;
  readonly path: string;
  readonly fd: number;
  readonly header: ChunkHeader;
  readonly catalogIndex: number;
  readonly summary: ChunkSummary;
  readonly openedMs: number;
  rows: number;
  /** Rows that the keeper was asked to reserve. */
  growAsked: number;
  /** Attempts to write it that failed, one after the other. */
  failures: number;
}
