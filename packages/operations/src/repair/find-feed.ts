/** What a feed is, where its file does not tell: by the registry, else by its chunks. */
import path from 'node:path';
import {
  CHUNK, DeepwaterError, FEED_FORMAT, type FeedFile, type FeedPaths, chunkIdOf, feedPaths, fileStat, isUnusableFile, listDirectory, parseFeedFile, parseFeedSpec, peekChunk, readFeedFile, rebuildSchema,
  ChunkHeader, crc32,
} from '@deepwater/core';
import { ChunkBytes } from './chunk-bytes.js';
import type { Damage } from './report.js';

export interface FoundFeed {
  /** Undefined where nothing tells, or where it is no feed. */
  readonly feed: FeedFile | undefined;
  readonly damage: Damage | undefined;
}

/** @param registry the texts of feed files that the registry has @throws DeepwaterError DW_FORMAT_VERSION, DW_SYSTEM_CALL */
export function findFeed(basePath: string, name: string, registry: ReadonlyMap<string, string>): FoundFeed {
  const paths = feedPaths(basePath, name);
  let problem: string;
  try {
    const feed = readFeedFile(basePath, name);
    if (feed !== undefined) return { feed, damage: undefined };
    if (fileStat(paths.catalog) === undefined && (listDirectory(paths.chunks) ?? []).length === 0) return { feed: undefined, damage: undefined };
    problem = 'it is missing';
  } catch (error) {
    if (!isUnusableFile(error)) throw error;
    problem = error.message;
  }
  const file = path.relative(basePath, paths.spec);
  const text = registry.get(name);
  if (text !== undefined) {
    try {
      return { feed: parseFeedFile(text, name, paths.spec), damage: { file, what: problem, remedy: 'it is written again as the registry has it', lost: false } };
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error)) throw error;
    }
  }
  const feed = feedOfChunks(paths, name);
  if (feed === undefined) return { feed, damage: { file, what: problem, remedy: 'nothing tells what the feed was; its files are left as they are. Create the feed again, or put its file back', lost: true } };
  return {
    feed,
    damage: { file, what: problem, remedy: 'it is made again from a chunk; retention (now for ever), descriptions and how numbers are read (`as`) are not in chunks: set them again', lost: true },
  };
}

/** By the first chunk whose header and schema hold. */
function feedOfChunks(paths: FeedPaths, name: string): FeedFile | undefined {
  for (const file of (listDirectory(paths.chunks) ?? []).filter((each) => chunkIdOf(each) !== undefined).map((each) => path.join(paths.chunks, each))) {
    try {
      const { header: probe } = peekChunk(file);
      if (crc32(probe.bytes.subarray(0, CHUNK.IDENTITY_CRC)) !== Buffer.from(probe.bytes).readUInt32LE(CHUNK.IDENTITY_CRC) || probe.feedName !== name) continue;
      const bytes = ChunkBytes.open(file);
      try {
        const header = new ChunkHeader(bytes.front(SCHEMA_END_MAX), file);
        const schema = rebuildSchema(header.schemaText);
        if (schema.hash !== header.schemaHash) continue;
        const spec = parseFeedSpec({ ...JSON.parse(schema.canonical) as object, name, persist: true, chunkSizeBytes: Math.max(4096, header.capacityRows * schema.rowBytes), retentionHours: 0 });
        return { format: FEED_FORMAT, name, uid: header.feedUid, spec, createdAt: new Date(header.createdUs / 1000).toISOString() };
      } finally {
        bytes.close();
      }
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error)) throw error;
    }
  }
  return undefined;
}

/** Header and the longest schema. */
const SCHEMA_END_MAX = CHUNK.HEADER_BYTES + 128 * 1024;
