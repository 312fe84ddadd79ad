import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deepwater, storeWithTrades } from './support.js';

/** A store of this version that says it is of an earlier format: its segments are there, all else is as it is to be. */
async function olderStore(): Promise<string> {
  const store = await storeWithTrades(50);
  const manifest = join(store, 'manifest.json');
  // Stores of format 1 had no checksum there.
  const { checksum: _, ...kept } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
  writeFileSync(manifest, JSON.stringify({ ...kept, format: 1 }));
  return store;
}

describe('deepwater migrate', () => {
  test('says what it would do, does it, and finds nothing to do afterwards', async () => {
    const store = await olderStore();
    expect(await deepwater(['info', 'trades', '--base-path', store])).toMatchObject({ code: 1, stderr: expect.stringContaining('deepwater migrate') as string });
    const dry = await deepwater(['migrate', '--base-path', store, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/^Format 1 would become 2\. Nothing was changed\.\n/);
    expect(dry.stdout).toMatch(/trades +│ +50 +│ +0 +│ +1 +│ - +│ +2 +│/);
    expect(dry.stdout).toContain(`${store}.format-1`);
    const done = await deepwater(['migrate', '--base-path', store, '--json']);
    expect(JSON.parse(done.stdout)).toMatchObject({ from: 1, to: 2, dryRun: false, backup: `${store}.format-1`, feeds: [{ feed: 'trades', records: 50, problems: [] }] });
    expect(await deepwater(['migrate', '--base-path', store])).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') as string });
    expect(await deepwater(['info', 'trades', '--base-path', store])).toMatchObject({ code: 0 });
  });

  test('goes without a backup where it is told to', async () => {
    const store = await olderStore();
    const { code, stdout } = await deepwater(['migrate', '--base-path', store, '--no-backup']);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('No backup.') as string });
    expect(await deepwater(['migrate', '--base-path', join(store, 'none')])).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_BASE_PATH_INVALID') as string });
  });
});
