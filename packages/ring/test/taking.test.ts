import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RING, joinWords, lowWord } from '@deepwater/core';
import { type Ring, RingRows, RingTaker, type RowHelpers, oldestSafe, openRing, rowRunClass } from '../dist/index.js';
import { ringKernels } from '../dist/ring-kernels.js';
import { FEED_UID, SEED, afterThisTest, assertProperty, fileRing, memoryRing, silentBell, trades } from './ring-fixtures.js';
import { hashOf, letterOf, schema, thirdOf } from './workers/checked-records.mjs';

const SLOTS = 64;
const SAFE = SLOTS - SLOTS / 8;
const STRIDE = trades.slotStride;

/** A ring whose slots hold random bytes, up to a head. */
function paintedRing(head: number, salt: number, persist = false): Ring {
  const ring = memoryRing(trades, { persist, baseSequence: Math.max(0, head - 1000), slotCount: SLOTS });
  const bytes = new Uint8Array(ring.buffer);
  for (let i = RING.HEADER_BYTES; i < bytes.length; i++) bytes[i] = Math.imul(i + salt, 0x9e3779b1) >>> 24;
  ring.resetPosition(RING.HEAD, head);
  return ring;
}

/** The bytes of rows [from, from + count), slot by slot. */
function rowsOf(ring: Ring, from: number, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => {
    const slot = Number(BigInt(from + i) % BigInt(SLOTS));
    return Buffer.from(new Uint8Array(ring.buffer, RING.HEADER_BYTES + slot * STRIDE, STRIDE).slice());
  }));
}

/** Takes columns as a stream does: the copy is a function's. */
class Calls extends RingTaker {
  readonly copied: [number, number][] = [];
  override copy(from: number, to: number): void {
    this.copied.push([from, to]);
  }
}

const heads = fc.oneof(fc.nat(10 * SLOTS), fc.integer({ min: 2 ** 31 - 200, max: 2 ** 31 + 200 }), fc.integer({ min: 2 ** 32 - 200, max: 2 ** 32 + 200 }), fc.integer({ min: 5 * 2 ** 32 - 99, max: 5 * 2 ** 32 + 99 }), fc.maxSafeInteger().map((n) => Math.abs(n)).filter((n) => n > SLOTS));

describe.each([['x64', false], ['any other processor', true]] as const)('the kernel that takes rows, as on %s', (_, weak) => {
  test('gives the rows there are, at most so many, byte by byte, and writes nowhere else', () => {
    assertProperty(fc.property(heads, fc.nat(SLOTS), fc.integer({ min: 1, max: 2 * SLOTS }), fc.nat(), fc.integer({ min: 1, max: 3 }), (head, behind, limit, salt, looks) => {
      const from = Math.max(0, head - behind);
      const ring = paintedRing(head, salt);
      const target = ring.mapped.scratchOffset;
      const before = Buffer.from(new Uint8Array(ring.buffer).slice());
      const taken = ringKernels(ring, target, weak).take(lowWord(from), Math.floor(from / 2 ** 32) | 0, limit, looks);
      const ready = head - from;
      const expected = ready > SAFE ? -1 : Math.min(ready, limit);
      expect(taken).toBe(expected);
      if (expected > 0) rowsOf(ring, from, expected).copy(before, target);
      if (expected >= 0) expect(Buffer.compare(before, new Uint8Array(ring.buffer))).toBe(0);
      else expect(Buffer.compare(before.subarray(0, target), new Uint8Array(ring.buffer, 0, target))).toBe(0);
    }));
  });

  test('gives no row that the writer may be about to overwrite, nor one it has not written, nor any of a ring that is out of use', () => {
    for (const head of [SAFE + 9, 2 ** 32 + 5, 7 * 2 ** 32]) {
      const ring = paintedRing(head, 1);
      const take = (from: number): number => ringKernels(ring, ring.mapped.scratchOffset, weak).take(lowWord(from), Math.floor(from / 2 ** 32) | 0, 10, 2);
      expect([head - SAFE - 1, head - SAFE, head - 1, head, head + 1].map(take)).toEqual([-1, 10, 1, 0, -1]);
      // A multiple of 2^32 behind: the low words are the same distance apart as those of somebody who is near.
      if (head > 2 ** 32) expect([take(head - 2 ** 32 - 3), take(head - 2 ** 32)]).toEqual([-1, 0]);
      ring.retire();
      expect([head - 1, head].map(take)).toEqual([1, -1]);
    }
  });

  test('copies from a mapping that must not be written', () => {
    const writable = fileRing(trades, { slotCount: SLOTS });
    new Uint8Array(writable.buffer, RING.HEADER_BYTES, SLOTS * STRIDE).forEach((_byte, i, bytes) => { bytes[i] = i; });
    writable.resetPosition(RING.HEAD, 12);
    const ring = openRing(writable.path, trades, FEED_UID, 'read-only', 65536);
    expect(ringKernels(ring, ring.mapped.scratchOffset, weak).take(2, 0, 100, 1)).toBe(10);
    expect(Buffer.compare(new Uint8Array(ring.buffer, ring.mapped.scratchOffset, 10 * STRIDE), rowsOf(writable, 2, 10))).toBe(0);
  });
});

