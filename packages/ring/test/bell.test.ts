import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { BELL, BELL_BITS, futexWait, mapFile } from '@deepwater/core';
import { Bell, type Ring, createRing } from '../dist/index.js';
import { SEED, type TestWriter, afterThisTest, fill, identity, runScript, smallFileSystem, temporaryDirectory, thrownBy, variants, writerOn } from './ring-fixtures.js';
import { hashOf, letterOf, schema, thirdOf } from './workers/checked-records.mjs';

/** A memory feed's ring in files, its bell, and words in which sleepers say how far they are. */
function setUp(): { ring: Ring; bell: Bell; acks: Int32Array; options: { ringPath: string; bellPath: string; acksPath: string; feedUid: string } } {
  const directory = temporaryDirectory();
  const [ringPath, bellPath, acksPath] = ['it.ring', 'it.bell', 'acks'].map((name) => path.join(directory, name));
  const ring = createRing(ringPath, 'owner', schema, identity({ persist: false, slotCount: 1024, baseSequence: 2 ** 32 - 500 }), 0);
  const bell = Bell.create(bellPath, 'owner');
  fs.writeFileSync(acksPath, Buffer.alloc(4096));
  const fd = fs.openSync(acksPath, 'r+');
  const acks = new Int32Array(mapFile(fd, { path: acksPath, length: 4096, mode: 'shared' }).buffer, 0, 8);
  fs.closeSync(fd);
  return { ring, bell, acks, options: { ringPath, bellPath, acksPath, feedUid: ring.feedUid } };
}

interface Found {
  readonly rounds: number;
  readonly slept: number;
  /** Waits of 100 ms and more: a busy machine may have some. */
  readonly late: number;
  /** Waits that were ended by the slice of 250 ms and not by the bell. */
  readonly missed: number;
}

type SetUp = ReturnType<typeof setUp>;

function sleepingThread({ ring, bell, acks }: SetUp, rounds: number, place = 0): { found: Promise<Found> } {
  const worker = new Worker(new URL('./workers/bell-sleeper.mjs', import.meta.url), { workerData: { mapped: ring.mapped, bell: bell.word, local: bell.local, acks, rounds, place } });
  afterThisTest(() => worker.terminate());
  return { found: once(worker, 'message').then(([found]) => found as Found) };
}

function sleepingProcess({ options }: SetUp, rounds: number, place = 0): { found: Promise<Found>; child: ChildProcess } {
  const child = fork(new URL('./workers/bell-sleeper.mjs', import.meta.url), [JSON.stringify({ ...options, rounds, place })], { execArgv: [] });
  const ended = once(child, 'exit');
  afterThisTest(() => (child.kill('SIGKILL'), ended));
  return { child, found: Promise.race([once(child, 'message'), ended.then(() => [undefined])]).then(([found]) => found as Found) };
}

function writeOne(writer: TestWriter): void {
  const s = writer.position;
  writer.writeValues(hashOf(s), thirdOf(s), String.fromCharCode(letterOf(s)), s);
}

