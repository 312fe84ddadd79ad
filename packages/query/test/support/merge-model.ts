/** Feeds for tests of merges and joins, and what they must give by the plainest means. */
import fc from 'fast-check';
import type { FeedSpecInput } from '@deepwater/core';
import type { UntypedWhere } from '@deepwater/query';
import { type TimeShape, timeOf, timeShape } from './everything.js';
import { FeedFixture } from './feed-fixture.js';
import { chances } from './history.js';

export const FACTORS = { ms: 1_000_000n, us: 1000n, ns: 1n } as const;
export type Unit = keyof typeof FACTORS;

/** How a feed came to be. */
export const feedHistory = fc.record({
  unit: fc.constantFrom<Unit>('ms', 'us', 'ns'),
  signed: fc.boolean(),
  persist: fc.boolean(),
  shape: timeShape,
  /** Where its times begin, and how far they lie apart; some beyond what a double holds exactly. */
  begin: fc.constantFrom(0n, 5n, 1_700_000_000n, 1_700_000_000_000_000_000n),
  stride: fc.constantFrom(1n, 7n, 1000n, 10n ** 13n),
  capacityRows: fc.constantFrom(40, 100, 256),
  blockRows: fc.constantFrom(7, 32, 64),
  seed: fc.integer(),
  steps: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 120 }) }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('drain' as const), count: fc.integer({ min: 1, max: 150 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const), count: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('skip' as const), count: fc.integer({ min: 1, max: 1000 }) }) },
    ),
    { minLength: 1, maxLength: 12 },
  ),
});
export type FeedHistory = typeof feedHistory extends fc.Arbitrary<infer T> ? T : never;

export interface ModelRow {
  readonly feed: number;
  readonly sequence: number;
  /** On the feed's clock, and in nanoseconds. */
  readonly time: bigint;
  readonly ns: bigint;
  readonly price: number;
  readonly tag: number;
}

export interface ModelFeed {
  readonly fixture: FeedFixture;
  readonly unit: Unit;
  readonly rows: readonly ModelRow[];
}

export function specOf(name: string, unit: Unit, signed: boolean, persist: boolean): FeedSpecInput {
  return {
    name, persist,
    fields: [
      { name: 'price', type: 'float64' },
      { name: 'tag', type: 'int16' },
      { name: 'ts', type: signed ? 'int64' : 'uint64', unit, as: 'bigint' },
    ],
    timestamp: 'ts',
  } as FeedSpecInput;
}

export function buildFeed(index: number, { unit, signed, persist, shape, begin, stride, capacityRows, blockRows, seed, steps }: FeedHistory): ModelFeed {
  const slots = persist ? 1024 : 2048;
  const fixture = new FeedFixture(specOf(`feed${index}`, unit, signed, persist), { capacityRows, blockRows, ringSlots: slots });
  const chance = chances(seed);
  const rows: ModelRow[] = [];
  const from = begin / FACTORS[unit];
  let n = 0;
  for (const { kind, count } of steps) {
    if (kind === 'write') {
      for (let i = 0; i < count; i++, n++) {
        if (persist && fixture.writer.position - fixture.tail >= slots) fixture.drain();
        const offset = BigInt(timeOf(shape as TimeShape, n, chance.next().value)) * stride;
        const greatest = unit === 'ns' ? 2n ** 62n : 2n ** 53n - 1n;
        const least = signed ? -greatest : 0n;
        const wished = from + offset;
        const time = wished < least ? least : wished > greatest ? greatest : wished;
        rows.push({ feed: index, sequence: fixture.writer.position, time, ns: time * FACTORS[unit], price: n + index / 16, tag: n % 1000 });
        fixture.write(n + index / 16, n % 1000, time);
      }
    } else if (!persist) continue;
    else if (kind === 'drain') fixture.drain(count);
    else if (kind === 'seal') fixture.seal();
    else {
      fixture.drain();
      fixture.skip(count);
    }
  }
  return { fixture, unit, rows };
}

/** A filter, and what it means by the plainest means. */
export interface ModelFilter {
  readonly where: UntypedWhere;
  readonly lets: (row: ModelRow) => boolean;
}

/** Filters that let most through, a stretch, a few here and there, or nothing; some by a column that is not asked for otherwise. */
export const filters: fc.Arbitrary<ModelFilter | undefined> = fc.option(fc.oneof(
  fc.integer({ min: 2, max: 9 }).map((of) => ({ where: { not: { tag: { in: Array.from({ length: Math.ceil(1000 / of) }, (_, i) => i * of) } } }, lets: ({ tag }: ModelRow) => tag % of !== 0 })),
  fc.tuple(fc.nat(400), fc.nat(200)).map(([from, count]) => ({ where: { price: { gte: from, lt: from + count } }, lets: ({ price }: ModelRow) => price >= from && price < from + count })),
  fc.array(fc.nat(600), { minLength: 1, maxLength: 4 }).map((tags) => ({ where: { tag: { in: tags } }, lets: ({ tag }: ModelRow) => tags.includes(tag) })),
), { nil: undefined });

/** Times within [low, high], both in nanoseconds. */
export const within = ({ rows }: ModelFeed, low: bigint, high: bigint, filter?: ModelFilter): ModelRow[] =>
  rows.filter((row) => row.ns >= low && row.ns <= high && filter?.lets(row) !== false);

/** All records by time, then feed, then sequence. */
export function byTime(feeds: readonly (readonly ModelRow[])[]): ModelRow[] {
  return feeds.flat().sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : a.feed - b.feed || a.sequence - b.sequence));
}

/** Each feed in its own order, merged by the greatest time it has had. */
export function byArrival(feeds: readonly (readonly ModelRow[])[]): (ModelRow & { readonly until: bigint })[] {
  const all = feeds.flatMap((rows) => {
    let until: bigint | undefined;
    return rows.map((row) => {
      if (until === undefined || row.ns > until) until = row.ns;
      return { ...row, until };
    });
  });
  return all.sort((a, b) => (a.until < b.until ? -1 : a.until > b.until ? 1 : a.feed - b.feed || a.sequence - b.sequence));
}
