import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeepwaterError, type ErrorCode } from '../dist/errors/index.js';
import { checkFeedName, nearMatches, parseFeedSpec } from '../dist/schema/index.js';
import { assertProperty } from './schema-arbitraries.js';

const PRICE = { name: 'price', type: 'float64' };
const TS = { name: 'ts', type: 'uint64' };
const GOOD = { name: 'trades', fields: [PRICE, TS], timestamp: 'ts' };

/** The error that parsing `input` gives. */
function errorOf(input: unknown): DeepwaterError {
  try {
    parseFeedSpec(input);
  } catch (error) {
    if (error instanceof DeepwaterError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(input)?.slice(0, 200)}`);
}

function withFields(...fields: unknown[]): unknown {
  return { ...GOOD, fields: [...fields, TS] };
}

/** [what, input, code, values that the error must have, what its message must say: the value and the next step] */
type Case = [string, unknown, ErrorCode, Record<string, unknown>, RegExp];

const NAMES: Case[] = [
  ['with ..', { ...GOOD, name: 'a..b' }, 'DW_FEED_NAME_INVALID', { name: 'a..b', reason: 'contains ".."' }, /"a\.\.b".*use 1 to 64/],
  ['that climbs', { ...GOOD, name: '../etc' }, 'DW_FEED_NAME_INVALID', { reason: 'contains "/"' }, /"\.\.\/etc".*use/],
  ['that is ..', { ...GOOD, name: '..' }, 'DW_FEED_NAME_INVALID', { reason: 'starts with a dot' }, /use/],
  ['with /', { ...GOOD, name: 'BTC/USD' }, 'DW_FEED_NAME_INVALID', { reason: 'contains "/"' }, /use/],
  ['absolute', { ...GOOD, name: '/etc' }, 'DW_FEED_NAME_INVALID', { reason: 'contains "/"' }, /use/],
  ['with NUL', { ...GOOD, name: 'a\0b' }, 'DW_FEED_NAME_INVALID', { reason: 'contains a NUL' }, /"a\\u0000b".*use/],
  ['of 65 characters', { ...GOOD, name: 'a'.repeat(65) }, 'DW_FEED_NAME_INVALID', { reason: 'has 65 characters' }, /use 1 to 64/],
  ['of 10 kB', { ...GOOD, name: 'a'.repeat(10_240) }, 'DW_FEED_NAME_INVALID', { reason: 'has 10240 characters' }, /10240 characters/],
  ['empty', { ...GOOD, name: '' }, 'DW_FEED_NAME_INVALID', { reason: 'is empty' }, /use/],
  ['missing', { ...GOOD, name: undefined }, 'DW_FEED_NAME_INVALID', { reason: 'is missing' }, /use/],
  ['that is a number', { ...GOOD, name: 7 }, 'DW_FEED_NAME_INVALID', { name: '7', reason: 'is not a string' }, /use/],
  ['hidden', { ...GOOD, name: '.trades' }, 'DW_FEED_NAME_INVALID', { reason: 'starts with a dot' }, /use/],
  ['with a space', { ...GOOD, name: 'a b' }, 'DW_FEED_NAME_INVALID', { reason: 'contains " "' }, /use/],
  ['with a newline at its end', { ...GOOD, name: 'trades\n' }, 'DW_FEED_NAME_INVALID', { reason: 'contains "\\n"' }, /use/],
  ['beyond ASCII', { ...GOOD, name: 'trädes' }, 'DW_FEED_NAME_INVALID', { reason: 'contains "ä"' }, /use/],
  ['in snake_case', { ...GOOD, name: undefined, feed_name: '../x' }, 'DW_FEED_NAME_INVALID', { name: '../x' }, /use/],
];

const TYPES: Case[] = [
  ['misspelled', withFields({ name: 'p', type: 'flaot64' }), 'DW_FIELD_TYPE_UNKNOWN', { field: 'p', type: 'flaot64' }, /did you mean float64\?.*use char/],
  ['inherited', withFields({ name: 'p', type: 'constructor' }), 'DW_FIELD_TYPE_UNKNOWN', { type: 'constructor' }, /use char/],
  ['of the timestamp', { ...GOOD, fields: [{ name: 'ts', type: 'unit64' }] }, 'DW_FIELD_TYPE_UNKNOWN', { field: 'ts' }, /did you mean uint64/],
  ['empty', withFields({ name: 'p', type: '' }), 'DW_FIELD_TYPE_UNKNOWN', { type: '' }, /use char/],
  ['missing', withFields({ name: 'p' }), 'DW_FIELD_TYPE_UNKNOWN', { key: 'fields[0].type' }, /missing; give a string/],
  ['a number', withFields({ name: 'p', type: 8 }), 'DW_FIELD_TYPE_UNKNOWN', { given: '8' }, /give a string/],
  ['padding of 0', withFields({ name: '_', type: '_0' }), 'DW_SIZE_INVALID', { type: '_0', min: 1, max: 4096 }, /give _1 to _4096/],
  ['negative padding', withFields({ name: '_', type: '_-8' }), 'DW_SIZE_INVALID', { type: '_-8' }, /give _1 to _4096/],
  ['padding of 4097', withFields({ name: '_', type: '_4097' }), 'DW_SIZE_INVALID', { type: '_4097' }, /give _1 to _4096/],
  ['padding without a size', withFields({ name: '_', type: '_' }), 'DW_FIELD_TYPE_UNKNOWN', { type: '_' }, /_N for N bytes/],
];

const TIMESTAMPS: Case[] = [
  ['not named', { ...GOOD, timestamp: undefined }, 'DW_TIMESTAMP_MISSING', { fields: ['price', 'ts'] }, /set `timestamp`.*"ts"/],
  ['not a field', { ...GOOD, timestamp: 'tz' }, 'DW_TIMESTAMP_MISSING', { timestamp: 'tz' }, /did you mean ts\?.*name a uint64/],
  ['inherited', { ...GOOD, timestamp: 'constructor' }, 'DW_TIMESTAMP_MISSING', { timestamp: 'constructor' }, /name a uint64/],
  ['a float', { ...GOOD, timestamp: 'price' }, 'DW_TIMESTAMP_TYPE', { field: 'price', type: 'float64' }, /declare it as uint64/],
  ['32 bits wide', { ...GOOD, fields: [{ name: 'ts', type: 'uint32' }] }, 'DW_TIMESTAMP_TYPE', { type: 'uint32' }, /declare it as uint64/],
  ['padding', { ...GOOD, fields: [{ name: 'ts', type: '_8' }] }, 'DW_TIMESTAMP_TYPE', { type: '_8' }, /is padding; declare/],
  ['a number', { ...GOOD, timestamp: 1 }, 'DW_SPEC_INVALID', { key: 'timestamp' }, /give a string/],
  ['a clock that is no field', { ...GOOD, clocks: ['recv'] }, 'DW_FIELD_UNKNOWN', { field: 'recv' }, /name a uint64/],
  ['a clock that is a float', { ...GOOD, clocks: ['price'] }, 'DW_TIMESTAMP_TYPE', { field: 'price' }, /The clock "price"/],
  ['a clock named twice', { ...withFields({ name: 'a', type: 'int64' }) as object, clocks: ['a', 'a'] }, 'DW_FIELD_DUPLICATE', { field: 'a' }, /once/],
  ['units that disagree', { ...GOOD, timestampUnit: 'ns', fields: [{ ...TS, unit: 'us' }] }, 'DW_SPEC_INVALID', {}, /"ns".*"us".*keep one/],
  ['an unknown unit', { ...GOOD, timestampUnit: 's' }, 'DW_SPEC_INVALID', { key: 'timestampUnit' }, /"us", "ns", "ms"/],
  ['a unit on a plain field', withFields({ name: 'a', type: 'int64', unit: 'ns' }), 'DW_FIELD_OPTION_INVALID', { field: 'a', option: 'unit' }, /`clocks`/],
];

const FIELDS: Case[] = [
  ['the same name twice', withFields(PRICE, PRICE), 'DW_FIELD_DUPLICATE', { field: 'price', positions: [0, 1] }, /"price"; rename one/],
  ['the timestamp twice', withFields(TS), 'DW_FIELD_DUPLICATE', { field: 'ts' }, /rename one/],
  ['_ twice, not padding', withFields({ name: '_', type: 'int8' }, { name: '_', type: 'int8' }), 'DW_FIELD_DUPLICATE', { field: '_' }, /padding/],
  ['none', { ...GOOD, fields: [] }, 'DW_SPEC_INVALID', { key: 'fields' }, /is empty; give at least 1/],
  ['missing', { ...GOOD, fields: undefined }, 'DW_SPEC_INVALID', { key: 'fields' }, /missing; give an array/],
  ['an object', { ...GOOD, fields: { price: 'float64' } }, 'DW_SPEC_INVALID', { key: 'fields' }, /give an array/],
  ['one that is null', withFields(null), 'DW_SPEC_INVALID', { key: 'fields[0]' }, /is null; give an object/],
  ['named __proto__', withFields({ name: '__proto__', type: 'int8' }), 'DW_FIELD_NAME_INVALID', { name: '__proto__', position: 0 }, /not __proto__/],
  ['named with a dash', withFields({ name: 'a-b', type: 'int8' }), 'DW_FIELD_NAME_INVALID', { name: 'a-b' }, /use 1 to 64/],
  ['named with a digit first', withFields({ name: '1a', type: 'int8' }), 'DW_FIELD_NAME_INVALID', { name: '1a' }, /use 1 to 64/],
  ['with an empty name', withFields({ name: '', type: 'int8' }), 'DW_FIELD_NAME_INVALID', { name: '' }, /use 1 to 64/],
  ['with a newline after its name', withFields({ name: 'a\n', type: 'int8' }), 'DW_FIELD_NAME_INVALID', {}, /"a\\n"/],
  ['with a name of 65', withFields({ name: 'a'.repeat(65), type: 'int8' }), 'DW_FIELD_NAME_INVALID', {}, /use 1 to 64/],
  ['with an unknown key', withFields({ ...PRICE, desk: 'x' }), 'DW_SPEC_INVALID', { key: 'fields[0].desk' }, /did you mean desc\?.*remove/],
  ['257', { ...GOOD, fields: Array.from({ length: 257 }, (_, i) => ({ name: `f${i}`, type: 'int8' })) }, 'DW_LIMIT_EXCEEDED', { count: 257, max: 256 }, /the most is 256/],
  ['of more than 64 KiB', withFields(...Array.from({ length: 17 }, () => ({ name: '_', type: '_4096' }))), 'DW_LIMIT_EXCEEDED', { recordSize: 17 * 4096 + 8, max: 65536 }, /Split/],
  ['nine clocks', { ...GOOD, fields: Array.from({ length: 9 }, (_, i) => ({ name: `c${i}`, type: 'int64' })), timestamp: 'c0', clocks: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `c${i}`) }, 'DW_LIMIT_EXCEEDED', { count: 9, max: 8 }, /the most is 8/],
];

const OPTIONS: Case[] = [
  ['a decimal without a scale', withFields({ name: 'd', type: 'decimal' }), 'DW_FIELD_OPTION_INVALID', { field: 'd', option: 'scale' }, /0 to 18/],
  ['a scale of 19', withFields({ name: 'd', type: 'decimal', scale: 19 }), 'DW_FIELD_OPTION_INVALID', { key: 'fields[0].scale' }, /18 or less/],
  ['a negative scale', withFields({ name: 'd', type: 'decimal', scale: -1 }), 'DW_FIELD_OPTION_INVALID', { key: 'fields[0].scale' }, /0 or more/],
  ['half a scale', withFields({ name: 'd', type: 'decimal', scale: 1.5 }), 'DW_FIELD_OPTION_INVALID', { given: '1.5' }, /whole number/],
  ['a scale on a float', withFields({ ...PRICE, scale: 2 }), 'DW_FIELD_OPTION_INVALID', { option: 'scale', given: 2 }, /only decimals.*remove/],
  ['a string without a size', withFields({ name: 's', type: 'string' }), 'DW_FIELD_OPTION_INVALID', { option: 'bytes' }, /1 to 1024/],
  ['a string of 0 bytes', withFields({ name: 's', type: 'string', bytes: 0 }), 'DW_SIZE_INVALID', { key: 'fields[0].bytes' }, /1 or more/],
  ['a string of -1 bytes', withFields({ name: 's', type: 'string', bytes: -1 }), 'DW_SIZE_INVALID', { given: '-1' }, /1 or more/],
  ['a string of 1025 bytes', withFields({ name: 's', type: 'string', bytes: 1025 }), 'DW_SIZE_INVALID', { given: '1025' }, /1024 or less/],
  ['bytes on an integer', withFields({ name: 'i', type: 'int8', bytes: 4 }), 'DW_FIELD_OPTION_INVALID', { option: 'bytes' }, /only strings/],
  ['an int8 as a bigint', withFields({ name: 'i', type: 'int8', as: 'bigint' }), 'DW_FIELD_OPTION_INVALID', { option: 'as', given: 'bigint' }, /read as number/],
  ['an int64 as a string', withFields({ name: 'i', type: 'int64', as: 'string' }), 'DW_FIELD_OPTION_INVALID', { option: 'as' }, /bigint or number/],
  ['an unknown as', withFields({ name: 'i', type: 'int64', as: 'Number' }), 'DW_FIELD_OPTION_INVALID', { key: 'fields[0].as' }, /"number"/],
  ['an option on padding', withFields({ name: '_', type: '_4', as: 'number' }), 'DW_FIELD_OPTION_INVALID', { option: 'as' }, /padding holds no value/],
];

const SIZES: Case[] = [
  ...(['chunkSizeMb', 'chunkSizeBytes', 'ringRecords', 'ringBytes', 'chunkMaxAgeHours', 'chunk_size_mb', 'chunk_size_bytes'] as const).flatMap(
    (key): Case[] =>
      [0, -1, -0.5, NaN, Infinity].map((size) => [`${key} of ${size}`, { ...GOOD, [key]: size }, 'DW_SIZE_INVALID', { key, given: String(size) }, /give /]),
  ),
  ['chunkSizeBytes below 4096', { ...GOOD, chunkSizeBytes: 4095 }, 'DW_SIZE_INVALID', { given: '4095' }, /4096 or more/],
  ['chunkSizeBytes above 1 GiB', { ...GOOD, chunkSizeBytes: 2 ** 30 + 1 }, 'DW_SIZE_INVALID', {}, /1073741824 or less/],
  ['chunkSizeMb above 1024', { ...GOOD, chunkSizeMb: 1024.5 }, 'DW_SIZE_INVALID', {}, /1024 or less/],
  ['chunkSizeBytes with a fraction', { ...GOOD, chunkSizeBytes: 4096.5 }, 'DW_SIZE_INVALID', {}, /whole number/],
  ['retentionHours of -1', { ...GOOD, retentionHours: -1 }, 'DW_SIZE_INVALID', { key: 'retentionHours' }, /0 or more/],
  ['ringRecords above 2^26', { ...GOOD, ringRecords: 2 ** 26 + 1 }, 'DW_SIZE_INVALID', {}, /67108864 or less/],
  ['intervalMs of 0', { ...GOOD, durability: { level: 'sync', intervalMs: 0 } }, 'DW_SIZE_INVALID', { key: 'durability.intervalMs' }, /1 or more/],
  ['a size in text', { ...GOOD, chunk_size_mb: '64' }, 'DW_SPEC_INVALID', { key: 'chunk_size_mb', given: '"64"' }, /finite number/],
  ['a memory feed of 0 MB', { ...GOOD, persist: false, chunk_size_mb: 0 }, 'DW_SIZE_INVALID', {}, /or more/],
];

const SHAPES: Case[] = [
  ...[null, undefined, 5, 'trades', [], () => 0].map((input): Case => [`a spec that is ${String(input)}`, input, 'DW_SPEC_INVALID', {}, /A feed spec is an object/]),
  ['an unknown key', { ...GOOD, colour: 5 }, 'DW_SPEC_INVALID', { key: 'colour', given: '5' }, /unknown key "colour"; remove/],
  ['a misspelled key', { ...GOOD, retentionHour: 5 }, 'DW_SPEC_INVALID', { key: 'retentionHour' }, /did you mean retentionHours\?/],
  ['a misspelled snake_case key', { ...GOOD, chunk_siz_mb: 5 }, 'DW_SPEC_INVALID', { key: 'chunk_siz_mb' }, /did you mean chunk_size_mb\?/],
  ['only a __proto__ key', JSON.parse('{"__proto__":{"name":"x"}}'), 'DW_SPEC_INVALID', {}, /fields is missing/],
  ['a __proto__ key', JSON.parse(JSON.stringify(GOOD).replace('{', '{"__proto__":{"mode":"IF"},')), 'DW_SPEC_INVALID', { key: '__proto__' }, /unknown key "__proto__"/],
  ['an unknown key in instrument', { ...GOOD, instrument: { simbol: 'x' } }, 'DW_SPEC_INVALID', { key: 'instrument.simbol' }, /did you mean symbol\?/],
  ['a control character in a symbol', { ...GOOD, instrument: { symbol: 'a\0' } }, 'DW_SPEC_INVALID', { key: 'instrument.symbol' }, /leave out control/],
  ['persist that is text', { ...GOOD, persist: 'yes' }, 'DW_SPEC_INVALID', { key: 'persist' }, /give a boolean/],
  ['an unknown mode', { ...GOOD, mode: 'XF' }, 'DW_SPEC_INVALID', { key: 'mode' }, /"UF", "IF"/],
  ['an unknown durability', { ...GOOD, durability: 'fsync' }, 'DW_SPEC_INVALID', { given: '"fsync"' }, /"flush", "sync"/],
  ['durability that is a number', { ...GOOD, durability: 5 }, 'DW_SPEC_INVALID', {}, /give "flush", "sync" or/],
];

const TWICE: Case[] = [
  ['names', { ...GOOD, feed_name: 'other' }, 'DW_SPEC_INVALID', { keys: ['name', 'feed_name'] }, /"trades".*"other".*keep one/],
  ['timestamps', { ...GOOD, ts_col: 'price' }, 'DW_SPEC_INVALID', { keys: ['timestamp', 'ts_col'] }, /keep one/],
  ['spellings', { ...GOOD, retention_hours: 1, retentionHours: 2 }, 'DW_SPEC_INVALID', { given: ['1', '2'] }, /keep one/],
  ['chunk sizes', { ...GOOD, chunk_size_mb: 1, chunkSizeBytes: 4096 }, 'DW_SPEC_INVALID', { keys: ['chunk_size_mb', 'chunkSizeBytes'] }, /keep one/],
  ['ring sizes of a memory feed', { ...GOOD, persist: false, chunk_size_mb: 1, ringBytes: 4096 }, 'DW_SPEC_INVALID', { keys: ['chunk_size_mb', 'ringBytes'] }, /keep one/],
  ['mode UF and index_playback', { ...GOOD, mode: 'UF', index_playback: true }, 'DW_SPEC_INVALID', { keys: ['mode', 'index_playback'] }, /keep one/],
  ['mode IF and no index_playback', { ...GOOD, mode: 'IF', index_playback: false }, 'DW_SPEC_INVALID', {}, /keep one/],
];

describe.each([
  ['feed names', NAMES],
  ['types', TYPES],
  ['timestamps and clocks', TIMESTAMPS],
  ['fields', FIELDS],
  ['field options', OPTIONS],
  ['sizes', SIZES],
  ['shape', SHAPES],
  ['the same thing twice', TWICE],
])('refused %s', (_group, cases) => {
  test.each(cases)('%s', (_what, input, code, values, message) => {
    const error = errorOf(input);
    expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(message) });
    expect(error.values).toMatchObject(values);
    expect(error.message.length).toBeLessThan(500);
  });
});

test('every problem of the shape is in values.problems, the first in the message', () => {
  const error = errorOf({ ...GOOD, mode: 'XF', retentionHours: -1, foo: 1 });
  expect(error.values['problems']).toHaveLength(3);
  expect(error.message).toContain('and 2 more');
});

test('no input makes anything but a spec or a DeepwaterError', () => {
  const key = fc.constantFrom(
    'name', 'feed_name', 'fields', 'timestamp', 'ts_col', 'clocks', 'persist', 'mode', 'chunk_size_mb', 'ringBytes',
    'durability', 'instrument', '__proto__', 'constructor', 'type', 'scale', 'bytes', 'unit', 'as',
  );
  const field = fc.oneof(fc.anything(), fc.dictionary(key, fc.anything({ maxDepth: 1 })), fc.constantFrom(PRICE, TS));
  const spec = fc.tuple(fc.dictionary(key, fc.anything({ maxDepth: 2 })), fc.array(field)).map(([rest, fields]) => ({ ...GOOD, fields, ...rest }));
  assertProperty(
    fc.property(fc.oneof(fc.anything(), spec), (input) => {
      try {
        parseFeedSpec(input);
      } catch (error) {
        if (!(error instanceof DeepwaterError)) throw error;
        expect(error.message.length).toBeLessThan(2000);
        JSON.stringify(error);
      }
    }),
    2000,
  );
});

test('a list of a million fields is refused without being looked through', () => {
  let looked = 0;
  const fields = new Proxy(new Array<unknown>(1_000_000), {
    get: (target, key) => (key === 'length' ? target.length : (looked++, Reflect.get(target, key))),
  });
  expect(errorOf({ ...GOOD, fields }).code).toBe('DW_LIMIT_EXCEEDED');
  expect(looked).toBeLessThan(10);
});

describe('feed names', () => {
  test.each(['a', 'trades', 'BTC-USD', 'live-l2', 'coinbase.spot.BTC-USD', '0', '_', '-', 'a'.repeat(64)])('%s is taken', (name) => {
    expect(checkFeedName(name)).toBe(name);
  });

  test('a taken name is one harmless path segment', () => {
    const names = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', '.', '-', '_', '/', '\0', '\\') }));
    assertProperty(
      fc.property(names, (name) => {
        try {
          checkFeedName(name);
        } catch {
          return;
        }
        expect(name).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/);
        expect(name).not.toContain('..');
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(64);
      }),
      2000,
    );
  });
});

test('near matches: case, underscores, swaps and slips; nothing far off', () => {
  const keys = ['chunkSizeMb', 'chunkSizeBytes', 'retentionHours', 'mode', 'name'];
  expect(nearMatches('chunk_size_mb', keys)).toEqual(['chunkSizeMb']);
  expect(nearMatches('retnetionHours', keys)).toEqual(['retentionHours']);
  expect(nearMatches('MODE', keys)).toEqual(['mode']);
  expect(nearMatches('nmae', keys)).toEqual(['name']);
  expect(nearMatches('colour', keys)).toEqual([]);
  expect(nearMatches('n'.repeat(100_000), keys)).toEqual([]);
});
