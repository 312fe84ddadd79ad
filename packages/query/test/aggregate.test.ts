import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { SymbolDictionaryReader, compileSchema, parseFeedSpec } from '@deepwater/core';
import { FeedReader, type Histogram } from '@deepwater/query';
import { parseAggregates } from '../dist/aggregate/parse-aggregates.js';
import { type Partial, mergePartials, partialsOf } from '../dist/aggregate/partial.js';
import { FeedFiles } from '../dist/feed-files.js';
import { select } from '../dist/select.js';
import { runNow } from '../dist/slices.js';
import { type Duck, duckType, duckValue, openDuck } from './support/duckdb.js';
import type { FeedFixture } from './support/feed-fixture.js';
import { SEED, assertAsyncProperty, chances } from './support/seed.js';
import { failure, feed } from './support/small-feed.js';

const trades = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'exact', type: 'decimal', scale: 2 },
    { name: 'size', type: 'uint32' },
    { name: 'id', type: 'int64' },
    { name: 'side', type: 'char' },
    { name: 'venue', type: 'symbol' },
    { name: 'note', type: 'string', bytes: 4 },
    { name: 'live', type: 'bool' },
    { name: 'ts', type: 'uint64' },
  ],
  timestamp: 'ts',
} as const;

const reader = (fixture: FeedFixture): FeedReader<typeof trades> => new FeedReader<typeof trades>(fixture.source);

/** Rows of values that tell sums apart, with times out of order, in large chunks, a chunk that is open, and the ring. */
function rows(count: number): unknown[][] {
  const next = chances(SEED);
  return Array.from({ length: count }, (_, i) => [
    100 + next() * 10, BigInt(Math.floor(next() * 1e6)) - 1000n, Math.floor(next() * 500), BigInt(Math.floor(next() * 2 ** 50)) * 8191n, next() < 0.5 ? 'B' : 'S',
    ['XNAS', 'XLON', 'XPAR'][i % 3], 'n', next() < 0.9, i + Math.floor(next() * 40),
  ]);
}

function fill(count: number): { fixture: FeedFixture; written: unknown[][] } {
  const fixture = feed(trades, { capacityRows: 20_000, blockRows: 4096, ringSlots: 65_536 });
  const written = rows(count);
  written.forEach((values) => { fixture.write(...values); });
  fixture.drain(count - 700);
  return { fixture, written };
}

async function withDuck<T>(written: readonly unknown[][], work: (duck: Duck) => Promise<T>): Promise<T> {
  const duck = await openDuck();
  try {
    const { fields } = compileSchema(parseFeedSpec(trades));
    await duck.table('t', Object.fromEntries(fields.map((field) => [field.name, duckType(field)])), written.map((values) => values.map((value, i) => duckValue(fields[i]!, value as never))));
    return await work(duck);
  } finally {
    duck.close();
  }
}

