/**
 * `feeds/<name>/feed.json`: what a feed is. These files are the truth about which feeds there are; the registry is a
 * hint that is made again from them.
 */
import path from 'node:path';
import { DeepwaterError, describeValue } from '../errors/index.js';
import { listDirectory, makeDirectory, removeTree } from '../mapping/directories.js';
import { type Access, fileStat, readSmallFile, replaceFile, syncDirectory } from '../mapping/files.js';
import { type FeedSpec, checkFeedName, parseFeedSpec } from '../schema/index.js';
import { sealHolds, sealedJson } from './sealed-json.js';
import { STORE_FILES, feedPaths } from './feed-paths.js';

export const FEED_FORMAT = 1;
/** 256 fields, each with a description of 4096 characters that JSON writes as six bytes, stay below. */
const FEED_FILE_BYTES_MAX = 8 * 1024 * 1024;

export interface FeedFile {
  readonly format: typeof FEED_FORMAT;
  readonly name: string;
  /** 16 hex digits: tells a feed from an earlier one of the same name. */
  readonly uid: string;
  readonly spec: FeedSpec;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** The feeds of a store, and the feed files that could not be read. */
export interface FeedListing {
  /** By name, ascending. */
  readonly feeds: readonly FeedFile[];
  readonly damaged: readonly { readonly name: string; readonly error: Error }[];
}

/**
 * Reads the file of a feed; undefined where there is no such feed.
 * @throws DeepwaterError DW_FEED_NAME_INVALID, DW_FILE_CORRUPT, DW_FORMAT_VERSION
 */
export function readFeedFile(basePath: string, feedName: string): FeedFile | undefined {
  const text = readFeedText(basePath, feedName);
  return text === undefined ? undefined : parseFeedFile(text, feedName, feedPaths(basePath, feedName).spec);
}

/** The text of a feed's file, unread. @throws DeepwaterError DW_FEED_NAME_INVALID, DW_FILE_CORRUPT, DW_SYSTEM_CALL */
export function readFeedText(basePath: string, feedName: string): string | undefined {
  const paths = feedPaths(basePath, checkFeedName(feedName));
  for (const directory of [path.dirname(paths.directory), paths.directory]) {
    const stat = fileStat(directory);
    if (stat === undefined) return undefined;
    if (stat.kind !== 'directory') throw corrupt(directory, 'it is not a directory; links are not followed');
  }
  return readSmallFile(paths.spec, FEED_FILE_BYTES_MAX);
}

/** Writes the file of a feed as a whole, making the feed's directory where it is missing; durable on return. */
export function writeFeedFile(basePath: string, feed: FeedFile, access: Access): void {
  const { directory, spec } = feedPaths(basePath, checkFeedName(feed.name));
  const isNew = fileStat(directory) === undefined;
  try {
    if (isNew) {
      makeDirectory(path.dirname(directory), access);
      makeDirectory(directory, access);
    }
    replaceFile(spec, serializeFeed(feed), access);
    if (isNew) {
      // The name of the directory, and that of `feeds`, have to survive power loss as well.
      syncDirectory(path.dirname(directory));
      syncDirectory(basePath);
    }
  } catch (error) {
    // Half a file takes room on a disk that has none.
    if (isNew) removeTree(directory);
    throw error;
  }
}

/** What is in a feed file, and in the registry. */
export function serializeFeed({ format, name, uid, spec, createdAt }: FeedFile): string {
  return sealedJson({ format, name, uid, spec, createdAt });
}

/** Reads every feed of a store. One that is damaged, or being made or removed now, does not hide the others. */
export function listFeedFiles(basePath: string): FeedListing {
  const feeds: FeedFile[] = [];
  const damaged: { name: string; error: Error }[] = [];
  for (const name of feedDirectories(basePath)) {
    try {
      const feed = readFeedFile(basePath, name);
      if (feed !== undefined) feeds.push(feed);
    } catch (error) {
      damaged.push({ name, error: error as Error });
    }
  }
  return { feeds, damaged };
}

/** Names below `feeds` that could be feeds', sorted. */
export function feedDirectories(basePath: string): string[] {
  const directory = path.join(basePath, STORE_FILES.FEEDS);
  return (listDirectory(directory) ?? []).filter(isFeedName);
}

function isFeedName(name: string): boolean {
  try {
    checkFeedName(name);
    return true;
  } catch {
    return false;
  }
}

/** @throws DeepwaterError DW_FILE_CORRUPT, DW_FORMAT_VERSION */
export function parseFeedFile(text: string, feedName: string, file: string): FeedFile {
  let parsed: Partial<Record<keyof FeedFile, unknown>>;
  try {
    parsed = Object(JSON.parse(text)) as typeof parsed;
  } catch (cause) {
    throw corrupt(file, 'it is not JSON', cause);
  }
  const { format, name, uid, createdAt } = parsed;
  if (!Number.isInteger(format)) throw corrupt(file, `its format is ${describeValue(format)}`);
  if (format !== FEED_FORMAT) {
    throw new DeepwaterError(
      'DW_FORMAT_VERSION',
      `The feed file ${file} has format ${String(format)}; this Deepwater reads format ${FEED_FORMAT}. ` +
        ((format as number) > FEED_FORMAT ? 'Use a newer Deepwater.' : 'Upgrade the store with `deepwater migrate`.'),
      { values: { path: file, format, supported: FEED_FORMAT } },
    );
  }
  if (!sealHolds(parsed)) throw corrupt(file, 'its checksum does not hold');
  if (name !== feedName) throw corrupt(file, `it is of a feed named ${describeValue(name)}`);
  if (typeof uid !== 'string' || !/^[0-9a-f]{16}$/.test(uid)) throw corrupt(file, `its uid is ${describeValue(uid)}`);
  if (typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt))) throw corrupt(file, `its createdAt is ${describeValue(createdAt)}`);
  let spec: FeedSpec;
  try {
    // The whole parser again: what is on disk is as foreign as what a user types.
    spec = parseFeedSpec(parsed.spec);
  } catch (cause) {
    throw corrupt(file, `its spec cannot be used: ${(cause as Error).message}`, cause);
  }
  if (spec.name !== feedName) throw corrupt(file, `its spec is of a feed named ${describeValue(spec.name)}`);
  return { format: FEED_FORMAT, name: feedName, uid, spec, createdAt };
}

function corrupt(file: string, why: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `${file} cannot be used: ${why}. Run \`deepwater repair\`.`, {
    values: { path: file, reason: why },
    cause,
  });
}
