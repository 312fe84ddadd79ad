import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Field, SymbolDictionaryReader } from '@deepwater/core';
import { parseWhere } from '@deepwater/query';
import { FeedFiles } from '../dist/feed-files.js';
import { type MergedBatch, mergedBatches } from '../dist/merge/merged-batches.js';
import type { FeedRequest } from '../dist/merge/stretches.js';
import { boundsBetween } from '../dist/time-bounds.js';
import { FACTORS, type ModelFeed, type ModelFilter, type ModelRow, buildFeed, byArrival, byTime, feedHistory, filters, within } from './support/merge-model.js';
import { openDuck } from './support/duckdb.js';
import { assertAsyncProperty, assertProperty } from './support/seed.js';
import { BIGINT, HUGEINT, INTEGER } from '@duckdb/node-api';

const open: ModelFeed[] = [];
afterEach(() => {
  for (const { fixture } of open.splice(0)) fixture.remove();
});

function request({ fixture, unit }: ModelFeed, low: bigint, high: bigint, filter?: ModelFilter): FeedRequest {
  const files = new FeedFiles(fixture.source, fixture.schema);
  const factor = FACTORS[unit];
  const fields = fixture.schema.fields;
  const predicate = parseWhere(fixture.schema, filter?.where);
  const where = predicate === undefined ? {} : { where: { predicate, symbols: new SymbolDictionaryReader(files.paths.symbols, fixture.source.feedUid) } };
  return { files, wanted: { bounds: boundsBetween(fixture.schema, 0, -floorOf(-low, factor), floorOf(high, factor)), fields: [...fields] as Field[], ...where }, fields };
}

function floorOf(value: bigint, divisor: bigint): bigint {
  const whole = value / divisor;
  return whole * divisor > value ? whole - 1n : whole;
}

interface Given {
  readonly feed: number;
  readonly sequence: number;
  readonly price: number;
  readonly tag: number;
  readonly time: bigint;
  readonly merged: bigint;
}

function given(batch: MergedBatch): Given[] {
  const { length, source, row, parts, times, base, unit } = batch;
  return Array.from({ length }, (_, i) => {
    const feed = source[i] as number;
    const part = parts[feed] as MergedBatch['parts'][number];
    const at = row[i] as number;
    return {
      feed, sequence: part.sequenceOf(at), price: part.columns['price']?.[at] as number, tag: part.columns['tag']?.[at] as number,
      time: BigInt(part.columns['ts']?.[at] as bigint), merged: (base + BigInt(times[i] as number)) * FACTORS[unit],
    };
  });
}

/** Each batch has to be looked at before the next is asked for. */
function all(batches: Iterable<MergedBatch | undefined>): Given[] {
  const records: Given[] = [];
  for (const batch of batches) if (batch !== undefined) records.push(...given(batch));
  return records;
}

const shown = ({ feed, sequence, price, tag, time }: ModelRow): Omit<Given, 'merged'> => ({ feed, sequence, price, tag, time });

const histories = fc.array(feedHistory, { minLength: 1, maxLength: 5 });
const range = fc.record({ low: fc.double({ min: 0, max: 1, noNaN: true }), high: fc.double({ min: 0, max: 1, noNaN: true }), whole: fc.boolean() });

