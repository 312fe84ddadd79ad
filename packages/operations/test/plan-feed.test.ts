import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENTRY_STATE } from '@deepwater/core';
import { type PlannedEntry, planFeed, writtenTimes } from '@deepwater/operations';

const HOUR_US = 3_600_000_000;
const START_US = Date.UTC(2026, 0, 1) * 1000;
const { ACTIVE, SEALED, DELETED } = ENTRY_STATE;

/** Chunks of ten records and 100 bytes, an hour apart; the last one is written. */
function chunks(count: number, change: (index: number) => Partial<PlannedEntry> = () => ({})): PlannedEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    chunkId: index + 1, firstSequence: index * 10, rows: 10, state: index === count - 1 ? ACTIVE : SEALED,
    createdUs: START_US + (index - 1) * HOUR_US, sealedUs: START_US + index * HOUR_US, diskBytes: 100, holds: index < count - 1, ...change(index),
  }));
}

const at = (hours: number): number => (START_US + hours * HOUR_US) / 1000;
const byAge = (hours: number) => ({ retentionHours: hours, retentionBytes: 0 });
const bySize = (bytes: number) => ({ retentionHours: 0, retentionBytes: bytes });

describe('by age', () => {
  test('goes what was sealed so long ago, and says until when the next one stays', () => {
    expect(planFeed(chunks(10), byAge(5), at(8.5), true)).toEqual({ from: 0, to: 4, bySizeFrom: 4, held: 0, keptUntilMs: at(9) });
    expect(planFeed(chunks(10), byAge(5), at(8), true)).toMatchObject({ to: 4 });
    expect(planFeed(chunks(10), byAge(5), at(8) - 1, true)).toMatchObject({ to: 3 });
  });

  test('never goes the live chunk, however old', () => {
    expect(planFeed(chunks(10), byAge(1), at(10_000), true)).toMatchObject({ from: 0, to: 9 });
  });

  test('goes nothing while the clock is not believed; what would have is counted', () => {
    expect(planFeed(chunks(10), byAge(5), at(8.5), false)).toMatchObject({ from: 0, to: 0, held: 4 });
  });

  test('goes nothing where records are kept for ever', () => {
    expect(planFeed(chunks(10), byAge(0), at(10_000), true)).toEqual({ from: 0, to: 0, bySizeFrom: 0, held: 0 });
  });
});

describe('when a chunk was written', () => {
  test('is not before the chunks in front of it: a clock that once stood in 1970 makes nothing old', () => {
    const entries = chunks(6, (index) => (index === 2 || index === 3 ? { createdUs: 1000, sealedUs: 2000 } : {}));
    expect(writtenTimes(entries).map((time) => (time - START_US) / HOUR_US)).toEqual([0, 1, 1, 1, 4, 4]);
  });

  test('where the clock stood there from the beginning, is no later than the first time that can be', () => {
    const entries = chunks(5, (index) => (index < 2 ? { createdUs: 1000, sealedUs: 2000 } : {}));
    expect(writtenTimes(entries).slice(0, 2)).toEqual([START_US + 2 * HOUR_US, START_US + 2 * HOUR_US]);
    expect(writtenTimes(chunks(3, () => ({ createdUs: 1, sealedUs: 2 })))).toEqual([Infinity, Infinity, Infinity]);
  });

  test('in the future keeps it, and all behind it, for longer', () => {
    const entries = chunks(6, (index) => (index === 1 ? { sealedUs: START_US + 1000 * HOUR_US } : {}));
    expect(planFeed(entries, byAge(2), at(500), true)).toMatchObject({ from: 0, to: 1 });
  });
});

describe('by size', () => {
  test('go as many of the oldest as it takes, clock or no clock', () => {
    for (const believed of [true, false]) expect(planFeed(chunks(10), bySize(450), at(0), believed)).toEqual({ from: 0, to: 6, bySizeFrom: 0, held: 0 });
    expect(planFeed(chunks(10), bySize(1000), at(0), true)).toMatchObject({ to: 0 });
    expect(planFeed(chunks(10), bySize(999), at(0), true)).toMatchObject({ to: 1 });
  });

  test('the live chunk stays, although it is more than the limit', () => {
    expect(planFeed(chunks(3), bySize(50), at(0), true)).toMatchObject({ to: 2 });
  });

  test('what age takes first does not count', () => {
    expect(planFeed(chunks(10), { retentionHours: 5, retentionBytes: 400 }, at(8.5), true)).toMatchObject({ from: 0, to: 6, bySizeFrom: 4 });
  });
});

test('nothing goes from behind an entry that is damaged', () => {
  expect(planFeed(chunks(10, (index) => (index === 2 ? { holds: false } : {})), byAge(1), at(10_000), true)).toMatchObject({ from: 0, to: 2, damagedAt: 2 });
});

test('whatever there is: a prefix goes, without the live chunk, and no chunk that is younger than one before it is judged by its own clock', () => {
  const entry = fc.record({ state: fc.constantFrom(SEALED, SEALED, SEALED, DELETED, ACTIVE), hours: fc.integer({ min: -20, max: 200 }), diskBytes: fc.nat(300), holds: fc.boolean() });
  fc.assert(fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(100), fc.nat(2000), fc.integer({ min: -50, max: 300 }), fc.boolean(), (given, retentionHours, retentionBytes, now, believed) => {
    const entries = given.map(({ state, hours, diskBytes, holds }, index): PlannedEntry => ({
      chunkId: index + 1, firstSequence: index * 10, rows: 10, state, holds: holds && state !== ACTIVE, diskBytes: state === DELETED ? 0 : diskBytes,
      createdUs: START_US + hours * HOUR_US, sealedUs: START_US + hours * HOUR_US,
    }));
    const { from, to, bySizeFrom } = planFeed(entries, { retentionHours, retentionBytes }, at(now), believed);
    expect(from).toBeLessThanOrEqual(to);
    for (const { state, holds } of entries.slice(from, to)) expect(state === DELETED || (state === SEALED && holds)).toBe(true);
    entries.slice(from, to).forEach((gone, offset) => {
      if (gone.state === DELETED) return;
      const latest = Math.max(...entries.slice(0, from + offset + 1).map(({ createdUs }) => createdUs));
      const old = retentionHours > 0 && at(now) * 1000 - latest >= retentionHours * HOUR_US;
      if (from + offset < bySizeFrom) expect(old && believed).toBe(true);
      else expect(retentionBytes).toBeGreaterThan(0);
    });
    const left = entries.slice(to).reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    const next = entries[to];
    if (retentionBytes > 0 && left > retentionBytes) expect(next === undefined || !(next.state === DELETED || (next.state === SEALED && next.holds))).toBe(true);
  }), { seed: 20261121 });
});
