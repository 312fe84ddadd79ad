import fc from 'fast-check';
import { BIGINT, VARCHAR } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Field } from '@deepwater/core';
import { type Bar, type BarsOptions, FeedReader } from '@deepwater/query';
import { type Shape, type Trade, build, decimalText, history, span } from './support/bar-feed.js';
import { type Duck, duckType, duckValue, openDuck } from './support/duckdb.js';
import type { FeedFixture } from './support/feed-fixture.js';
import { quotient } from './support/naive-aggregate.js';
import { type NaiveBar, amountBars, everySpan, isUsable, saysOf, timeBars } from './support/naive-bars.js';
import { SEED, assertProperty } from './support/seed.js';

const RESOLUTIONS = { '1ms': 1n, '7ms': 7n, '100ms': 100n, '1s': 1000n, '1m': 60_000n } as const;
const resolution = fc.constantFrom(...(Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[]));

interface Range { readonly start: bigint; readonly end: bigint; readonly trades: Trade[] }

function rangeOf(shape: Shape, trades: readonly Trade[], { from, ms }: { from: number; ms: number }): Range {
  const inMs = shape.second / 1000n;
  const low = shape.epoch + BigInt(from) * inMs;
  const high = low + BigInt(ms) * inMs;
  return { start: low, end: high, trades: trades.filter(({ time }) => time >= low && time < high) };
}

/** Times in ms between sessions, and how long each is. */
const sessions = (least: number): fc.Arbitrary<[gap: number, length: number][]> => fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 400 })), { minLength: least, maxLength: 6 });

/** Sessions one after the other, the first somewhat before the feed begins. */
function sessionsOf({ second, epoch }: Shape, gaps: readonly (readonly [gap: number, length: number])[]): (readonly [open: bigint, close: bigint])[] {
  const inMs = second / 1000n;
  let at = epoch - 20n * inMs;
  return gaps.map(([gap, length]) => {
    const open = at + BigInt(gap) * inMs;
    at = open + BigInt(length) * inMs;
    return [open, at] as const;
  });
}

/** A cell as the number nearest to it. */
const near = (cell: number | bigint, scale: number | undefined): number => (typeof cell === 'number' ? cell : Number(decimalText(cell, scale ?? 0)));

/** The bar as `bars` must give it. */
function expected(shape: Shape, name: string, { start, end, trades }: NaiveBar): Bar {
  const { priceScale, sizeScale, spec } = shape;
  const says = saysOf(exactly(trades));
  const times = spec.name === 'decimals' ? { start, end } : { start: Number(start), end: Number(end) };
  const valueScale = (priceScale ?? 0) + (sizeScale ?? 0);
  return {
    feed: spec.name as string, resolution: name, ...times,
    open: near(says.open, priceScale), high: near(says.high, priceScale), low: near(says.low, priceScale), close: near(says.close, priceScale),
    count: trades.length, volume: near(says.volume, sizeScale), value: near(says.value, valueScale),
    vwap: Number(says.volume) === 0 ? undefined
      : typeof says.value === 'bigint' ? quotient(says.value, (says.volume as bigint) * 10n ** BigInt(priceScale ?? 0))
        : says.value / (says.volume as number),
    buyVolume: near(says.buyVolume, sizeScale), sellVolume: near(says.sellVolume, sizeScale),
  };
}

