import path from 'node:path';
import type { FeedFile, Manifest } from '@deepwater/core';
import type { ReaderSource } from '@deepwater/query';

/** Where the rings of a store lie if its manifest names a directory; each store, and each copy of one, has its own in it. */
export function ringDirectory({ ringDir, storeId }: Manifest): string | undefined {
  return ringDir === undefined ? undefined : path.join(ringDir, storeId);
}

/** All that finding the files of a feed takes, in whatever thread. */
export function feedSource(basePath: string, manifest: Manifest, { uid, spec }: FeedFile): ReaderSource {
  const ringDir = ringDirectory(manifest);
  const source = { basePath, storeId: manifest.storeId, feedUid: uid, spec };
  return ringDir === undefined ? source : { ...source, ringDir };
}
