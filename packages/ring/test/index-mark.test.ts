import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeepwaterError, type Field, RING } from '@deepwater/core';
import { rowWriterSource } from '../dist/index.js';
import { TRADES, type TestWriter, assertProperty, compile, decodeCell, memoryRing, thrownBy, trades, variants, writerOn } from './ring-fixtures.js';

const indexed = compile({ ...TRADES, mode: 'IF' });
const column = indexed.indexColumn as Field;

/** Records that are index points, among the `count` last of the ring. */
const marked = (writer: TestWriter, count: number): number[] => {
  const from = writer.position - count;
  return Array.from({ length: count }, (_, i) => from + i).filter((sequence) => {
    const cell = decodeCell(writer.ring, indexed, column, sequence);
    if (cell !== 0 && cell !== 1) throw new Error(`the cell of record ${sequence} is ${String(cell)}`);
    return cell === 1;
  });
};

const batch = (rows: number): Record<string, number[] | string[]> => {
  const numbers = Array.from({ length: rows }, (_, i) => i);
  return { price: numbers, size: numbers, side: numbers.map(() => 'B'), timestamp_us: numbers };
};
const raw = (rows: number): Uint8Array => new Uint8Array(rows * indexed.record.recordSize).fill(0);

const ways: readonly [string, (writer: TestWriter, rows: number) => void][] = [
  ['writeValues', (writer, rows) => { for (let i = 0; i < rows; i++) writer.writeValues(i, 2, 'B', i); }],
  ['writeTuple', (writer, rows) => { for (let i = 0; i < rows; i++) writer.writeTuple([i, 2, 'B', i]); }],
  ['writeObject', (writer, rows) => { for (let i = 0; i < rows; i++) writer.writeObject({ price: i, size: 2, side: 'B', timestamp_us: i }); }],
  ['writeColumns', (writer, rows) => { writer.writeColumns(batch(rows)); }],
  ['writeRaw', (writer, rows) => { writer.writeRaw(raw(rows)); }],
];

describe.each(variants)('an index point (%s publishing)', (_variant, plain) => {
  test.each(ways)('is the next record, and that one alone: %s', (_way, write) => {
    const writer = writerOn(memoryRing(indexed), indexed, plain);
    write(writer, 3);
    writer.markIndex();
    writer.markIndex();
    write(writer, 5);
    write(writer, 2);
    expect(marked(writer, 10)).toEqual([3]);
  });

  test.each(ways)('stands where it was marked when slots are used again, whatever came before: %s', (_way, write) => {
    // Every record of the first lap is one.
    const writer = writerOn(memoryRing(indexed, { baseSequence: 2 ** 32 - 40 }), indexed, plain);
    for (let i = 0; i < 64; i++) {
      writer.markIndex();
      writer.writeValues(i, 1, 'B', i);
    }
    expect(marked(writer, 64)).toHaveLength(64);
    write(writer, 30);
    writer.markIndex();
    write(writer, 34);
    expect(marked(writer, 64)).toEqual([2 ** 32 - 40 + 94]);
  });

  test('waits while records are refused, and while a batch is empty', () => {
    const writer = writerOn(memoryRing(indexed), indexed, plain);
    writer.markIndex();
    thrownBy(() => writer.writeValues(1, 2, 'BB', 3));
    thrownBy(() => writer.writeValues(1, 2));
    thrownBy(() => writer.writeTuple([1, 2, 'B', -1]));
    thrownBy(() => writer.writeObject({ price: 1, size: 2, side: 'B' }));
    thrownBy(() => writer.writeColumns({ ...batch(3), side: ['B', 'B', 'no'] }));
    thrownBy(() => writer.writeRaw(new Uint8Array(7)));
    expect(writer.writeColumns(batch(0))).toBe(0);
    expect(writer.writeRaw(raw(0))).toBe(0);
    expect(writer.ring.head).toBe(0);
    writer.writeValues(1, 2, 'B', 3);
    writer.writeValues(1, 2, 'B', 4);
    expect(marked(writer, 2)).toEqual([0]);
  });

  test('waits while the ring is full; of a batch that was cut off it has been taken by the first row', () => {
    let room = 0;
    const writer = writerOn(memoryRing(indexed), indexed, plain, (ring, tail) => {
      if (room === 0) throw new DeepwaterError('DW_BACKPRESSURE_TIMEOUT', 'full');
      ring.resetPosition(RING.TAIL, tail + room);
      room = 0;
    });
    for (let i = 0; i < 64; i++) writer.writeValues(1, 2, 'B', i);
    writer.markIndex();
    expect(thrownBy(() => writer.writeValues(1, 2, 'B', 1)).message).toBe('full');
    expect(thrownBy(() => writer.writeColumns(batch(3))).message).toBe('full');
    room = 4;
    expect(thrownBy(() => writer.writeColumns(batch(9))).message).toContain('full');
    expect(writer.ring.head).toBe(68);
    room = 2;
    writer.writeColumns(batch(2));
    expect(marked(writer, 64)).toEqual([64]);
  });

  test('is refused on a feed of mode UF and by a closed writer', () => {
    const unindexed = writerOn(memoryRing(trades), trades, plain);
    expect(thrownBy(() => unindexed.markIndex())).toMatchObject({ code: 'DW_FEED_NOT_INDEXED', values: { feed: 'trades', mode: 'UF' } });
    const closed = writerOn(memoryRing(indexed), indexed, plain);
    closed.end();
    expect(thrownBy(() => closed.markIndex())).toMatchObject({ code: 'DW_WRITER_CLOSED' });
  });
});

test('index points are those of a model, however records are written', () => {
  const steps = fc.array(fc.tuple(fc.nat(ways.length - 1), fc.integer({ min: 1, max: 60 }), fc.boolean()), { maxLength: 20 });
  assertProperty(fc.property(steps, fc.nat(2 ** 33), fc.boolean(), (all, base, plain) => {
    const writer = writerOn(memoryRing(indexed, { baseSequence: base, slotCount: 256 }), indexed, plain);
    const expected: number[] = [];
    for (const [way, rows, mark] of all) {
      if (mark) {
        writer.markIndex();
        expected.push(writer.position);
      }
      ways[way]?.[1](writer, rows);
    }
    const count = Math.min(256, writer.position - base);
    expect(marked(writer, count)).toEqual(expected.filter((sequence) => sequence >= writer.position - count));
  }));
});

test('a feed of mode UF is written by the same code as before there were index points', () => {
  expect(rowWriterSource(trades, true)).not.toContain('indexMark');
  expect(rowWriterSource(indexed, true)).toContain(`this.u8[slot * ${indexed.slotStride} + ${column.slotOffset}] = this.indexMark;`);
});
