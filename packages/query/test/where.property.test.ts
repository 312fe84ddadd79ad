import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FeedReader, type Segment } from '@deepwater/query';
import type { FeedFixture } from './support/feed-fixture.js';
import { type History, buildFeed, history, rangeOf } from './support/history.js';
import { objects, tuples, within } from './support/model.js';
import { anyWhere, fulfils } from './support/naive-where.js';
import { assertAsyncProperty, assertProperty } from './support/seed.js';

const ODD = [Number.NaN, Infinity, -Infinity, -0, 0];

/** A feed with a past, and with floats that are not numbers. */
function build(past: History): FeedFixture {
  const sample = past.sample.map((values, i) => (i % 3 === 0 ? values.map((value, k) => (k === 0 || k === 3 ? ODD[(i + k) % ODD.length] : value)) : values));
  return buildFeed({ ...past, sample: sample as never });
}

const query = fc.record({
  by: fc.constantFrom(0, 1),
  from: fc.integer({ min: -20, max: 900 }),
  length: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(3000)),
  limit: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  columns: fc.option(fc.constantFrom(['price'], ['venue', 'ts'], ['code', 'exact']), { nil: undefined }),
  where: anyWhere,
});

describe('a read with where gives what a look at every record gives', () => {
  test('range, in every format that has records', () => {
    assertProperty(fc.property(history, fc.array(query, { minLength: 1, maxLength: 8 }), (past, queries) => {
      const fixture = build(past);
      const reader = new FeedReader(fixture.source);
      for (const { limit, columns, where, ...times } of queries) {
        const { start, end } = rangeOf(times);
        const wanted = within(fixture, times.by, start, end).filter((record) => fulfils(fixture.schema, record, where)).slice(0, limit);
        const options = { by: fixture.schema.clocks[times.by]?.name, limit, columns, where: where as never };
        expect(reader.rangeSync(start, end, options)).toEqual(tuples(fixture, wanted, columns));
        expect(reader.rangeSync(start, end, { ...options, format: 'object' })).toEqual(objects(fixture, wanted, columns));
        expect(reader.rangeSync(start, end, { ...options, format: 'segments' }).reduce((rows, segment) => rows + (segment as unknown as Segment).rows, 0)).toBe(wanted.length);
        expect(Object.values(reader.rangeSync(start, end, { ...options, columns: ['u8'], format: 'columns' }))[0]).toHaveLength(wanted.length);
        expect(reader.rangeSync(start, end, { by: options.by, limit, where: where as never, format: 'raw' })).toHaveLength(wanted.length * fixture.schema.record.recordSize);
      }
    }), 120);
  });

  test('latest, batches, and the async forms', async () => {
    await assertAsyncProperty(fc.asyncProperty(history, query, fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }), async (past, { limit, columns, where, ...times }, batchRows) => {
      const fixture = build(past);
      const reader = new FeedReader(fixture.source);
      const { start, end } = rangeOf(times);
      const wanted = within(fixture, times.by, start, end).filter((record) => fulfils(fixture.schema, record, where));
      const by = fixture.schema.clocks[times.by]?.name;
      const asked = where as never;
      expect(await reader.range(start, end, { by, limit, columns, where: asked })).toEqual(tuples(fixture, wanted.slice(0, limit), columns));
      const seconds = times.length / (times.by === 0 ? 1e6 : 1e9);
      const recent = { by, now: end, columns };
      const late = within(fixture, times.by, end - BigInt(times.length), end + 1n).filter((record) => fulfils(fixture.schema, record, where));
      expect(await reader.latest(seconds, { ...recent, where: asked })).toEqual(tuples(fixture, late, columns));
      expect(reader.latestSync(seconds, { ...recent, where: asked, limit })).toEqual(tuples(fixture, late.slice(0, limit), columns));
      let at = 0;
      for await (const batch of reader.batches(start, end, { by, columns: ['u8'], where: asked, batchRows })) {
        expect(batch.firstSequence).toBe(wanted[at]?.sequence);
        at += batch.rows;
      }
      expect(at).toBe(wanted.length);
      expect([...reader.batchesSync(start, end, { by, columns: ['u8'], where: asked, batchRows })].reduce((rows, batch) => rows + batch.rows, 0)).toBe(wanted.length);
      await reader.close();
    }), 60);
  });

  test('the plan says which rows are looked at, and leaves out none that is found', () => {
    assertProperty(fc.property(history, query, (past, { where, ...times }) => {
      const fixture = build(past);
      const reader = new FeedReader(fixture.source);
      const { start, end } = rangeOf(times);
      const by = fixture.schema.clocks[times.by]?.name;
      const { plan, ringRows } = reader.explain(start, end, { by, where: where as never });
      const planned = new Set(plan.chunks.flatMap(({ firstSequence, steps }) => steps.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => firstSequence + from + i))));
      const head = fixture.writer.position;
      for (const record of within(fixture, times.by, start, end)) {
        if (record.sequence < head - ringRows && fulfils(fixture.schema, record, where)) expect(planned).toContain(record.sequence);
      }
    }), 60);
  });
});
