import fc from 'fast-check';
import { vi } from 'vitest';
import type { FeedSpecInput, FieldInput } from '../dist/schema/index.js';
import { SEED } from '../../../test/support/seed.js';
export { SEED };

// Hundreds of examples on a busy machine: no test here measures time.
vi.setConfig({ testTimeout: 60_000 });

/** fc.assert under the run's seed. */
export function assertProperty<T>(property: fc.IProperty<T>, numRuns = 300): void {
  fc.assert(property, { seed: SEED, numRuns });
}

const PLAIN_TYPES = [
  'char', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64', 'bool', 'symbol',
] as const;

const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/).filter((name) => name !== '__proto__');

const valueField: fc.Arbitrary<FieldInput> = fc.oneof(
  fc.record({ name: identifier, type: fc.constantFrom(...PLAIN_TYPES) }),
  fc.record({ name: identifier, type: fc.constant('decimal' as const), scale: fc.integer({ min: 0, max: 18 }) }),
  fc.record({ name: identifier, type: fc.constant('string' as const), bytes: fc.integer({ min: 1, max: 64 }) }),
);

const padding: fc.Arbitrary<FieldInput> = fc.record({
  name: fc.constant('_'),
  type: fc.integer({ min: 1, max: 64 }).map((count): `_${number}` => `_${count}`),
});

const clock: fc.Arbitrary<FieldInput> = fc.record(
  { name: identifier, type: fc.constantFrom('uint64', 'int64'), unit: fc.constantFrom('us', 'ns', 'ms') },
  { requiredKeys: ['name', 'type'] },
);

/** Good specs of all types, with padding and one to eight clocks, the fields in any order. */
export const feedSpecs: fc.Arbitrary<FeedSpecInput> = fc
  .record({
    clocks: fc.uniqueArray(clock, { selector: ({ name }) => name, minLength: 1, maxLength: 8 }),
    values: fc.uniqueArray(valueField, { selector: ({ name }) => name, maxLength: 20 }),
    paddings: fc.array(padding, { maxLength: 4 }),
    order: fc.infiniteStream(fc.nat()),
    lifecycle: fc.record(
      {
        persist: fc.boolean(),
        mode: fc.constantFrom('UF' as const, 'IF' as const),
        chunkSizeMb: fc.double({ min: 0.00390625, max: 1024, noNaN: true }),
        chunkMaxAgeHours: fc.integer({ min: 1, max: 1000 }),
        retentionHours: fc.integer({ min: 0, max: 1000 }),
        retentionBytes: fc.integer({ min: 0, max: 2 ** 40 }),
        ringRecords: fc.integer({ min: 1, max: 2 ** 26 }),
        durability: fc.constantFrom('flush' as const, 'sync' as const, { level: 'sync' as const, intervalMs: 5 }),
        desc: fc.string({ maxLength: 20 }),
        instrument: fc.record({ symbol: fc.constantFrom('BTC-USD', 'EUR/USD'), contractId: fc.nat() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ clocks, values, paddings, order, lifecycle }) => {
    const taken = new Set(clocks.map(({ name }) => name));
    const fields = [...clocks, ...values.filter(({ name }) => !taken.has(name)), ...paddings];
    const shuffled = fields
      .map((field) => ({ field, at: order.next().value as number }))
      .sort((a, b) => a.at - b.at)
      .map(({ field }) => field);
    const [timestamp, ...others] = clocks.map(({ name }) => name);
    return { name: 'feed', fields: shuffled, timestamp, clocks: others, ...lifecycle };
  });
