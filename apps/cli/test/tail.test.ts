import { describe, expect, test } from 'vitest';
import { Running, TRADES, deepwater, openPlatform, storeWithTrades, trade } from './support.js';

const FOLLOW = ['tail', 'trades', '--follow', '--format', 'csv', '--columns', 'id'];
const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

async function writing(count: number, extra: object = {}) {
  const platform = await openPlatform();
  await platform.createFeed({ ...TRADES, ...extra });
  const writer = await platform.createWriter<typeof TRADES>('trades');
  for (let n = 0; n < count; n++) writer.writeValues(...trade(n));
  return { platform, writer };
}

describe('deepwater tail', () => {
  test('prints the last ten records, or as many as asked for, or as there are', async () => {
    const store = await storeWithTrades(30);
    const ids = async (...args: string[]): Promise<string[]> => (await deepwater(['tail', 'trades', '-b', store, '-f', 'csv', '-c', 'id', ...args])).stdout.split('\n').slice(1, -1);
    expect(await ids()).toEqual(range(20, 30));
    expect(await ids('--lines', '3')).toEqual(range(27, 30));
    expect(await ids('--lines', '100')).toEqual(range(0, 30));
    expect(await ids('--lines', '0')).toEqual([]);
    const table = (await deepwater(['tail', 'trades', '-b', store, '-n', '1', '-c', 'timestamp_us'])).stdout;
    expect(table).toContain('2025-02-01T00:00:00.029000Z');
    expect(JSON.parse((await deepwater(['tail', 'trades', '-b', store, '-n', '1', '-c', 'id', '--json'])).stdout)).toEqual([{ id: '29' }]);
  });
});

describe('deepwater tail --follow', () => {
  test('prints each record that comes, once and in order, across chunks, until Ctrl+C', async () => {
    const { platform, writer } = await writing(25, { chunkSizeBytes: 16384, chunkSizeMb: undefined, ringRecords: 64 });
    const running = new Running([...FOLLOW, '-b', platform.basePath]);
    expect(await running.lines(11)).toEqual(['id', ...range(15, 25)]);
    for (let n = 25; n < 5000; n++) writer.writeValues(...trade(n));
    expect(await running.lines(4986)).toEqual(['id', ...range(15, 5000)]);
    writer.writeValues(...trade(5000));
    await running.lines(4987);
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual({ code: 0, signal: null, stderr: '', stdout: `${['id', ...range(15, 5001)].join('\n')}\n` });
  });

  test('goes on when the writer closes and another one begins', async () => {
    const { platform, writer } = await writing(3);
    const running = new Running([...FOLLOW, '-b', platform.basePath]);
    await running.lines(4);
    await writer.close();
    const next = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 3; n < 9; n++) next.writeValues(...trade(n));
    expect(await running.lines(10)).toEqual(['id', ...range(0, 9)]);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('follows a memory feed, and tells what it lost', async () => {
    const { platform, writer } = await writing(5, { persist: false, ringRecords: 1024, chunkSizeMb: undefined });
    const running = new Running([...FOLLOW, '-b', platform.basePath]);
    await running.lines(6);
    running.child.kill('SIGSTOP');
    for (let n = 5; n < 20_000; n++) writer.writeValues(...trade(n));
    running.child.kill('SIGCONT');
    // The last one that it can show tells that it has caught up.
    await expect.poll(async () => (await running.lines(1)).at(-1), { timeout: 20_000 }).toBe('19999');
    running.child.kill('SIGINT');
    const { stdout, stderr, code } = await running.ended;
    const shown = stdout.split('\n').slice(1, -1).map(Number);
    const lost = Number(/(\d+) records were overwritten/.exec(stderr)?.[1]);
    expect(code).toBe(0);
    expect(shown.length + lost).toBe(20_000);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
  });

  test('begins with a time, or plays back from the index point before it', async () => {
    const { platform, writer } = await writing(0, { mode: 'IF' });
    for (let n = 0; n < 50; n++) {
      if (n % 20 === 10) writer.markIndex();
      writer.writeValues(...trade(n));
    }
    await writer.flush();
    const time = '2025-02-01T00:00:00.025';
    const shown = async (args: readonly string[], count: number): Promise<string[]> => {
      const running = new Running([...FOLLOW, '-b', platform.basePath, ...args]);
      const lines = await running.lines(1 + count);
      running.child.kill('SIGINT');
      expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
      return lines.slice(1);
    };
    expect(await shown(['--start', time], 25)).toEqual(range(25, 50));
    expect(await shown(['--start', time, '--playback'], 40)).toEqual(range(10, 50));
    expect(await shown(['--playback'], 20)).toEqual(range(30, 50));
    expect((await deepwater(['info', 'trades', '-b', platform.basePath])).stdout).toMatch(/mode +IF \(indexed\), 2 index points/);
  });

  test('shows a table that grows, with the head once, and waits for the first record of an empty feed', async () => {
    const { platform, writer } = await writing(0);
    const running = new Running(['tail', 'trades', '--follow', '-b', platform.basePath, '-c', 'side,price,timestamp_us']);
    writer.writeValues(...trade(1));
    expect(await running.lines(2)).toEqual(['side   price  timestamp_us', 'S     100.25  2025-02-01T00:00:00.001000Z']);
    writer.writeValues(...trade(2));
    expect((await running.lines(3))[2]).toBe('B      100.5  2025-02-01T00:00:00.002000Z');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('ends with an error when the feed is deleted', async () => {
    const { platform } = await writing(3);
    const running = new Running([...FOLLOW, '-b', platform.basePath]);
    await running.lines(4);
    await (await platform.createWriter('trades')).close();
    await platform.deleteFeed('trades');
    expect(await running.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^deepwater: DW_/) as string });
  });

  test('ends quietly when nobody reads it any more', async () => {
    const { platform, writer } = await writing(3);
    const running = new Running([...FOLLOW, '-b', platform.basePath]);
    await running.lines(4);
    running.child.stdout!.destroy();
    writer.writeValues(...trade(3));
    expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });
});
