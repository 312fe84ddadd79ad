import os from 'node:os';
import path from 'node:path';

/** Names of everything a feed keeps on disk. Feed names are allow-listed before they come here. */
export interface FeedPaths {
  readonly directory: string;
  readonly spec: string;
  readonly lock: string;
  readonly catalog: string;
  readonly symbols: string;
  readonly segments: string;
  readonly chunks: string;
  /** Held by whoever removes sealed chunks, makes the catalog again, or repairs. */
  readonly chunksLock: string;
  /** The last chunk that retention removed. */
  readonly removed: string;
}

export const STORE_FILES = {
  MANIFEST: 'manifest.json',
  REGISTRY: 'registry',
  FEEDS: 'feeds',
  LOG: 'deepwater.log',
  CLEANUP: 'cleanup.json',
  QUARANTINE: 'quarantine',
} as const;

export function feedPaths(basePath: string, feedName: string): FeedPaths {
  const directory = path.join(basePath, STORE_FILES.FEEDS, feedName);
  return {
    directory,
    spec: path.join(directory, 'feed.json'),
    lock: path.join(directory, 'writer.lock'),
    catalog: path.join(directory, 'catalog.dwc'),
    symbols: path.join(directory, 'symbols.dws'),
    segments: path.join(directory, 'segments.dwg'),
    chunks: path.join(directory, 'chunks'),
    chunksLock: path.join(directory, 'chunks.lock'),
    removed: path.join(directory, 'removed.json'),
  };
}

const CHUNK_NAME = /^([0-9]{12})\.dwk$/;

export function chunkPath(paths: FeedPaths, chunkId: number): string {
  return path.join(paths.chunks, `${String(chunkId).padStart(12, '0')}.dwk`);
}

/** The id in a chunk's file name; undefined for any other name. */
export function chunkIdOf(fileName: string): number | undefined {
  const match = CHUNK_NAME.exec(fileName);
  return match === null ? undefined : Number(match[1]);
}

/** Where shared memory is, on Linux. */
export const SHARED_MEMORY = '/dev/shm';

/** The directory for the rings of one store: one per user, closed to others. */
export function sharedRingDirectory(storeId: string, user: number = os.userInfo().uid): string {
  return path.join(SHARED_MEMORY, `deepwater-${user}`, storeId);
}

export interface RingPaths {
  readonly ring: string;
  readonly bell: string;
}

export function ringPaths(directory: string, feedName: string): RingPaths {
  return { ring: path.join(directory, `${feedName}.ring`), bell: path.join(directory, `${feedName}.bell`) };
}
