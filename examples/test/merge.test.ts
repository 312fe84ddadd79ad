import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIGINT, INTEGER } from '@duckdb/node-api';
import { Platform } from 'deepwater';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_DATA, recordingsFolder } from '../dist/folders.js';
import { findSources } from '../dist/sources/find-sources.js';
import type { TickSource } from '../dist/sources/tick-source.js';
import { type Duck, openDuck } from '../../packages/query/test/support/duckdb.js';

/** Every feed of the sample in one store, and the clocks of every one in DuckDB. */
let folder: string;
let platform: Platform;
let duck: Duck;
const names: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'deepwater-merge-'));
  platform = await Platform.open(join(folder, 'data'));
  duck = await openDuck();
  for (const source of findSources(SAMPLE_DATA)) await load(source, source.name);
}, 120_000);
afterAll(async () => {
  duck.close();
  await platform.close();
  rmSync(folder, { recursive: true, force: true });
});

async function load(source: TickSource, name: string): Promise<void> {
  // Small chunks, so that there are many borders.
  await platform.createFeed({ ...source.spec, name, chunkSizeBytes: 131_072 } as never);
  const writer = await platform.createWriter(name);
  for await (const { rows, columns } of source.batches()) source.writeRows(writer as never, columns, 0, rows);
  await writer.flush();
  names.push(name);
  await fill(names.length - 1, name, source.spec.timestamp);
}

/** The feed's sequence numbers and times in ns: the table f<index>. */
async function fill(index: number, feed: string, timestamp: string): Promise<void> {
  const factor = BigInt({ ms: 1_000_000, us: 1000, ns: 1 }[platform.feedInfo(feed).spec.timestampUnit ?? 'us']);
  const reader = await platform.createReader(feed);
  const columns = reader.readFromSync(0, 2 ** 31, 'columns').records as Record<string, BigUint64Array>;
  const times = Array.from(columns[timestamp] as BigUint64Array, (time, i) => [index, BigInt(i), time * factor]);
  await duck.table(`f${index}`, { feed: INTEGER, sequence: BIGINT, ns: BIGINT }, times);
}

describe('real feeds', () => {
  test('merge as DuckDB orders them: by time, feed and sequence', async () => {
    const wanted = await duck.rows(`select feed, sequence from (${names.map((_, i) => `select * from f${i}`).join(' union all ')}) order by ns, feed, sequence`);
    expect(wanted.length).toBeGreaterThan(100_000);
    let at = 0;
    for await (const { length, source, row, feeds } of platform.merge(names).batches()) {
      for (let i = 0; i < length; i++, at++) {
        const feed = source[i] as number;
        const sequence = feeds[feed]?.sequences[row[i] as number];
        const { feed: wantedFeed, sequence: wantedSequence } = wanted[at] as { feed: number; sequence: bigint };
        if (feed !== wantedFeed || sequence !== Number(wantedSequence)) expect([at, feed, sequence]).toEqual([at, wantedFeed, Number(wantedSequence)]);
      }
    }
    expect(at).toBe(wanted.length);
  });

  test('join trades with their quotes as DuckDB does', async () => {
    const pairs = names.flatMap((name, trades) => {
      const quotes = names.findIndex((other) => other !== name && /quote/.test(other) && other.replace(/[-_]?quotes?/, '') === name.replace(/[-_]?trades?/, ''));
      return /trade/.test(name) && quotes >= 0 ? [[trades, quotes] as const] : [];
    });
    expect(pairs.length).toBeGreaterThan(1);
    for (const [trades, quotes] of pairs) await expectJoined(trades, quotes);
  });

  const recordings = recordingsFolder();
  const equity = recordings === undefined ? [] : findSources(recordings).filter(({ name }) => /ibm/.test(name));
  test.skipIf(equity.length < 2)(`join whole days of Lean's ibm with their quotes as DuckDB does${equity.length < 2 ? ' (skipped: there are no recordings, see DEEPWATER_RECORDINGS)' : ''}`, async () => {
    const first = names.length;
    for (const source of equity) await load(source, `whole_${source.name}`);
    const index = (what: RegExp): number => names.findIndex((name, i) => i >= first && what.test(name));
    await expectJoined(index(/trade/), index(/quote/));
  }, 120_000);
});

/** The join of two feeds, by their tables, is that of DuckDB. */
async function expectJoined(trades: number, quotes: number): Promise<void> {
  const wanted = await duck.rows(`select l.ns as time, r.ns as found from f${trades} l asof left join (select ns, max(sequence) as sequence from f${quotes} group by ns) r on l.ns >= r.ns order by l.sequence`);
  const [left, right] = [names[trades] as string, names[quotes] as string];
  const clock = (feed: string): string => platform.feedInfo(feed).spec.timestamp;
  const factor = (feed: string): bigint => BigInt({ ms: 1_000_000, us: 1000, ns: 1 }[platform.feedInfo(feed).spec.timestampUnit ?? 'us']);
  const [ofLeft, ofRight] = [factor(left), factor(right)];
  const joined = platform.asOf(left, right, { columns: [clock(left)], rightColumns: [clock(right)] }).allSync() as unknown as [bigint | number, bigint | number | undefined][];
  const got = joined.map(([time, found]) => `${BigInt(time) * ofLeft} ${found === undefined ? 'none' : BigInt(found) * ofRight}`);
  expect(got).toEqual(wanted.map(({ time, found }) => `${String(time)} ${found === null ? 'none' : String(found)}`));
}
