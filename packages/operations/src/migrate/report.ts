/** What a migration did, or would do. */
export interface MigrationReport {
  readonly basePath: string;
  /** Store formats. Equal: there was nothing to do. */
  readonly from: number;
  readonly to: number;
  readonly dryRun: boolean;
  /** Where the store as it was is kept. */
  readonly backup?: string;
  readonly feeds: readonly FeedMigration[];
  /** Room that backup and new files take, as far as can be known beforehand, and room that there was. */
  readonly bytesNeeded: number;
  readonly bytesFree: number;
}

export interface FeedMigration {
  readonly feed: string;
  readonly chunks: number;
  /** Records in chunks. */
  readonly records: number;
  /** Sequence numbers: of the first record in a chunk, and one past the last. */
  readonly first: number;
  readonly next: number;
  /** Chunks that are written anew, and why. */
  readonly rewritten: number;
  readonly reasons: readonly string[];
  /** Records that a writer left in its ring and that are taken along. */
  readonly inRing: number;
  /** Entries of the feed's file of segments, as chunks tell of them. */
  readonly segments: number;
  /** Files that cannot be used and are left as they are, for `deepwater repair`. */
  readonly problems: readonly string[];
}

export interface MigrateOptions {
  /** Say what would be done, and change nothing. */
  readonly dryRun?: boolean;
  /** Where the store as it is goes first; `false` for nowhere. Default: beside the store, `<base path>.format-<n>`. */
  readonly backup?: string | false;
  /** Told of each feed that is done. */
  readonly onProgress?: (progress: { readonly feed: string; readonly feeds: number; readonly of: number }) => void;
}
