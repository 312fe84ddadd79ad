import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAPPING_BYTES_MAX, POSITION, RING, lowWord, reserveAddressSpace } from '@deepwater/core';
import { type Ring, RingRows, RingTaker, openRing } from '../dist/index.js';
import { ringKernels } from '../dist/ring-kernels.js';
import { FEED_UID, SEED, afterThisTest, assertProperty, fileRing, identity, memoryRing, silentBell, temporaryDirectory, trades } from './ring-fixtures.js';
import { schema } from './workers/checked-records.mjs';

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
      // About 2^32 ahead or behind: the low words are the same distance apart as those of somebody who is near.
      expect([head + 2 ** 32 - 5, head + 2 ** 32, head + 2 ** 32 + 5].map(take)).toEqual([-1, -1, -1]);
      if (head > 2 ** 32) expect([head - 2 ** 32 - 3, head - 2 ** 32, head - 2 ** 32 + 3].map(take)).toEqual([-1, -1, -1]);
      ring.retire();
      expect([head - 1, head].map(take)).toEqual([1, -1]);
    }
  });

  test('gives nothing while the high part of the head is being changed', () => {
    const ring = paintedRing(2 ** 32 - 3, 1);
    const take = (from: number): number => ringKernels(ring, ring.mapped.scratchOffset, weak).take(lowWord(from), Math.floor(from / 2 ** 32) | 0, 10, 2);
    const set = (word: number, value: number): void => { Atomics.store(ring.words, (RING.HEAD + word) >> 2, value); };
    expect(take(2 ** 32 - 5)).toBe(2);
    set(POSITION.HIGH_B, 1);
    expect([2 ** 32 - 5, 2 ** 32 - 3, 2 ** 33 - 5].map(take)).toEqual([-1, -1, -1]);
    set(POSITION.LOW, 4);
    expect([2 ** 32 - 5, 2 ** 32 + 4, 4].map(take)).toEqual([-1, 0, -1]);
    set(POSITION.HIGH_A, 1);
    expect([2 ** 32 - 5, 2 ** 32 + 4, 4].map(take)).toEqual([9, 0, -1]);
  });

  test('reaches the end of the largest mapping there is', () => {
    // Slots from page 0 to within 1 MiB of the end, far past 2^31; almost none of it is ever touched.
    const memory = reserveAddressSpace(MAPPING_BYTES_MAX, 'a test');
    const [slotCount, slotStride, slotsOffset] = [2 ** 26, 56, MAPPING_BYTES_MAX - 2 ** 20 - 56 * 2 ** 26];
    const target = MAPPING_BYTES_MAX - 65536;
    const words = new Int32Array(memory.buffer, 0, 1024);
    const setHead = (head: number): void => {
      words[RING.HEAD >> 2] = lowWord(head);
      for (const part of [POSITION.HIGH_A, POSITION.HIGH_B]) words[(RING.HEAD + part) >> 2] = Math.floor(head / 2 ** 32);
    };
    const head = 3 * 2 ** 32 + 700;
    setHead(head);
    const fill = (slot: number, rows: number): Uint8Array =>
      new Uint8Array(memory.buffer, slotsOffset + slot * slotStride, rows * slotStride).map((_byte, i, bytes) => (bytes[i] = (slot + i * 7) & 255));
    const expected = Buffer.concat([fill(slotCount - 300, 300), fill(0, 700)]);
    const kernels = ringKernels({ memory, slotCount, slotStride, slotsOffset }, target, weak);
    expect(kernels.take(lowWord(head - 1000), 2, 5000, 1)).toBe(1000);
    expect(Buffer.compare(expected, new Uint8Array(memory.buffer, target, expected.length))).toBe(0);
    const edge = head - (slotCount - slotCount / 8);
    expect([edge, edge - 1].map((from) => kernels.take(lowWord(from), Math.floor(from / 2 ** 32), 1, 1))).toEqual([1, -1]);
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
  const distances = fc.oneof(fc.integer({ min: -2 * SLOTS, max: 2 * SLOTS }), fc.constantFrom(-1, 1).chain((sign) => fc.integer({ min: -SLOTS, max: SLOTS }).map((n) => sign * 2 ** 32 + n)));
  assertProperty(fc.property(heads, distances, fc.integer({ min: 1, max: 2 * SLOTS }), fc.boolean(), (head, behind, limit, retired) => {
    const from = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, head - behind));
    const ring = paintedRing(head, 0);
    if (retired) ring.retire();
    const calls = new Calls(ring);
    const rows = calls.take(from, limit, 1);
    const ready = head - from;
    expect(rows).toBe(ready < 0 || ready > SAFE || (ready === 0 && retired) ? -1 : Math.min(ready, limit));
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

describe.each([
  { compiler: 'Liftoff', flags: ['--liftoff', '--liftoff-only'] },
  { compiler: 'the optimising compiler', flags: ['--no-liftoff', '--no-wasm-tier-up'] },
])('compiled by $compiler alone', ({ flags }) => {
  test.each([
    { slotCount: 64, max: 64, runs: 1, count: 2_000_000 },
    { slotCount: 64, max: 1, runs: 1, count: 1_000_000 },
    { slotCount: 1024, max: 256, runs: 50, count: 3_000_000 },
  ])('rows taken through $slotCount slots beside a writer at full speed, $max at a time, are whole, in order, and there', async ({ slotCount, max, runs, count }) => {
    const baseSequence = 3 * 2 ** 32 - Math.floor(count / 2);
    const file = path.join(temporaryDirectory(), 'checked.ring');
    const child = fork(new URL('./workers/taking.mjs', import.meta.url), [
      file, JSON.stringify(identity({ feedName: 'checked', persist: false, slotCount, baseSequence })), ...[max, runs, count].map(String),
    ], { execArgv: flags, timeout: 60_000, killSignal: 'SIGKILL' });
    const ended = once(child, 'exit').then(([code, signal]) => { throw new Error(`the taking process ended with ${code ?? signal}`); });
    ended.catch(() => undefined);
    const [told] = await Promise.race([once(child, 'message'), ended]) as [{ wrong: string[]; taken: number; lost: number; refused: number; head: number }];
    expect(told.wrong).toEqual([]);
    expect(told.taken + told.lost).toBe(count);
    expect(told.taken).toBeGreaterThan(0);
    expect(told.head).toBe(baseSequence + count);
  });
});

console.log(`taking: seed ${SEED}`);