describe('DuckDB says the same', () => {
  const FILTERS: [string, object, string][] = [
    ['everything', {}, 'true'],
    ['one side above a price', { side: 'B', price: { gt: 105 } }, "side = 'B' and price > 105"],
    ['one of some venues, or large', { or: [{ venue: { in: ['XNAS', 'nowhere'] } }, { size: { gte: 400 } }], not: { live: false } }, "(venue in ('XNAS', 'nowhere') or size >= 400) and not (live = false)"],
    ['between two cents', { exact: { between: ['1000.005', '5000.005'] } }, 'exact between 1000.005 and 5000.005'],
    ['wide numbers', { id: { lt: 2n ** 61n, ne: 0n }, ts: { gte: 100, lt: 30_000 } }, 'id < 2305843009213693952 and id != 0 and ts >= 100 and ts < 30000'],
    ['nothing', { note: 'none' }, "note = 'none'"],
  ];

  test.each(FILTERS)('of %s', async (_, where, sql) => {
    const { fixture, written } = fill(45_000);
    const found = await reader(fixture).aggregate(50, 40_000, {
      where: where as never,
      aggregates: {
        n: 'count', price: { sum: 'price' }, exact: { sum: 'exact' }, size: { sum: 'size' }, id: { sum: 'id' }, low: { min: 'exact' }, high: { max: 'price' },
        mean: { mean: 'price' }, sd: { stddev: 'price' }, vwap: { vwap: ['price', 'size'] }, median: { quantile: 'price', at: [0.5, 0.99] }, disc: { quantile: 'exact', at: 0.25, method: 'disc' },
        bins: { histogram: 'size', from: 0, to: 500, bins: 5 },
      },
    });
    const [expected] = await withDuck(written, (duck) => duck.rows(`select count(*) as n, coalesce(sum(price), 0) as price, cast(coalesce(sum(exact), 0) as varchar) as exact,
      cast(coalesce(sum(size), 0) as double) as size, cast(coalesce(sum(id), 0) as varchar) as id, cast(min(exact) as varchar) as low, max(price) as high, avg(price) as mean, stddev_samp(price) as sd,
      sum(price * size) / sum(size) as vwap, quantile_cont(price, 0.5) as median, quantile_cont(price, 0.99) as tail, cast(quantile_disc(exact, 0.25) as varchar) as disc,
      count(*) filter (size < 100) as bin0, count(*) filter (size >= 400) as bin4 from t where ts >= 50 and ts < 40000 and ${sql}`));
    const { n, exact, size, id, low, high, disc, bins } = found;
    const value = expected as Record<string, never>;
    expect({ n: BigInt(n), exact: Number(exact), size, id: String(id), low, high, disc }).toEqual({
      n: value['n'], exact: Number(value['exact']), size: value['size'], id: value['id'], low: value['low'] ?? undefined, high: value['high'] ?? undefined, disc: value['disc'] ?? undefined,
    });
    expect([BigInt(bins.counts[0]!), BigInt(bins.counts[4]!), bins.counts.reduce((a, b) => a + b, 0)]).toEqual([value['bin0'], value['bin4'], n]);
    const near = (a: number | undefined, b: unknown): void => {
      if (typeof b !== 'number') expect(a).toBeUndefined();
      else expect(Math.abs(a! - b)).toBeLessThanOrEqual(1e-12 * Math.abs(b));
    };
    near(found.price, value['price']);
    near(found.mean, value['mean']);
    near(found.sd, value['sd']);
    near(found.vwap, value['vwap']);
    near(found.median?.[0], value['median']);
    near(found.median?.[1], value['tail']);
    // The rows of a filter are those of the query, too.
    expect(reader(fixture).rangeSync(50, 40_000, { where: where as never, columns: ['ts'] })).toHaveLength(n);
  });
});

/** A filter and the same in SQL. */
type Said = readonly [where: object, sql: string];

const COMPARED = [['eq', '='], ['ne', '!='], ['lt', '<'], ['lte', '<='], ['gt', '>'], ['gte', '>=']] as const;
const quoted = (text: unknown): string => `'${String(text).replaceAll("'", "''")}'`;

function conditionOn(name: string, value: fc.Arbitrary<unknown>, written: (value: unknown) => string = String, ordered = true): fc.Arbitrary<Said> {
  const list = fc.array(value, { minLength: 1, maxLength: 12 });
  return fc.oneof(
    fc.tuple(fc.constantFrom(...COMPARED.slice(0, ordered ? undefined : 2)), value).map(([[operator, sign], v]): Said => [{ [name]: { [operator]: v } }, `${name} ${sign} ${written(v)}`]),
    list.map((values): Said => [{ [name]: { in: values } }, `${name} in (${values.map(written).join(', ')})`]),
    list.map((values): Said => [{ [name]: { notIn: values } }, `${name} not in (${values.map(written).join(', ')})`]),
    ...(ordered ? [fc.tuple(value, value).map(([a, b]): Said => [{ [name]: { between: [a, b] } }, `${name} between ${written(a)} and ${written(b)}`])] : []),
  );
}

const anySaid: fc.Arbitrary<Said> = fc.letrec<{ said: Said }>((tie) => {
  const several = (key: 'and' | 'or'): fc.Arbitrary<Said> => fc.array(tie('said'), { minLength: 1, maxLength: 3 })
    .map((each): Said => [{ [key]: each.map(([where]) => where) }, `(${each.map(([, sql]) => sql).join(` ${key} `)})`]);
  return {
    said: fc.oneof(
      { depthSize: 'small' },
      { weight: 6, arbitrary: fc.oneof(
        conditionOn('price', fc.oneof(fc.double({ min: 99, max: 111, noNaN: true }), fc.integer({ min: 99, max: 111 })), (v) => `cast(${quoted(v)} as double)`),
        conditionOn('exact', fc.integer({ min: -2_000_000, max: 11_000_000 }).map((n) => (n / 1000).toFixed(3))),
        conditionOn('size', fc.oneof(fc.integer({ min: -2, max: 501 }), fc.constant(249.5))),
        conditionOn('id', fc.bigInt({ min: -1n, max: 2n ** 63n - 1n })),
        conditionOn('side', fc.constantFrom('A', 'B', 'S', 'T'), quoted),
        conditionOn('venue', fc.constantFrom('XNAS', 'XLON', 'XPAR', 'nowhere'), quoted, false),
        conditionOn('note', fc.constantFrom('', 'm', 'n', 'none'), quoted),
        conditionOn('live', fc.boolean(), String, false),
        conditionOn('ts', fc.integer({ min: -5, max: 6100 })),
      ) },
      { weight: 1, arbitrary: several('and') },
      { weight: 1, arbitrary: several('or') },
      { weight: 1, arbitrary: tie('said').map(([where, sql]): Said => [{ not: where }, `not (${sql})`]) },
    ),
  };
}).said;

