import fs from 'node:fs';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { chunkPath } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import type { FeedFixture } from './support/feed-fixture.js';
import { failure, feed } from './support/small-feed.js';

const mixed = {
  name: 'mixed',
  fields: [
    { name: 'exact', type: 'decimal', scale: 2 },
    { name: 'rough', type: 'decimal', scale: 2, as: 'number' },
    { name: 'units', type: 'decimal', scale: 2, as: 'bigint' },
    { name: 'count', type: 'int64', as: 'number' },
    { name: 'id', type: 'uint64', as: 'number' },
    { name: 'venue', type: 'symbol' },
    { name: 'live', type: 'bool' },
    { name: 'side', type: 'char' },
    { name: 'ts', type: 'uint64' },
    { name: 'seen', type: 'uint64', unit: 'ns' },
  ],
  timestamp: 'ts',
  clocks: ['seen'],
} as const;

function reader(fixture: FeedFixture): FeedReader<typeof mixed> {
  return new FeedReader<typeof mixed>(fixture.source);
}

describe('values', () => {
  test('are of the kind that the field says', () => {
    const fixture = feed(mixed);
    fixture.write('-0.05', '123.45', -1n, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'XNAS', true, 'ÿ', 1_700_000_000_000_000, 1_700_000_000_000_000_001n);
    for (const move of [() => undefined, () => { fixture.drain(); }]) {
      move();
      expect(reader(fixture).lastSync(1)).toEqual([[
        '-0.05', 123.45, -1n, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'XNAS', true, 'ÿ', 1_700_000_000_000_000, 1_700_000_000_000_000_001n,
      ]]);
      expect(reader(fixture).lastSync(1, { format: 'columns' })).toEqual({
        exact: BigInt64Array.of(-5n), rough: BigInt64Array.of(12345n), units: BigInt64Array.of(-1n),
        count: BigInt64Array.of(-BigInt(Number.MAX_SAFE_INTEGER)), id: BigUint64Array.of(BigInt(Number.MAX_SAFE_INTEGER)),
        venue: Uint32Array.of(0), live: Uint8Array.of(1), side: Uint8Array.of(255),
        ts: BigUint64Array.of(1_700_000_000_000_000n), seen: BigUint64Array.of(1_700_000_000_000_000_001n),
      });
    }
  });

  test.each([
    ['count', 2n ** 53n], ['count', -(2n ** 53n)], ['id', 2n ** 53n], ['id', 2n ** 64n - 1n], ['ts', 2n ** 53n],
  ] as const)('%s = %s, which a number does not hold exactly, is an error and never rounded', async (name, value) => {
    const fixture = feed(mixed);
    fixture.write('0', '0', 0n, 0, 0, '', false, 'a', 1, 1n);
    fixture.drain();
    const field = fixture.schema.fields.find((each) => each.name === name)!;
    const fd = fs.openSync(chunkPath(fixture.paths, 1), 'r+');
    const cell = Buffer.alloc(8);
    cell.writeBigUInt64LE(BigInt.asUintN(64, value));
    fs.writeSync(fd, cell, 0, 8, fixture.geometry.columnOffsets[field.index] as number);
    fs.closeSync(fd);
    // With the checksum of what stands there now.
    fixture.seal();
    for (const format of ['tuple', 'object'] as const) {
      const error = await failure(() => reader(fixture).lastSync(1, { format }));
      expect(error.code).toBe('DW_VALUE_RANGE');
      expect(error.message).toContain(`Field ${name} of feed mixed holds ${value}`);
    }
    expect(reader(fixture).lastSync(1, { format: 'columns' })[name][0]).toBe(value);
    expect(reader(fixture).lastSync(1, { columns: ['live'] })).toEqual([[false]]);
  });

  test('symbols that are added while a reader is open are found', async () => {
    const fixture = feed(mixed);
    const subject = reader(fixture);
    const write = (venue: string): void => { fixture.write('0', '0', 0n, 0, 0, venue, false, 'a', 1, 1n); };
    write('first');
    expect(subject.lastSync(9, { columns: ['venue'] })).toEqual([['first']]);
    write('second');
    write('');
    fixture.drain();
    write('first');
    write('ünï');
    expect(subject.lastSync(9, { columns: ['venue'] }).flat()).toEqual(['first', 'second', '', 'first', 'ünï']);
    fs.unlinkSync(fixture.paths.symbols);
    expect((await failure(() => reader(fixture).lastSync(1))).message).toMatch(/has symbol 3 in field venue, and .*symbols\.dws has no such entry/);
  });

  test('a result has the type that format and columns say', () => {
    const fixture = feed(mixed);
    fixture.write('1', '2', 3n, 4, 5, 'X', true, 'a', 6, 7n);
    const subject = reader(fixture);
    expectTypeOf(subject.rangeSync(0, 9)).toEqualTypeOf<[string, number, bigint, number, number, string, boolean, string, number, bigint][]>();
    expectTypeOf(subject.rangeSync(0, 9, { format: 'object' })[0]!.seen).toEqualTypeOf<bigint>();
    expectTypeOf(subject.rangeSync(0, 9, { format: 'columns' }).ts).toEqualTypeOf<BigUint64Array>();
    expectTypeOf(subject.rangeSync(0, 9, { format: 'raw' })).toEqualTypeOf<Uint8Array>();
    expectTypeOf(subject.rangeSync(0, 9, { columns: ['ts', 'side'] })).toEqualTypeOf<[number, string][]>();
    expectTypeOf(subject.rangeSync(0, 9, { columns: ['ts'], format: 'object' })).toEqualTypeOf<{ ts: number }[]>();
    expectTypeOf(subject.rangeSync(0, 9, { columns: ['ts'], format: 'segments' })[0]!.columns).toEqualTypeOf<{ ts: BigUint64Array }>();
    expectTypeOf(subject.atSync(1)).toEqualTypeOf<[string, number, bigint, number, number, string, boolean, string, number, bigint] | undefined>();
    // @ts-expect-error -- the feed has no such field
    expect(() => subject.rangeSync(0, 9, { columns: ['prize'] })).toThrow(/DW_|prize/);
    // @ts-expect-error -- one record has no columns
    expect(() => subject.atSync(0, { format: 'columns' })).toThrow(/tuple and object/);
    // @ts-expect-error -- there is no such format
    expect(() => subject.rangeSync(0, 9, { format: 'rows' })).toThrow(/unknown/);
    expect(subject.rangeSync(0, 9, { columns: ['ts', 'side'] })).toEqual([[6, 'a']]);
  });
});
