import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Platform } from 'deepwater';
import { afterAll } from 'vitest';

const directories: string[] = [];
const platforms: Platform[] = [];
/** See emptyPlatform. */
const empty: Promise<Platform>[] = [];

/**
 * Closes and removes what the tests of a file have opened and made. For each file to call: files share processes, and modules such as this one.
 */
export function removeAfterwards(): void {
  afterAll(async () => {
    empty.length = 0;
    await Promise.allSettled(platforms.splice(0).map((platform) => platform.close()));
    for (const directory of directories.splice(0)) {
      for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
        if (entry.name !== 'manifest.json') continue;
        const [, storeId] = /"storeId": "([0-9a-f]{32})"/.exec(readFileSync(join(entry.parentPath, entry.name), 'utf8')) ?? [];
        if (storeId !== undefined) rmSync(`/dev/shm/deepwater-${process.getuid!()}/${storeId}`, { recursive: true, force: true });
      }
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** A directory that goes with the file's tests. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'deepwater-files-'));
  directories.push(directory);
  return directory;
}

export async function openPlatform(basePath: string = join(temporaryDirectory(), 'data')): Promise<Platform> {
  const platform = await Platform.open(basePath, { logLevel: 'silent' });
  platforms.push(platform);
  return platform;
}

/**
 * A platform without feeds; the same one each time for a place, since its threads take long to begin. What it had before is gone.
 * @param place 1 for a second one beside it
 */
export async function emptyPlatform(place: 0 | 1 = 0): Promise<Platform> {
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
