import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Digest } from '../dist/main-job/digest.js';

const FIELDS = [
  { name: 'price', type: 'float64' },
  { name: 'size', type: 'uint32' },
  { name: 'side', type: 'char' },
  { name: 'id', type: 'uint64', as: 'number' },
  { name: 'at_ns', type: 'uint64' },
] as const;

const record = fc.record({
  price: fc.double({ noNaN: true }),
  size: fc.integer({ min: 0, max: 0xffff_ffff }),
  side: fc.constantFrom(66, 83),
  id: fc.maxSafeNat(),
  at_ns: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});
type Record = typeof record extends fc.Arbitrary<infer R> ? R : never;

const columnsOf = (records: readonly Record[]) => ({
  price: Float64Array.from(records, (r) => r.price),
  size: Uint32Array.from(records, (r) => r.size),
  side: Uint8Array.from(records, (r) => r.side),
  id: Float64Array.from(records, (r) => r.id),
  at_ns: BigUint64Array.from(records, (r) => r.at_ns),
});

function digest(...parts: readonly (readonly Record[])[]): string {
  const found = new Digest(FIELDS);
  for (const part of parts) found.update(columnsOf(part), part.length);
  return found.value;
}

test('a digest does not depend on how the records were cut into parts', () => {
  fc.assert(fc.property(fc.array(record), fc.nat(20), (records, cut) => {
    expect(digest(records.slice(0, cut), records.slice(cut))).toBe(digest(records));
  }));
});

test('64-bit integers have one digest, as doubles and as they are', () => {
  fc.assert(fc.property(fc.array(fc.maxSafeNat(), { minLength: 1 }), (ids) => {
    const fields = [{ name: 'id', type: 'uint64', as: 'number' }] as const;
    const [doubles, bigints] = [new Digest(fields), new Digest(fields)];
    doubles.update({ id: Float64Array.from(ids) }, ids.length);
    bigints.update({ id: BigUint64Array.from(ids, BigInt) }, ids.length);
    expect(bigints.value).toBe(doubles.value);
  }));
});

test('one changed value, a lost record, and two that changed places each change the digest', () => {
  fc.assert(fc.property(fc.array(record, { minLength: 2, maxLength: 20 }), fc.nat(), (records, pick) => {
    const row = pick % records.length;
    const whole = digest(records);
    const changed = { ...records[row], size: records[row].size ^ 1 };
    expect(digest(records.with(row, changed))).not.toBe(whole);
    expect(digest(records.toSpliced(row, 1))).not.toBe(whole);
    const other = (row + 1) % records.length;
    const swapped = records.with(row, { ...records[other], size: 1 }).with(other, { ...records[row], size: 2 });
    const unswapped = records.with(row, { ...records[row], size: 2 }).with(other, { ...records[other], size: 1 });
    expect(digest(swapped)).not.toBe(digest(unswapped));
  }));
});

test('a column that is missing or too short equals none', () => {
  const columns = columnsOf([{ price: 1, size: 2, side: 66, id: 3, at_ns: 4n }]);
  const [whole, without, short] = [new Digest(FIELDS), new Digest(FIELDS), new Digest(FIELDS)];
  whole.update(columns, 1);
  without.update({ ...columns, size: undefined as unknown as Uint32Array }, 1);
  short.update({ ...columns, size: new Uint32Array(0) }, 1);
  expect(without.value).not.toBe(whole.value);
  expect(short.value).not.toBe(whole.value);
});
