import { subscribe } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { fillBar, rateText } from '../dist/top/top-table.js';
import { Running, TRADES, deepwater, openPlatform, trade } from './support.js';

describe('deepwater top', () => {
  test('shows each feed with its rate, its ring and its writer', async () => {
    const platform = await openPlatform();
    for (const name of ['busy', 'quiet', 'empty']) await platform.createFeed({ ...TRADES, name, persist: name !== 'busy', ringRecords: 1024, chunkSizeMb: undefined });
    const busy = await platform.createWriter<typeof TRADES>('busy');
    const quiet = await platform.createWriter<typeof TRADES>('quiet');
    for (let n = 0; n < 100; n++) quiet.writeValues(...trade(n));
    await quiet.close();
    const running = new Running(['top', '-b', platform.basePath, '--json', '--interval', '0.2']);
    // The first look is behind it, so these count.
    await running.lines(1);
    for (let n = 0; n < 512; n++) busy.writeValues(...trade(n));
    const [, second, third] = (await running.lines(3)).map((line) => JSON.parse(line) as Record<string, unknown>[]);
    const find = (name: string) => [second, third].map((feeds) => feeds?.find(({ feed }) => feed === name)).find((look) => look?.['recordsPerSecond'] !== 0)
      ?? third?.find(({ feed }) => feed === name);
    expect(find('busy')).toMatchObject({ next: 512, waiting: 512, ringRecords: 1024, ringFill: 0.5, subscribers: [], writerPid: process.pid, lag: 0, lost: 0 });
    expect(find('busy')?.['recordsPerSecond']).toBeGreaterThan(100);
    expect(find('busy')?.['recordsPerSecond']).toBeLessThan(512 / 0.15);
    expect(find('quiet')).toMatchObject({ next: 100, waiting: 0, recordsPerSecond: 0 });
    expect(find('quiet')).not.toHaveProperty('writerPid');
    expect(find('empty')).toMatchObject({ next: 0, ringRecords: 0, ringFill: 0 });
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('lists subscribers of every process: where they are, how far behind, what they lost', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...TRADES, persist: false, ringRecords: 1024, chunkSizeMb: undefined });
    const writer = await platform.createWriter<typeof TRADES>('trades');
    const follower = new Running(['tail', 'trades', '--follow', '--format', 'csv', '-c', 'id', '-b', platform.basePath]);
    const subscription = subscribe(platform.subscription<typeof TRADES>('trades'));
    writer.writeValues(...trade(0));
    expect(subscription.poll()).toHaveLength(1);
    await follower.lines(2);
    for (let n = 1; n < 3000; n++) writer.writeValues(...trade(n));
    await expect.poll(async () => (await follower.lines(1)).at(-1), { timeout: 20_000 }).toBe('2999');
    const [trades] = JSON.parse((await deepwater(['top', '-b', platform.basePath, '--json', '-n', '1', '-i', '0.05'])).stdout) as [{ lag: number; subscribers: { pid: number; position: number; lag: number; lost: number }[] }];
    const [mine, other] = [process.pid, follower.child.pid].map((pid) => trades.subscribers.find((each) => each.pid === pid));
    expect(mine).toMatchObject({ position: 1, lag: 2999, lost: 0 });
    expect(other).toMatchObject({ position: 3000, lag: 0 });
    expect(trades.lag).toBe(2999);
    subscription.poll();
    expect((await platform.createReader('trades')).activity().subscribers.find(({ pid }) => pid === process.pid)?.lost).toBe(subscription.lost);
    expect(subscription.lost).toBeGreaterThan(1000);
    subscription.close();
    follower.child.kill('SIGINT');
    await follower.ended;
    expect((await platform.createReader('trades')).activity().subscribers).toEqual([]);
  });

  test('prints a table, as often as asked', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const { code, stdout } = await deepwater(['top', '-b', platform.basePath, '-n', '2', '-i', '0.05', '--subscribers']);
    expect(code).toBe(0);
    expect(stdout.match(/records\/s/g)).toHaveLength(2);
    expect(stdout).toMatch(/trades .*0 .*-/);
    expect((await deepwater(['top', '-b', platform.basePath, '-i', '0'])).code).toBe(1);
  });

  test('draws how full a ring is', () => {
    expect([0, 0.5, 1, 2, 1 / 64].map(fillBar)).toEqual(['········   0 %', '████····  50 %', '████████ 100 %', '████████ 200 %', '▏·······   2 %']);
    expect([0, 0.5, 12.34, 999.4, 999.9, 1234, 999_999, 2.5e7, 3e9].map(rateText)).toEqual(['0', '0.50', '12', '999', '1.00 k', '1.23 k', '1.00 M', '25.0 M', '3.00 G']);
  });
});
