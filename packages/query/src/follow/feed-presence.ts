/** Whether a feed is still the one that a subscriber was given, as its files say. Workers cannot ask the platform. */
import path from 'node:path';
import { DeepwaterError, STORE_FILES, feedPaths, readSmallFile } from '@deepwater/core/engine';
import type { ReaderSource } from '../reader-source.js';

const BYTES_MAX = 8 * 1024 * 1024;

/** @throws DeepwaterError DW_FEED_UNKNOWN where the feed was deleted, or deleted and made anew */
export function checkFeedPresent(source: ReaderSource): void {
  const { basePath, feedUid, spec } = source;
  const uid = readKey(feedPaths(basePath, spec.name).spec, 'uid');
  if (uid === feedUid) return;
  throw new DeepwaterError(
    'DW_FEED_UNKNOWN',
    `Feed ${spec.name} ${uid === undefined ? 'has been deleted' : 'has been deleted and made anew'}. Look at platform.listFeeds(), and take a new subscription or reader.`,
    { values: { feed: spec.name, uid: feedUid, found: uid } },
  );
}

/** @throws DeepwaterError DW_FEED_UNKNOWN where another feed has the name now, and its files are not those that were looked for */
export function checkFeedSame(source: ReaderSource): void {
  if (readKey(feedPaths(source.basePath, source.spec.name).spec, 'uid') !== undefined) checkFeedPresent(source);
}

/** @throws DeepwaterError DW_HANDLE_INVALID where another store, or none, is at the base path now */
export function checkStorePresent(source: ReaderSource): void {
  const { basePath, storeId, spec } = source;
  const found = readKey(path.join(basePath, STORE_FILES.MANIFEST), 'storeId');
  if (found === storeId) return;
  throw new DeepwaterError(
    'DW_HANDLE_INVALID',
    `The handle of feed ${spec.name} is of store ${storeId}; at ${basePath} there is ${found === undefined ? 'no store' : `store ${found}`} now. Take the handle from the platform of that store.`,
    { values: { feed: spec.name, basePath, storeId, found } },
  );
}

/** A text of a JSON file; undefined where the file is missing, or says nothing of the kind. */
function readKey(file: string, key: string): string | undefined {
  const text = readSmallFile(file, BYTES_MAX);
  if (text === undefined) return undefined;
  try {
    const value = (Object(JSON.parse(text)) as Record<string, unknown>)[key];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
