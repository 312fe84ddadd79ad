/** What a repair found and did, or would do. */
export interface RepairReport {
  readonly basePath: string;
  readonly dryRun: boolean;
  /** Damage of what belongs to no feed. */
  readonly store: readonly Damage[];
  readonly feeds: readonly FeedRepair[];
  /** Anything was found. */
  readonly damaged: boolean;
  /** Something was found that cannot be brought back. */
  readonly lost: boolean;
  /** Stopped by its signal before all feeds were done. */
  readonly aborted: boolean;
  /** Directories of what could not be kept where it was. */
  readonly quarantine: readonly string[];
}

/** One thing that is wrong. */
export interface Damage {
  /** From the base path on, where it lies there. */
  readonly file: string;
  /** What is wrong. */
  readonly what: string;
  /** What is done about it. */
  readonly remedy: string;
  /** Something is gone: records, or what is said of them in the words of `what`. */
  readonly lost: boolean;
  /** Sequence numbers [first, next) of the records that it is about. */
  readonly first?: number;
  readonly next?: number;
  /** Times of those records on the feed's first clock, both included, where they are known. */
  readonly times?: { readonly clock: string; readonly min: bigint; readonly max: bigint };
  /** Bytes of the file that are damaged, where they are known. */
  readonly bytes?: number;
}

/** A run of blocks of a chunk that are in the same state: they hold, were proven and mended, or are damaged. */
export interface BlockRun {
  readonly state: 'intact' | 'mended' | 'damaged';
  readonly blocks: number;
  /** Sequence numbers [first, next). */
  readonly first: number;
  readonly next: number;
}

/** What of a damaged chunk is kept. */
export interface ChunkMap {
  readonly file: string;
  readonly first: number;
  readonly next: number;
  readonly runs: readonly BlockRun[];
}

export interface FeedRepair {
  readonly feed: string;
  readonly damages: readonly Damage[];
  readonly chunks: readonly ChunkMap[];
  /** Records in chunks afterwards. */
  readonly keptRecords: number;
  /** Records that are lost, as far as their number is known. */
  readonly lostRecords: number;
}

export interface RepairOptions {
  /** Only these feeds; all by default. */
  readonly feeds?: readonly string[];
  /** Say what is wrong and what would be done, and change nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Told of each chunk that was looked at. */
  readonly onProgress?: (progress: RepairProgress) => void;
}

export interface RepairProgress {
  readonly feed: string;
  readonly feeds: number;
  readonly feedsOf: number;
  readonly chunks: number;
  readonly chunksOf: number;
}