describe('DuckDB finds the same rows', () => {
  test('whatever the filter is made of', async () => {
    const { fixture, written } = fill(6000);
    const found = reader(fixture);
    await withDuck(written, async (duck) => {
      await assertAsyncProperty(fc.asyncProperty(anySaid, async ([where, sql]) => {
        const [row] = await duck.rows(`select count(*) as n, cast(coalesce(sum(size), 0) as double) as size, cast(coalesce(sum(id), 0) as varchar) as id from t where ${sql}`);
        const { n, size, id } = found.aggregateSync(0, 1e9, { where: where as never, aggregates: { n: 'count', size: { sum: 'size' }, id: { sum: 'id' } } });
        expect({ n: BigInt(n), size, id: String(id) }).toEqual(row);
        expect(found.rangeSync(0, 1e9, { where: where as never, columns: ['ts'] })).toHaveLength(n);
      }), 150);
    });
  });
});

describe('parts', () => {
  test('are plain data, and give the same digits however many threads make them', () => {
    const { fixture } = fill(45_000);
    const { schema, source } = fixture;
    const request = parseAggregates(schema, { aggregates: { a: { sum: 'price' }, b: { stddev: 'price' }, c: { vwap: ['price', 'size'] }, d: { quantile: 'id', at: 0.5 }, e: { first: 'note' } }, where: { side: 'B' } });
    const files = new FeedFiles(source, schema);
    const symbols = new SymbolDictionaryReader(files.paths.symbols, source.feedUid);
    const pieces = runNow(select(files, { fields: schema.fields }));
    expect(pieces.length).toBeGreaterThan(3);
    const of = (some: typeof pieces): Partial[] => structuredClone(runNow(partialsOf(files, symbols, request, some)));
    const whole = mergePartials(request, of(pieces));
    for (const cut of [1, 2, 3]) expect(mergePartials(request, [...of(pieces.slice(0, cut)), ...of(pieces.slice(cut))])).toEqual(whole);
  });
});

