import { beforeAll, describe, expect, test } from 'vitest';
import { coverageBar } from '../dist/output/timeline.js';
import { deepwater, openPlatform } from './support.js';

const START = 1_738_368_000_000; // 2025-02-01T00:00:00Z
const HOUR = 3_600_000;
let store: string;

/** Two feeds, one in ms and one in ns, each covered by [from, to) hours. */
beforeAll(async () => {
  const platform = await openPlatform();
  store = platform.basePath;
  for (const [name, unit, spans] of [['trades', 'ms', [[0, 10], [12, 20]]], ['quotes', 'ns', [[2, 14], [15, 24]]]] as const) {
    const writer = await platform.createWriter(await platform.createFeed({ name, fields: [{ name: 'x', type: 'float64' }, { name: 't', type: 'int64', unit }], timestamp: 't' }));
    for (const [from, to] of spans) {
      for (let at = START + from * HOUR; at < START + to * HOUR; at += HOUR / 2) writer.writeValues(1, (unit === 'ns' ? BigInt(at) * 1_000_000n : at) as never);
      writer.writeValues(1, (unit === 'ns' ? BigInt(START + to * HOUR - 1) * 1_000_000n : START + to * HOUR - 1) as never);
      writer.markSegment({ reason: `socket closed at ${to}` });
    }
    await writer.close();
  }
  await platform.createFeed({ name: 'live', fields: [{ name: 't', type: 'uint64' }], timestamp: 't', persist: false });
  await platform.close();
});

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await deepwater(['segments', ...args, '--base-path', store]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('deepwater segments', () => {
  test('lists the segments of every persisted feed and draws them, in 80 columns', async () => {
    const text = await output();
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text).toContain('socket closed at 10');
    expect(text).toContain('2025-02-01T12:00:00Z');
    const [trades, quotes] = ['trades', 'quotes'].map((name) => text.split('\n').find((line) => line.startsWith(`${name} `) && line.endsWith('%'))!);
    // 24 hours in 52 cells: hours 10 to 12 are empty.
    expect(trades).toMatch(/^trades █{21}[░▒▓]·{3}/);
    expect(quotes).toBe('quotes ····▓█████████████████████████▒·▒███████████████████   87 %');
    expect(text).not.toContain('live');
  });

  test('--json has all digits, times as the feed has them', async () => {
    const { feeds } = JSON.parse(await output('quotes', '--json')) as { feeds: { feed: string; unit: string; segments: Record<string, unknown>[] }[] };
    expect(feeds).toHaveLength(1);
    expect(feeds[0]).toMatchObject({ feed: 'quotes', unit: 'ns' });
    expect(feeds[0]!.segments.map(({ start, records, ended, reason }) => ({ start, records, ended, reason }))).toEqual([
      { start: `${START + 2 * HOUR}000000`, records: 25, ended: 'marked', reason: 'socket closed at 14' },
      { start: `${START + 15 * HOUR}000000`, records: 19, ended: 'marked', reason: 'socket closed at 24' },
    ]);
  });

  test('--common and --split give windows in the unit of the first feed', async () => {
    const json = JSON.parse(await output('trades', 'quotes', '--split', '0.75', '--gap', '30m', '--json')) as { unit: string; windows: object[]; split: object };
    expect(json.unit).toBe('ms');
    expect(json.windows).toEqual([{ start: START + 2 * HOUR, end: START + 10 * HOUR }, { start: START + 12 * HOUR, end: START + 14 * HOUR - 1 }, { start: START + 15 * HOUR, end: START + 20 * HOUR }]);
    expect(json.split).toEqual({ train: { start: START + 2 * HOUR, end: START + 7.625 * HOUR }, validation: { start: START + 8.125 * HOUR, end: START + 10 * HOUR } });
    const text = await output('trades', 'quotes', '--common', '--minimum', '4h', '--start', '2025-02-01T03:00:00Z');
    expect(text).toContain('7 h');
    expect(text).toMatch(/^common +·+/m);
  });

  test('says what is wrong', async () => {
    expect(await deepwater(['segments', 'trads', '--base-path', store])).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_FEED_UNKNOWN') as string });
    expect(await deepwater(['segments', 'live', '--base-path', store])).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_FEED_NOT_PERSISTED') as string });
    expect(await deepwater(['segments', 'trades', '--split', '2', '--base-path', store])).toMatchObject({ code: 1, stderr: expect.stringContaining('train is 2') as string });
    expect(await deepwater(['segments', 'trades', '--minimum', '5x', '--common', '--base-path', store])).toMatchObject({ code: 1, stderr: expect.stringContaining('minimum is "5x"') as string });
  });
});

describe('a coverage bar', () => {
  test('is as dark as what is covered, and shows the shortest gap', () => {
    expect(coverageBar([{ start: 0n, end: 100n }], 0n, 100n, 10)).toBe('██████████');
    expect(coverageBar([], 0n, 100n, 4)).toBe('····');
    expect(coverageBar([{ start: 0n, end: 50n }, { start: 51n, end: 100n }], 0n, 100n, 10)).toBe('█████▓████');
    expect(coverageBar([{ start: 1n, end: 2n }], 0n, 100n, 10)).toBe('░·········');
    expect(coverageBar([{ start: 0n, end: 1n }], 0n, 1n, 5)).toBe('█████');
  });
});
