import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HealthCheck, HealthReport } from 'deepwater';
import { TRADES, deepwater, openPlatform, storeWithTrades, temporaryDirectory, trade } from './support.js';

/** What the command finds: the checks that are not ok, as `feed check state`. */
async function health(basePath: string, ...args: string[]): Promise<{ code: number | null; bad: string[]; checks: readonly HealthCheck[]; stderr: string }> {
  const { code, stdout, stderr } = await deepwater(['health', '--base-path', basePath, '--check-feeds', '--min-free-gb', '0', '--json', ...args]);
  if (stdout === '') return { code, bad: [], checks: [], stderr };
  const { checks, healthy } = JSON.parse(stdout) as HealthReport;
  expect(code).toBe(healthy ? 0 : 1);
  return { code, stderr, checks, bad: checks.filter(({ state }) => state === 'warn' || state === 'fail').map(({ feed, check, state }) => [feed, check, state].filter(Boolean).join(' ')) };
}

/** Everything below a directory, with its size and time. */
const everythingIn = (directory: string): string[] => readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
  const { size, mtimeMs } = statSync(join(directory, name));
  return `${name} ${size} ${mtimeMs}`;
}).sort();

let sound: string;
beforeAll(async () => { sound = await storeWithTrades(2000); });

describe('deepwater health', () => {
  test('of a sound store: 0, every check is named, nothing is written; also where nothing may be', async () => {
    const store = sound;
    const before = everythingIn(store);
    chmodSync(store, 0o500);
    const { code, bad, checks } = await health(store);
    chmodSync(store, 0o700);
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    expect(checks.map(({ check }) => check)).toEqual([
      'manifest', 'registry', 'feed file', 'disk space', 'shared memory', 'clock', 'quarantine', 'log', 'catalog', 'chunks', 'records', 'ring', 'ingest', 'writer', 'recent writes', 'times', 'cleanup',
    ]);
    expect(everythingIn(store)).toEqual(before);
    const { stdout } = await deepwater(['health', '--base-path', store, '--min-free-gb', '0']);
    expect(stdout).toContain('● ');
    expect(stdout).toContain('is healthy');
    expect(stdout).not.toContain('trades');
  });

  test('where there is no store, or the command is mistaken: 2', async () => {
    const directory = temporaryDirectory();
    expect(await health(join(directory, 'nowhere'))).toMatchObject({ code: 2, stderr: expect.stringContaining('DW_BASE_PATH_INVALID') as string });
    expect(await health(directory)).toMatchObject({ code: 2 });
    expect(await health(directory, '--max-age-seconds', 'soon')).toMatchObject({ code: 2 });
    expect(await health(directory, '--unknown')).toMatchObject({ code: 2 });
  });

  test('of one that is damaged: 1, and what is wrong, in words and as JSON', async () => {
    const store = await storeWithTrades(10);
    writeFileSync(join(store, 'feeds', 'trades', 'catalog.dwc'), 'garbage');
    expect(await health(store)).toMatchObject({ code: 1, stderr: '' });
    const { code, stdout } = await deepwater(['health', '--base-path', store, '--check-feeds', '--min-free-gb', '1000000000']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✖ {2}FAIL .*trades .*catalog/);
    expect(stdout).toMatch(/✖ disk space: .* less than 1000000000/);
    expect(stdout).toContain('UNHEALTHY');
    for (const line of stdout.split('\n').filter((each) => each.startsWith('│'))) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('tells of a living writer, and disturbs it no more than a reader', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, name: 'idle' });
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 0; n < 1000; n++) writer.writeValues(...trade(n));
    const { code, bad, checks } = await health(platform.basePath, '--max-age-seconds', '1000');
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    expect(checks.find(({ check, feed }) => check === 'writer' && feed === 'trades')).toMatchObject({ value: `process ${process.pid}` });
    expect(checks.find(({ check, feed }) => check === 'recent writes' && feed === 'idle')).toMatchObject({ value: 'never written' });
    writer.writeValues(...trade(1000));
    await platform.close();
  });
});
