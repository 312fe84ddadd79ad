/** Values and records that fit a schema, in the kinds a writer takes. */
import { DecimalDigits, type Field, type Schema, formatDecimal } from '@deepwater/core';
import fc from 'fast-check';
import type { ListCoder } from './ring-fixtures.js';

/** A value to write, and what it is read as (see decodeAt). */
export interface Sample {
  readonly write: unknown;
  readonly read: unknown;
}

const same = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<Sample> => arbitrary.map((value) => ({ write: value, read: value }));

/** -0 is stored in integers as 0. */
const integers = (min: number, max: number): fc.Arbitrary<Sample> =>
  fc.oneof({ weight: 8, arbitrary: fc.integer({ min, max }) }, fc.constantFrom(min, max, 0, -0)).map((value) => ({ write: value, read: value + 0 }));

/** Numbers and bigints, in turns. */
function integers64(min: bigint, max: bigint): fc.Arbitrary<Sample> {
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  const inside = (value: bigint): bigint => (value < min ? min : value > max ? max : value);
  return fc
    .tuple(fc.oneof(fc.bigInt({ min, max }), fc.bigInt({ min: inside(-safe), max: inside(safe) }), fc.constantFrom(min, max, inside(safe), inside(-safe), 0n)), fc.boolean())
    .map(([value, asNumber]) => ({ write: asNumber && value >= -safe && value <= safe ? Number(value) : value, read: value }));
}

function clockBounds(field: Field): [bigint, bigint] {
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  if (field.unit === 'us' || field.unit === 'ms') return field.type === 'int64' ? [-safe, safe] : [0n, safe];
  return field.type === 'int64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
}

function decimals(scale: number): fc.Arbitrary<Sample> {
  const scaled = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -1_000_000n, max: 1_000_000n }));
  return fc.tuple(scaled, fc.constantFrom('bigint', 'string', 'number', 'digits')).map(([value, kind]) => {
    const text = formatDecimal(value, scale);
    const number = Number(text);
    // A number stands for the shortest decimal that gives it: where that is ours, it may be written as a number.
    const [whole, fraction = ''] = String(number).split('.');
    const exact = kind === 'number' && (scale === 0 ? String(number) : `${whole}.${fraction.padEnd(scale, '0')}`) === text;
    if (kind === 'digits' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return { write: new DecimalDigits(Number(value), scale), read: text };
    return { write: kind === 'string' ? text : exact ? number : value, read: text };
  });
}

const wellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text) && !text.includes('\0');

function cutTo(text: string, bytes: number): string {
  let out = '';
  for (const character of text) {
    if (Buffer.byteLength(out + character) > bytes) break;
    out += character;
  }
  return out;
}

/** Values that fit a field. */
export function samplesOf(field: Field): fc.Arbitrary<Sample> {
  switch (field.type) {
    case 'char': return same(fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)));
    case 'int8': return integers(-128, 127);
    case 'uint8': return integers(0, 255);
    case 'int16': return integers(-32768, 32767);
    case 'uint16': return integers(0, 65535);
    case 'int32': return integers(-(2 ** 31), 2 ** 31 - 1);
    case 'uint32': return integers(0, 2 ** 32 - 1);
    case 'int64':
    case 'uint64': return integers64(...clockBounds(field));
    case 'float32': return fc.oneof(fc.float(), fc.double({ min: -3.4e38, max: 3.4e38 })).map((value) => ({ write: value, read: Math.fround(value) }));
    case 'float64': return same(fc.double());
    case 'bool': return same(fc.boolean());
    case 'decimal': return decimals(field.scale as number);
    case 'string': return same(fc.string({ unit: 'grapheme', maxLength: 70 }).filter(wellFormed).map((text) => cutTo(text, field.width)));
    case 'symbol': return same(fc.constantFrom('BTC-USD', 'EUR/USD', '', 'ÅÄÖ', 'x'.repeat(300)));
  }
}

/** Rows that fit a schema: samples in field order. */
export const rowsOf = (schema: Schema, size: { minLength?: number; maxLength: number }): fc.Arbitrary<Sample[][]> =>
  fc.array(fc.tuple(...schema.fields.map(samplesOf)), size);

/** One cell, stored as its format says, without the code under test. */
export function encodeAt(view: DataView, at: number, field: Field, value: unknown, coder?: ListCoder): void {
  switch (field.type) {
    case 'char': return view.setUint8(at, (value as string).charCodeAt(0));
    case 'int8': return view.setInt8(at, value as number);
    case 'uint8': return view.setUint8(at, value as number);
    case 'int16': return view.setInt16(at, value as number, true);
    case 'uint16': return view.setUint16(at, value as number, true);
    case 'int32': return view.setInt32(at, value as number, true);
    case 'uint32': return view.setUint32(at, value as number, true);
    case 'int64':
    case 'uint64': return view.setBigUint64(at, BigInt.asUintN(64, value as bigint), true);
    case 'float32': return view.setFloat32(at, value as number, true);
    case 'float64': return view.setFloat64(at, value as number, true);
    case 'bool': return view.setUint8(at, value === true ? 1 : 0);
    case 'decimal': return view.setBigInt64(at, BigInt((value as string).replace('.', '')), true);
    case 'symbol': return view.setUint32(at, (coder as ListCoder).code(value as string), true);
    case 'string': return new Uint8Array(view.buffer, view.byteOffset + at, field.width).set(Buffer.from(value as string));
  }
}
