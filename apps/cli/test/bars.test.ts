import { beforeAll, describe, expect, test } from 'vitest';
import { START, deepwater, openPlatform } from './support.js';

const MINUTE = 60_000_000;
let store: string;

beforeAll(async () => {
  const platform = await openPlatform();
  await platform.createFeed({
    name: 'trades',
    fields: [
      { name: 'price', type: 'float64' }, { name: 'size', type: 'decimal', scale: 2 }, { name: 'side', type: 'char' }, { name: 'maker', type: 'bool' }, { name: 'ts', type: 'uint64' },
    ],
    timestamp: 'ts',
  });
  const writer = await platform.createWriter('trades');
  [[10, '1.50', 'B', 0], [12, '0.25', 'S', 1000], [11, '1.00', 'B', 3 * MINUTE]].forEach(([price, size, side, at]) => {
    writer.writeValues(price as number, size as string, side as string, side === 'S', START + (at as number));
  });
  await platform.close();
  store = platform.basePath;
});

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await deepwater(['bars', 'trades', ...args, '--base-path', store]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('deepwater bars', () => {
  test('prints bars of a minute, with decimals to the last digit', async () => {
    expect(JSON.parse(await output('--json'))).toEqual([
      { start: START, end: START + MINUTE, open: 10, high: 12, low: 10, close: 12, count: 2, volume: '1.75', value: 18, vwap: 18 / 1.75, buyVolume: '1.50', sellVolume: '0.25' },
      { start: START + 3 * MINUTE, end: START + 4 * MINUTE, open: 11, high: 11, low: 11, close: 11, count: 1, volume: '1.00', value: 11, vwap: 11, buyVolume: '1.00', sellVolume: '0.00' },
    ]);
  });

  test('as csv, with gaps filled', async () => {
    const lines = (await output('--resolution', '1m', '--fill', 'previous', '--format', 'csv')).trimEnd().split('\n');
    expect(lines[0]).toBe('start,end,open,high,low,close,count,volume,value,vwap,buyVolume,sellVolume');
    expect(lines.slice(1).map((line) => line.split(',').slice(2, 8).join(' '))).toEqual(['10 12 10 12 2 1.75', '12 12 12 12 0 0.00', '12 12 12 12 0 0.00', '11 11 11 11 1 1.00']);
  });

  test('as a table, with times for people', async () => {
    const table = await output('--ticks', '2');
    expect(table).toContain(new Date(START / 1000).toISOString().slice(0, 19));
    expect(table).toMatch(/12 +│ +10 +│ +12 +│ +2/);
  });

  test('by amounts, sides and ranges', async () => {
    const bars = async (...args: string[]): Promise<Record<string, unknown>[]> => JSON.parse(await output(...args, '--json')) as Record<string, unknown>[];
    expect((await bars('--volume', '1.75')).map(({ count }) => count)).toEqual([2, 1]);
    expect((await bars('--where', '{ "side": "B", "price": { "gte": 10.5 } }')).map(({ open, count }) => [open, count])).toEqual([[11, 1]]);
    expect((await bars('--imbalance', 'volume=1.5')).map(({ count }) => count)).toEqual([1, 2]);
    expect(await bars('--side', 'maker=true/false', '--limit', '1')).toMatchObject([{ buyVolume: '0.25', sellVolume: '1.50' }]);
    expect((await bars('--start', String(START + 1), '--end', String(START + MINUTE))).map(({ open }) => open)).toEqual([12]);
    expect(await bars('--start', '0', '--end', '5')).toEqual([]);
    // 2025-02-01 was a Saturday.
    expect(await bars('--resolution', 'session', '--session', 'UTC 00:00-24:00')).toEqual([]);
  });

  test.each([
    [['--resolution', '1m', '--ticks', '5'], 'cannot be used with'],
    [['--resolution', 'often'], 'DW_OPTION_INVALID'],
    [['--imbalance', 'money'], 'volume=1000'],
    [['--session', 'New York'], 'America/New_York 09:30-16:00'],
    [['--price', 'prize'], 'DW_FIELD_UNKNOWN'],
    [['--side', 'maker=yes/no'], 'maker=true/false'],
    [['--by', 'price'], 'DW_OPTION_INVALID'],
  ])('%j is a mistake', async (args, said) => {
    const { code, stdout, stderr } = await deepwater(['bars', 'trades', ...args, '--base-path', store]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });

  test('--help says what there is', async () => {
    const { code, stdout } = await deepwater(['bars', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--session');
  });
});