describe('bars are those of a naive model', () => {
  test('by time: whatever the order of times, the chunks, and the types of prices, sizes and clocks', () => {
    assertProperty(fc.property(history, resolution, span, (past, name, asked) => {
      const { fixture, trades } = build(past);
      const { shape } = past;
      const reader = new FeedReader(fixture.source);
      const { start, end, trades: within } = rangeOf(shape, trades, asked);
      const wanted = timeBars(within, everySpan((RESOLUTIONS[name] * shape.second) / 1000n));
      expect(reader.barsSync(start, end, { resolution: name })).toEqual(wanted.map((bar) => expected(shape, name, bar)));
    }), 100);
  });

  test('of records that a filter finds, whatever else is asked', () => {
    const filter = fc.record({ sides: fc.uniqueArray(fc.constantFrom('B', 'b', 'S', 's', 'x'), { minLength: 1, maxLength: 4 }), after: fc.option(fc.integer({ min: -50, max: 1500 }), { nil: undefined }) });
    assertProperty(fc.property(history, resolution, span, filter, (past, name, asked, { sides, after }) => {
      const { fixture, trades } = build(past);
      const { shape } = past;
      const reader = new FeedReader(fixture.source);
      const { start, end, trades: within } = rangeOf(shape, trades, asked);
      const least = after === undefined ? undefined : shape.epoch + BigInt(after) * (shape.second / 1000n);
      const where = { side: { in: sides }, ...(least === undefined ? {} : { ts: { gte: least } }) };
      const found = within.filter(({ side, time }) => (sides as readonly string[]).includes(side) && (least === undefined || time >= least));
      expect(reader.barsSync(start, end, { resolution: name, where })).toEqual(timeBars(found, everySpan((RESOLUTIONS[name] * shape.second) / 1000n)).map((bar) => expected(shape, name, bar)));
      expect(reader.barsSync(start, end, { ticks: 7, where })).toEqual(amountBars(found, (bar) => bar.length >= 7).map((bar) => expected(shape, '7 ticks', bar)));
    }), 80);
  });

  test('by sessions: cut at their ends, aligned at their beginnings, without what lies outside', () => {
    assertProperty(fc.property(history, fc.constantFrom('session', '7ms', '100ms'), span, sessions(0), (past, name, asked, gaps) => {
      const { fixture, trades } = build(past);
      const { shape } = past;
      const inMs = shape.second / 1000n;
      const list = sessionsOf(shape, gaps);
      const spanOf = (time: bigint): readonly [bigint, bigint] | undefined => {
        const session = list.find(([open, close]) => time >= open && time < close);
        if (session === undefined || name === 'session') return session;
        const [open, close] = session;
        const width = BigInt(name.slice(0, -2)) * inMs;
        const start = open + ((time - open) / width) * width;
        return [start, start + width < close ? start + width : close];
      };
      const { start, end, trades: within } = rangeOf(shape, trades, asked);
      const found = new FeedReader(fixture.source).barsSync(start, end, { resolution: name, session: list });
      expect(found).toEqual(timeBars(within, spanOf).map((bar) => expected(shape, name, bar)));
    }), 100);
  });

  test('by ticks, volume and value: each ends with the trade that reaches the amount', () => {
    const amounts = fc.oneof(
      fc.record({ of: fc.constant('ticks' as const), part: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ of: fc.constantFrom('volume' as const, 'dollar' as const), part: fc.integer({ min: 1, max: 50 }) }),
    );
    assertProperty(fc.property(history, amounts, span, (past, { of, part }, asked) => {
      const { fixture, trades } = build(past);
      const { shape } = past;
      const { start, end, trades: within } = rangeOf(shape, trades, asked);
      const total = measured(shape, within.filter(isUsable).map(absolute), of);
      const threshold = of === 'ticks' ? part : Math.max(0.001, total / part);
      const wanted = amountBars(within, (bar) => reaches(shape, bar, of, threshold));
      const found = new FeedReader(fixture.source).barsSync(start, end, { [of]: threshold } as unknown as BarsOptions);
      expect(found).toEqual(wanted.map((bar) => expected(shape, `${threshold} ${of}`, bar)));
    }), 100);
  });

  test('by imbalance: with a side by the side, without one by the tick rule', () => {
    assertProperty(fc.property(history, fc.constantFrom('ticks', 'volume', 'dollar'), fc.integer({ min: 1, max: 40 }), fc.boolean(), (past, of, part, sided) => {
      const { fixture, trades } = build(past, sided ? 'side' : 'taker');
      const { shape } = past;
      const { start, end } = rangeOf(shape, trades, { from: -10_000, ms: 50_000 });
      const total = measured(shape, trades.filter(isUsable).map(absolute), of);
      const threshold = of === 'ticks' ? part : Math.max(0.001, total / 3 / part);
      const wanted = amountBars(trades, (bar, before) => {
        const signs = sided ? bar.map(({ side }) => ('Bb'.includes(side) ? 1 : 'Ss'.includes(side) ? -1 : 0)) : tickRule(before).slice(-bar.length);
        return imbalanceReaches(shape, bar, signs, of, threshold);
      });
      const found = new FeedReader(fixture.source).barsSync(start, end, { imbalance: { of, threshold } } as BarsOptions);
      const unsided = { buyVolume: undefined, sellVolume: undefined };
      expect(found).toEqual(wanted.map((bar) => ({ ...expected(shape, `${threshold} ${of} imbalance`, bar), ...(sided ? {} : unsided) })));
    }), 40);
  });
});

