import path from 'node:path';
import {
  type CatalogView, type Clock, DeepwaterError, ENTRY_STATE, type FeedFile, type FeedMode, type FeedSpec, type Field, type Instrument,
  type RecordFormat, type Schema, bootId, compileSchema, feedPaths, fileExists, fileStat, listDirectory,
  openCatalog, processAlive,
} from '@deepwater/core';
import { FeedReader, type ReaderSource } from '@deepwater/query';

/** What a feed is and what it holds now. */
export interface FeedInfo {
  readonly name: string;
  /** 16 hex digits: tells a feed from an earlier one of the same name. */
  readonly uid: string;
  readonly createdAt: string;
  readonly persist: boolean;
  readonly mode: FeedMode;
  readonly desc?: string;
  readonly instrument?: Instrument;
  /** The whole spec, normalised. */
  readonly spec: FeedSpec;
  /** Identity of the layout: 16 hex digits. */
  readonly schemaHash: string;
  readonly fields: readonly Field[];
  /** The clocks that may be asked by, the timestamp first. */
  readonly clocks: readonly Clock[];
  readonly recordFormat: RecordFormat;
  /**
   * Sequence numbers of the first record there is and of the next to come. The difference counts the records, but for
   * numbers that a power loss left out.
   */
  readonly records: { readonly first: number; readonly next: number };
  /** The newest timestamp, in the unit of the clock; undefined in an empty feed. */
  readonly newest?: number | bigint;
  /** Feeds of mode IF: how many index points there are. */
  readonly indexPoints?: number;
  readonly chunks: number;
  /** What the feed's directory takes on disk. Rings in shared memory are not in it. */
  readonly bytesOnDisk: number;
  /** `pid` is of the process that writes now, or was killed when it did: its records are kept, and it is not open. */
  readonly writer: { readonly open: boolean; readonly pid?: number };
  /** Why the feed cannot be read, where it cannot; the numbers above are then 0. */
  readonly problem?: string;
}

export function feedInfo(feed: FeedFile, source: ReaderSource): FeedInfo {
  const { spec } = feed;
  const schema = compileSchema(spec);
  const { directory, catalog } = feedPaths(source.basePath, feed.name);
  return {
    name: feed.name,
    uid: feed.uid,
    createdAt: feed.createdAt,
    persist: spec.persist,
    mode: spec.mode,
    ...(spec.desc === undefined ? {} : { desc: spec.desc }),
    ...(spec.instrument === undefined ? {} : { instrument: spec.instrument }),
    spec,
    schemaHash: schema.hash,
    fields: schema.fields,
    clocks: schema.clocks,
    recordFormat: schema.record,
    bytesOnDisk: bytesBelow(directory),
    ...contents(source, catalog, schema),
  };
}

type Contents = Pick<FeedInfo, 'records' | 'newest' | 'indexPoints' | 'chunks' | 'writer' | 'problem'>;

function contents(source: ReaderSource, catalogPath: string, schema: Schema): Contents {
  const empty: Contents = { records: { first: 0, next: 0 }, chunks: 0, writer: { open: false } };
  const reader = new FeedReader(source);
  try {
    // A feed that was never written has no catalog yet.
    const view = fileExists(catalogPath) ? openCatalog(catalogPath, schema, source.feedUid, false).view : undefined;
    const records = reader.bounds();
    const newest = reader.newest();
    return {
      records,
      ...(newest === undefined ? {} : { newest: newest.time }),
      ...(schema.indexColumn === undefined ? {} : { indexPoints: reader.countIndexPoints() }),
      chunks: view === undefined ? 0 : liveChunks(view),
      writer: view === undefined ? { open: false } : writerOf(view),
    };
  } catch (error) {
    // One feed that cannot be read is no reason to say nothing about it, or about the others.
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
    return { ...empty, problem: error.message };
  } finally {
    void reader.close();
  }
}

function liveChunks(view: CatalogView): number {
  let live = 0;
  for (let index = view.firstLive; index < view.count; index++) if (view.state(index) !== ENTRY_STATE.DELETED) live += 1;
  return live;
}

/** The catalog says who opened the feed for writing, and cannot say that he was killed since. */
function writerOf(view: CatalogView): FeedInfo['writer'] {
  const { open, pid, bootId: boot } = view.writer;
  if (pid === 0) return { open: false };
  return { open: open && boot === bootId() && processAlive(pid), pid };
}

/** What the files in a directory and its sub-directories take on the device. What disappears meanwhile does not count. */
function bytesBelow(directory: string): number {
  let bytes = 0;
  for (const name of listDirectory(directory) ?? []) {
    const file = path.join(directory, name);
    const stat = fileStat(file);
    bytes += stat?.kind === 'directory' ? bytesBelow(file) : (stat?.allocated ?? 0);
  }
  return bytes;
}
