import { describe, expect, expectTypeOf, test } from 'vitest';
import { FeedReader, parseWhere, predicateText } from '@deepwater/query';
import { compileSchema, parseFeedSpec } from '@deepwater/core';
import type { FeedFixture } from './support/feed-fixture.js';
import { failure, feed } from './support/small-feed.js';

const mixed = {
  name: 'mixed',
  fields: [
    { name: 'price', type: 'decimal', scale: 2 },
    { name: 'size', type: 'uint32' },
    { name: 'rate', type: 'float32' },
    { name: 'venue', type: 'symbol' },
    { name: 'side', type: 'char' },
    { name: 'live', type: 'bool' },
    { name: 'code', type: 'string', bytes: 3 },
    { name: 'id', type: 'uint64' },
    { name: 'or', type: 'uint8' },
    { name: 'ts', type: 'uint64' },
    { name: 'seen', type: 'uint64', unit: 'ns' },
  ],
  timestamp: 'ts',
  clocks: ['seen'],
} as const;
const schema = compileSchema(parseFeedSpec(mixed));

const textOf = (where: unknown): string => predicateText(parseWhere(schema, where)!);

function reader(fixture: FeedFixture): FeedReader<typeof mixed> {
  return new FeedReader<typeof mixed>(fixture.source);
}

/** Prices 1.00, 1.01, … in chunks of 100 rows, the last 50 in the ring. */
function prices(count: number): FeedFixture {
  const fixture = feed(mixed, { capacityRows: 100, blockRows: 20 });
  for (let i = 0; i < count; i++) fixture.write(BigInt(100 + i), i, 0.1, i % 2 === 0 ? 'XNAS' : 'XLON', 'B', true, 'abc', BigInt(i), 0, i, BigInt(i) * 1000n);
  fixture.drain(count - 50);
  return fixture;
}

describe('a filter', () => {
  test.each<[unknown, string]>([
    [{ side: 'B' }, 'side = "B"'],
    [{ price: { gte: 1, lt: '2.5' } }, 'price >= 1 and price < "2.5"'],
    [{ side: { ne: 'B' }, size: { between: [1, 5] } }, '(not side = "B") and (size >= 1 and size <= 5)'],
    [{ or: [{ venue: { in: ['XNAS', 'XLON'] } }, { not: { live: true } }] }, 'venue in ("XNAS", "XLON") or (not live = true)'],
    [{ or: [] }, 'nothing'],
    [{ not: { and: [] } }, 'not (everything)'],
    [{ size: { in: Array.from({ length: 10 }, (_, i) => i) } }, 'size in (0, 1, 2, 3, 4, 5, 6, 7, … (10))'],
    [{ ts: { gt: new Date(0) } }, 'ts > 1970-01-01T00:00:00.000Z'],
  ])('prints itself: %o', (where, text) => {
    expect(textOf(where)).toBe(text);
  });

  test('that asks for nothing is none', () => {
    expect(parseWhere(schema, undefined)).toBeUndefined();
    expect(parseWhere(schema, {})).toBeUndefined();
  });

  test('is plain data that other threads can have', () => {
    const predicate = parseWhere(schema, { venue: 'XNAS', code: { gt: 'a' }, not: { id: { in: [1n, 2n] } } });
    expect(structuredClone(predicate)).toEqual(predicate);
  });

  test('compares between the steps of a scale exactly', () => {
    const fixture = prices(200);
    const found = (where: object): unknown[] => reader(fixture).rangeSync(0, 1000, { where, columns: ['price'] }).flat();
    expect(found({ price: { gte: '1.005', lte: '1.025' } })).toEqual(['1.01', '1.02']);
    expect(found({ price: { gt: 1.01, lt: 1.04 } })).toEqual(['1.02', '1.03']);
    expect(found({ price: '1.005' })).toEqual([]);
    expect(found({ price: { in: [101n, '1.020', 1.03, 1.035] } })).toEqual(['1.01', '1.02', '1.03']);
    expect(found({ price: { ne: '1.005', lte: '1' } })).toEqual(['1.00']);
    expect(found({ size: { gt: 1.5, lt: 3.5 } })).toEqual(['1.02', '1.03']);
    // 0.1 is not what a float32 holds for it.
    expect(found({ rate: 0.1 })).toEqual([]);
    expect(found({ rate: Math.fround(0.1), size: { lt: 1 } })).toEqual(['1.00']);
    expect(found({ rate: { gt: 0.1 }, size: { lt: 1 } })).toEqual(['1.00']);
  });

  test('finds symbols that are new in the dictionary, and none that are not in it', () => {
    const fixture = prices(60);
    const own = reader(fixture);
    expect(own.rangeSync(0, 1000, { where: { venue: 'XPAR' } })).toEqual([]);
    fixture.write(1n, 1, 1, 'XPAR', 'B', true, '', 1n, 0, 500, 500n);
    expect(own.rangeSync(0, 1000, { where: { venue: 'XPAR' }, columns: ['ts'] })).toEqual([[500]]);
    expect(own.rangeSync(0, 1000, { where: { venue: { notIn: ['XNAS', 'XLON', 'nowhere'] } }, columns: ['ts'] })).toEqual([[500]]);
  });

  test('with a long list looks cells up', () => {
    const fixture = prices(200);
    const odd = Array.from({ length: 60 }, (_, i) => 2 * i + 1);
    const wanted = odd.map((n) => [n]);
    const found = (where: object): unknown => reader(fixture).rangeSync(0, 1000, { where, columns: ['ts'] });
    expect(found({ size: { in: odd } })).toEqual(wanted);
    expect(found({ id: { in: odd } })).toEqual(wanted);
    expect(found({ rate: { notIn: odd }, size: { in: odd } })).toEqual(wanted);
    expect(found({ code: { in: [...odd.map(String), 'abc'] }, size: { in: odd } })).toEqual(wanted);
  });

  test('takes the first that match, where there is a limit', () => {
    expect(reader(prices(200)).rangeSync(0, 1000, { where: { venue: 'XLON' }, limit: 3, columns: ['ts'] })).toEqual([[1], [3], [5]]);
  });
});