const absolute = (trade: Trade): Trade => ({ ...trade, price: trade.price < 0 ? -trade.price : trade.price });

/** What bars by amount go by, as a number. */
function measured(shape: Shape, trades: readonly Trade[], of: string): number {
  if (trades.length === 0) return 0;
  const says = saysOf(exactly(trades));
  if (of === 'ticks') return trades.length;
  return of === 'volume' ? near(says.volume, shape.sizeScale) : near(says.value, (shape.priceScale ?? 0) + (shape.sizeScale ?? 0));
}

/** Whole sizes beside a decimal price are as the feed has them. */
const exactly = (trades: readonly Trade[]): Trade[] => trades.map((trade) => ({ ...trade, size: typeof trade.price === 'bigint' ? BigInt(trade.size) : trade.size }));

function reaches(shape: Shape, bar: readonly Trade[], of: string, threshold: number): boolean {
  if (of === 'ticks') return bar.length >= threshold;
  const says = saysOf(exactly(bar));
  const [sum, scale] = of === 'volume' ? [says.volume, shape.sizeScale ?? 0] : [says.value, (shape.priceScale ?? 0) + (shape.sizeScale ?? 0)];
  return typeof sum === 'number' ? sum >= threshold : isAtLeast(sum, scale, threshold);
}

/** An exact sum against the decimal that a number is written as. */
function isAtLeast(sum: bigint, scale: number, threshold: number): boolean {
  const [whole = '', fraction = ''] = threshold.toLocaleString('en-US', { useGrouping: false, maximumSignificantDigits: 17, maximumFractionDigits: 20 } as object).split('.');
  return sum * 10n ** BigInt(fraction.length) >= BigInt(whole + fraction) * 10n ** BigInt(scale);
}

function imbalanceReaches(shape: Shape, bar: readonly Trade[], signs: readonly number[], of: string, threshold: number): boolean {
  const amounts = exactly(bar).map(({ price, size }) =>
    (of === 'ticks' ? 1 : of === 'volume' ? size : typeof price === 'bigint' ? price * (size as bigint) : (price) * (size as number)));
  if (typeof amounts[0] === 'bigint') {
    const sum = amounts.reduce<bigint>((total, amount, i) => total + BigInt(signs[i] as number) * (amount as bigint), 0n);
    const scale = of === 'volume' ? shape.sizeScale ?? 0 : (shape.priceScale ?? 0) + (shape.sizeScale ?? 0);
    return isAtLeast(sum < 0n ? -sum : sum, scale, threshold);
  }
  return Math.abs(amounts.reduce<number>((total, amount, i) => total + (signs[i] as number) * (amount as number), 0)) >= threshold;
}

function tickRule(trades: readonly Trade[]): number[] {
  let sign = 0;
  return trades.map(({ price }, i) => {
    const before = trades[i - 1]?.price ?? price;
    if (price !== before) sign = price > before ? 1 : -1;
    return sign;
  });
}

