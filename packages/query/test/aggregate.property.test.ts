import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Field, formatDecimal } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import type { FeedFixture, ModelRecord } from './support/feed-fixture.js';
import { readValue } from './support/everything.js';
import { type History, buildFeed, history, rangeOf } from './support/history.js';
import { within } from './support/model.js';
import { cellOf, exactOf, isFloat, quotient, sorted } from './support/naive-aggregate.js';
import { anyWhere, fulfils } from './support/naive-where.js';
import { assertProperty } from './support/seed.js';

const ODD = [Number.NaN, Infinity, -Infinity, -0, 0];

/** Floats of a size that sums are about, and now and then such that are no numbers. */
function build(past: History): FeedFixture {
  const tame = (value: unknown, i: number): number => (past.seed % 3 === 0 && i % 4 === 0 ? ODD[i % ODD.length]! : ((value as number) % 1e6) || i);
  const sample = past.sample.map((values, i) => values.map((value, k) => (k === 0 || k === 3 ? tame(value, i + k) : value)));
  return buildFeed({ ...past, sample: sample as never });
}

const query = fc.record({
  by: fc.constantFrom(0, 1),
  from: fc.integer({ min: -20, max: 900 }),
  length: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(3000)),
  where: fc.option(anyWhere, { nil: undefined }),
});
type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

/** Asks a reader and the naive model for the same. */
function ask(past: History, asked: Query, aggregates: Record<string, unknown>): { found: Record<string, unknown>; records: ModelRecord[]; fixture: FeedFixture } {
  const fixture = build(past);
  const reader = new FeedReader(fixture.source);
  const { start, end } = rangeOf(asked);
  const records = within(fixture, asked.by, start, end).filter((record) => asked.where === undefined || fulfils(fixture.schema, record, asked.where));
  const found = reader.aggregateSync(start, end, { by: fixture.schema.clocks[asked.by]?.name, where: asked.where as never, aggregates: aggregates as never });
  return { found, records, fixture };
}

const NUMERIC = ['price', 'f32', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'exact', 'units', 'wide', 'order', 'plain', 'ts', 'received'] as const;
const numeric = fc.constantFrom(...NUMERIC);
const fieldOf = ({ schema }: FeedFixture, name: string): Field => schema.fields.find((field) => field.name === name)!;

/** Equal but for what rounding may change; infinities and NaN are themselves. */
function expectNear(found: unknown, expected: number, scale: number): void {
  if (Number.isFinite(expected) && Number.isFinite(scale)) expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(1e-11 * scale + 1e-300);
  else expect(found).toBe(expected);
}

