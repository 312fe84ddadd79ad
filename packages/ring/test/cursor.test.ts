import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { RING } from '@deepwater/core';
import {
  PARK, type Ring, RingCursor, SPIN, SPIN_THEN_PARK, WAIT_STRATEGIES, gatherField, oldestSafe, plainPublishing,
} from '../dist/index.js';
import { afterThisTest, fileRing, memoryRing, silentBell, writerOn } from './ring-fixtures.js';
import { hashOf, letterOf, schema, thirdOf } from './workers/checked-records.mjs';

/** Copies records as columns and looks at every cell. */
class Checker {
  readonly hash: Uint32Array;
  readonly third: Float64Array;
  readonly letter: Uint8Array;
  readonly ts: BigUint64Array;
  readonly wrong: string[] = [];
  records = 0;
  #next: number;

  constructor(readonly ring: Ring) {
    const { slotCount } = ring;
    this.hash = new Uint32Array(slotCount);
    this.third = new Float64Array(slotCount);
    this.letter = new Uint8Array(slotCount);
    this.ts = new BigUint64Array(slotCount);
    this.#next = ring.baseSequence;
  }

  readonly copy = (from: number, to: number): void => {
    [this.hash, this.third, this.letter, this.ts].forEach((column, i) => gatherField(this.ring, schema.fields[i], from, to, new Uint8Array(column.buffer), 0));
  };

  check({ from, to }: { from: number; to: number }): void {
    if (from < this.#next) this.wrong.push(`${from} was taken again`);
    for (let s = from, i = 0; s < to; s++, i++) {
      if (this.hash[i] !== hashOf(s) || this.third[i] !== thirdOf(s) || this.letter[i] !== letterOf(s) || Number(this.ts[i]) !== s) {
        if (this.wrong.length < 5) this.wrong.push(`record ${s} is torn: ${this.hash[i]} ${this.third[i]} ${this.letter[i]} ${this.ts[i]}`);
      }
    }
    this.records += to - from;
    this.#next = Math.max(this.#next, to);
  }
}

async function startWriter(ring: Ring, options: { plain: boolean; runs: number; count: number; bell?: Int32Array; local?: Int32Array }): Promise<{ go: Int32Array; ended: Promise<unknown> }> {
  const go = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./workers/ring-writer.mjs', import.meta.url), {
    workerData: { mapped: ring.mapped, go, bell: silentBell().word, ...options },
  });
  afterThisTest(() => worker.terminate());
  const ended = once(worker, 'exit');
  await once(worker, 'message');
  return { go, ended };
}

/** Takes everything from `base` to `end` while a writer writes; what was taken while it still did. */
function follow(cursor: RingCursor, checker: Checker, end: number, max: number, go: Int32Array): number {
  let whileWriting = 0;
  while (cursor.next < end) {
    if (cursor.wait(SPIN, undefined, false, 20_000) === 0) throw new Error('the writer stopped');
    const before = checker.records;
    checker.check(cursor.take(max, checker.copy));
    if (Atomics.load(go, 0) === 1) whileWriting += checker.records - before;
  }
  return whileWriting;
}

describe.each([
  { publishing: 'plain', plain: true, runs: 1, slotCount: 4096, max: 256, count: 10_000_000 },
  { publishing: 'plain', plain: true, runs: 1, slotCount: 64, max: Infinity, count: 1_000_000 },
  { publishing: 'plain', plain: true, runs: 6000, slotCount: 16384, max: Infinity, count: 3_000_000 },
  { publishing: 'atomic', plain: false, runs: 1, slotCount: 4096, max: 256, count: 1_000_000 },
  { publishing: 'atomic', plain: false, runs: 7, slotCount: 1024, max: 1, count: 500_000 },
])('$publishing publishing in runs of $runs through $slotCount slots, taken $max at a time', ({ plain, runs, slotCount, max, count }) => {
  test(`a reader beside a writer at full speed takes no torn record, none twice or out of order, and counts what it lost exactly (${count} records)`, async () => {
    const base = 3 * 2 ** 32 - Math.floor(count / 2);
    const ring = memoryRing(schema, { baseSequence: base, slotCount, persist: false });
    const { go, ended } = await startWriter(ring, { plain, runs, count });
    const cursor = new RingCursor(ring, base);
    const checker = new Checker(ring);
    Atomics.store(go, 0, 1);
    const whileWriting = follow(cursor, checker, base + count, max, go);
    expect(checker.wrong).toEqual([]);
    expect(checker.records + cursor.lost).toBe(count);
    expect(cursor.next).toBe(base + count);
    expect(whileWriting).toBeGreaterThan(0);
    await ended;
  });
});

