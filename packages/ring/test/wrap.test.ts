import { describe, expect, test } from 'vitest';
import { type Field, RING, compileSchema, loadPosition, parseFeedSpec } from '@deepwater/core';
import { type Ring, gatherField } from '../dist/index.js';
import { SEED, type TestWriter, memoryRing, thrownBy, variants, writerOn } from './ring-fixtures.js';

const TWO_32 = 2 ** 32;

/** Every cell of a record follows from its sequence number. */
const schema = compileSchema(parseFeedSpec({
  name: 'trades', timestamp: 'ts',
  fields: [{ name: 'half', type: 'float64' }, { name: 'word', type: 'uint32' }, { name: 'byte', type: 'int8' }, { name: 'ts', type: 'uint64' }],
}));
const cellsOf = [
  (s: number): number => s / 2,
  (s: number): number => Math.imul(s % TWO_32, 0x9e3779b1) >>> 0,
  (s: number): number => (s % 251) - 125,
  (s: number): number => s,
] as const;
const recordOf = (s: number): number[] => cellsOf.map((cell) => cell(s));

function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Reads rows back through gatherField; the first that is not what its number says, if any. */
function firstWrong(ring: Ring, from: number, to: number): string | undefined {
  const count = to - from;
  const half = new Float64Array(count);
  const word = new Uint32Array(count);
  const byte = new Int8Array(count);
  const ts = new BigUint64Array(count);
  const columns = [half, word, byte, ts];
  schema.fields.forEach((field: Field, i) => gatherField(ring, field, from, to, new Uint8Array(columns[i].buffer), 0));
  for (let i = 0; i < count; i++) {
    const s = from + i;
    const found = [half[i], word[i], byte[i], Number(ts[i])];
    if (cellsOf.some((cell, c) => cell(s) !== found[c])) return `record ${s} reads ${found.join(', ')}, not ${recordOf(s).join(', ')}`;
  }
  return undefined;
}

/** Writes `count` records from the writer's position on, in one of the ways. */
function write(writer: TestWriter, way: number, count: number): void {
  const from = writer.position;
  if (way === 0) {
    for (let s = from; s < from + count; s++) writer.writeValues(cellsOf[0](s), cellsOf[1](s), cellsOf[2](s), s);
  } else if (way === 1) {
    const column = (cell: (s: number) => number): Float64Array => Float64Array.from({ length: count }, (_, i) => cell(from + i));
    writer.writeColumns({ half: column(cellsOf[0]), word: column(cellsOf[1]), byte: column(cellsOf[2]), ts: column(cellsOf[3]) });
  } else {
    const view = new DataView(new ArrayBuffer(count * 21));
    for (let i = 0; i < count; i++) {
      const [half, word, byte, ts] = recordOf(from + i);
      view.setFloat64(i * 21, half, true);
      view.setUint32(i * 21 + 8, word, true);
      view.setInt8(i * 21 + 12, byte);
      view.setBigUint64(i * 21 + 13, BigInt(ts), true);
    }
    writer.writeRaw(new Uint8Array(view.buffer));
  }
}

/** Where rings begin: before the first wrap of the low word, before later ones, and before the sign of the low word changes. */
const starts = [TWO_32, 5 * TWO_32, 2 ** 20 * TWO_32, 2 ** 31, 3 * TWO_32 + 2 ** 31];

