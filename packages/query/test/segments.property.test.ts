import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEGMENT_KIND, type SegmentEntry, bootId, writeSegments } from '@deepwater/core';
import { FeedReader, type FeedSegment, type Gap } from '@deepwater/query';
import { FEED_UID, FeedFixture } from './support/feed-fixture.js';
import { SEED } from './support/seed.js';

const START = 1_700_000_000_000;

type Step = { do: 'write'; count: number; jump: number; back: boolean } | { do: 'mark' | 'drain' | 'seal' | 'delete' } | { do: 'skip'; numbers: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), count: fc.integer({ min: 1, max: 90 }), jump: fc.integer({ min: 0, max: 400 }), back: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant({ do: 'mark' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'drain' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'seal' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'delete' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('skip' as const), numbers: fc.integer({ min: 1, max: 5000 }) }) },
);

interface Model {
  readonly fixture: FeedFixture;
  readonly times: Map<number, bigint>;
  readonly bounds: { at: number; ended: string; reason?: string }[];
}

/** A feed made step by step, and beside it where its boundaries are. */
function build(steps: readonly Step[], unit: 'ms' | 'ns', nameless = false): Model {
  const fixture = new FeedFixture({ name: 'f', fields: [{ name: 'x', type: 'float64' }, { name: 't', type: 'int64', unit }], timestamp: 't' }, { capacityRows: 64, blockRows: 8, ringSlots: 8192 });
  const entries: SegmentEntry[] = nameless ? [] : [{ kind: SEGMENT_KIND.OPENED, sequence: 0, wallUs: 5_000, epoch: 1, reason: '' }];
  const bounds: Model['bounds'] = [{ at: 0, ended: '' }];
  const times = new Map<number, bigint>();
  fixture.catalog.view.setWriter(true, process.pid, bootId());
  let now = BigInt(START);
  for (const each of steps) {
    const head = fixture.writer.position;
    switch (each.do) {
      case 'write':
        for (let i = 0; i < each.count; i++) {
          now += each.back && i % 3 === 0 ? -2n : BigInt(i === 0 ? each.jump : i % 4);
          times.set(fixture.writer.position, now);
          fixture.write(1, unit === 'ns' ? now : Number(now));
        }
        break;
      case 'mark':
        if (nameless || bounds.at(-1)!.at === head) break;
        entries.push({ kind: SEGMENT_KIND.MARKED, sequence: head, wallUs: 7_000, epoch: 1, reason: `at ${head}` });
        bounds.push({ at: head, ended: 'marked', reason: `at ${head}` });
        break;
      case 'drain': fixture.drain(); break;
      case 'seal': fixture.drain(); fixture.seal(); break;
      case 'delete': {
        const { view } = fixture.catalog;
        if (view.firstLive < view.count && view.entry(view.firstLive).rows > 0) fixture.deleteOldest();
        break;
      }
      case 'skip':
        fixture.drain();
        fixture.skip(each.numbers);
        if (times.size > 0) {
          if (bounds.at(-1)!.at !== head) bounds.push({ at: head, ended: 'crash' });
          bounds.push({ at: fixture.writer.position, ended: '' });
        }
        break;
    }
  }
  if (!nameless) writeSegments(fixture.paths.segments, 'owner', FEED_UID, entries);
  return { fixture, times, bounds };
}

interface Expected { first: number; next: number; records: number; removed: number; min: bigint; max: bigint; ended: string; reason?: string }

function expectedOf({ fixture, times, bounds }: Model): Expected[] {
  const head = fixture.writer.position;
  const all = bounds.at(-1)!.at === head ? bounds : [...bounds, { at: head, ended: 'open' }];
  return all.slice(1).flatMap((closed, i) => {
    const from = all[i]!.at;
    const own = fixture.records.filter(({ sequence }) => sequence >= from && sequence < closed.at);
    if (own.length === 0) return [];
    const stamps = own.map(({ sequence }) => times.get(sequence)!);
    const first = own[0]!.sequence;
    return [{
      first, next: closed.at, records: own.length, removed: first - from, ended: closed.ended, ...('reason' in closed ? { reason: closed.reason } : {}),
      min: stamps.reduce((a, b) => (a < b ? a : b)), max: stamps.reduce((a, b) => (a > b ? a : b)),
    }];
  });
}