describe('aggregates equal what a loop over the records gives', () => {
  test('count, first and last of every field', () => {
    assertProperty(fc.property(history, query, (past, asked) => {
      const names = buildNames;
      const aggregates = Object.fromEntries([['n', 'count'], ['m', { count: true }], ...names.flatMap((name) => [[`${name}1`, { first: name }], [`${name}2`, { last: name }]])]) as Record<string, unknown>;
      const { found, records, fixture } = ask(past, asked, aggregates);
      expect(found['n']).toBe(records.length);
      expect(found['m']).toBe(records.length);
      for (const name of names) {
        const field = fieldOf(fixture, name);
        const value = (record: ModelRecord | undefined): unknown => (record === undefined ? undefined : readValue(field, record.values[field.index]));
        expect(found[`${name}1`]).toEqual(value(records[0]));
        expect(found[`${name}2`]).toEqual(value(records.at(-1)));
      }
    }), 60);
  });

  test('sum, mean, least, greatest, deviation of every field with numbers', () => {
    assertProperty(fc.property(history, query, numeric, (past, asked, name) => {
      const bounded = name === 'plain' || name === 'ts';
      const { found, records, fixture } = ask(past, asked, {
        ...(bounded ? {} : { sum: { sum: name } }),
        mean: { mean: name }, min: { min: name }, max: { max: name }, sd: { stddev: name }, variance: { variance: name },
      });
      const field = fieldOf(fixture, name);
      const cells = records.map(({ values }) => cellOf(field, values[field.index]));
      const ordered = sorted(cells);
      const shown = (cell: number | bigint | undefined): unknown => (cell === undefined ? undefined : typeof cell === 'number' ? cell + 0 : valueOf(field, cell));
      expect(found['min']).toEqual(shown(ordered[0]));
      expect(found['max']).toEqual(shown(ordered.at(-1)));
      if (records.length === 0) {
        if (!bounded) expect(found['sum']).toEqual(isFloat(field) ? 0 : valueOf(field, 0n));
        expect(found).toMatchObject({ mean: undefined, sd: undefined, variance: undefined });
        return;
      }
      if (isFloat(field)) {
        const sum = (cells as number[]).reduce((total, cell) => total + cell, 0);
        const size = (cells as number[]).reduce((total, cell) => total + Math.abs(cell), 0);
        expectNear(found['sum'], sum, size);
        expectNear(found['mean'], sum / cells.length, size / cells.length);
      } else {
        const { scale } = exactOf(field, records[0]!.values[field.index]);
        const sum = records.reduce((total, { values }) => total + exactOf(field, values[field.index]).units, 0n);
        if (!bounded) expect(found['sum']).toEqual(valueOf(field, sum));
        expect(found['mean']).toBe(quotient(sum, BigInt(cells.length) * scale));
      }
      expectDeviation(found, field, cells);
    }), 100);
  });

  test('volume-weighted price of every pair of fields', () => {
    assertProperty(fc.property(history, query, numeric, numeric, (past, asked, price, size) => {
      const { found, records, fixture } = ask(past, asked, { vwap: { vwap: [price, size] } });
      const [p, s] = [fieldOf(fixture, price), fieldOf(fixture, size)];
      const pairs = records.map(({ values }) => [values[p.index], values[s.index]] as const);
      if (isFloat(p) || isFloat(s)) {
        const number = (field: Field, value: unknown): number => (field.type === 'decimal' && typeof value === 'bigint' ? Number(value) / 10 ** field.scale! : Number(readValue(field, value)));
        const value = pairs.reduce((sum, [a, b]) => sum + number(p, a) * number(s, b), 0);
        const volume = pairs.reduce((sum, [, b]) => sum + number(s, b), 0);
        const sizes = pairs.reduce((sum, [, b]) => sum + Math.abs(number(s, b)), 0);
        const magnitude = pairs.reduce((sum, [a, b]) => sum + Math.abs(number(p, a) * number(s, b)), 0);
        if (records.length === 0) expect(found['vwap']).toBeUndefined();
        // Where sizes of either sign cancel, nothing can be said of the quotient's digits.
        else if (Math.abs(volume) > 1e-3 * sizes) expectNear(found['vwap'], value / volume, (magnitude / Math.abs(volume)) * 1e3);
        return;
      }
      const value = pairs.reduce((sum, [a, b]) => sum + exactOf(p, a).units * exactOf(s, b).units, 0n);
      const volume = pairs.reduce((sum, [, b]) => sum + exactOf(s, b).units, 0n);
      expect(found['vwap']).toBe(volume === 0n ? undefined : quotient(value, volume * (p.type === 'decimal' ? 10n ** BigInt(p.scale!) : 1n)));
    }), 100);
  });

  test('quantiles, in proportion and as they are', () => {
    assertProperty(fc.property(history, query, numeric, fc.array(fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 3 }), (past, asked, name, at) => {
      const { found, records, fixture } = ask(past, asked, { cont: { quantile: name, at }, disc: { quantile: name, at, method: 'disc' }, one: { quantile: name, at: at[0] } });
      const field = fieldOf(fixture, name);
      const cells = sorted(records.map(({ values }) => cellOf(field, values[field.index])));
      if (cells.length === 0) {
        expect(found).toEqual({ cont: undefined, disc: undefined, one: undefined });
        return;
      }
      const number = (cell: number | bigint): number => (field.type === 'decimal' ? quotient(cell as bigint, 10n ** BigInt(field.scale!)) : Number(cell) + 0);
      const cont = at.map((each) => {
        const place = (cells.length - 1) * each;
        const [low, high] = [number(cells[Math.floor(place)]!), number(cells[Math.ceil(place)]!)];
        return Number.isInteger(place) ? low : low + (high - low) * (place - Math.floor(place));
      });
      expect(found['cont']).toEqual(cont);
      expect(found['one']).toEqual(cont[0]);
      const disc = at.map((each) => cells[Math.max(1, cells.length - Math.floor(cells.length - cells.length * each)) - 1]!);
      expect(found['disc']).toEqual(disc.map((cell) => (typeof cell === 'number' ? cell + 0 : valueOf(field, cell))));
    }), 80);
  });

  test('histograms, by edges and by even bins', () => {
    assertProperty(fc.property(history, query, fc.constantFrom('price', 'f32', 'i8', 'u16', 'i32', 'exact'), fc.uniqueArray(fc.integer({ min: -2000, max: 2000 }).map((n) => n / 4), { minLength: 2, maxLength: 7 }), (past, asked, name, some) => {
      const edges = some.sort((a, b) => a - b);
      const { found, records, fixture } = ask(past, asked, { h: { histogram: name, edges }, even: { histogram: name, from: -100, to: 1000, bins: 7 } });
      const field = fieldOf(fixture, name);
      const numbers = records.map(({ values }) => Number(readValue(field, values[field.index])));
      for (const [key, bounds] of [['h', edges], ['even', Array.from({ length: 8 }, (_, i) => -100 + (1100 * i) / 7)]] as const) {
        expect(found[key]).toMatchObject({
          counts: bounds.slice(1).map((high, i) => numbers.filter((x) => x >= bounds[i]! && x < high).length),
          below: numbers.filter((x) => x < bounds[0]!).length,
          above: numbers.filter((x) => x >= bounds.at(-1)!).length,
          nan: numbers.filter((x) => Number.isNaN(x)).length,
        });
      }
    }), 60);
  });

  test('histograms of 64 bits, with edges past what a cell can be', () => {
    assertProperty(fc.property(history, query, fc.constantFrom('wide', 'order'), fc.uniqueArray(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 65n }), { minLength: 2, maxLength: 7 }), (past, asked, name, some) => {
      const edges = some.sort((a, b) => (a < b ? -1 : 1));
      const { found, records, fixture } = ask(past, asked, { h: { histogram: name, edges } });
      const field = fieldOf(fixture, name);
      const cells = records.map(({ values }) => values[field.index] as bigint);
      expect(found['h']).toEqual({
        edges,
        counts: edges.slice(1).map((high, i) => cells.filter((x) => x >= edges[i]! && x < high).length),
        below: cells.filter((x) => x < edges[0]!).length,
        above: cells.filter((x) => x >= edges.at(-1)!).length,
        nan: 0,
      });
    }), 80);
  });
});

