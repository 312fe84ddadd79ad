/** The spec that a feed of the Python Deepwater was made with, as far as it decides more than the record: `data/<feed>/config.json`. */
import path from 'node:path';
import { FEED_LIMITS } from '@deepwater/core';
import { unreadable } from '../unpack/source-file.js';
import { LIMITS, STORE_NAMES } from './python-layout.js';
import { readStoreFile } from './store-file.js';

export interface FeedConfig {
  /** False: the feed is in memory only. */
  readonly persist: boolean;
  readonly indexPlayback: boolean;
  /** As far as it is a size that our chunks may have. */
  readonly chunkSizeBytes: number | undefined;
  readonly descriptions: ReadonlyMap<string, string>;
}

const BYTES_PER_MB = 1024 * 1024;

/** What it does not say is as the reference has it by default. @throws DeepwaterError DW_IMPORT_UNREADABLE */
export async function readFeedConfig(directory: string): Promise<FeedConfig> {
  const file = path.join(directory, STORE_NAMES.CONFIG);
  const text = await readStoreFile(file, LIMITS.JSON_BYTES);
  let config: Readonly<Record<string, unknown>>;
  try {
    config = text === undefined ? {} : JSON.parse(text.toString()) as Record<string, unknown>;
    if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Error('it is no object');
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const number = (key: string): number | undefined => (typeof config[key] === 'number' ? config[key] : undefined);
  const megabytes = number('chunk_size_mb');
  const chunkBytes = Math.trunc(number('chunk_size_bytes') ?? (megabytes === undefined ? 0 : megabytes * BYTES_PER_MB));
  const fields = Array.isArray(config['fields']) ? config['fields'] as unknown[] : [];
  return {
    persist: config['persist'] !== false,
    indexPlayback: config['index_playback'] === true,
    chunkSizeBytes: chunkBytes >= FEED_LIMITS.chunkBytesMin && chunkBytes <= FEED_LIMITS.chunkBytesMax ? chunkBytes : undefined,
    descriptions: new Map(fields.flatMap((field) => {
      const { name, desc } = (typeof field === 'object' && field !== null ? field : {}) as Record<string, unknown>;
      return typeof name === 'string' && typeof desc === 'string' && desc !== '' ? [[name, desc.slice(0, FEED_LIMITS.descCharsMax)] as const] : [];
    })),
  };
}
