import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Platform } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { importFiles } from '../dist/index.js';
import { ALL_FILES, fileWith, openPlatform, temporaryDirectory } from './support/stores.js';
import { SEED as seed } from '../../../test/support/seed.js';

const CHILD = fileURLToPath(new URL('support/kill-child.mjs', import.meta.url));
const SPEC = {
  name: 'ticks', timestamp: 'ts', retentionHours: 0, chunkSizeMb: 2,
  // The text makes records wide: what is parsed ahead is counted in bytes.
  fields: [{ name: 'ts', type: 'uint64' }, { name: 'n', type: 'int64', as: 'number' }, { name: 'price', type: 'decimal', scale: 2 }, { name: 'note', type: 'string', bytes: 96 }],
} as const;
const T0 = 1_700_000_000_000_000;
/** Rows that are equal to the one before in all of their columns are records of their own. */
const valueOf = (n: number): number => n - (n % 10 === 9 ? 1 : 0);
const isBad = (n: number): boolean => n % 50_000 === 1234;

function ticksFile(rows: number, from = 0): string {
  const lines = ['ts,n,price,note'];
  for (let n = from; n < from + rows; n++) {
    const value = valueOf(n);
    lines.push(`${T0 + value * 7},${isBad(n) ? 'x' : value},${(value / 100).toFixed(2)},note`);
  }
  return `${lines.join('\n')}\n`;
}

const expected = (rows: number, from = 0): number[] => Array.from({ length: rows }, (_, n) => n + from).filter((n) => !isBad(n)).map(valueOf);

/** The values of `n` in all records; a record whose other fields do not fit to it counts as NaN. */
async function valuesOf(platform: Platform): Promise<number[]> {
  const reader = await platform.createReader('ticks');
  const { first, next } = reader.bounds();
  const values: number[] = [];
  for (let at = first; at < next;) {
    const { records, next: then } = await reader.readFrom(at, 200_000, 'columns');
    const { ts, n, price } = records as unknown as { ts: BigUint64Array; n: BigInt64Array; price: BigInt64Array };
    n.forEach((each, row) => { values.push(price[row] === each && ts[row] === BigInt(T0) + each * 7n ? Number(each) : NaN); });
    at = then;
  }
  return values;
}

function difference(found: readonly number[], wanted: readonly number[]): string {
  const at = wanted.findIndex((value, n) => found[n] !== value);
  if (at >= 0) return `record ${at} is ${found[at]}, not ${wanted[at]}`;
  return found.length === wanted.length ? 'none' : `${found.length} records, not ${wanted.length}`;
}

