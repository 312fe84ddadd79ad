import {
  type Access, type CatalogFile, ENTRY_STATE, type FeedPaths, type RemovedChunk, type Schema, chunkIdOf, chunkPath, failpoint,
  compileSchema, feedPaths, fileExists, fileStat, listDirectory, openCatalog, readRemoved, removeFile, removedEnd, syncFile, withFileLock,
  writeRemoved,
} from '@deepwater/core/engine';
import type { ReaderSource } from '@deepwater/query';
import { type FeedPlan, type PlannedEntry, planFeed } from './plan-feed.js';

/** What a clean-up did to one feed, or would do. */
export interface FeedCleanup {
  readonly feed: string;
  /** What was removed, oldest first; of a dry run, what would be. */
  readonly removed: readonly Removal[];
  /** Chunks that are old enough to go and stay because the clock is not believed. */
  readonly heldChunks: number;
  readonly keptChunks: number;
  /** What the chunks that stay take on disk. */
  readonly keptBytes: number;
  /** When the oldest of them will be old enough to go: ISO 8601. Undefined where age does not matter. */
  readonly keptUntil?: string;
  /** Files of chunks that an earlier clean-up had removed and had not come to unlink. */
  readonly finished: number;
  /** Why nothing could be done, or not all. */
  readonly problem?: string;
}

/** A row of chunks that went for one reason. */
export interface Removal {
  readonly why: 'age' | 'size';
  readonly chunks: number;
  /** Disk space. */
  readonly bytes: number;
  /** Sequence numbers [first, next) of the records. */
  readonly first: number;
  readonly next: number;
}

export interface RemoveOptions {
  readonly nowMs: number;
  /** Whether the wall clock may be used to tell how old a chunk is. */
  readonly believed: boolean;
  readonly dryRun: boolean;
  readonly access: Access;
}

/**
 * Removes the chunks of a feed that are too old or too many; a writer and readers, in whatever process, go on meanwhile.
 *
 * Under `chunks.lock`: the entries are marked as deleted, oldest first, and that is made durable; `removed.json` says durably how
 * far the numbers went; then the files go. After a crash at any step, what is marked is gone, what is not is whole, and the
 * next clean-up unlinks what is left. A writer in another process appends entries and seals the last ones meanwhile: those of
 * sealed chunks are nobody's but ours.
 */
export async function removeChunks(source: ReaderSource, options: RemoveOptions): Promise<FeedCleanup> {
  const { name, persist } = source.spec;
  const paths = feedPaths(source.basePath, name);
  const nothing: FeedCleanup = { feed: name, removed: [], heldChunks: 0, keptChunks: 0, keptBytes: 0, finished: 0 };
  // A feed that was never written has no catalog; one of memory has no chunks.
  if (!persist || !fileExists(paths.catalog)) return nothing;
  const schema = compileSchema(source.spec);
  const work = (): FeedCleanup => {
    const catalog = openCatalog(paths.catalog, schema, source.feedUid, !options.dryRun);
    return catalog.view.retired ? nothing : cleanFeed(source, paths, schema, catalog, options);
  };
  return options.dryRun ? work() : withFileLock(paths.chunksLock, options.access, work);
}

function cleanFeed(source: ReaderSource, paths: FeedPaths, schema: Schema, { view }: CatalogFile, options: RemoveOptions): FeedCleanup {
  const { name, retentionHours, retentionBytes = 0 } = source.spec;
  const entries: (PlannedEntry & Omit<RemovedChunk, keyof PlannedEntry>)[] = [];
  for (let index = 0, { count } = view; index < count; index++) {
    const entry = view.entry(index);
    const diskBytes = entry.state === ENTRY_STATE.DELETED ? 0 : fileStat(chunkPath(paths, entry.chunkId))?.allocated ?? 0;
    entries.push({ ...entry, diskBytes, holds: entry.state !== ENTRY_STATE.ACTIVE && view.entryHolds(index) });
  }
  const plan = planFeed(entries, { retentionHours, retentionBytes }, options.nowMs, options.believed);
  let finished = 0;
  if (!options.dryRun) {
    for (let index = plan.from; index < plan.to; index++) {
      view.markDeleted(index);
      failpoint('retention.one-marked');
    }
    view.settleFirstLive();
    failpoint('retention.marked');
    const last = entries[plan.to - 1];
    if (last !== undefined) finished = removeFiles(source, paths, schema, last, entries.slice(plan.to), plan.to - plan.from, options.access);
  }
  const kept = entries.slice(plan.to).filter(({ state }) => state !== ENTRY_STATE.DELETED);
  return {
    feed: name, removed: removalsOf(entries, plan), heldChunks: plan.held, keptChunks: kept.length,
    keptBytes: kept.reduce((sum, { diskBytes }) => sum + diskBytes, 0), finished,
    ...(plan.keptUntilMs === undefined ? {} : { keptUntil: new Date(Math.min(plan.keptUntilMs, 8.64e15)).toISOString() }),
    ...(plan.damagedAt === undefined ? {} : { problem: `The catalog's entry of chunk ${entries[plan.damagedAt]?.chunkId} is damaged; nothing from there on is removed. Run \`deepwater repair --feed ${name}\`.` }),
  };
}

/**
 * Makes durable what was marked, then unlinks the files of chunks up to `last`.
 * @returns how many files went that an earlier clean-up had left
 */
function removeFiles(
  source: ReaderSource, paths: FeedPaths, schema: Schema, last: RemovedChunk, kept: readonly PlannedEntry[], marked: number, access: Access,
): number {
  const staying = new Set(kept.filter(({ state }) => state !== ENTRY_STATE.DELETED).map(({ chunkId }) => chunkId));
  const gone = (listDirectory(paths.chunks) ?? []).flatMap((file) => chunkIdOf(file) ?? []).filter((id) => id <= last.chunkId && !staying.has(id));
  if (marked === 0 && gone.length === 0) return 0;
  syncFile(paths.catalog);
  failpoint('retention.catalog-synced');
  if (removedEnd(knownRemoved(source, paths, schema)) < removedEnd(last)) writeRemoved(paths, source.feedUid, access, last);
  failpoint('retention.noted');
  for (const id of gone) {
    removeFile(chunkPath(paths, id));
    failpoint('retention.one-unlinked');
  }
  failpoint('retention.done');
  return Math.max(0, gone.length - marked);
}

/** A file that is damaged is written again. */
function knownRemoved({ feedUid }: ReaderSource, paths: FeedPaths, { clocks }: Schema): RemovedChunk | undefined {
  try {
    return readRemoved(paths, feedUid, clocks.length);
  } catch {
    return undefined;
  }
}

function removalsOf(entries: readonly PlannedEntry[], { from, to, bySizeFrom }: FeedPlan): Removal[] {
  const rows = (why: Removal['why'], begin: number, end: number): Removal[] => {
    const gone = entries.slice(begin, end).filter(({ state }) => state !== ENTRY_STATE.DELETED);
    const [oldest, newest] = [gone[0], gone.at(-1)];
    if (oldest === undefined || newest === undefined) return [];
    return [{ why, chunks: gone.length, bytes: gone.reduce((sum, { diskBytes }) => sum + diskBytes, 0), first: oldest.firstSequence, next: newest.firstSequence + newest.rows }];
  };
  return [...rows('age', from, Math.max(from, bySizeFrom)), ...rows('size', Math.max(from, bySizeFrom), to)];
}
