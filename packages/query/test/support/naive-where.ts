/** Filters as they are meant, looked at one record and one value at a time, and how tests make them up. */
import fc from 'fast-check';
import type { Field, Schema } from '@deepwater/core';
import { everything } from './everything.js';
import type { ModelRecord } from './feed-fixture.js';

type Given = Record<string, unknown>;

/** Whether a record fulfils a filter. */
export function fulfils(schema: Schema, { values }: ModelRecord, where: Given): boolean {
  return Object.entries(where).every(([key, asked]) => {
    if (key === 'and') return (asked as Given[]).every((each) => fulfils(schema, { sequence: 0, values }, each));
    if (key === 'or') return (asked as Given[]).some((each) => fulfils(schema, { sequence: 0, values }, each));
    if (key === 'not') return !fulfils(schema, { sequence: 0, values }, asked as Given);
    const field = schema.fields.find(({ name }) => name === key) as Field;
    const comparisons = typeof asked === 'object' && asked !== null && !(asked instanceof Date) ? Object.entries(asked) : [['eq', asked] as const];
    return comparisons.every(([operator, value]) => holds(operator, field, values[field.index], value));
  });
}

function holds(operator: string, field: Field, cell: unknown, value: unknown): boolean {
  const against = (other: unknown): number => order(field, cell, other);
  switch (operator) {
    case 'eq': return against(value) === 0;
    case 'ne': return against(value) !== 0;
    case 'lt': return against(value) < 0;
    case 'lte': return against(value) <= 0;
    case 'gt': return against(value) > 0;
    case 'gte': return against(value) >= 0;
    case 'between': return against((value as unknown[])[0]) >= 0 && against((value as unknown[])[1]) <= 0;
    case 'in': return (value as unknown[]).some((each) => against(each) === 0);
    case 'notIn': return (value as unknown[]).every((each) => against(each) !== 0);
    default: throw new Error(`no operator ${operator}`);
  }
}

/** Below 0, 0, above 0; NaN where the two have no order. */
function order(field: Field, cell: unknown, value: unknown): number {
  switch (field.type) {
    case 'char': case 'string': case 'symbol':
      return Buffer.compare(Buffer.from(cell as string), Buffer.from(value as string));
    case 'bool':
      return Number(cell) - Number(value);
    case 'decimal':
      return difference(inAtoms(cell, field.scale as number), inAtoms(value, field.scale as number));
    case 'float32':
      return compare(Math.fround(cell as number), value as number);
    case 'float64':
      return compare(cell as number, value as number);
    default:
      return compare(cell as number | bigint, value instanceof Date ? BigInt(value.getTime()) * (field.unit === 'ns' ? 1_000_000n : 1000n) : value as number | bigint);
  }
}

/** Numbers and bigints compare exactly in JavaScript, whichever is which. */
const compare = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0);
const difference = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** A decimal in units of 10^-40. */
function inAtoms(value: unknown, scale: number): bigint {
  if (typeof value === 'bigint') return value * 10n ** BigInt(40 - scale);
  const text = typeof value === 'number' ? value.toFixed(20) : value as string;
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const atoms = BigInt(whole + fraction.padEnd(40, '0'));
  return text.startsWith('-') ? -atoms : atoms;
}

const NUMBERS = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte'] as const;

/** Anything between two ends, and what lies just past them. */
const around = (least: bigint, greatest: bigint): fc.Arbitrary<bigint> => fc.oneof(fc.bigInt({ min: least, max: greatest }), fc.constantFrom(least, greatest, 0n, least - 1n, greatest + 1n));

/** Filters over the feed `everything`: values that occur, that nearly occur, and that never do. */
export const anyWhere: fc.Arbitrary<Given> = fc.letrec<{ where: Given }>((tie) => ({
  where: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.oneof(...everything.fields.filter(({ name }) => name !== '_').map((field) => conditionOn(field as unknown as Field))) },
    { weight: 1, arbitrary: fc.record({ and: fc.array(tie('where'), { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ or: fc.array(tie('where'), { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ not: tie('where') }) },
    { weight: 1, arbitrary: fc.tuple(tie('where'), tie('where')).map(([a, b]) => ({ ...a, ...b })) },
  ),
})).where;

function conditionOn({ name, type }: Field): fc.Arbitrary<Given> {
  const value = valuesFor(name, type);
  const operators: fc.Arbitrary<unknown>[] = [
    value,
    fc.record({ in: fc.array(value, { maxLength: 14 }) }),
    fc.record({ notIn: fc.array(value, { maxLength: 14 }) }),
    fc.record({ eq: value }),
    fc.record({ ne: value }),
  ];
  if (type !== 'symbol' && type !== 'bool') {
    for (const operator of NUMBERS) operators.push(value.map((each) => ({ [operator]: each })));
    operators.push(fc.tuple(value, value).map((ends) => ({ between: ends })), fc.tuple(value, value).map(([low, high]) => ({ gte: low, lt: high })));
  }
  return fc.oneof(...operators).map((asked) => ({ [name]: asked }));
}

function valuesFor(name: string, type: Field['type']): fc.Arbitrary<unknown> {
  switch (type) {
    case 'float64': return fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1, 5e-324));
    case 'float32': return fc.oneof(fc.float(), fc.double(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 0.1, 2 ** -149));
    case 'char': return fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
    case 'bool': return fc.boolean();
    case 'string': return fc.oneof(fc.constantFrom('', 'a', 'ünïc', '12345678', '123456789', 'end', 'abc', 'abcde', 'abcdef', '€2'), fc.string({ maxLength: 9 }).map((text) => text.replace(/\0+$/, '')));
    case 'symbol': return fc.constantFrom('XNAS', 'XLON', 'coinbase', '', 'Börse', 'unheard of');
    case 'decimal':
      if (name === 'units') return fc.oneof(around(-(2n ** 63n), 2n ** 63n - 1n), fc.constantFrom('0.005', '-0.005', 1.5));
      return fc.oneof(fc.integer({ min: -1_100_000, max: 1_100_000 }).map((n) => n / 1000), fc.constantFrom('0', '-0.0005', '12.3455', '-999.9999', '1000', '99999999999999999999'), fc.bigInt({ min: -1_100_000n, max: 1_100_000n }));
    case 'int64': case 'uint64': {
      if (name === 'ts') return fc.integer({ min: -20, max: 1600 }).chain((n) => fc.constantFrom(1_700_000_000_000_000 + n, 1_700_000_000_000_000n + BigInt(n), new Date(1_700_000_000_000)));
      if (name === 'received') return fc.bigInt({ min: -800n, max: 900n });
      return type === 'int64' ? around(-(2n ** 63n), 2n ** 63n - 1n) : around(0n, 2n ** 64n - 1n);
    }
    default: {
      const bits = BigInt(/\d+/.exec(type)?.[0] ?? 0);
      const [least, greatest] = type.startsWith('u') ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
      return fc.oneof(around(least, greatest).map(Number), fc.constantFrom(0.5, -0.5, Number.NaN, Infinity, -Infinity));
    }
  }
}
