import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from 'deepwater';
import { afterThisFile, temporaryDirectory } from '../../../../test/support/afterwards.js';
import { openPlatform } from '../../../../test/support/platforms.js';

export { openPlatform, temporaryDirectory };

/** See emptyPlatform. */
const empty: Promise<Platform>[] = [];

/**
 * A platform without feeds; the same one each time for a place, since its threads take long to begin. What it had before is gone.
 * @param place 1 for a second one beside it
 */
export async function emptyPlatform(place: 0 | 1 = 0): Promise<Platform> {
  if (empty.length === 0) afterThisFile(() => { empty.length = 0; });
  const platform = await (empty[place] ??= openPlatform());
  for (const { name } of platform.listFeeds()) await platform.deleteFeed(name);
  return platform;
}

/** Whether all of the data is to be gone through: `npm run soak -- files`. By default it is a part that has every kind of it. */
export const ALL_FILES = process.env['FILES'] === 'all';

/** A file with this content, in a directory of its own. */
export function fileWith(name: string, content: string | Uint8Array): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, content);
  return file;
}

/** All records of a feed, in their order, as tuples. */
export async function recordsOf(platform: Platform, feedName: string): Promise<unknown[][]> {
  const reader = await platform.createReader(feedName);
  const { first, next } = reader.bounds();
  const rows: unknown[][] = [];
  for (let at = first; at < next;) {
    const { records, next: then } = await reader.readFrom(at, 100_000);
    for (const record of records) rows.push(record as unknown[]);
    at = then;
  }
  return rows;
}
