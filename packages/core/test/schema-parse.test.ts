import { expect, test, describe } from 'vitest';
import { FEED_DEFAULTS, parseFeedSpec } from '../dist/schema/index.js';
import { assertProperty, feedSpecs } from './schema-arbitraries.js';
import fc from 'fast-check';

const MB = 1024 * 1024;

const FIELDS = [
  { name: 'price', type: 'float64' },
  { name: 'size', type: 'float64' },
  { name: 'timestamp_us', type: 'uint64' },
] as const;

const TRADES = { name: 'trades', fields: FIELDS, timestamp: 'timestamp_us' } as const;

describe('normal form', () => {
  test('a spec that says only what it must gets every default', () => {
    expect(parseFeedSpec(TRADES)).toEqual({
      name: 'trades',
      fields: [
        { name: 'price', type: 'float64', as: 'number' },
        { name: 'size', type: 'float64', as: 'number' },
        { name: 'timestamp_us', type: 'uint64', as: 'number', unit: 'us' },
      ],
      timestamp: 'timestamp_us',
      timestampUnit: 'us',
      clocks: [],
      persist: true,
      mode: 'UF',
      chunkSizeBytes: 64 * MB,
      chunkMaxAgeHours: 1,
      retentionHours: 72,
      durability: { level: 'flush', intervalMs: 50 },
    });
  });

  test('parsing a normal spec again, or after a trip through JSON, gives the same', () => {
    assertProperty(
      fc.property(feedSpecs, (input) => {
        const spec = parseFeedSpec(input);
        expect(parseFeedSpec(spec)).toEqual(spec);
        expect(parseFeedSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
      }),
    );
  });

  test('the result is frozen throughout and shares nothing with the input', () => {
    const input = structuredClone({ ...TRADES, instrument: { symbol: 'BTC-USD' } });
    const spec = parseFeedSpec(input);
    for (const part of [spec, spec.fields, spec.fields[0], spec.clocks, spec.durability, spec.instrument]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(Object.isFrozen(input.fields)).toBe(false);
    expect(Object.isFrozen(input.instrument)).toBe(false);
  });

  test('keys whose value is undefined count as absent', () => {
    expect(parseFeedSpec({ ...TRADES, mode: undefined, ts_col: undefined, desc: undefined })).toEqual(parseFeedSpec(TRADES));
  });

  test('a frozen input and one without a prototype are taken', () => {
    expect(parseFeedSpec(Object.freeze({ ...TRADES }))).toEqual(parseFeedSpec(TRADES));
    expect(parseFeedSpec(Object.assign(Object.create(null), TRADES))).toEqual(parseFeedSpec(TRADES));
  });
});

describe('the reference’s snake_case', () => {
  test('its complete example is taken as it stands', () => {
    const spec = parseFeedSpec({
      feed_name: 'trades',
      mode: 'UF',
      fields: [
        { name: 'price', type: 'float64', desc: 'Trade price' },
        { name: 'size', type: 'float64', desc: 'Trade size' },
        { name: 'timestamp_us', type: 'uint64', desc: 'Event time' },
      ],
      ts_col: 'timestamp_us',
      chunk_size_mb: 64,
      retention_hours: 72,
      persist: true,
      index_playback: false,
    });
    expect(spec.name).toBe('trades');
    expect(spec.timestamp).toBe('timestamp_us');
    expect(spec.chunkSizeBytes).toBe(67_108_864);
    expect(spec.fields[0].desc).toBe('Trade price');
  });

  test('its indexed feed, with both mode and index_playback', () => {
    const spec = parseFeedSpec({
      feed_name: 'orderbook', mode: 'IF', fields: FIELDS, ts_col: 'timestamp_us', persist: true, index_playback: true,
    });
    expect(spec.mode).toBe('IF');
  });

  test('index_playback alone makes an IF feed', () => {
    expect(parseFeedSpec({ ...TRADES, index_playback: true }).mode).toBe('IF');
    expect(parseFeedSpec({ ...TRADES, index_playback: false }).mode).toBe('UF');
  });

  test('its fields with several paddings named _', () => {
    const spec = parseFeedSpec({
      feed_name: 'l2',
      mode: 'UF',
      fields: [
        { name: 'type', type: 'char' },
        { name: 'side', type: 'char' },
        { name: '_', type: '_6' },
        { name: 'timestamp_us', type: 'uint64' },
        { name: 'price', type: 'float64' },
        { name: 'qty', type: 'float64' },
        { name: '_', type: '_8' },
      ],
      ts_col: 'timestamp_us',
    });
    expect(spec.fields.map(({ name }) => name)).toEqual(['type', 'side', '_', 'timestamp_us', 'price', 'qty', '_']);
  });

  test('every key has both spellings, and they mean the same', () => {
    const camel = {
      name: 'f', fields: FIELDS, timestamp: 'timestamp_us', timestampUnit: 'ms', chunkSizeMb: 2, chunkMaxAgeHours: 3,
      retentionHours: 4, ringRecords: 100, ringBytes: 8192, durability: { level: 'sync', intervalMs: 9 },
      instrument: { tickType: 'trade', contractId: 7 },
    };
    const snake = {
      feed_name: 'f', fields: FIELDS, ts_col: 'timestamp_us', timestamp_unit: 'ms', chunk_size_mb: 2, chunk_max_age_hours: 3,
      retention_hours: 4, ring_records: 100, ring_bytes: 8192, durability: { level: 'sync', interval_ms: 9 },
      instrument: { tick_type: 'trade', contract_id: 7 },
    };
    expect(parseFeedSpec(snake)).toEqual(parseFeedSpec(camel));
  });

  test('mixed spellings, and the same thing twice with one value, are fine', () => {
    expect(parseFeedSpec({ ...TRADES, feed_name: 'trades', ts_col: 'timestamp_us', chunk_size_mb: 64, chunkSizeBytes: 64 * MB })).toEqual(
      parseFeedSpec(TRADES),
    );
  });
});

describe('sizes', () => {
  test('chunkSizeMb counts units of 2^20 bytes and may be a fraction', () => {
    expect(parseFeedSpec({ ...TRADES, chunkSizeMb: 0.5 }).chunkSizeBytes).toBe(524_288);
    expect(parseFeedSpec({ ...TRADES, chunkSizeMb: 4096 / MB }).chunkSizeBytes).toBe(4096);
    expect(parseFeedSpec({ ...TRADES, chunk_size_bytes: 128 * MB }).chunkSizeBytes).toBe(128 * MB);
    expect(parseFeedSpec({ ...TRADES, chunkSizeMb: 1024 }).chunkSizeBytes).toBe(2 ** 30);
  });

  test('a memory feed’s chunk size is the size of its ring', () => {
    for (const size of [{ chunk_size_mb: 1 }, { chunkSizeMb: 1 }, { chunk_size_bytes: MB }, { ringBytes: MB }]) {
      const spec = parseFeedSpec({ ...TRADES, persist: false, ...size });
      expect(spec.ringBytes).toBe(MB);
      expect(spec.chunkSizeBytes).toBe(MB);
    }
  });

  test('a memory feed without a size gets the default ring; one sized in records gets no size in bytes', () => {
    expect(parseFeedSpec({ ...TRADES, persist: false }).ringBytes).toBe(FEED_DEFAULTS.memoryRingBytes);
    const counted = parseFeedSpec({ ...TRADES, persist: false, ringRecords: 1000 });
    expect(counted.ringRecords).toBe(1024);
    expect(counted.ringBytes).toBeUndefined();
  });

  test('a persisted feed’s chunk size says nothing about its ring', () => {
    expect(parseFeedSpec({ ...TRADES, chunkSizeMb: 1 }).ringBytes).toBeUndefined();
  });

  test.each([[1, 64], [63, 64], [64, 64], [65, 128], [1000, 1024], [1024, 1024], [2 ** 26 - 1, 2 ** 26], [2 ** 26, 2 ** 26]])(
    'ringRecords %d becomes %d',
    (given, slots) => expect(parseFeedSpec({ ...TRADES, ringRecords: given }).ringRecords).toBe(slots),
  );

  test('retention of 0 is kept: for ever', () => {
    expect(parseFeedSpec({ ...TRADES, retentionHours: 0 }).retentionHours).toBe(0);
  });

  test.each([
    ['flush', { level: 'flush', intervalMs: 50 }],
    ['sync', { level: 'sync', intervalMs: 1000 }],
    [{ level: 'sync' }, { level: 'sync', intervalMs: 1000 }],
    [{ level: 'flush', intervalMs: 5 }, { level: 'flush', intervalMs: 5 }],
  ])('durability %j', (given, normal) => {
    expect(parseFeedSpec({ ...TRADES, durability: given }).durability).toEqual(normal);
  });
});

describe('clocks', () => {
  const clocked = (extra: object, fields: readonly object[] = []) =>
    parseFeedSpec({
      name: 'f',
      timestamp: 'event',
      fields: [{ name: 'event', type: 'uint64' }, { name: 'recv', type: 'int64' }, ...fields],
      ...extra,
    });
  const unitOf = (spec: ReturnType<typeof parseFeedSpec>, name: string) =>
    spec.fields.find((field) => field.name === name)?.unit;

  test('another clock has the feed’s unit, or its own', () => {
    const spec = clocked({ timestampUnit: 'ms', clocks: ['recv', 'proc'] }, [{ name: 'proc', type: 'int64', unit: 'ns' }]);
    expect(spec.clocks).toEqual(['recv', 'proc']);
    expect([unitOf(spec, 'event'), unitOf(spec, 'recv'), unitOf(spec, 'proc')]).toEqual(['ms', 'ms', 'ns']);
  });

  test('the timestamp field’s own unit is the feed’s', () => {
    const spec = parseFeedSpec({
      name: 'f', timestamp: 't', clocks: ['u'], fields: [{ name: 't', type: 'uint64', unit: 'ns' }, { name: 'u', type: 'uint64' }],
    });
    expect(spec.timestampUnit).toBe('ns');
    expect(unitOf(spec, 'u')).toBe('ns');
  });

  test('naming the timestamp among the clocks changes nothing', () => {
    expect(clocked({ clocks: ['event', 'recv'] })).toEqual(clocked({ clocks: ['recv'] }));
  });

  test('us and ms are read as numbers, ns and other 64-bit fields as bigints, unless the field says what else', () => {
    const asOf = (field: object, unit: string) =>
      parseFeedSpec({ name: 'f', timestamp: 't', timestampUnit: unit, fields: [{ name: 't', type: 'uint64', ...field }] }).fields[0].as;
    expect([asOf({}, 'us'), asOf({}, 'ms'), asOf({}, 'ns')]).toEqual(['number', 'number', 'bigint']);
    expect([asOf({ as: 'bigint' }, 'us'), asOf({ as: 'number' }, 'ns')]).toEqual(['bigint', 'number']);
    expect(clocked({}).fields[1].as).toBe('bigint');
  });

  test('the timestamp is the field of that name even where padding repeats the name', () => {
    const spec = parseFeedSpec({ name: 'f', timestamp: 't', fields: [{ name: 't', type: '_4' }, { name: 't', type: 'uint64' }] });
    expect(spec.fields[0]).toEqual({ name: 't', type: '_4' });
    expect(spec.fields[1].unit).toBe('us');
  });
});

test('field names that objects inherit are harmless', () => {
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype', '__defineGetter__'];
  const spec = parseFeedSpec({
    name: 'f', timestamp: 't', fields: [...names.map((name) => ({ name, type: 'int8' })), { name: 't', type: 'uint64' }],
  });
  expect(spec.fields.map(({ name }) => name)).toEqual([...names, 't']);
  expect(({} as Record<string, unknown>)['type']).toBeUndefined();
});
