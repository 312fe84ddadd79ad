import path from 'node:path';
import type { Manifest } from '@deepwater/core';

/** Where the rings of a store lie if its manifest names a directory; each store, and each copy of one, has its own in it. */
export function ringDirectory({ ringDir, storeId }: Manifest): string | undefined {
  return ringDir === undefined ? undefined : path.join(ringDir, storeId);
}