test('a taker of another form finds the same rows as the kernel', () => {
  assertProperty(fc.property(heads, fc.nat(2 * SLOTS), fc.integer({ min: 1, max: 2 * SLOTS }), fc.boolean(), (head, behind, limit, retired) => {
    const from = Math.max(0, head - behind);
    const ring = paintedRing(head, 0);
    if (retired) ring.retire();
    const calls = new Calls(ring);
    const rows = calls.take(from, limit, 1);
    expect(rows).toBe(new RingRows(ring).take(from, limit, 1));
    expect(calls.copied).toEqual(rows > 0 ? [[from, from + rows]] : []);
  }));
});

test('looks are made until there is a row, and no longer than asked for', async () => {
  const ring = memoryRing(schema, { slotCount: SLOTS, persist: false, baseSequence: 2 ** 32 - 10 });
  const rows = new RingRows(ring);
  expect(rows.take(ring.head, 1, 1000)).toBe(0);
  const go = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./workers/ring-writer.mjs', import.meta.url), {
    workerData: { mapped: ring.mapped, go, bell: silentBell().word, plain: true, runs: 1, count: 1 },
  });
  afterThisTest(() => worker.terminate());
  await once(worker, 'message');
  Atomics.store(go, 0, 1);
  expect(rows.take(ring.head, 1, 2 ** 31 - 1)).toBe(1);
});

const helpers: RowHelpers = {
  texts: [], chars: Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)), decimal: String, decimalNumber: Number,
  newSymbol: () => '', text: () => '', tooWide: (field) => { throw new Error(`field ${field}`); },
};

test.each([
  { slotCount: 64, max: 64, runs: 1, count: 2_000_000 },
  { slotCount: 64, max: 1, runs: 1, count: 1_000_000 },
  { slotCount: 1024, max: 256, runs: 50, count: 3_000_000 },
])('rows taken through $slotCount slots beside a writer at full speed, $max at a time, are whole, in order, and there', async ({ slotCount, max, runs, count }) => {
  const base = 3 * 2 ** 32 - Math.floor(count / 2);
  const ring = memoryRing(schema, { baseSequence: base, slotCount, persist: false });
  const go = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./workers/ring-writer.mjs', import.meta.url), {
    workerData: { mapped: ring.mapped, go, bell: silentBell().word, plain: true, runs, count },
  });
  afterThisTest(() => worker.terminate());
  await once(worker, 'message');
  const rows = new RingRows(ring);
  const run = new (rowRunClass(schema))(helpers);
  run.attach(rows.buffer, rows.offset, rows.bytes);
  const wrong: string[] = [];
  let next = base;
  let distance = slotCount;
  let taken = 0;
  let lost = 0;
  Atomics.store(go, 0, 1);
  while (next < base + count) {
    const found = rows.take(next, max, 1000);
    if (found < 0) {
      // At the edge of what is safe, where the race is closest; then nearer and nearer to the head.
      const { head } = ring;
      const begin = Math.max(next, oldestSafe(ring, head), head - distance);
      distance = Math.max(1, distance / 2);
      lost += begin - next;
      next = begin;
      continue;
    }
    distance = slotCount;
    run.show(next, found);
    run.forEach((seen) => {
      const row = seen as { sequence: number; hash: number; third: number; letter: string; ts: number };
      const s = row.sequence;
      const whole = row.hash === hashOf(s) && row.third === thirdOf(s) && row.letter.charCodeAt(0) === letterOf(s) && row.ts === s;
      if (!whole && wrong.length < 5) wrong.push(`record ${s} is torn: ${row.hash} ${row.third} ${row.letter} ${row.ts}`);
    });
    next += found;
    taken += found;
  }
  expect(wrong).toEqual([]);
  expect(taken + lost).toBe(count);
  expect(taken).toBeGreaterThan(0);
  expect(joinWords(ring.words[RING.HEAD >> 2], ring.words[(RING.HEAD >> 2) + 2])).toBe(base + count);
});

console.log(`taking: seed ${SEED}`);