test('a reader in another process sees the same truth through its own mapping of the file', async () => {
  const count = 1_000_000;
  const ring = fileRing(schema, { baseSequence: 2 ** 32 - 1000, slotCount: 8192, persist: false, feedName: 'checked' });
  const child = fork(new URL('./workers/ring-reader.mjs', import.meta.url), [ring.path, ring.feedUid, String(ring.head + count)], { execArgv: [], serialization: 'advanced' });
  afterThisTest(() => child.kill('SIGKILL'));
  await once(child, 'message');
  const writer = writerOn(ring, schema, plainPublishing());
  const end = ring.head + count;
  const answer = once(child, 'message');
  for (let s = ring.head; s < end; s++) writer.writeValues(hashOf(s), thirdOf(s), String.fromCharCode(letterOf(s)), s);
  const [found] = (await answer) as [{ taken: number; lost: number; wrong: number }];
  expect(found.wrong).toBe(0);
  expect(found.taken + found.lost).toBe(count);
  expect(found.taken).toBeGreaterThan(0);
});

describe('taking', () => {
  /** A memory ring with `count` records, and its writer. */
  function filled(count: number, slotCount = 64): { ring: Ring; write: (count: number) => void } {
    const ring = memoryRing(schema, { baseSequence: 1000, slotCount, persist: false });
    const writer = writerOn(ring, schema, true);
    const write = (more: number): void => {
      for (let i = 0; i < more; i++) {
        const s = writer.position;
        writer.writeValues(hashOf(s), thirdOf(s), String.fromCharCode(letterOf(s)), s);
      }
    };
    write(count);
    return { ring, write };
  }

  test('a new cursor begins with the next record, or where it is told; others do not move it', () => {
    const { ring, write } = filled(10);
    const [live, early] = [new RingCursor(ring), new RingCursor(ring, 1003)];
    expect([live.next, early.next]).toEqual([1010, 1003]);
    expect(early.take(Infinity, () => {})).toEqual({ from: 1003, to: 1010 });
    write(2);
    expect(live.take(Infinity, () => {})).toEqual({ from: 1010, to: 1012 });
    expect([live, early]).toMatchObject([{ next: 1012, lost: 0 }, { next: 1010, lost: 0 }]);
  });

  test('at most as many as were asked for, and none where there are none, without a call to copy', () => {
    const { ring } = filled(10);
    const cursor = new RingCursor(ring, 1000);
    const copied: number[][] = [];
    const copy = (from: number, to: number): void => void copied.push([from, to]);
    expect([cursor.take(4, copy), cursor.take(4, copy), cursor.take(4, copy), cursor.take(4, copy), cursor.take(0, copy)].map(({ from, to }) => [from, to]))
      .toEqual([[1000, 1004], [1004, 1008], [1008, 1010], [1010, 1010], [1010, 1010]]);
    expect(copied).toEqual([[1000, 1004], [1004, 1008], [1008, 1010]]);
  });

  test('the whole ring but its oldest eighth can be taken; what lies before is lost', () => {
    const { ring } = filled(64 + 100);
    const cursor = new RingCursor(ring, 1000);
    expect(oldestSafe(ring, ring.head)).toBe(1164 - 56);
    expect(cursor.take(Infinity, () => {})).toEqual({ from: 1108, to: 1164 });
    expect(cursor.lost).toBe(108);
  });

  test('nothing is lost before the first lap', () => {
    const { ring } = filled(56);
    const cursor = new RingCursor(ring, 1000);
    expect(oldestSafe(ring, ring.head)).toBe(1000);
    expect(cursor.take(Infinity, () => {})).toEqual({ from: 1000, to: 1056 });
    expect(cursor.lost).toBe(0);
  });

  test('a copy that the writer overtook is not taken, and the next one is', () => {
    const { ring, write } = filled(50);
    const cursor = new RingCursor(ring, 1000);
    const checker = new Checker(ring);
    let copies = 0;
    checker.check(cursor.take(Infinity, (from, to) => {
      checker.copy(from, to);
      if (++copies === 1) write(64); // it laps us after our copy, before we look
    }));
    expect(copies).toBe(2);
    expect(checker.wrong).toEqual([]);
    expect(checker.records + cursor.lost).toBe(114);
    expect(checker.records).toBeGreaterThan(0);
  });

  test('a copy that the writer came close to, and not over, is taken', () => {
    const { ring, write } = filled(50);
    const cursor = new RingCursor(ring, 1000);
    expect(cursor.take(10, () => write(6))).toEqual({ from: 1000, to: 1010 });
    expect(cursor.lost).toBe(0);
  });

  test.each([2, 5, 20])('a writer that writes %i records while one is copied does not starve its readers', (faster) => {
    const { ring, write } = filled(64, 1024);
    const cursor = new RingCursor(ring, 1000);
    const checker = new Checker(ring);
    let copies = 0;
    for (let takes = 0; takes < 50; takes++) {
      write(2000);
      checker.check(cursor.take(Infinity, (from, to) => {
        if (++copies > 1000) throw new Error(`${copies} copies for ${takes} takes`);
        checker.copy(from, to);
        write((to - from) * faster);
      }));
    }
    expect(checker.wrong).toEqual([]);
    expect(checker.records).toBeGreaterThan(50);
    expect(checker.records + cursor.lost).toBe(cursor.next - 1000);
  });
});