/** Whether each unit of time from the least to the greatest lies in some segment. */
function coveredUnits(expected: readonly Expected[]): { from: bigint; flags: boolean[] } {
  const from = expected.reduce((a, { min }) => (min < a ? min : a), expected[0]!.min);
  const to = expected.reduce((a, { max }) => (max > a ? max : a), expected[0]!.max);
  const flags = new Array<boolean>(Number(to - from) + 1).fill(false);
  for (const { min, max } of expected) flags.fill(true, Number(min - from), Number(max - from) + 1);
  return { from, flags };
}

function spansWhere(flags: readonly boolean[], wanted: boolean): [number, number][] {
  const spans: [number, number][] = [];
  flags.forEach((flag, i) => {
    if (flag !== wanted) return;
    if (spans.length > 0 && spans.at(-1)![1] === i) spans.at(-1)![1] = i + 1;
    else spans.push([i, i + 1]);
  });
  return spans;
}

const value = (unit: 'ms' | 'ns') => (time: bigint): number | bigint => (unit === 'ns' ? time : Number(time));
const histories = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 24 }), unit: fc.constantFrom('ms' as const, 'ns' as const) });

describe(`segments of feeds made up at random (seed ${SEED})`, () => {
  it('are those of a naive model, and so are coverage, gaps and silences', () => {
    fc.assert(fc.property(histories, ({ steps, unit }) => {
      const model = build(steps, unit);
      const reader = new FeedReader(model.fixture.source);
      try {
        const as = value(unit);
        const expected = expectedOf(model);
        const segments = reader.segmentsSync();
        expect(segments.map(({ openedAt: _opened, closedAt: _closed, ...rest }: FeedSegment) => rest)).toEqual(expected.map(({ min, max, ...rest }) => ({ ...rest, start: as(min), end: as(max + 1n) })));
        if (expected.length === 0) return;
        const { from, flags } = coveredUnits(expected);
        const at = (offset: number): bigint => from + BigInt(offset);
        const windows = spansWhere(flags, true).map(([a, b]) => ({ start: as(at(a)), end: as(at(b)) }));
        const ends: [bigint, bigint] = [from - 5n, at(flags.length) + 7n];
        const coverage = reader.coverageSync(...ends);
        expect(coverage.windows).toEqual(windows);
        expect(coverage.fraction).toBeCloseTo(flags.filter(Boolean).length / (flags.length + 12), 12);
        const gaps = reader.gapsSync();
        expect(gaps.map(({ start, end }: Gap) => ({ start, end }))).toEqual(spansWhere(flags, false).map(([a, b]) => ({ start: as(at(a)), end: as(at(b)) })));
        // Silences: between two times next to each other in one segment, further apart than the threshold, which is 1 ms of the clock's units.
        const threshold = unit === 'ms' ? 1n : 1_000_000n;
        const silences = expected.flatMap(({ first, next }) => {
          const times = model.fixture.records.filter(({ sequence }) => sequence >= first && sequence < next).map(({ sequence }) => model.times.get(sequence)!).sort((a, b) => (a < b ? -1 : 1));
          return times.slice(1).flatMap((time, i) => (time - times[i]! > threshold ? [{ start: as(times[i]! + 1n), end: as(time), cause: 'silence' }] : []));
        });
        const byStart = (a: { start: number | bigint; end: number | bigint }, b: typeof a): number => Number(a.start) - Number(b.start) || Number(a.end) - Number(b.end);
        expect(reader.gapsSync({ silence: '1ms' }).filter(({ cause }) => cause === 'silence').sort(byStart)).toEqual(silences.sort(byStart));
        const longest = windows.reduce((best, window) => (BigInt(window.end) - BigInt(window.start) >= BigInt(best.end) - BigInt(best.start) ? window : best));
        expect(reader.suggestedRangeSync()).toEqual(longest);
        expect(reader.suggestedRangeSync({ choose: 'newest' })).toEqual(windows.at(-1));
      } finally {
        void reader.close();
        model.fixture.remove();
      }
    }), { seed: SEED, numRuns: 80 });
  });

  it('are found by chunks alone where the file is missing: everything but marks', () => {
    fc.assert(fc.property(histories, ({ steps, unit }) => {
      const model = build(steps, unit, true);
      const reader = new FeedReader(model.fixture.source);
      try {
        expect(fs.existsSync(model.fixture.paths.segments)).toBe(false);
        expect(reader.segmentsSync().map(({ first, next, records, ended }) => ({ first, next, records, ended }))).toEqual(expectedOf(model).map(({ first, next, records, ended }) => ({ first, next, records, ended })));
      } finally {
        void reader.close();
        model.fixture.remove();
      }
    }), { seed: SEED, numRuns: 30 });
  });
});
