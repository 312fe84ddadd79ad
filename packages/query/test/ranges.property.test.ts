import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Field, Schema } from '@deepwater/core';
import { type ColumnArray, FeedReader, QueryPool, type Segment, countInPool } from '@deepwater/query';
import { cellValue, everything, packRecord } from './support/everything.js';
import type { FeedFixture, ModelRecord } from './support/feed-fixture.js';
import { START, START_NS, buildFeed, history } from './support/history.js';
import { greatest, objects, timeOn, tuples, within } from './support/model.js';
import { assertAsyncProperty, assertProperty } from './support/seed.js';

/** Parts of a few rows: most scans are cut into many. */
const pool = new QueryPool({ threads: 2, morselBytes: 700, nearRows: 0 });
/** Reads of few rows stay in the thread that asks. */
const near = new QueryPool({ threads: 1, nearRows: 100 });
beforeAll(() => Promise.all([pool.warmUp(), near.warmUp()]));
afterAll(() => Promise.all([pool.close(), near.close()]));

function expectColumns(schema: Schema, columns: Record<string, ColumnArray>, records: readonly ModelRecord[], symbols: readonly string[], names: readonly string[]): void {
  expect(Object.keys(columns)).toEqual(names);
  for (const name of names) {
    const field = schema.fields.find((each) => each.name === name) as Field;
    const wanted = records.map(({ values }) => cellValue(field, values[field.index], symbols));
    expect([...(columns[name] as Uint8Array)], name).toEqual(field.cell === 'bytes' ? wanted.flat() : wanted);
  }
}

const query = fc.record({
  by: fc.constantFrom(0, 1),
  from: fc.integer({ min: -20, max: 1600 }),
  length: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2000 })),
  limit: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  columns: fc.option(fc.shuffledSubarray(everything.fields.map(({ name }) => name).filter((name) => name !== '_'), { minLength: 1 }), { nil: undefined }),
});

function bounds(by: number, from: number, length: number): { start: number | bigint; end: number | bigint; low: bigint; high: bigint } {
  if (by === 1) return { start: START_NS + BigInt(from), end: START_NS + BigInt(from + length), low: START_NS + BigInt(from), high: START_NS + BigInt(from + length) };
  return { start: START + from, end: START + from + length, low: BigInt(START + from), high: BigInt(START + from + length) };
}