describe.each(variants)('a ring whose numbers pass 2^32, %s publishing', (_variant, plain) => {
  test('of a persisted feed: every record is where its number says, and nothing is overwritten before it was drained', () => {
    const next = random(SEED);
    let records = 0;
    let drained = 0;
    const failures: string[] = [];
    for (let round = 0; round < 60; round++) {
      const base = starts[round % starts.length] - 1 - next(300);
      const slotCount = 64 << next(3);
      const ring = memoryRing(schema, { baseSequence: base, slotCount });
      let tail = base;
      const drain = (upTo: number): void => {
        const wrong = firstWrong(ring, tail, upTo);
        if (wrong !== undefined) failures.push(`round ${round}, base ${base}: ${wrong}`);
        drained += upTo - tail;
        tail = upTo;
        ring.resetPosition(RING.TAIL, tail);
      };
      const writer = writerOn(ring, schema, plain, () => {
        if (ring.head - tail !== slotCount) failures.push(`round ${round}: asked for room with ${ring.head - tail} of ${slotCount} in use`);
        drain(tail + 1 + next(ring.head - tail));
      });
      const end = base + 12_000;
      while (writer.position < end) {
        const before = writer.position;
        const count = 1 + next(next(2) === 0 ? 5 : 400);
        write(writer, next(3), count);
        if (ring.head !== before + count || writer.position !== ring.head) failures.push(`round ${round}: head ${ring.head} after ${before} + ${count}`);
        if (next(4) === 0) drain(ring.head - next(Math.min(ring.head - tail, 10) + 1));
      }
      drain(ring.head);
      records += ring.head - base;
    }
    expect(failures.slice(0, 5), `seed ${SEED}`).toEqual([]);
    expect(drained).toBe(records);
    expect(records).toBeGreaterThan(700_000);
  });

  test('of a memory feed: the last records are right after every write, and writing never waits', () => {
    const next = random(SEED + 1);
    const failures: string[] = [];
    let records = 0;
    for (let round = 0; round < 60; round++) {
      const base = starts[round % starts.length] - 1 - next(300);
      const slotCount = 64 << next(3);
      const ring = memoryRing(schema, { baseSequence: base, slotCount, persist: false });
      const writer = writerOn(ring, schema, plain, () => failures.push('it waited'));
      for (let written = 0; written < 12_000;) {
        const count = 1 + next(next(2) === 0 ? 5 : 400);
        write(writer, next(3), count);
        written += count;
        if (ring.head !== base + written) failures.push(`round ${round}: head ${ring.head}, not ${base + written}`);
        const wrong = firstWrong(ring, Math.max(base, ring.head - Math.min(slotCount, 64)), ring.head);
        if (wrong !== undefined) failures.push(`round ${round}, base ${base}: ${wrong}`);
        if (next(50) === 0) writer.age(0x7fffffff - next(20)); // 2^31 records since it last looked
      }
      records += ring.head - base;
    }
    expect(failures.slice(0, 5), `seed ${SEED}`).toEqual([]);
    expect(records).toBeGreaterThan(700_000);
  });

  test('a million records one by one over the wrap: the head is right after each', () => {
    const base = 9 * TWO_32 - 500_000;
    const ring = memoryRing(schema, { baseSequence: base, persist: false });
    const writer = writerOn(ring, schema, plain);
    let wrong = 0;
    for (let s = base; s < base + 1_000_000; s++) {
      writer.writeValues(cellsOf[0](s), cellsOf[1](s), cellsOf[2](s), s);
      if (loadPosition(ring.words, RING.HEAD) !== s + 1) wrong++;
    }
    expect(wrong).toBe(0);
    expect(firstWrong(ring, ring.head - 64, ring.head)).toBeUndefined();
  });

  test('a new writer on the ring goes on with the next number', () => {
    const ring = memoryRing(schema, { baseSequence: TWO_32 - 40 });
    for (let i = 0; i < 10; i++) write(writerOn(ring, schema, plain), i % 3, 6);
    expect(ring.head).toBe(TWO_32 + 20);
    expect(firstWrong(ring, TWO_32 - 40, TWO_32 + 20)).toBeUndefined();
  });

  test('a memory feed’s writer that was handed 2^31 records goes on', () => {
    const ring = memoryRing(schema, { baseSequence: 1000, persist: false });
    const writer = writerOn(ring, schema, plain);
    for (const age of [0x7fffffff, 0x7ffffffe, 0x7fffffff - 70, 0]) {
      writer.age(age);
      write(writer, 0, 100);
    }
    expect(ring.head).toBe(1400);
    expect(writer.waits).toBe(0);
    expect(firstWrong(ring, 1400 - 64, 1400)).toBeUndefined();
  });
});

test('the numbers of a feed end before they lose their exactness: DW_SEQUENCE_EXHAUSTED, and the record is not written', () => {
  const ring = memoryRing(schema, { baseSequence: Number.MAX_SAFE_INTEGER - 100 });
  const writer = writerOn(ring, schema, true);
  let error;
  for (let i = 0; i < 200 && error === undefined; i++) {
    try {
      writer.writeValues(1, 2, 3, 4);
    } catch (caught) {
      error = caught;
    }
  }
  expect(error).toMatchObject({ code: 'DW_SEQUENCE_EXHAUSTED', values: { feed: 'trades' } });
  expect(ring.head).toBeLessThan(Number.MAX_SAFE_INTEGER);
  const head = ring.head;
  expect(thrownBy(() => writer.writeColumns({ half: [1], word: [1], byte: [1], ts: [1] })).code).toBe('DW_SEQUENCE_EXHAUSTED');
  expect(ring.head).toBe(head);
});
