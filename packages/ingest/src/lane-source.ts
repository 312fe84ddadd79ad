import type { Access, FeedSpec, MappedFile } from '@deepwater/core/engine';

/** What a feed is and where it lies: plain data, for any thread. */
export interface FeedSource {
  readonly basePath: string;
  readonly storeId: string;
  readonly feedUid: string;
  readonly spec: FeedSpec;
}

/** How ingest is set up in this process. */
export interface IngestSettings {
  readonly access: Access;
  /** Where rings go; shared memory when left out. */
  readonly ringDir?: string;
}

/** A chunk file that the keeper has made ready, as the ingest worker gets it. */
export interface PreparedChunk {
  readonly chunkId: number;
  readonly path: string;
  readonly fd: number;
  readonly front: MappedFile;
}

/** An opened feed, as the keeper hands it to the ingest worker and the writer. */
export interface LaneInit {
  readonly laneId: number;
  readonly source: FeedSource;
  readonly ring: MappedFile;
  readonly ringPath: string;
  readonly bell: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly catalog: MappedFile;
  readonly catalogPath: string;
  readonly epoch: number;
  /** Sequence numbers left out before the next record, because they may have been seen before a power loss. */
  readonly gapBefore: number;
  /** Missing for memory feeds, which have no chunks. */
  readonly prepared?: PreparedChunk;
}

/** From the ingest worker to the keeper. */
export type KeeperRequest =
  /** early: nothing waits for the chunk yet, and a failure is nobody's but the log's. */
  | { readonly kind: 'prepare'; readonly laneId: number; readonly early: boolean }
  | { readonly kind: 'grow'; readonly laneId: number; readonly chunkId: number; readonly rows: number }
  | { readonly kind: 'seal'; readonly laneId: number; readonly chunkId: number; readonly catalogIndex: number; readonly facts: SealRequest }
  | { readonly kind: 'activated'; readonly laneId: number; readonly chunkId: number; readonly catalogIndex: number }
  | { readonly kind: 'sync'; readonly laneId: number; readonly ticket: number };

/** What the ingest worker knows of a chunk it has finished. */
export interface SealRequest {
  readonly rows: number;
  readonly reason: number;
  readonly sortedMask: number;
  readonly indexPoints: number;
  readonly ranges: readonly { readonly min: bigint; readonly max: bigint }[];
}

/** From the keeper to the ingest worker. */
export type KeeperReply =
  | { readonly kind: 'prepared'; readonly laneId: number; readonly chunk: PreparedChunk; readonly catalog: MappedFile }
  | { readonly kind: 'failed'; readonly laneId: number }
  /** The device refuses what is in this chunk: nothing more may be written into it. */
  | { readonly kind: 'poisoned'; readonly laneId: number; readonly chunkId: number };

/** What happened in a thread of ingest and nobody waits for: it goes to the log. */
export interface IngestEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly values: Readonly<Record<string, unknown>>;
}
