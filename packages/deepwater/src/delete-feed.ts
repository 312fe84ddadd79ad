import {
  DeepwaterError, type FeedFile, FileLock, type Manifest, RING_PLACE, type Registry, type Schema, compileSchema, failpoint, feedPaths, openCatalog,
  removeFile, ringPaths, sharedRingDirectory,
} from '@deepwater/core';
import { Bell, openRing } from '@deepwater/ring';
import { ringDirectory } from './ring-directory.js';

/**
 * Removes a feed: the ring is marked as retired and its sleepers woken, so that readers look again and find nothing; then
 * the files go, and the registry's entry.
 *
 * @throws DeepwaterError DW_FEED_IN_USE while a writer lives, in whatever process
 */
export async function deleteFeed(basePath: string, manifest: Manifest, registry: Registry, feed: FeedFile): Promise<void> {
  const paths = feedPaths(basePath, feed.name);
  const lock = FileLock.tryExclusive(paths.lock, manifest.access);
  if (lock === undefined) throw feedInUse(feed.name, FileLock.holder(paths.lock));
  try {
    const schema = compileSchema(feed.spec);
    for (const directory of new Set([...ringPlaces(basePath, manifest, feed, schema), paths.directory])) retireRing(directory, feed, schema);
    failpoint('registry.catalog-retired');
    await registry.removeFeed(feed.name, feed.uid);
  } finally {
    lock.release();
  }
}

export function feedInUse(feedName: string, pid: number | undefined): DeepwaterError {
  return new DeepwaterError('DW_FEED_IN_USE', `Feed ${feedName} cannot be deleted: process ${pid ?? 'unknown'} writes it. Close that writer first.`, {
    values: { feed: feedName, pid },
  });
}

/** Directories where the ring may lie, besides the feed's own; the catalog is retired on the way. */
function ringPlaces(basePath: string, manifest: Manifest, feed: FeedFile, schema: Schema): string[] {
  const usual = ringDirectory(manifest) ?? sharedRingDirectory(manifest.storeId);
  try {
    const { view } = openCatalog(feedPaths(basePath, feed.name).catalog, schema, feed.uid, true);
    view.retire();
    const { place, user } = view.ringPlace;
    return place === RING_PLACE.SHARED_MEMORY ? [usual, ringDirectory(manifest) ?? sharedRingDirectory(manifest.storeId, user)] : [usual];
  } catch (error) {
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
    // Missing (the feed was never written) or damaged (it is about to go): the usual place is all there is to look in.
    return [usual];
  }
}

function retireRing(directory: string, feed: FeedFile, schema: Schema): void {
  const { ring, bell } = ringPaths(directory, feed.name);
  try {
    openRing(ring, schema, feed.uid, 'shared').retire();
    Bell.open(bell).ringForAll();
  } catch (error) {
    // Not there, or not this feed's: nobody waits on it.
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
  }
  removeFile(ring);
  removeFile(bell);
}
