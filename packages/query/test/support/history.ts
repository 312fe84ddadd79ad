/** Feeds with a past: what their writers and ingest workers did, in every mix of chunks, open chunk and ring. */
import fc from 'fast-check';
import { type TimeShape, anyValues, everything, timeOf, timeShape } from './everything.js';
import { FeedFixture } from './feed-fixture.js';

export const START = 1_700_000_000_000_000;
export const START_NS = -750n;

/** How a feed came to be: geometry, times, and what its writer and ingest worker did. */
export const history = fc.record({
  capacityRows: fc.constantFrom(64, 100, 256),
  blockRows: fc.constantFrom(7, 32, 64),
  ringSlots: fc.constant(1024),
  ts: timeShape,
  received: timeShape,
  seed: fc.integer(),
  steps: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 120 }) }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('drain' as const), count: fc.integer({ min: 1, max: 150 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const), count: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), count: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('skip' as const), count: fc.integer({ min: 1, max: 1000 }) }) },
    ),
    { minLength: 1, maxLength: 14 },
  ),
  sample: fc.array(anyValues, { minLength: 5, maxLength: 20 }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Numbers in [0, 1) that follow from a seed. */
export function* chances(seed: number): Generator<number, never, void> {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

export function buildFeed({ capacityRows, blockRows, ringSlots, ts, received, seed, steps, sample }: History): FeedFixture {
  const fixture = new FeedFixture(everything, { capacityRows, blockRows, ringSlots });
  const chance = chances(seed);
  let n = 0;
  for (const { kind, count } of steps) {
    if (kind === 'write') {
      for (let i = 0; i < count; i++, n++) {
        if (fixture.writer.position - fixture.tail >= ringSlots) fixture.drain();
        const values = sample[n % sample.length] as readonly unknown[];
        const time = START + timeOf(ts as TimeShape, n, chance.next().value);
        const other = START_NS + BigInt(timeOf(received as TimeShape, n, chance.next().value));
        fixture.write(...values, time, other);
      }
    } else if (kind === 'drain') fixture.drain(count);
    else if (kind === 'seal') fixture.seal();
    else if (kind === 'delete') {
      if (fixture.catalog.view.firstLive < fixture.catalog.view.count - 1) fixture.deleteOldest();
    } else {
      fixture.drain();
      fixture.skip(count);
    }
  }
  return fixture;
}
