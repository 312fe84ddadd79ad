import type { ChunkGeometry, FeedFile, FeedPaths, Schema } from '@deepwater/core';

export const FEED: string;
export const OTHER: string;
export const BLOCK_ROWS: number;
export const T0: number;
export const SYNCED_ROWS: number;

export type Variant = 'closed' | 'killed' | 'outage';

export interface MadeStore {
  readonly feed: FeedFile;
  readonly schema: Schema;
  readonly geometry: ChunkGeometry;
  readonly paths: FeedPaths;
  readonly storeId: string;
  /** Numbers of the records, in their order. */
  readonly sequences: readonly number[];
  readonly next: number;
  readonly chunkRows: readonly number[];
  readonly ringSlots: number;
  readonly variant: Variant;
}

export function recordOf(sequence: number): [price: number, size: number, side: string, recv: number, ts: number];
export function makeStore(base: string, variant: Variant): Promise<MadeStore>;
export function settleAt(base: string): void;
