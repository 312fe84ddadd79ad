import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FAILPOINTS, onFailpoint } from '@deepwater/core';
import { Platform, migrateStore } from '../dist/index.js';
import { FEEDS, VERSIONS, filesBelow, recordsIn, unpackStore, writtenBy } from './store-kills/old-store.mjs';

const directories: string[] = [];
afterAll(() => { for (const directory of directories) rmSync(directory, { recursive: true, force: true }); });

/** A store as an earlier version left it when its writer was killed, or its machine went down. */
function storeOf(version: string, sameBoot: boolean): string {
  const directory = mkdtempSync(join(tmpdir(), 'deepwater-migrate-'));
  directories.push(directory);
  return unpackStore(version, directory, sameBoot);
}

/** Every file below a directory, byte by byte, and when it was changed. */
function imageOf(directory: string): [string, bigint, string][] {
  return filesBelow(directory).map((path) => [path, statSync(path, { bigint: true }).mtimeNs, readFileSync(path).toString('latin1')]);
}

const quiet = { logLevel: 'silent', handleSignals: false } as const;

describe.each(VERSIONS)('a store of the version %s', (version) => {
  it('is refused, for writing and for reading, and not touched', async () => {
    const store = storeOf(version, true);
    const before = imageOf(store);
    for (const readOnly of [true, false]) {
      await expect(Platform.open(store, { ...quiet, readOnly })).rejects.toMatchObject({ code: 'DW_FORMAT_VERSION', values: { format: 1, supported: 2 }, message: expect.stringContaining('deepwater migrate') as string });
    }
    expect(imageOf(store)).toEqual(before);
  });

  it('is migrated and read back equal, record for record, rows that were left in rings included', async () => {
    const store = storeOf(version, true);
    const untouched = imageOf(store);
    const plan = await migrateStore(store, { dryRun: true });
    expect(imageOf(store)).toEqual(untouched);
    expect(plan).toMatchObject({ from: 1, to: 2, dryRun: true });
    const report = await migrateStore(store);
    // Locks are files, too.
    expect({ ...report, dryRun: true, bytesFree: 0, bytesNeeded: 0 }).toEqual({ ...plan, bytesFree: 0, bytesNeeded: 0 });
    const written = writtenBy(version);
    for (const feed of FEEDS) {
      const done = report.feeds.find((each) => each.feed === feed)!;
      expect(done.records + done.inRing, feed).toBe(written[feed].length);
      expect(done.problems).toEqual([]);
      expect(done.segments).toBe(5);
      expect(done.rewritten > 0, feed).toBe(version === 'files');
    }
    const { live: _, ...expected } = written;
    const readOnly = await Platform.open(store, { ...quiet, readOnly: true });
    expect(await recordsIn(readOnly)).toEqual(expected);
    await readOnly.close();
    const platform = await Platform.open(store, quiet);
    expect(await recordsIn(platform)).toEqual(expected);
    for (const feed of FEEDS) {
      const writer = await platform.createWriter(feed);
      await writer.close();
      expect((await (await platform.createReader(feed)).segments()).map(({ ended }) => ended), feed).toEqual(['closed', 'closed', 'crash']);
    }
    expect(await recordsIn(platform)).toEqual(expected);
    await platform.close();
    // The backup is the store as it was.
    const kept = imageOf(join(report.backup!, 'store')).filter(([path]) => !path.endsWith('.lock'));
    expect(kept.map(([path, , bytes]) => [path.slice(report.backup!.length), bytes])).toEqual(
      untouched.filter(([path]) => !path.endsWith('.lock')).map(([path, , bytes]) => [`/store${path.slice(store.length)}`, bytes]));
  });

  it('that went down with its machine keeps what survived, and its checksums', async () => {
    const store = storeOf(version, false);
    const before = await migrateStore(store, { backup: false });
    const written = writtenBy(version);
    const platform = await Platform.open(store, quiet);
    const found = await recordsIn(platform);
    for (const feed of FEEDS) {
      const { records } = before.feeds.find((each) => each.feed === feed)!;
      expect(found[feed]).toEqual(written[feed].slice(0, records));
      expect(records).toBeGreaterThanOrEqual(written[feed].length * 0.7);
      const writer = await platform.createWriter(feed);
      await writer.close();
      expect((await (await platform.createReader(feed)).segments()).at(-1)!.ended).toMatch(/closed|power loss/);
    }
    expect(await recordsIn(platform)).toEqual(found);
    await platform.close();
  });
});

describe('migration', () => {
  it('that is interrupted at any step goes on when it is run again', async () => {
    const steps = FAILPOINTS.filter((name) => name.startsWith('migrate.'));
    const reached = new Set<string>();
    const { live: _, ...expected } = writtenBy('files');
    for (const step of steps) {
      const store = storeOf('files', true);
      for (let time = 1; time < 3; time++) {
        let left = time;
        onFailpoint((name) => {
          if (name !== step || --left > 0) return;
          reached.add(step);
          throw new Error(`interrupted at ${step}`);
        });
        await migrateStore(store).catch((error: unknown) => { expect((error as Error).message).toBe(`interrupted at ${step}`); });
      }
      onFailpoint(undefined);
      await migrateStore(store);
      expect(await migrateStore(store)).toMatchObject({ from: 2, to: 2, feeds: [] });
      expect(filesBelow(store).filter((path) => path.endsWith('.migrated'))).toEqual([]);
      const platform = await Platform.open(store, quiet);
      expect(await recordsIn(platform), step).toEqual(expected);
      await platform.close();
    }
    expect([...reached].sort()).toEqual([...steps].sort());
  });

  it('is refused while a writer lives, to a newer store, and where the backup would lie in the way; nothing is touched then', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'deepwater-migrate-'));
    directories.push(directory);
    const store = join(directory, 'store');
    const platform = await Platform.open(store, quiet);
    await platform.createFeed({ name: 'trades', fields: [{ name: 't', type: 'uint64' }], timestamp: 't' });
    const writer = await platform.createWriter('trades');
    writer.writeValues(1 as never);
    await writer.flush();
    const manifest = join(store, 'manifest.json');
    const own = readFileSync(manifest, 'utf8');
    // Stores of format 1 had no checksum there.
    const { checksum: _, ...kept } = JSON.parse(own) as Record<string, unknown>;
    writeFileSync(manifest, JSON.stringify({ ...kept, format: 1 }));
    await expect(migrateStore(store)).rejects.toMatchObject({ code: 'DW_FEED_IN_USE' });
    await platform.close();
    await expect(migrateStore(store, { backup: join(store, 'backup') })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
    await expect(migrateStore(store, { backup: tmpdir() })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
    writeFileSync(manifest, own.replace('"format": 2', '"format": 3'));
    const before = imageOf(directory);
    await expect(migrateStore(store)).rejects.toMatchObject({ code: 'DW_FORMAT_VERSION', values: { format: 3, supported: 2 } });
    await expect(migrateStore(store, { dryRun: true })).rejects.toMatchObject({ code: 'DW_FORMAT_VERSION' });
    for (const readOnly of [true, false]) await expect(Platform.open(store, { ...quiet, readOnly })).rejects.toMatchObject({ code: 'DW_FORMAT_VERSION', message: expect.stringContaining('newer') as string });
    expect(imageOf(directory)).toEqual(before);
    await expect(migrateStore(join(directory, 'none'))).rejects.toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    await expect(migrateStore(store, { dryRun: 1 as never })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
  });
});