describe('times in a filter', () => {
  test('pass over chunks and blocks, besides those of the range', () => {
    const own = reader(prices(350));
    const { plan, text, where } = own.explain(0, 10_000, { where: { seen: { gte: 125_000n, lt: 145_000n }, side: 'B' } });
    expect(where).toBe('(seen >= 125000 and seen < 145000) and side = "B"');
    expect(plan.chunks).toEqual([{ chunkId: 2, firstSequence: 100, steps: [{ from: 20, to: 60, how: 'whole', where: true }] }]);
    expect(plan.where).toEqual({ lookedAt: 40, ruledOut: 260 });
    expect(plan.passedOver).toBe(2);
    expect(text).toContain('where (seen >= 125000 and seen < 145000) and side = "B": looked at for 40 rows in chunks, 260 ruled out by the times of their chunks and blocks');
    expect(own.rangeSync(0, 10_000, { where: { seen: { gte: 125_000n, lt: 145_000n } } })).toHaveLength(20);
  });

  test('decide whole blocks, so that no row of them is looked at', () => {
    const { plan } = reader(prices(350)).explain(0, 10_000, { where: { or: [{ seen: { lt: 120_000n } }, { seen: { gte: 260_000n } }] } });
    expect(plan.chunks.map(({ steps }) => steps)).toEqual([
      [{ from: 0, to: 100, how: 'whole' }], [{ from: 0, to: 20, how: 'whole' }], [{ from: 60, to: 100, how: 'whole' }],
    ]);
    expect(plan.where).toEqual({ lookedAt: 0, ruledOut: 140 });
  });
});

