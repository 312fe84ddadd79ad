import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CleanupOptions, Platform, PlatformOptions, StoreEvent } from '../dist/index.js';
import { TRADES, failure, openPlatform, trade } from './support.js';

const SMALL = { ...TRADES, chunkSizeMb: undefined, chunkSizeBytes: 65536 } as const;

/** A platform with chunks that are sealed, and a writer that goes on. */
async function filled(spec: object, options: PlatformOptions = {}): Promise<Platform> {
  const platform = await openPlatform(undefined, { cleanupMinutes: 0, ...options });
  await platform.createFeed({ ...SMALL, ...spec });
  for (let round = 0; round < 4; round++) {
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 0; n < 1000; n++) writer.writeValues(...trade(1000 * round + n));
    if (round < 3) await writer.close();
    else await writer.flush();
  }
  return platform;
}

const chunkFiles = ({ basePath }: Platform): string[] => readdirSync(join(basePath, 'feeds', 'trades', 'chunks'));
const memory = ({ basePath }: Platform): unknown => JSON.parse(readFileSync(join(basePath, 'cleanup.json'), 'utf8'));

describe('platform.cleanup', () => {
  test('removes what is beyond its retention while the writer goes on, and reports it', async () => {
    const events: StoreEvent[] = [];
    const platform = await filled({ retentionHours: 1e-6 }, { onEvent: (event) => events.push(event) });
    const held = await platform.cleanup();
    expect(held).toMatchObject({ removedChunks: 0, clock: { believed: false, hold: 'first' }, feeds: [{ feed: 'trades', removed: [], heldChunks: expect.any(Number) as number }] });
    // What other stores' killed processes left in shared memory is told at any time, too.
    const last = (): StoreEvent | undefined => events.filter(({ message }) => !message.startsWith('left behind by a process')).at(-1);
    expect(last()).toMatchObject({ level: 'warn', message: expect.stringContaining('Nothing is deleted by age') as string });
    const dry = await platform.cleanup({ dryRun: true, acceptClock: true });
    const progress: number[] = [];
    const done = await platform.cleanup({ acceptClock: true, onProgress: ({ feeds }) => progress.push(feeds) });
    expect(done.feeds).toEqual(dry.feeds);
    expect(progress).toEqual([1]);
    const { next } = done.feeds[0]!.removed[0]!;
    expect(next).toBeGreaterThanOrEqual(3000);
    expect(platform.feedInfo('trades').records).toEqual({ first: next, next: 4000 });
    expect(last()?.message).toContain(`records 0 to ${next - 1}`);
    expect(memory(platform)).toMatchObject({ format: 1, ranAt: {}, clock: { anchor: {} } });
    const writer = await platform.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(4000));
    expect(await (await platform.createReader<typeof TRADES>('trades')).last(1)).toEqual([trade(4000)]);
  });

  test('refuses what it cannot do', async () => {
    const platform = await filled({});
    expect(await failure(() => platform.cleanup({ feeds: ['trads'] }))).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    expect(await failure(() => platform.cleanup({ dry: true } as CleanupOptions))).toMatchObject({ code: 'DW_OPTION_INVALID' });
    const reading = await openPlatform(platform.basePath, { readOnly: true });
    expect(await failure(() => reading.cleanup())).toMatchObject({ code: 'DW_BASE_PATH_READ_ONLY' });
    expect(await reading.cleanup({ dryRun: true })).toMatchObject({ dryRun: true });
    expect((await platform.cleanup({ signal: AbortSignal.abort() })).aborted).toBe(true);
    await platform.close();
    expect(await failure(() => platform.cleanup())).toMatchObject({ code: 'DW_PLATFORM_CLOSED' });
  });
});

describe('the timer of a platform', () => {
  test('cleans up by itself, some time after the store was opened', async () => {
    const platform = await filled({ retentionHours: 0, retentionBytes: 1 });
    expect(chunkFiles(platform).length).toBeGreaterThan(3);
    expect(existsSync(join(platform.basePath, 'cleanup.json'))).toBe(false);
    const other = await openPlatform(platform.basePath, { cleanupMinutes: 0.001 });
    await expect.poll(() => chunkFiles(platform).length).toBeLessThanOrEqual(2);
    await other.close();
  });

  test('is refused values that are none', async () => {
    for (const cleanupMinutes of [-1, Number.NaN, 1e9, '15']) {
      expect(await failure(() => openPlatform(undefined, { cleanupMinutes: cleanupMinutes as number }))).toMatchObject({ code: 'DW_OPTION_INVALID' });
    }
  });
});