/** Waits until a condition holds, letting the event loop run. */
async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 30_000; !condition();) {
    if (performance.now() > deadline) throw new Error('it did not come true in 30 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Writes one record whenever the sleeper is about to sleep: now before, now while, now after it does. */
async function writeForSleeper(writer: TestWriter, acks: Int32Array, rounds: number, across: boolean): Promise<void> {
  await until(() => Atomics.load(acks, 0) === 1);
  const deadline = performance.now() + 40_000;
  let state = SEED | 1;
  for (let round = 1; round <= rounds; round++) {
    for (let looks = 0; ; looks++) {
      const seen = Atomics.load(acks, 0);
      if (seen >= round) break;
      if (looks < 5000) continue;
      if (performance.now() > deadline) throw new Error(`the sleeper came to round ${seen} of ${rounds} in 40 s`);
      if (across) futexWait(acks, seen, 50e6);
      else Atomics.wait(acks, 0, seen, 50);
    }
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    for (let delay = (state >>> 0) % ((round & 7) === 0 ? 20_000 : 400); delay > 0; delay--) Atomics.load(acks, 1);
    writeOne(writer);
  }
}

describe.each(variants)('%s publishing', (_variant, plain) => {
  // Publishing and announcing a sleep are made to meet, within nanoseconds, hundreds of thousands of times. Each side looks
  // at the other's word after it has stored its own; that neither sees the other is what must never happen.
  test.each([['the same process', false], ['another process', true]] as const)('a record and a sleeper that come at the same moment see each other, at least one the other (%s)', async (_where, across) => {
    const set = setUp();
    const meet = new Int32Array(new SharedArrayBuffer(12));
    const worker = new Worker(new URL('./workers/bell-publisher.mjs', import.meta.url), { workerData: { mapped: set.ring.mapped, bell: set.bell.word, meet, plain } });
    afterThisTest(() => worker.terminate());
    await once(worker, 'message');
    const meetAt = (turn: number): void => {
      Atomics.store(meet, 0, turn);
      while (Atomics.load(meet, 1) < turn);
    };
    const counts = { neither: 0, sleeper: 0, publisher: 0, both: 0 };
    let round = 1;
    for (const end = performance.now() + (plain ? 1500 : 400); performance.now() < end && round < 500_000; round++) {
      const before = set.ring.head;
      let seen = false;
      meetAt(2 * round);
      for (let delay = (round >> 6) & 63; delay > 0; delay--) Atomics.load(meet, 2);
      set.bell.sleep(across, 0, () => (seen = set.ring.head > before));
      meetAt(2 * round + 1);
      const rung = Atomics.load(set.bell.word, 0) === 0;
      counts[seen ? (rung ? 'both' : 'sleeper') : rung ? 'publisher' : 'neither']++;
      Atomics.store(set.bell.word, 0, 0);
    }
    Atomics.store(meet, 0, -1);
    expect(counts.neither, JSON.stringify(counts)).toBe(0);
    // Where the two had a core each, they came in every order.
    if (round > 5000) for (const order of ['sleeper', 'publisher', 'both'] as const) expect(counts[order], JSON.stringify(counts)).toBeGreaterThan(0);
  });

  test('a parked thread is woken by every record: in thousands of rounds no wake-up is missed', async () => {
    const rounds = plain ? 8000 : 2000;
    const set = setUp();
    const { found } = sleepingThread(set, rounds);
    await writeForSleeper(writerOn(set.ring, schema, plain, undefined, set.bell), set.acks, rounds, false);
    expect(await found, `seed ${SEED}`).toMatchObject({ rounds, missed: 0 });
    expect((await found).slept).toBeGreaterThan(rounds / 10);
    expect((await found).late).toBeLessThan(rounds / 100);
  });

  test('a parked process is woken by every record: in thousands of rounds no wake-up is missed', async () => {
    const rounds = plain ? 8000 : 2000;
    const set = setUp();
    const { found } = sleepingProcess(set, rounds);
    await writeForSleeper(writerOn(set.ring, schema, plain, undefined, set.bell), set.acks, rounds, true);
    expect(await found, `seed ${SEED}`).toMatchObject({ rounds, missed: 0 });
    expect((await found).slept).toBeGreaterThan(rounds / 10);
    expect((await found).late).toBeLessThan(rounds / 100);
  });

  test('one record wakes all that sleep, threads and processes', async () => {
    const rounds = 100;
    const set = setUp();
    const sleepers = [sleepingThread(set, rounds, 0), sleepingThread(set, rounds, 1), sleepingProcess(set, rounds, 2), sleepingProcess(set, rounds, 3)];
    const writer = writerOn(set.ring, schema, plain, undefined, set.bell);
    for (let round = 1; round <= rounds; round++) {
      await until(() => [0, 1, 2, 3].every((place) => Atomics.load(set.acks, place) >= round));
      if ((round & 1) === 0) writeOne(writer);
      else writer.writeColumns({ hash: [1], third: [1], letter: ['a'], ts: [1] });
    }
    for (const { found } of sleepers) {
      // One that was late for other reasons can find the bit of the next: a wake-up that went to one of four would miss most.
      const { rounds: seen, missed } = await found;
      expect(seen).toBe(rounds);
      expect(missed).toBeLessThan(rounds / 10);
    }
  });
});

test('a sleeper that is killed costs its writer one wake-up, and leaves nothing behind', async () => {
  const set = setUp();
  const { child } = sleepingProcess(set, 10);
  const writer = writerOn(set.ring, schema, true, undefined, set.bell);
  await until(() => Atomics.load(set.bell.word, 0) === BELL_BITS.PROCESSES);
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  expect(Atomics.load(set.bell.word, 0)).toBe(BELL_BITS.PROCESSES);
  writeOne(writer);
  expect(Atomics.load(set.bell.word, 0)).toBe(0);
  writeOne(writer);
  expect(Atomics.load(set.bell.word, 0)).toBe(0);
  const { found } = sleepingThread(set, 3); // it has two records to take, and then sleeps for the third
  await until(() => Atomics.load(set.acks, 0) === 3 && Atomics.load(set.bell.word, 0) === BELL_BITS.THREADS);
  writeOne(writer);
  expect(await found).toMatchObject({ rounds: 3 });
});

describe('sleeping', () => {
  test.each([false, true])('does not begin where there is something already (across processes: %s)', (across) => {
    const { bell } = setUp();
    const before = performance.now();
    bell.sleep(across, 10_000, () => true);
    expect(performance.now() - before).toBeLessThan(1000);
    expect(Atomics.load(bell.word, 0)).toBe(across ? BELL_BITS.PROCESSES : BELL_BITS.THREADS);
    bell.ring();
    expect(Atomics.load(bell.word, 0)).toBe(0);
  });

  test.each([false, true])('ends when its time is over (across processes: %s)', (across) => {
    const { bell } = setUp();
    const before = performance.now();
    bell.sleep(across, 30.5, () => false);
    expect(performance.now() - before).toBeGreaterThanOrEqual(30);
  });

  test('is not begun where the bell was rung in between, though another sleeper has set the bit again', () => {
    const { bell } = setUp();
    const before = performance.now();
    bell.sleep(true, 20_000, () => {
      bell.ring();
      bell.announce(BELL_BITS.PROCESSES);
      return false;
    });
    expect(performance.now() - before).toBeLessThan(900);
  });

  test('keeps the bits of others', () => {
    const { bell } = setUp();
    bell.sleep(true, 1, () => false);
    bell.sleep(false, 1, () => false);
    expect(Atomics.load(bell.word, 0)).toBe(BELL_BITS.THREADS | BELL_BITS.PROCESSES);
  });
});

describe('the bell’s file', () => {
  const bellPath = (): string => path.join(temporaryDirectory(), 'it.bell');

  test('is made once, with its room reserved, for the owner; made again it is the same one', () => {
    const file = bellPath();
    const bell = Bell.create(file, 'owner');
    const stat = fs.statSync(file);
    expect([stat.size, stat.mode & 0o777]).toEqual([BELL.FILE_BYTES, 0o600]);
    expect(stat.blocks).toBeGreaterThan(0);
    Atomics.store(bell.word, 0, 3);
    expect(Atomics.load(Bell.create(file, 'owner').word, 0)).toBe(3);
    expect(Atomics.load(Bell.open(file).word, 0)).toBe(3);
  });

  test('that was cut is refused to a subscriber, who would die of a fault, and made whole by the next writer', async () => {
    const file = bellPath();
    fs.writeFileSync(file, '');
    const { code, signal, output } = await runScript(new URL('./workers/bell-opener.mjs', import.meta.url), [file]);
    expect({ code, signal, output }).toEqual({ code: 0, signal: null, output: 'DW_FILE_CORRUPT\n' });
    const bell = Bell.create(file, 'owner');
    expect(Atomics.load(bell.word, 0)).toBe(0);
    expect(Atomics.load(Bell.open(file).word, 0)).toBe(0);
  });

  test('missing, a link, or no room for it: an error that says so', ({ skip }) => {
    const file = bellPath();
    expect(thrownBy(() => Bell.open(file))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ENOENT', path: file } });
    fs.symlinkSync('/etc/hostname', file);
    expect(thrownBy(() => Bell.open(file))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP', path: file } });
    expect(thrownBy(() => Bell.create(file, 'owner'))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP', path: file } });
    const small = smallFileSystem(64 * 1024);
    if ('reason' in small) return skip(small.reason);
    fill(small.directory);
    expect(thrownBy(() => Bell.create(path.join(small.directory, 'it.bell'), 'owner'))).toMatchObject({ code: 'DW_DISK_FULL' });
  });
});