describe('a filter that means nothing is an error, which says what is possible', () => {
  test.each<[string, unknown, string, string]>([
    ['no object', 5, 'DW_FILTER_INVALID', 'where is 5; give an object'],
    ['a list', [], 'DW_FILTER_INVALID', 'where is an array of 0'],
    ['an unknown field', { prise: 1 }, 'DW_FIELD_UNKNOWN', 'did you mean price'],
    ['an unknown operator', { price: { over: 1 } }, 'DW_FILTER_INVALID', 'It takes eq, ne, lt, lte, gt, gte, between, in, notIn'],
    ['no operator', { price: {} }, 'DW_FILTER_INVALID', 'where.price names no comparison'],
    ['nothing to compare with', { price: undefined }, 'DW_FILTER_INVALID', 'where.price.eq is undefined'],
    ['null', { size: null }, 'DW_FILTER_INVALID', 'is null; field size is of type uint32, and eq takes a number there'],
    ['a text for a number', { size: '5' }, 'DW_FILTER_INVALID', 'eq takes a number'],
    ['words for a decimal', { price: { gt: 'much' } }, 'DW_FILTER_INVALID', 'field price is of type decimal (scale 2), and gt takes a decimal text'],
    ['two characters for one', { side: 'BS' }, 'DW_FILTER_INVALID', 'one character of code 0 to 255'],
    ['a number for a bool', { live: 1 }, 'DW_FILTER_INVALID', 'true or false'],
    ['an order of bools', { live: { gt: false } }, 'DW_FILTER_INVALID', 'because bools have no order. It takes eq, ne, in, notIn'],
    ['an order of symbols', { venue: { lt: 'X' } }, 'DW_FILTER_INVALID', 'because symbols have no order'],
    ['a number for a symbol', { venue: { in: ['X', 5] } }, 'DW_FILTER_INVALID', 'in takes a text'],
    ['half a character', { code: '\ud800' }, 'DW_FILTER_INVALID', 'a well-formed text'],
    ['a number that is not exact', { id: 2 ** 60 }, 'DW_FILTER_INVALID', 'a bigint or a whole number up to 2^53'],
    ['a Date for what is no time', { id: new Date(0) }, 'DW_FILTER_INVALID', 'a bigint or a whole number'],
    ['an invalid Date', { ts: new Date(Number.NaN) }, 'DW_FILTER_INVALID', 'or a Date'],
    ['one end', { size: { between: [1] } }, 'DW_FILTER_INVALID', 'between takes a list of two values'],
    ['no list', { size: { in: 5 } }, 'DW_FILTER_INVALID', 'in takes a list of values'],
    ['or of one', { or: { size: 1 } }, 'DW_FILTER_INVALID', 'A field of that name cannot be filtered on'],
    ['a cycle', cyclic(), 'DW_FILTER_INVALID', 'more than 16 levels deep'],
    ['too many values', { size: { in: new Array(100_001).fill(1) } }, 'DW_FILTER_INVALID', 'more than 100000'],
  ])('%s', async (_, where, code, message) => {
    const own = reader(prices(60));
    const error = await failure(() => own.rangeSync(0, 1, { where: where as never }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect((await failure(() => own.range(0, 1, { where: where as never }))).code).toBe(code);
    expect((await failure(() => own.batches(0, 1, { where: where as never }))).code).toBe(code);
  });
});

function cyclic(): object {
  const where: { not?: object } = {};
  where.not = where;
  return where;
}

/** Only looked at by the compiler. */
function compiles(_code: (own: FeedReader<typeof mixed>, any: FeedReader) => unknown): void {}

test('types: a filter takes the values of its fields, and no others', () => {
  compiles((own, any) => {
    own.rangeSync(0, 1, { where: { price: '1.5', side: { ne: 'B' }, ts: { gte: new Date() }, seen: 5n, live: true, venue: { in: ['XNAS'] }, not: { size: 5 } } });
    own.rangeSync(0, 1, { where: { and: [{ or: [{ code: { lt: 'b' } }, { rate: { between: [1, 2] } }] }] } });
    // @ts-expect-error there is no such field
    own.rangeSync(0, 1, { where: { prise: 1 } });
    // @ts-expect-error a size is no text
    own.rangeSync(0, 1, { where: { size: '5' } });
    // @ts-expect-error symbols have no order
    own.rangeSync(0, 1, { where: { venue: { lt: 'X' } } });
    // @ts-expect-error an id is no time
    own.rangeSync(0, 1, { where: { id: new Date() } });
    // @ts-expect-error nor does the field exist within or
    own.rangeSync(0, 1, { where: { or: [{ prise: 1 }] } });
    // @ts-expect-error between takes two ends
    own.rangeSync(0, 1, { where: { size: { between: [1] } } });
    any.rangeSync(0, 1, { where: { anything: { gt: 5 }, or: [{ side: 'B' }] } });
    expectTypeOf(own.rangeSync(0, 1, { where: { size: 1 }, columns: ['side'] })).toEqualTypeOf<[string][]>();
  });
});