/** A range between the times that there are. */
function rangeOf(feeds: readonly ModelFeed[], { low, high, whole }: { low: number; high: number; whole: boolean }): [bigint, bigint] {
  const times = feeds.flatMap(({ rows }) => rows.map(({ ns }) => ns)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (whole || times.length === 0) return [0n, 2n ** 64n - 1n];
  const at = (part: number): bigint => times[Math.floor(part * (times.length - 1))] as bigint;
  return [at(Math.min(low, high)), at(Math.max(low, high))];
}

describe('merged batches', () => {
  test('by time: exactly the records of the range, by time, then feed, then sequence, whatever the units and the order of the clocks', () => {
    assertProperty(fc.property(histories, range, filters, filters, (histories, part, even, odd) => {
      const filterOf = (feed: number): ModelFilter | undefined => (feed % 2 === 0 ? even : odd);
      const feeds = histories.map((history, i) => buildFeed(i, history));
      open.push(...feeds);
      const [low, high] = rangeOf(feeds, part);
      const got = all(mergedBatches(feeds.map((feed, i) => request(feed, low, high, filterOf(i)))));
      const wanted = byTime(feeds.map((feed, i) => within(feed, low, high, filterOf(i))));
      expect(got.map(({ merged: _merged, ...rest }) => rest)).toEqual(wanted.map(shown));
      expect(got.map(({ merged }) => merged)).toEqual(wanted.map(({ ns }) => ns));
    }), 150);
  });

  test('by arrival: each feed in its own order, merged by the greatest time it has had', () => {
    assertProperty(fc.property(histories, range, filters, filters, (histories, part, even, odd) => {
      const filterOf = (feed: number): ModelFilter | undefined => (feed % 2 === 0 ? even : odd);
      const feeds = histories.map((history, i) => buildFeed(i, history));
      open.push(...feeds);
      const [low, high] = rangeOf(feeds, part);
      const got = all(mergedBatches(feeds.map((feed, i) => request(feed, low, high, filterOf(i))), { order: 'arrival' }));
      const wanted = byArrival(feeds.map((feed, i) => within(feed, low, high, filterOf(i))));
      expect(got.map(({ merged: _merged, ...rest }) => rest)).toEqual(wanted.map(shown));
      expect(got.map(({ merged }) => merged)).toEqual(wanted.map(({ until }) => until));
    }), 150);
  });
});

describe('merged batches at their edges', () => {
  test('are in the order of DuckDB', async () => {
    const duck = await openDuck();
    let n = 0;
    try {
      await assertAsyncProperty(fc.asyncProperty(histories, async (histories) => {
        const feeds = histories.map((history, i) => buildFeed(i, history));
        open.push(...feeds);
        const rows = feeds.flatMap((feed) => feed.rows);
        n += 1;
        await duck.table(`m${n}`, { feed: INTEGER, sequence: BIGINT, ns: HUGEINT }, rows.map(({ feed, sequence, ns }) => [feed, BigInt(sequence), ns]));
        const wanted = await duck.rows(`select feed, sequence from m${n} order by ns, feed, sequence`);
        const got = all(mergedBatches(feeds.map((feed) => request(feed, -(2n ** 100n), 2n ** 100n))));
        expect(got.map(({ feed, sequence }) => [feed, sequence])).toEqual(wanted.map(({ feed, sequence }) => [feed, Number(sequence)]));
      }), 30);
    } finally {
      duck.close();
    }
  });

  const falling = { unit: 'us', signed: false, persist: true, shape: 'falling', begin: 1_700_000_000n, stride: 1n, capacityRows: 100, blockRows: 32, seed: 1 } as const;

  test('refuse more records that wait than the limit, and take as many', () => {
    const feed = buildFeed(0, { ...falling, steps: [{ kind: 'write', count: 250 }, { kind: 'drain', count: 150 }] });
    open.push(feed);
    const wished = { ...request(feed, 0n, 2n ** 62n), reorderRowsMax: 250 };
    expect(all(mergedBatches([wished]))).toHaveLength(250);
    let error: unknown;
    try {
      all(mergedBatches([{ ...wished, reorderRowsMax: 249 }]));
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'DW_LIMIT_EXCEEDED', values: { feed: 'feed0', limit: 249 } });
    // In order of arrival nothing waits.
    expect(all(mergedBatches([{ ...wished, reorderRowsMax: 0 }], { order: 'arrival' }))).toHaveLength(250);
  });

  test.each(['time', 'arrival'] as const)('by %s: a memory feed that laps the merge gives what it held at the beginning', (order) => {
    const feeds = [0, 1].map((i) => buildFeed(i, { ...falling, persist: false, shape: 'rising', steps: [{ kind: 'write', count: 1000 }, { kind: 'write', count: 500 }] }));
    open.push(...feeds);
    const batches = mergedBatches(feeds.map((feed) => request(feed, 0n, 2n ** 62n)), { order });
    let first = batches.next();
    while (first.done !== true && first.value === undefined) first = batches.next();
    const records = given(first.value as MergedBatch);
    // Twice round the ring.
    for (let i = 0; i < 4096; i++) for (const { fixture } of feeds) fixture.write(-1, -1, 1_900_000_000n);
    records.push(...all(batches));
    expect(records.map(({ merged: _merged, ...rest }) => rest)).toEqual(byTime(feeds.map(({ rows }) => rows)).map(shown));
  });
});
