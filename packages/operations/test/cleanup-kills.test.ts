/** Clean-ups and writers that are killed, in processes of their own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FAILPOINTS, feedPaths, fileExists, ringPaths, sharedRingDirectory } from '@deepwater/core';
import type { ReaderSource } from '@deepwater/query';
import { Cleanup, removeChunks } from '@deepwater/operations';
import { chunkFiles, from, numbersFeed, numbersIn, openWriter, write } from './support.js';

const HOOK = new URL('../../ingest/test/kills/hook.mjs', import.meta.url).href;

function run(program: string, ...args: string[]): NodeJS.Signals | null {
  return runUntil('', program, ...args);
}

/** @param at a failpoint that is the end of it, in whichever thread */
function runUntil(at: string, program: string, ...args: string[]): NodeJS.Signals | null {
  const { signal, stderr, status } = spawnSync(process.execPath, [`--import=${HOOK}`, fileURLToPath(new URL(`processes/${program}`, import.meta.url)), ...args], {
    encoding: 'utf8', env: { ...process.env, KILL_AT: at === '' ? '' : `${at}:1` },
  });
  if (signal === null && status !== 0) throw new Error(stderr);
  return signal;
}

describe('a clean-up that is killed', () => {
  const moments = FAILPOINTS.filter((name) => name.startsWith('retention.')).flatMap((name) => (name.includes('one-') ? [[name, 1], [name, 3]] : [[name, 1]]) as [string, number][]);
  test.each(moments)('at %s, time %i: what is left is whole, the next one does the rest, and the numbers go on', async (name, times) => {
    const source = numbersFeed();
    const { writer, service } = await openWriter(source);
    await write(writer, 1000);
    await service.close();
    expect(run('kill-cleanup.mjs', JSON.stringify(source), name, String(times))).toBe('SIGKILL');
    const left = numbersIn(source);
    // The rows of a chunk are there or not, and no chunk is missing between others.
    expect(left).toEqual(from(1000 - left.length, 1000));
    expect([1000, 744, 488, 232, 0]).toContain(left.length);
    await removeChunks(source, { nowMs: Date.now() + 3.6e12, believed: true, dryRun: false, access: 'owner' });
    expect(chunkFiles(source)).toEqual([]);
    const next = await openWriter(source);
    expect(next.writer.position).toBe(1000);
    await next.service.close();
  });
});

describe('what a writer that was killed left', () => {
  const clean = async (source: ReaderSource, dryRun = false) => {
    const cleanup = (await Cleanup.begin({ basePath: source.basePath, access: 'owner', dryRun, acceptClock: false }))!;
    const { leftovers } = await cleanup.feed(source);
    cleanup.end();
    return leftovers.map(({ what }) => what).sort();
  };

  test('its ring goes once all of its rows are in chunks; the next writer goes on without a gap', async () => {
    const source = numbersFeed();
    expect(run('dead-writer.mjs', JSON.stringify(source), '600', '0')).toBe('SIGKILL');
    expect(await clean(source, true)).toEqual(['ring']);
    expect(await clean(source)).toEqual(['ring']);
    expect(await clean(source)).toEqual([]);
    expect(numbersIn(source)).toEqual(from(0, 600));
    const { writer, service } = await openWriter(source);
    await write(writer, 100);
    await service.close();
    expect(numbersIn(source)).toEqual(from(0, 700));
  });

  test('a ring with records that are nowhere else stays', async () => {
    const source = numbersFeed({ durability: { level: 'flush', intervalMs: 3_600_000 } });
    expect(run('dead-writer.mjs', JSON.stringify(source), '600', '50')).toBe('SIGKILL');
    expect(await clean(source)).toEqual([]);
    expect(numbersIn(source)).toEqual(from(0, 650));
  });

  test('a chunk that it had prepared and never used goes', async () => {
    const source = numbersFeed();
    expect(run('dead-writer.mjs', JSON.stringify(source), '0', '0')).toBe('SIGKILL');
    expect(chunkFiles(source).length).toBe(1);
    expect(await clean(source)).toEqual(['prepared chunk', 'ring']);
    expect(chunkFiles(source)).toEqual([]);
  });

  test.each(['open.ring-made', 'open.epoch', 'close.ring-forgotten', 'close.ring-removed'])('at %s, its ring, which the catalog does not tell of, and its bell go', async (point) => {
    const source = numbersFeed();
    const { ring } = ringPaths(sharedRingDirectory(source.storeId), source.spec.name);
    expect(runUntil(point, 'dead-writer.mjs', JSON.stringify(source), '600', '0')).toBe('SIGKILL');
    expect(fileExists(ring)).toBe(point !== 'close.ring-removed');
    expect(await clean(source)).toContain('ring');
    expect(fileExists(ring) || fileExists(ring.replace(/ring$/, 'bell'))).toBe(false);
    expect(await clean(source)).toEqual([]);
    const written = point.startsWith('close') ? 600 : 0;
    expect(numbersIn(source)).toEqual(from(0, written));
    const { writer, service } = await openWriter(source);
    expect(writer.position).toBe(written);
    await service.close();
  });

  test('a ring of memory stays, for it is all there is', async () => {
    const source = numbersFeed({ persist: false, ringRecords: 1024 });
    expect(run('dead-writer.mjs', JSON.stringify(source), '600', '0')).toBe('SIGKILL');
    expect(await clean(source)).toEqual([]);
    expect(numbersIn(source)).toEqual(from(0, 600));
  });

  test('nothing of a living writer is touched', async () => {
    const source = numbersFeed();
    const { writer } = await openWriter(source);
    await write(writer, 600);
    const before = chunkFiles(source);
    expect(await clean(source)).toEqual([]);
    expect(chunkFiles(source)).toEqual(before);
    expect(fileExists(feedPaths(source.basePath, 'numbers').catalog)).toBe(true);
    await write(writer, 600);
    expect(numbersIn(source)).toEqual(from(0, 1200));
  });
});