/** Runs the import in a process of its own and kills it. @param when records that were told, or milliseconds after it opened, -1 for never */
async function runChild(basePath: string, files: string[], when: { records?: number; ms?: number }): Promise<{ killed: boolean; added: number }> {
  const child = fork(CHILD, [basePath, JSON.stringify(files), JSON.stringify({ spec: SPEC })], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let added = -1;
  child.on('message', (message: { opened?: true; records?: number; added?: number }) => {
    if (message.opened && when.ms !== undefined) setTimeout(() => child.kill('SIGKILL'), when.ms);
    if (message.records !== undefined && when.records !== undefined && message.records >= when.records) child.kill('SIGKILL');
    if (message.added !== undefined) added = message.added;
  });
  await once(child, 'exit');
  return { killed: child.signalCode === 'SIGKILL', added };
}

describe('an import that is killed', () => {
  test('is finished by running it again, whenever it was killed, without a record too many or too few', async () => {
    console.info(`seed ${seed}`);
    let state = seed;
    const random = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
    // More than is parsed ahead, so that records are written while the file is read.
    const rows = ALL_FILES ? 700_000 : 450_000;
    const file = fileWith('ticks.csv', ticksFile(rows));
    const second = fileWith('more.csv', ticksFile(50_000, rows));
    const basePath = join(temporaryDirectory(), 'data');
    let killed = 0;
    for (let round = 0; round < (ALL_FILES ? 8 : 4); round++) {
      // Each time it comes a little further at most, so that there is something left to do for the rounds after it.
      const end = await runChild(basePath, [file, second], round % 2 === 0 ? { records: Math.floor(200_000 + random() * (ALL_FILES ? 100_000 : 60_000) * round) } : { ms: random() * 300 });
      if (!end.killed) break;
      killed += 1;
    }
    const last = await runChild(basePath, [file, second], {});
    expect(last.killed).toBe(false);
    expect(killed).toBeGreaterThan(ALL_FILES ? 2 : 1);
    const again = await runChild(basePath, [file, second], {});
    expect(again.added).toBe(0);
    const platform = await openPlatform(basePath);
    expect(difference(await valuesOf(platform), expected(rows + 50_000))).toBe('none');
  });

  test('is gone on with behind what another writer has written meanwhile', async () => {
    const rows = 500_000;
    const file = fileWith('ticks.csv', ticksFile(rows));
    const basePath = join(temporaryDirectory(), 'data');
    expect((await runChild(basePath, [file], { records: 420_000 })).killed).toBe(true);
    const platform = await openPlatform(basePath);
    const before = platform.feedInfo('ticks').records.next;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(rows);
    const writer = await platform.createWriter('ticks');
    for (let n = 0; n < 1000; n++) writer.writeValues(T0 + n, -n, '0.01', '');
    await writer.close();
    const report = await importFiles(platform, [file], { spec: SPEC });
    const all = expected(rows);
    expect(report.added).toBe(all.length - before);
    const found = await valuesOf(platform);
    expect(difference([...found.slice(0, before), ...found.slice(before + 1000)], all)).toBe('none');
  });

  test('is not lost when its last act was to write all records, and not that they are written', async () => {
    const file = fileWith('ticks.csv', ticksFile(30_000));
    const platform = await openPlatform();
    await importFiles(platform, [file], { spec: SPEC });
    await platform.close();
    // As if the process had died between the last record and the ledger.
    const directory = join(platform.basePath, 'feeds', 'ticks', 'imports');
    const [name] = readdirSync(directory);
    const { finished, ...entry } = JSON.parse(readFileSync(join(directory, name!), 'utf8')) as Record<string, unknown>;
    expect(finished).toEqual({ feeds: ['ticks'], rejected: 1 });
    writeFileSync(join(directory, name!), JSON.stringify({ ...entry, done: 0, open: { sequence: 0, epoch: 1 } }));
    const again = await openPlatform(platform.basePath);
    expect((await importFiles(again, [file], { spec: SPEC })).added).toBe(0);
    expect(difference(await valuesOf(again), expected(30_000))).toBe('none');
    // And one whose records cannot be told any more says so, and writes nothing.
    writeFileSync(join(directory, name!), JSON.stringify({ ...entry, done: 0, open: { sequence: 0, epoch: 77 } }));
    await expect(importFiles(again, [file], { spec: SPEC })).rejects.toMatchObject({ code: 'DW_IMPORT_LOST' });
    expect(again.feedInfo('ticks').records.next).toBe(29_999);
  });
});

describe('an import that is stopped by its signal', () => {
  test('ends in order and says so; the next one goes on', async () => {
    const rows = 500_000;
    const file = fileWith('ticks.csv', ticksFile(rows));
    const platform = await openPlatform();
    const stop = new AbortController();
    const first = await importFiles(platform, [file], { spec: SPEC, signal: stop.signal, onProgress: ({ records }) => { if (records > 400_000) stop.abort(); } });
    expect(first).toMatchObject({ aborted: true, files: [{ state: 'stopped' }] });
    expect(first.added).toBeGreaterThan(0);
    expect(platform.feedInfo('ticks').records.next).toBe(first.added);
    const second = await importFiles(platform, [file], { spec: SPEC });
    expect(second).toMatchObject({ aborted: false, added: expected(rows).length - first.added, files: [{ state: 'imported' }] });
    expect(difference(await valuesOf(platform), expected(rows))).toBe('none');
    expect((await importFiles(platform, [file], { spec: SPEC })).files[0]!.state).toBe('already');
  });
});

test('a file is the same under another name, and another one with one byte changed; other options are refused', async () => {
  const platform = await openPlatform();
  const text = ticksFile(1000);
  expect((await importFiles(platform, [fileWith('a.csv', text)], { spec: SPEC })).added).toBe(1000);
  expect((await importFiles(platform, [fileWith('b.csv', text)], { feed: 'ticks' })).added).toBe(0);
  expect((await importFiles(platform, [fileWith('c.csv', text.replace(',0.01,', ',0.02,'))], { spec: SPEC })).added).toBe(1000);
  await expect(importFiles(platform, [fileWith('a.csv', text)], { feed: 'ticks', anyTime: true })).rejects.toMatchObject({ code: 'DW_IMPORT_CHANGED' });
  // A feed that was deleted takes along what was known of its files.
  await platform.deleteFeed('ticks');
  expect((await importFiles(platform, [fileWith('a.csv', text)], { spec: SPEC })).added).toBe(1000);
});
