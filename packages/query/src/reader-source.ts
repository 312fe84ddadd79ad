import type { FeedSpec } from '@deepwater/core/engine';
import type { QueryPool } from './pool/query-pool.js';

/** Everything a reader needs to find a feed. Plain data: post it to any thread and open a reader there. */
export interface ReaderSource {
  readonly basePath: string;
  readonly storeId: string;
  readonly feedUid: string;
  readonly spec: FeedSpec;
  /** Where the rings of this store lie, if not in the usual place in shared memory. */
  readonly ringDir?: string;
}

/** Something a reader noticed that is not an error: a wild clock once a reader, records that bars leave out with every call. */
export interface ReaderWarning {
  readonly code: 'DW_CLOCK_WILD' | 'DW_BARS_UNUSABLE';
  readonly message: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface ReaderOptions {
  readonly onWarning?: (warning: ReaderWarning) => void;
  /** Where its asynchronous reads look for rows; in the reader's own thread, where there is none. */
  readonly pool?: QueryPool;
}