describe('waiting', () => {
  const empty = (): Ring => memoryRing(schema, { slotCount: 64, persist: false });
  const strategies = [SPIN, SPIN_THEN_PARK, PARK];

  test('the strategies are known by their names', () => {
    expect(Object.values(WAIT_STRATEGIES)).toEqual([SPIN, SPIN_THEN_PARK, PARK]);
    for (const [name, strategy] of Object.entries(WAIT_STRATEGIES)) expect(strategy.name).toBe(name);
  });

  describe.each(strategies)('$name', (strategy) => {
    const bells = [['a bell', true], ['no bell', false]] as const;

    test.each(bells)('with %s: records that are there are told at once', (_what, belled) => {
      const ring = empty();
      ring.resetPosition(RING.HEAD, 7);
      expect(new RingCursor(ring, 2).wait(strategy, belled ? silentBell() : undefined, false, 60_000)).toBe(5);
    });

    test.each(bells)('with %s: gives up when the time is over, and not before', (_what, belled) => {
      for (const ms of [0, 30]) {
        const before = performance.now();
        expect(new RingCursor(empty(), 0).wait(strategy, belled ? silentBell() : undefined, false, ms)).toBe(0);
        const took = performance.now() - before;
        expect(took).toBeGreaterThanOrEqual(ms - 1);
        expect(took).toBeLessThan(ms + 5000);
      }
    });

    test.each(bells)('with %s: a stop ends it, and so does a ring that was replaced', (_what, belled) => {
      const bell = belled ? silentBell() : undefined;
      let asked = 0;
      expect(new RingCursor(empty(), 0).wait(strategy, bell, false, 60_000, () => ++asked > 2)).toBe(0);
      const ring = empty();
      ring.retire();
      expect(new RingCursor(ring, 0).wait(strategy, bell, false, 60_000)).toBe(0);
    });

    test('a record of another thread ends it', async () => {
      const ring = empty();
      const bell = silentBell();
      const { go, ended } = await startWriter(ring, { plain: true, runs: 1, count: 1, bell: bell.word, local: bell.local });
      const cursor = new RingCursor(ring, 0);
      expect(cursor.wait(strategy, bell, false, 5)).toBe(0);
      Atomics.store(go, 0, 1);
      expect(cursor.wait(strategy, bell, false, 60_000)).toBe(1);
      await ended;
    });
  });

  test('a ring that was replaced still gives the records it has', () => {
    const ring = empty();
    ring.resetPosition(RING.HEAD, 3);
    ring.retire();
    expect(new RingCursor(ring, 0).wait(PARK, undefined, false, 60_000)).toBe(3);
  });
});
