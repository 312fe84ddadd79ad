import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POSITION, RING, loadPosition, storePosition } from '../dist/index.js';
import { runScript } from './mapping-tools.js';
import { SEED, assertProperty } from './schema-arbitraries.js';
import { offsets } from './workers/layout-offsets.mjs';

const TWO_32 = 2 ** 32;
const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(RING.HEADER_BYTES));
const positions = fc.oneof(
  fc.maxSafeNat(),
  fc.tuple(fc.integer({ min: 1, max: 2 ** 21 - 1 }), fc.integer({ min: -3, max: 3 })).map(([wraps, off]) => wraps * TWO_32 + off),
);

describe('a position of 64 bits in three words', () => {
  test('is what was stored, whatever was stored before', () => {
    assertProperty(fc.property(fc.array(positions, { minLength: 1 }), (values) => {
      const memory = words();
      let high = -1;
      for (const value of values) {
        high = storePosition(memory, RING.HEAD, value, high);
        expect(loadPosition(memory, RING.HEAD)).toBe(value);
      }
    }));
  });

  test('touches its own three words only', () => {
    assertProperty(fc.property(positions, fc.constantFrom(RING.HEAD, RING.TAIL), (value, offset) => {
      const memory = words();
      storePosition(memory, offset, value, -1);
      const changed = [...memory.keys()].filter((i) => memory[i] !== 0).map((i) => i * 4 - offset);
      for (const at of changed) expect([POSITION.LOW, POSITION.HIGH_A, POSITION.HIGH_B]).toContain(at);
    }));
  });

  test('takes one store as long as the high part stays', () => {
    const memory = words();
    const high = storePosition(memory, RING.HEAD, 5 * TWO_32 + 7, -1);
    memory[(RING.HEAD + POSITION.HIGH_A) >> 2] = 77; // seen by nobody but us
    storePosition(memory, RING.HEAD, 5 * TWO_32 + 8, high);
    expect(memory[(RING.HEAD + POSITION.HIGH_A) >> 2]).toBe(77);
    expect(memory[RING.HEAD >> 2]).toBe(8);
  });

  // The writer stores around half a million wraps; every position is one of two for its wrap, so that no mixture of words
  // of two positions is a position that was stored.
  test('is never seen torn while a thread stores across the wrap of its low word', async () => {
    const memory = words();
    const wraps = 500_000;
    const worker = new Worker(new URL('./workers/layout-position-writer.mjs', import.meta.url), { workerData: { memory, offset: RING.HEAD, wraps, seed: SEED } });
    const ended = once(worker, 'exit');
    await once(worker, 'message');
    const deadline = performance.now() + 20_000;
    const torn: number[] = [];
    let changes = 0;
    // On a busy machine the two threads may run in turns and see little of each other: once more then.
    for (let lap = 1; lap === 1 || (changes < 20_000 && performance.now() < deadline); lap++) {
      storePosition(memory, RING.HEAD, 0, -1);
      Atomics.store(memory, 0, lap); // go
      for (let last = 0; last < wraps * TWO_32;) {
        const value = loadPosition(memory, RING.HEAD);
        const wrap = Math.round(value / TWO_32);
        const { before, after } = offsets(SEED, wrap);
        const off = value - wrap * TWO_32;
        if (value < last || (value !== 0 && off !== before && off !== after)) torn.push(value);
        if (value !== last) changes++;
        last = value;
      }
    }
    Atomics.store(memory, 0, -1);
    expect(torn.slice(0, 5), `seed ${SEED}`).toEqual([]);
    expect(changes).toBeGreaterThan(0);
    await ended;
  });
});

describe('a writer that ends in the middle of storing', () => {
  test('leaves the old position or the new one, after whichever of its stores', () => {
    assertProperty(fc.property(
      fc.integer({ min: 1, max: 2 ** 21 - 1 }), fc.integer({ min: 1, max: 2 ** 26 }), fc.integer({ min: 0, max: 2 ** 26 }), fc.nat(3),
      (wrap, before, after, stores) => {
        const memory = words();
        const [from, to] = [wrap * TWO_32 - before, wrap * TWO_32 + after];
        const high = storePosition(memory, RING.HEAD, from, -1);
        // HIGH_B, LOW, HIGH_A: the order of ring-layout.ts
        const order = [[POSITION.HIGH_B, wrap], [POSITION.LOW, after], [POSITION.HIGH_A, wrap]] as const;
        for (const [word, value] of order.slice(0, stores)) memory[(RING.HEAD + word) >> 2] = value;
        expect(loadPosition(memory, RING.HEAD)).toBe(stores < 2 ? from : to);
        expect(storePosition(memory, RING.HEAD, to, high)).toBe(wrap);
        expect(loadPosition(memory, RING.HEAD)).toBe(to);
      },
    ));
  });

  test('no words make a reader hang: what damage left is some number', async () => {
    const { code, output } = await runScript(new URL('./workers/layout-damaged-positions.mjs', import.meta.url), [String(SEED)], 30_000);
    expect({ code, output }, `seed ${SEED}`).toEqual({ code: 0, output: 'numbers: 100000\n' });
  });
});
