import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFeedSpec, specDifferences } from '../dist/schema/index.js';
import { assertProperty, feedSpecs } from './schema-arbitraries.js';

const TRADES = {
  name: 'trades',
  fields: [{ name: 'price', type: 'float64' }, { name: 'ts', type: 'uint64' }],
  timestamp: 'ts',
};

function compare(ours: object, theirs: object) {
  return specDifferences(parseFeedSpec({ ...TRADES, ...ours }), parseFeedSpec({ ...TRADES, ...theirs }));
}

test('a spec does not differ from itself, however it was written or stored', () => {
  assertProperty(
    fc.property(feedSpecs, (input) => {
      const spec = parseFeedSpec(input);
      expect(specDifferences(spec, JSON.parse(JSON.stringify(spec)))).toEqual([]);
    }),
  );
  expect(compare({ instrument: { symbol: 'X', market: 'spot' } }, { instrument: { market: 'spot', symbol: 'X' } })).toEqual([]);
  expect(compare({ chunk_size_mb: 64 }, { chunkSizeBytes: 64 * 1024 * 1024 })).toEqual([]);
});

test('each differing key is listed with both values, lifecycle keys included', () => {
  expect(compare({ retentionHours: 1, persist: false, ringBytes: 4096 }, { retentionHours: 2, mode: 'IF' })).toEqual([
    { key: 'persist', ours: false, theirs: true },
    { key: 'mode', ours: 'UF', theirs: 'IF' },
    { key: 'chunkSizeBytes', ours: 4096, theirs: 64 * 1024 * 1024 },
    { key: 'ringBytes', ours: 4096, theirs: undefined },
    { key: 'retentionHours', ours: 1, theirs: 2 },
  ]);
});

test('nested keys have their path', () => {
  const fields = [{ name: 'price', type: 'float32' }, { name: 'ts', type: 'uint64' }, { name: 'x', type: 'int8' }];
  expect(compare({}, { fields, durability: 'sync', instrument: { symbol: 'X' } })).toEqual([
    { key: 'fields[0].type', ours: 'float64', theirs: 'float32' },
    { key: 'fields[2]', ours: undefined, theirs: { name: 'x', type: 'int8', as: 'number' } },
    { key: 'durability.level', ours: 'flush', theirs: 'sync' },
    { key: 'durability.intervalMs', ours: 50, theirs: 1000 },
    { key: 'instrument', ours: undefined, theirs: { symbol: 'X' } },
  ]);
});

test('two specs differ one way exactly where they differ the other way', () => {
  assertProperty(
    fc.property(feedSpecs, feedSpecs, (a, b) => {
      const there = specDifferences(parseFeedSpec(a), parseFeedSpec(b));
      const back = specDifferences(parseFeedSpec(b), parseFeedSpec(a));
      const byKey = (list: typeof there) => new Map(list.map(({ key, ours, theirs }) => [key, [ours, theirs]]));
      const swapped = back.map(({ key, ours, theirs }) => ({ key, ours: theirs, theirs: ours }));
      expect(byKey(swapped)).toEqual(byKey(there));
    }),
  );
});