describe('every read equals the naive one', () => {
  test('range: all formats, both clocks, any order of times, any mix of chunks and ring', () => {
    assertProperty(fc.property(history, fc.array(query, { minLength: 1, maxLength: 6 }), (past, queries) => {
      const fixture = buildFeed(past);
      const reader = new FeedReader(fixture.source);
      for (const { by, from, length, limit, columns } of queries) {
        const { start, end, low, high } = bounds(by, from, length);
        const wanted = within(fixture, by, low, high).slice(0, limit);
        const name = fixture.schema.clocks[by]?.name;
        const names = columns ?? reader.fieldNames;
        expect(reader.rangeSync(start, end, { by: name, limit, columns: columns as never })).toEqual(tuples(fixture, wanted, columns));
        expect(reader.rangeSync(start, end, { by: name, limit, format: 'object', columns: columns as never })).toEqual(objects(fixture, wanted, columns));
        expectColumns(fixture.schema, reader.rangeSync(start, end, { by: name, limit, format: 'columns', columns: columns as never }), wanted, fixture.symbolTexts, names);
        const raw = reader.rangeSync(start, end, { by: name, limit, format: 'raw' });
        expect(Buffer.from(raw)).toEqual(Buffer.concat(wanted.map(({ values }) => packRecord(fixture.schema, values, fixture.symbolTexts))));
        expectSegments(fixture, reader.rangeSync(start, end, { by: name, limit, format: 'segments', columns: columns as never }), wanted, names);
      }
    }), 60);
  });

  test('the async forms give what the sync forms give, in the thread itself and through the pool', async () => {
    const tasks = [vi.spyOn(pool, 'run'), vi.spyOn(near, 'run')];
    await assertAsyncProperty(fc.asyncProperty(history, query, fc.integer({ min: 0, max: 1200 }), async (past, { by, from, length, limit, columns }, number) => {
      const fixture = buildFeed(past);
      const { start, end } = bounds(by, from, length);
      const name = fixture.schema.clocks[by]?.name;
      const selected = columns as never;
      const sync = new FeedReader(fixture.source);
      for (const reader of [new FeedReader(fixture.source), new FeedReader(fixture.source, { pool }), new FeedReader(fixture.source, { pool: near })]) {
        for (const format of ['tuple', 'object', 'columns'] as const) {
          const options = { by: name, limit, format, columns: selected };
          expect(await reader.range(start, end, options)).toEqual(sync.rangeSync(start, end, options));
          expect(await reader.last(limit ?? 10, { format, columns: selected })).toEqual(sync.lastSync(limit ?? 10, { format, columns: selected }));
          expect(await reader.latest(length + 1, options)).toEqual(sync.latestSync(length + 1, options));
          expect(await reader.readFrom(number, limit ?? 300, format)).toEqual(sync.readFromSync(number, limit ?? 300, format));
        }
        expect(await reader.range(start, end, { by: name, limit, format: 'raw' })).toEqual(sync.rangeSync(start, end, { by: name, limit, format: 'raw' }));
        const segments = (given: readonly Segment<object>[]): unknown => given.map(({ columns: own, rows, firstSequence }) => ({ own, rows, firstSequence }));
        expect(segments(await reader.range(start, end, { by: name, limit, format: 'segments', columns: selected })))
          .toEqual(segments(sync.rangeSync(start, end, { by: name, limit, format: 'segments', columns: selected })));
        const where = { u8: { lt: 160 }, venue: { ne: 'XLON' } };
        expect(await reader.range(start, end, { by: name, limit, where, columns: ['price'] })).toEqual(sync.rangeSync(start, end, { by: name, limit, where, columns: ['price'] }));
        expect(await reader.at(start, { by: name })).toEqual(sync.atSync(start, { by: name }));
        expect(await reader.before(end, { by: name, columns: selected })).toEqual(sync.beforeSync(end, { by: name, columns: selected }));
        await reader.close();
      }
      const clock = fixture.schema.clocks[by];
      const low = BigInt(start);
      expect(await countInPool(pool, { source: JSON.stringify(fixture.source), clockIndex: by, low, high: BigInt(end) - 1n, fields: [clock?.fieldIndex ?? 0], morselBytes: 300 }, 'count'))
        .toBe(sync.rangeSync(start, end, { by: name }).length);
    }), 40);
    const [all, some] = tasks.map(({ mock }) => mock.calls.length) as [number, number];
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all * 0.8);
    for (const task of tasks) task.mockRestore();
  });

  test('at and before: greatest time, the last arrival of equals', () => {
    assertProperty(fc.property(history, fc.array(query, { minLength: 1, maxLength: 12 }), (past, queries) => {
      const fixture = buildFeed(past);
      const reader = new FeedReader(fixture.source);
      for (const { by, from } of queries) {
        const { start, low } = bounds(by, from, 0);
        const name = fixture.schema.clocks[by]?.name;
        const at = greatest(fixture, by, low);
        const before = greatest(fixture, by, low - 1n);
        expect(reader.atSync(start, { by: name })).toEqual(at && tuples(fixture, [at])[0]);
        expect(reader.beforeSync(start, { by: name, format: 'object' })).toEqual(before && objects(fixture, [before])[0]);
      }
    }), 60);
  });

  test('latest: counted back from the newest time, or from now', () => {
    assertProperty(fc.property(history, fc.constantFrom(0, 1), fc.integer({ min: 1, max: 900 }), fc.integer({ min: -20, max: 1600 }), (past, by, span, from) => {
      const fixture = buildFeed(past);
      const reader = new FeedReader(fixture.source);
      const clock = fixture.schema.clocks[by]!;
      const seconds = span / (by === 0 ? 1e6 : 1e9);
      const newest = greatest(fixture, by, 2n ** 64n);
      const end = newest === undefined ? 0n : timeOn(fixture, newest, clock);
      const wanted = newest === undefined ? [] : within(fixture, by, end - BigInt(span), end + 1n);
      expect(reader.latestSync(seconds, { by: clock.name })).toEqual(tuples(fixture, wanted));
      const { start, low } = bounds(by, from, 0);
      expect(reader.latestSync(seconds, { by: clock.name, now: start })).toEqual(tuples(fixture, within(fixture, by, low - BigInt(span), low + 1n)));
      expect(reader.newest({ by: clock.name })).toEqual(newest === undefined ? undefined : { time: by === 0 ? Number(end) : end, sequence: newest.sequence, wild: 0 });
    }), 60);
  });

  test('last, readFrom and bounds go by arrival', () => {
    assertProperty(fc.property(history, fc.integer({ min: 0, max: 700 }), fc.nat(), fc.integer({ min: 0, max: 300 }), (past, count, at, max) => {
      const fixture = buildFeed(past);
      const reader = new FeedReader(fixture.source);
      const { records } = fixture;
      const next = fixture.writer.position;
      expect(reader.lastSync(count)).toEqual(tuples(fixture, count === 0 ? [] : records.slice(-count)));
      expect(reader.bounds()).toEqual({ first: records[0]?.sequence ?? next, next });
      const from = at % (next + 10);
      const wanted = records.filter(({ sequence }) => sequence >= from).slice(0, max);
      const got = reader.readFromSync(from, max, 'tuple');
      expect(got.records).toEqual(tuples(fixture, wanted));
      expect(got.count).toBe(wanted.length);
      if (wanted.length > 0) expect(got.first).toBe(wanted[0]?.sequence);
      // Reading on from `next` misses nothing and repeats nothing.
      const rest = reader.readFromSync(got.next, 1_000_000, 'tuple');
      expect(rest.records).toEqual(tuples(fixture, records.filter(({ sequence }) => sequence >= from).slice(wanted.length)));
      expect(rest.next).toBe(Math.max(next, got.next));
    }), 60);
  });

  test('batches and read: the same records, whatever the batch size', async () => {
    await assertAsyncProperty(fc.asyncProperty(history, query, fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }), async (past, { by, from, length, columns }, batchRows) => {
      const fixture = buildFeed(past);
      const reader = new FeedReader(fixture.source);
      const { start, end, low, high } = bounds(by, from, length);
      const wanted = within(fixture, by, low, high);
      const options = { by: fixture.schema.clocks[by]?.name, columns: columns as never, batchRows };
      const batches: Segment[] = [];
      for await (const batch of reader.batches(start, end, options)) batches.push(batch as Segment);
      if (batchRows !== undefined) expect(Math.max(0, ...batches.map(({ rows }) => rows))).toBeLessThanOrEqual(batchRows);
      expectSegments(fixture, batches, wanted, columns ?? reader.fieldNames);
      expectSegments(fixture, [...reader.batchesSync(start, end, options)] as Segment[], wanted, columns ?? reader.fieldNames);
      const all: unknown[] = [];
      for await (const record of reader.read()) all.push(record);
      expect(all).toEqual(objects(fixture, fixture.records));
      const some: unknown[] = [];
      if (by === 0) for await (const record of reader.read(start, end)) some.push(record);
      if (by === 0) expect(some).toEqual(objects(fixture, wanted));
    }), 30);
  });
});

/** Segments one after the other are the records wanted, and each says which its first is. */
function expectSegments(fixture: FeedFixture, segments: readonly Segment<object>[], wanted: readonly ModelRecord[], names: readonly string[]): void {
  let at = 0;
  for (const segment of segments) {
    const part = wanted.slice(at, at + segment.rows);
    expect(segment.firstSequence).toBe(part[0]?.sequence);
    expectColumns(fixture.schema, segment.columns as Record<string, ColumnArray>, part, fixture.symbolTexts, names);
    at += segment.rows;
  }
  expect(at).toBe(wanted.length);
}