const buildNames = ['price', 'side', 'note', 'f32', 'i8', 'u32', 'live', 'exact', 'units', 'venue', 'wide', 'order', 'plain', 'code', 'ts', 'received'];

/** A whole cell as records have it. */
function valueOf(field: Field, cell: bigint): unknown {
  if (field.type === 'decimal') return field.as === 'bigint' ? cell : formatDecimal(cell, field.scale!);
  return field.as === 'bigint' ? cell : Number(cell);
}

/** Against squares of exact deviations, or of floats. */
function expectDeviation(found: Record<string, unknown>, field: Field, cells: readonly (number | bigint)[]): void {
  const n = cells.length;
  if (n < 2) {
    expect(found).toMatchObject({ sd: undefined, variance: undefined });
    return;
  }
  const unit = field.type === 'decimal' ? 10 ** field.scale! : 1;
  if (!isFloat(field)) {
    const whole = cells.map(BigInt);
    const sum = whole.reduce((a, b) => a + b, 0n);
    // The sum of (n x - sum)^2 is n^2 times that of the squared deviations.
    const squares = whole.reduce((total, x) => total + (BigInt(n) * x - sum) ** 2n, 0n);
    const variance = quotient(squares, BigInt(n) * BigInt(n) * BigInt(n - 1)) / unit / unit;
    expectNear(found['variance'], variance, variance);
    expectNear(found['sd'], Math.sqrt(variance), Math.sqrt(variance));
    return;
  }
  const mean = (cells as number[]).reduce((a, b) => a + b, 0) / n;
  const variance = (cells as number[]).reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1);
  const size = (cells as number[]).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expectNear(found['variance'], variance, size * size * 1e-3 + variance);
}
