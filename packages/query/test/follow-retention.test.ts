/** What a subscriber sees of a feed whose oldest chunks are deleted under it. */
import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkPath } from '@deepwater/core';
import { FeedReader, type LostRange } from '@deepwater/query';
import { FeedFixture } from './support/feed-fixture.js';
import { assertProperty } from './support/seed.js';
import { feed, failure, trades } from './support/small-feed.js';

/** A stream of numbers, and the ranges it was told to have lost. */
function follow(fixture: FeedFixture, from: { start?: number; fromSequence?: number }) {
  const ranges: LostRange[] = [];
  const events: (number | LostRange)[] = [];
  const stream = new FeedReader<typeof trades>(fixture.source).streamSync({
    ...from, allowMainThread: true, format: 'columns', batchRows: 10, onLoss: (range) => { ranges.push(range); events.push(range); },
  });
  return {
    stream, ranges, events,
    /** Takes one batch; the caller knows that there is a record. */
    take(): number[] {
      const { price, firstSequence } = stream.next().value!;
      expect(price[0]).toBe(firstSequence);
      events.push(...price);
      return [...price];
    },
    takeTo(end: number): number[] {
      const taken: number[] = [];
      while (stream.position < end) taken.push(...this.take());
      return taken;
    },
  };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Writes records [from, to), whose price is their number and whose time is 1000 more. The last `left` stay in the ring alone. */
function write(fixture: FeedFixture, from: number, to: number, left = 10): void {
  for (let n = from; n < to; n++) {
    if (n - fixture.tail === 32) fixture.drain();
    fixture.write(n, 1, 1000 + n);
  }
  fixture.drain(to - left - fixture.tail);
}

/** Chunks of 64 records, and a ring that has fewer. */
function written(records: number, left = 10): FeedFixture {
  const fixture = feed(undefined, { capacityRows: 64, blockRows: 32, ringSlots: 32 });
  write(fixture, 0, records, left);
  return fixture;
}

describe('a slow subscriber under retention', () => {
  test('loses exactly the chunks that it had not come to, and is told before the first record after them', () => {
    const fixture = written(600);
    const follower = follow(fixture, { fromSequence: 0 });
    expect(follower.takeTo(70)).toEqual(numbers(0, 74)); // a chunk ends at 64: ten rows from there
    for (let chunk = 0; chunk < 5; chunk++) fixture.deleteOldest();
    // What it had begun to read is mapped, and stays.
    expect(follower.takeTo(128)).toEqual(numbers(74, 128));
    expect(follower.ranges).toEqual([]);
    expect(follower.takeTo(600)).toEqual(numbers(320, 600));
    expect(follower.ranges).toEqual([{ from: 128, to: 320 }]);
    expect(follower.stream.lost).toBe(192);
    expect(follower.events.findIndex((event) => typeof event !== 'number')).toBe(128);
  });

  test('loses nothing of what was deleted before it began, unless it asks for it by number', () => {
    const fixture = written(300);
    fixture.deleteOldest();
    fixture.deleteOldest();
    const early = follow(fixture, { start: 0 });
    const numbered = follow(fixture, { fromSequence: 100 });
    expect(early.takeTo(300)).toEqual(numbers(128, 300));
    expect(early.ranges).toEqual([]);
    expect(numbered.takeTo(300)).toEqual(numbers(128, 300));
    expect(numbered.ranges).toEqual([{ from: 100, to: 128 }]);
  });

  test('that begins at a time loses no records from before that time', () => {
    const fixture = written(300);
    const late = follow(fixture, { start: 1000 + 200 });
    const middle = follow(fixture, { start: 1000 + 100 });
    for (let chunk = 0; chunk < 3; chunk++) fixture.deleteOldest();
    expect(late.takeTo(300)).toEqual(numbers(200, 300));
    expect(late.ranges).toEqual([]);
    // Which of the second chunk's records were late enough, only its file could tell.
    expect(middle.takeTo(300)).toEqual(numbers(192, 300));
    expect(middle.ranges).toEqual([{ from: 64, to: 192 }]);
  });

  test('counts no numbers that were never given to a record', () => {
    const fixture = written(100, 0);
    const follower = follow(fixture, { fromSequence: 0 });
    fixture.skip(1000);
    write(fixture, 1100, 1300);
    for (let chunk = 0; chunk < 3; chunk++) fixture.deleteOldest();
    expect(follower.takeTo(1300)).toEqual(numbers(1164, 1300));
    expect(follower.ranges).toEqual([{ from: 0, to: 100 }, { from: 1100, to: 1164 }]);
    expect(follower.stream.lost).toBe(164);
  });

  test('that waits for the next record in vain is told when it comes', () => {
    const fixture = written(64, 0);
    const follower = follow(fixture, { fromSequence: 32 });
    expect(follower.takeTo(60)).toEqual(numbers(32, 62));
    fixture.deleteOldest();
    expect(follower.takeTo(64)).toEqual([62, 63]);
    write(fixture, 64, 2100);
    for (let chunk = 0; chunk < 10; chunk++) fixture.deleteOldest();
    expect(follower.takeTo(2100)).toEqual(numbers(704, 2100));
    expect(follower.ranges).toEqual([{ from: 64, to: 704 }]);
  });

  test('does not keep the disk space of a deleted chunk that it has read', () => {
    const fixture = written(300);
    const follower = follow(fixture, { fromSequence: 0 });
    const file = chunkPath(fixture.paths, fixture.chunkIds[0]!);
    const mappings = (): number => fs.readFileSync('/proc/self/maps', 'utf8').split(file).length;
    const before = mappings();
    follower.take();
    expect(mappings()).toBeGreaterThan(before);
    fixture.deleteOldest();
    expect(follower.takeTo(64)).toEqual(numbers(10, 64));
    follower.take();
    // The batches that were given out are copies.
    expect(mappings()).toBe(before);
  });

  test('whatever happens when: each record comes, or is told as lost, once and in order; lost is only what was deleted', () => {
    const step = fc.record({ write: fc.nat(150), drain: fc.nat(250), remove: fc.nat(3), take: fc.nat(12), skip: fc.boolean() });
    const begin = fc.record({ by: fc.constantFrom('fromSequence', 'start'), at: fc.nat(700) });
    assertProperty(fc.property(fc.integer({ min: 1, max: 600 }), begin, fc.array(step, { minLength: 1, maxLength: 12 }), (before, { by, at }, steps) => {
      const fixture = new FeedFixture(trades, { capacityRows: 64, blockRows: 32, ringSlots: 128 });
      try {
        // Times go up and down by as much as a chunk.
        const timeOf = (n: number): number => 1000 + n + ((n * 37) % 90);
        const all: number[] = [];
        const deleted = new Set<number>();
        const write = (count: number): void => {
          for (let i = 0; i < count; i++) {
            const n = fixture.writer.position;
            if (n - fixture.tail >= 128) fixture.drain(60);
            fixture.write(n, 1, timeOf(n));
            all.push(n);
          }
        };
        const remove = (): void => {
          const { view } = fixture.catalog;
          if (view.firstLive >= view.count - 1) return;
          const { firstSequence, rows } = view.entry(view.firstLive);
          for (let n = firstSequence; n < firstSequence + rows; n++) deleted.add(n);
          fixture.deleteOldest();
        };
        write(before);
        const historyEnd = fixture.writer.position;
        const follower = follow(fixture, by === 'start' ? { start: 1000 + at } : { fromSequence: at });
        const wanted = (n: number): boolean => (by === 'start' ? n >= historyEnd || timeOf(n) >= 1000 + at : n >= at);
        const take = (batches: number): void => {
          for (; batches > 0 && (all.findLast((n) => wanted(n) && !deleted.has(n)) ?? -1) >= follower.stream.position; batches--) follower.take();
        };
        for (const { write: more, drain, remove: chunks, take: batches, skip } of steps) {
          write(more);
          fixture.drain(drain);
          for (let chunk = 0; chunk < chunks; chunk++) remove();
          if (skip) {
            fixture.drain();
            fixture.skip(17);
            write(1);
          }
          take(batches);
        }
        take(Infinity);
        let next = 0;
        const seen: number[] = [];
        let lost = 0;
        for (const event of follower.events) {
          if (typeof event === 'number') {
            expect(event).toBeGreaterThanOrEqual(next);
            expect(wanted(event)).toBe(true);
            seen.push(event);
            next = event + 1;
          } else {
            expect(event.from).toBeGreaterThanOrEqual(next);
            for (let n = event.from; n < event.to; n++) expect(deleted.has(n)).toBe(true);
            lost += event.to - event.from;
            next = event.to;
          }
        }
        expect(follower.stream.lost).toBe(lost);
        const inLosses = (n: number): boolean => follower.ranges.some(({ from, to }) => n >= from && n < to);
        const given = new Set(seen);
        expect(seen.length).toBe(given.size);
        expect(all.filter((n) => wanted(n) && n < next && given.has(n) === inLosses(n))).toEqual([]);
        follower.stream.return();
      } finally {
        fixture.remove();
      }
    }), 60);
  });
});

describe('a stream that begins late in a long history', () => {
  test('does not open the chunks that lie before', async () => {
    const fixture = written(1000);
    for (const id of fixture.chunkIds.slice(0, 8)) fs.renameSync(chunkPath(fixture.paths, id), `${chunkPath(fixture.paths, id)}.away`);
    const late = follow(fixture, { start: 1000 + 700 });
    expect(late.takeTo(1000)).toEqual(numbers(700, 1000));
    expect(late.stream.lost).toBe(0);
    const early = follow(fixture, { start: 1000 + 100 });
    await expect(failure(() => early.take())).resolves.toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });
});