describe('bars are those of DuckDB, to the last digit', () => {
  let duck: Duck;
  let tables = 0;
  beforeAll(async () => { duck = await openDuck(); });
  afterAll(() => { duck.close(); });

  /** A table of the trades, and its prices and sizes as expressions whose sums are exact where the values are. */
  async function fill(table: string, { schema }: FeedFixture, trades: readonly Trade[]): Promise<{ price: Field; size: Field; wide: [price: string, size: string]; usable: string }> {
    const [price, size] = schema.fields as readonly [Field, Field];
    const types = { seq: BIGINT, price: duckType(price), size: duckType(size), side: VARCHAR, ts: BIGINT };
    await duck.table(table, types, trades.map((trade, seq) => [
      BigInt(seq), duckValue(price, trade.price), duckValue(size, size.type === 'uint32' ? Number(trade.size) : trade.size), trade.side, trade.time,
    ]));
    return {
      price, size,
      wide: price.type === 'int64' ? ['cast(price as hugeint)', 'cast(size as hugeint)'] : price.type === 'decimal'
        ? [`cast(price as decimal(19, ${price.scale}))`, `cast(size as decimal(19, ${size.scale ?? 0}))`] : ['cast(price as double)', 'cast(size as double)'],
      usable: price.type.startsWith('float') ? 'not isnan(price) and not isnan(cast(size as double))' : 'true',
    };
  }

  /** What a bar begins, ends and goes through with, in the terms of both. */
  const BAR = 'arg_min(ts, seq) as first, arg_max(ts, seq) as last, arg_min(price, seq) as open, max(price) as high, min(price) as low, arg_max(price, seq) as close, count(*) as count';
  const ofDuck = (row: Record<string, unknown>): unknown[] => ['open', 'high', 'low', 'close'].map((name) => (typeof row[name] === 'number' ? row[name] : String(row[name]))).concat(Number(row['count']));
  const ofBar = ({ open, high, low, close, count }: Readonly<Record<'open' | 'high' | 'low' | 'close' | 'count', unknown>>): unknown[] => [open, high, low, close, count];

  test('by ticks, volume, value and imbalance, which a recursive query walks through', async () => {
    const kind = fc.record({ of: fc.constantFrom('ticks' as const, 'volume' as const, 'dollar' as const), part: fc.integer({ min: 2, max: 20 }), imbalance: fc.boolean() });
    let several = 0;
    await fc.assert(fc.asyncProperty(history, kind, async (past, { of, part, imbalance }) => {
      const { fixture, trades } = build({ ...past, steps: past.steps.slice(0, 3) });
      const total = measured(past.shape, trades.filter(isUsable).map(absolute), of);
      const threshold = Math.max(1, Math.round(of === 'ticks' ? part : total / part));
      const { start, end } = rangeOf(past.shape, trades, { from: -10_000, ms: 50_000 });
      const found = new FeedReader(fixture.source).barsSync(start, end, { ...(imbalance ? { imbalance: { of, threshold } } : { [of]: threshold }), exact: true } as unknown as BarsOptions);
      const table = `t${tables++}`;
      try {
        const { wide, usable } = await fill(table, fixture, trades);
        const amount = of === 'ticks' ? 'cast(1 as bigint)' : of === 'volume' ? wide[1] : `${wide[0]} * ${wide[1]}`;
        const signed = imbalance ? `${amount} * (case when side in ('B', 'b') then 1 when side in ('S', 's') then -1 else 0 end)` : amount;
        const full = `${imbalance ? 'abs(walk.total)' : 'walk.total'} >= ${threshold.toLocaleString('en-US', { useGrouping: false })}`;
        const type = (await duck.rows(`select typeof(sum(${signed})) as type from ${table}`))[0]!['type'] as string;
        const rows = await duck.rows(`
          with recursive used as materialized (select row_number() over (order by seq) as n, *, cast(${signed} as ${type}) as amount from ${table} where ${usable}),
          walk as (
            select n, cast(0 as bigint) as bar, amount as total from used where n = 1
            union all
            select used.n, case when ${full} then bar + 1 else bar end, cast(case when ${full} then amount else total + amount end as ${type}) from walk join used on used.n = walk.n + 1
          )
          select bar, ${BAR} from walk join used using (n) group by bar order by bar`);
        expect(found.map((bar) => [String(bar.start), String(bar.end), ...ofBar(bar)])).toEqual(rows.map((row) => [String(row['first']), String(row['last']), ...ofDuck(row)]));
        if (rows.length > 2) several += 1;
      } finally {
        await duck.rows(`drop table if exists ${table}`);
      }
    }), { seed: SEED, numRuns: 25, endOnFailure: true });
    expect(several).toBeGreaterThan(0);
  });

  test('by sessions, which are a table there', async () => {
    await fc.assert(fc.asyncProperty(history, fc.constantFrom(undefined, 7n, 100n), sessions(1), async (past, ms, gaps) => {
      const { fixture, trades } = build(past);
      const inMs = past.shape.second / 1000n;
      const list = sessionsOf(past.shape, gaps);
      const { start, end } = rangeOf(past.shape, trades, { from: -10_000, ms: 50_000 });
      const found = new FeedReader(fixture.source).barsSync(start, end, { resolution: ms === undefined ? 'session' : `${ms}ms`, session: list, exact: true });
      const table = `t${tables++}`;
      try {
        const { usable } = await fill(table, fixture, trades);
        const width = ms === undefined ? 2n ** 60n : ms * inMs;
        const rows = await duck.rows(`
          select start, least(start + ${width}, closes) as until, ${BAR} from (
            select *, opens + (ts - opens) // ${width} * ${width} as start
            from ${table} join (values ${list.map(([open, close]) => `(cast(${open} as bigint), cast(${close} as bigint))`).join(', ')}) as session(opens, closes) on ts >= opens and ts < closes
            where ${usable}
          ) group by start, closes order by start`);
        expect(found.map((bar) => [String(bar.start), String(bar.end), ...ofBar(bar)])).toEqual(rows.map((row) => [String(row['start']), String(row['until']), ...ofDuck(row)]));
      } finally {
        await duck.rows(`drop table if exists ${table}`);
      }
    }), { seed: SEED, numRuns: 25, endOnFailure: true });
  });

  test('by time, of one thread that adds up in the order of the rows', async () => {
    await fc.assert(fc.asyncProperty(history, resolution, async (past, name) => {
      const { fixture, trades } = build(past);
      const { shape } = past;
      const width = (RESOLUTIONS[name] * shape.second) / 1000n;
      const reader = new FeedReader(fixture.source);
      const found = reader.barsSync(shape.epoch - 100n * shape.second, shape.epoch + 100n * shape.second, { resolution: name, exact: true });
      const table = `t${tables++}`;
      try {
        const { price, size, wide, usable } = await fill(table, fixture, trades);
        const rows = await duck.rows(`
          select start, arg_min(price, seq) as open, max(price) as high, min(price) as low, arg_max(price, seq) as close, count(*) as count,
            sum(${wide[1]}) as volume, sum(${wide[0]} * ${wide[1]}) as value,
            coalesce(sum(${wide[1]}) filter (side in ('B', 'b')), 0) as buy, coalesce(sum(${wide[1]}) filter (side in ('S', 's')), 0) as sell
          from (select *, ts - ((ts % ${width}) + ${width}) % ${width} as start from ${table} where ${usable} order by seq)
          group by start order by start`);
        const exact = price.type === 'decimal' || price.type === 'int64';
        const sumOf = (value: unknown, scale: number): unknown => (exact ? (scale === 0 ? String(value).replace(/\.0*$/, '') : String(value)) : Number(value));
        expect(found.map((bar) => ({ ...bar, vwap: undefined }))).toEqual(rows.map((row) => {
          const start = row['start'] as bigint;
          const given = (value: unknown): unknown => (exact ? String(value) : value);
          const times = { start, end: start + width };
          return {
            feed: shape.spec.name, resolution: name, ...(shape.spec.name === 'decimals' ? times : { start: Number(times.start), end: Number(times.end) }),
            open: given(row['open']), high: given(row['high']), low: given(row['low']), close: given(row['close']), count: Number(row['count']),
            volume: size.type === 'uint32' ? Number(row['volume']) : sumOf(row['volume'], size.scale ?? 0),
            value: sumOf(row['value'], (price.scale ?? 0) + (size.scale ?? 0)), vwap: undefined,
            buyVolume: size.type === 'uint32' ? Number(row['buy']) : zero(sumOf(row['buy'], size.scale ?? 0), size.scale ?? 0),
            sellVolume: size.type === 'uint32' ? Number(row['sell']) : zero(sumOf(row['sell'], size.scale ?? 0), size.scale ?? 0),
          };
        }));
      } finally {
        await duck.rows(`drop table if exists ${table}`);
      }
    }), { seed: SEED, numRuns: 40, endOnFailure: true });
  });
});

/** What coalesce gives where no row was added up has no digits behind the point. */
const zero = (value: unknown, scale: number): unknown => (value === '0' && scale > 0 ? `0.${'0'.repeat(scale)}` : value);