describe('values that are hard', () => {
  test('deviations of values far from 0 keep their digits', () => {
    const fixture = feed(trades);
    // 64-bit cells that no float holds, one apart; prices of which the squares differ in their last bits alone.
    for (let i = 0; i < 1000; i++) fixture.write(1e9 + (i % 2), 1n, 1, 2n ** 62n + BigInt(i % 2), 'B', 'X', '', true, i);
    fixture.drain(900);
    const { price, id } = reader(fixture).aggregateSync(0, 1000, { aggregates: { price: { variance: 'price' }, id: { variance: 'id' } } });
    expect(price).toBeCloseTo(250 / 999, 12);
    expect(id).toBeCloseTo(250 / 999, 12);
  });

  test('a sum carries along what floats lose', () => {
    const fixture = feed(trades, { capacityRows: 64, blockRows: 32 });
    for (let i = 0; i < 192; i++) fixture.write(i === 0 ? 1e16 : i === 191 ? -1e16 : i === 64 ? 1 : 0, 1n, 1, 1n, 'B', 'X', '', true, i);
    fixture.drain();
    expect(reader(fixture).aggregateSync(0, 1000, { aggregates: { price: { sum: 'price' } } })).toEqual({ price: 1 });
  });

  test('a sum of whole numbers past 2^53 is an error that has it, a bigint is exact', async () => {
    const spec = { name: 'large', fields: [{ name: 'n', type: 'int64', as: 'number' }, { name: 'big', type: 'uint64' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts' } as const;
    const fixture = feed(spec);
    for (let i = 0; i < 3; i++) fixture.write(Number.MAX_SAFE_INTEGER, 2n ** 64n - 1n, i);
    const own = new FeedReader<typeof spec>(fixture.source);
    expect(own.aggregateSync(0, 9, { aggregates: { big: { sum: 'big' }, mean: { mean: 'n' } } })).toEqual({ big: 3n * (2n ** 64n - 1n), mean: Number.MAX_SAFE_INTEGER });
    const { code, message } = await failure(() => own.aggregate(0, 9, { aggregates: { n: { sum: 'n' } } }));
    expect(code).toBe('DW_VALUE_RANGE');
    expect(message).toContain(String(3n * BigInt(Number.MAX_SAFE_INTEGER)));
  });

  test('of no record count and sum are 0, and the rest is undefined', () => {
    const fixture = feed(trades);
    expect(reader(fixture).aggregateSync(0, 1, {
      aggregates: { n: 'count', a: { sum: 'price' }, b: { sum: 'exact' }, c: { min: 'price' }, d: { mean: 'size' }, e: { stddev: 'price' }, f: { vwap: ['price', 'size'] }, g: { quantile: 'price', at: 0.5 }, h: { last: 'venue' }, i: { sum: 'id' } },
    })).toEqual({ n: 0, a: 0, b: '0.00', c: undefined, d: undefined, e: undefined, f: undefined, g: undefined, h: undefined, i: 0n });
  });
});

describe('a request that means nothing is an error, which says what is possible', () => {
  test.each<[string, unknown, string, string]>([
    ['nothing', undefined, 'DW_OPTION_INVALID', 'give an object such as'],
    ['an unknown kind', { a: { avg: 'price' } }, 'DW_OPTION_INVALID', 'which is no aggregate'],
    ['an unknown field', { a: { sum: 'prise' } }, 'DW_FIELD_UNKNOWN', 'did you mean price'],
    ['a sum of texts', { a: { sum: 'note' } }, 'DW_OPTION_INVALID', 'sum takes fields with numbers, and note is of type string'],
    ['the least symbol', { a: { min: 'venue' } }, 'DW_OPTION_INVALID', 'venue is of type symbol'],
    ['two kinds', { a: { sum: 'price', mean: 'price' } }, 'DW_OPTION_INVALID', 'has "mean" beside sum'],
    ['half a vwap', { a: { vwap: ['price'] } }, 'DW_OPTION_INVALID', 'give [price, size]'],
    ['a quantile of 50', { a: { quantile: 'price', at: 50 } }, 'DW_OPTION_INVALID', 'a number from 0 to 1'],
    ['a method', { a: { quantile: 'price', at: 0.5, method: 'nearest' } }, 'DW_OPTION_INVALID', "'cont' or 'disc'"],
    ['no bins', { a: { histogram: 'price', from: 0, to: 1 } }, 'DW_OPTION_INVALID', 'bins is undefined'],
    ['edges that descend', { a: { histogram: 'price', edges: [2, 1] } }, 'DW_OPTION_INVALID', 'do not ascend'],
    ['an edge of text', { a: { histogram: 'price', edges: ['a', 1] } }, 'DW_OPTION_INVALID', 'its edges are a number'],
    ['a range of no width', { a: { histogram: 'id', from: 5n, to: 5n, bins: 2 } }, 'DW_OPTION_INVALID', 'from < to'],
  ])('%s', async (_, aggregates, code, message) => {
    const own = reader(feed(trades));
    for (const call of [() => own.aggregate(0, 1, { aggregates: aggregates as never }), () => own.aggregateSync(0, 1, { aggregates: aggregates as never })]) {
      const error = await failure(call);
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
    }
  });
});

/** Only looked at by the compiler. */
function compiles(_code: (own: FeedReader<typeof trades>) => unknown): void {}

test('types: results are what was asked for', () => {
  compiles((own) => {
    const found = own.aggregateSync(0, 1, {
      where: { side: 'B' },
      aggregates: { n: 'count', a: { sum: 'exact' }, b: { sum: 'id' }, c: { min: 'price' }, d: { last: 'venue' }, e: { vwap: ['price', 'size'] }, f: { quantile: 'price', at: [0.1, 0.9] }, g: { quantile: 'exact', at: 0.5, method: 'disc' }, h: { histogram: 'price', from: 0, to: 1, bins: 2 } },
    });
    expectTypeOf(found.n).toEqualTypeOf<number>();
    expectTypeOf(found.a).toEqualTypeOf<string>();
    expectTypeOf(found.b).toEqualTypeOf<bigint>();
    expectTypeOf(found.c).toEqualTypeOf<number | undefined>();
    expectTypeOf(found.d).toEqualTypeOf<string | undefined>();
    expectTypeOf(found.e).toEqualTypeOf<number | undefined>();
    expectTypeOf(found.f).toEqualTypeOf<[number, number] | undefined>();
    expectTypeOf(found.g).toEqualTypeOf<string | undefined>();
    expectTypeOf(found.h).toEqualTypeOf<Histogram<number>>();
    // @ts-expect-error there is no such field
    own.aggregateSync(0, 1, { aggregates: { a: { sum: 'prise' } } });
    // @ts-expect-error there is no such aggregate
    own.aggregateSync(0, 1, { aggregates: { a: { avg: 'price' } } });
  });
});
