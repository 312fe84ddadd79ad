import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeepwaterError } from '../dist/errors/index.js';
import { compileSchema, FIELD_TYPES, parseFeedSpec, rebuildSchema, type Schema } from '../dist/schema/index.js';
import { assertProperty, feedSpecs } from './schema-arbitraries.js';

const TRADES = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'timestamp_us', type: 'uint64' },
  ],
  timestamp: 'timestamp_us',
};

const CANONICAL =
  '{"fields":[{"name":"price","type":"float64"},{"name":"size","type":"float64"},' +
  '{"name":"side","type":"char"},{"name":"timestamp_us","type":"uint64","unit":"us"}],"timestamp":"timestamp_us","clocks":[]}';

/** From `sha256sum`, first 16 digits. */
const HASH = '30534c5af24a74ac';

function compile(input: unknown): Schema {
  return compileSchema(parseFeedSpec(input));
}

/** Sizes by Python's documentation, as a model that shares nothing with the code. */
const PYTHON_SIZES: Record<string, number> = { c: 1, b: 1, B: 1, '?': 1, h: 2, H: 2, i: 4, I: 4, q: 8, Q: 8, f: 4, d: 8 };

/** Offset and size of each value that Python's struct.unpack would give for \`fmt\`, and the total size. */
function unpackPlan(fmt: string): { values: { offset: number; size: number }[]; total: number } {
  expect(fmt[0]).toBe('<');
  const values: { offset: number; size: number }[] = [];
  let offset = 0;
  for (const [, count, code] of fmt.slice(1).matchAll(/(\d*)(.)/g)) {
    const size = code === 's' || code === 'x' ? Number(count) : PYTHON_SIZES[code];
    if (code !== 'x') values.push({ offset, size });
    offset += size;
  }
  return { values, total: offset };
}

describe('the packed record', () => {
  test('the contract’s example', () => {
    expect(compile(TRADES).record).toEqual({
      fmt: '<ddcQ',
      recordSize: 25,
      fields: [
        { name: 'price', type: 'float64', offset: 0, size: 8 },
        { name: 'size', type: 'float64', offset: 8, size: 8 },
        { name: 'side', type: 'char', offset: 16, size: 1 },
        { name: 'timestamp_us', type: 'uint64', offset: 17, size: 8 },
      ],
    });
  });

  test('the reference’s padded example: 40 bytes, padding counted but not listed', () => {
    const { record } = compile({
      feed_name: 'l2',
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
    expect(record.fmt).toBe('<cc6xQdd8x');
    expect(record.recordSize).toBe(40);
    expect(record.fields.map(({ name, offset }) => [name, offset])).toEqual([
      ['type', 0], ['side', 1], ['timestamp_us', 8], ['price', 16], ['qty', 24],
    ]);
  });

  test('each type has its code and width', () => {
    const fields = Object.keys(FIELD_TYPES).map((type) => ({
      name: `f_${type}`,
      type,
      ...(type === 'decimal' ? { scale: 2 } : {}),
      ...(type === 'string' ? { bytes: 12 } : {}),
    }));
    const schema = compile({ name: 'all', fields: [...fields, { name: 'ts', type: 'int64' }], timestamp: 'ts' });
    expect(schema.record.fmt).toBe('<cbhiqBHIQfd?q12sIq');
    expect(schema.fields.map(({ width }) => width)).toEqual([1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1, 8, 12, 4, 8]);
    expect(schema.fields.map(({ cell }) => cell)).toEqual([
      'u8', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'f32', 'f64', 'u8', 'i64', 'bytes', 'u32', 'i64',
    ]);
  });

  test('offsets and sizes are those that Python would unpack by the format', () => {
    assertProperty(
      fc.property(feedSpecs, (input) => {
        const { record, fields } = compile(input);
        const plan = unpackPlan(record.fmt);
        expect(record.fields.map(({ offset, size }) => ({ offset, size }))).toEqual(plan.values);
        expect(record.recordSize).toBe(plan.total);
        expect(fields.map(({ recordOffset }) => recordOffset)).toEqual(plan.values.map(({ offset }) => offset));
      }),
    );
  });
});

describe('the ring slot', () => {
  test('8-byte cells lie at multiples of 8, and so on down; the stride is a multiple of 8', () => {
    const { fields, slotStride } = compile(TRADES);
    expect(fields.map(({ name, slotOffset }) => [name, slotOffset])).toEqual([
      ['price', 0], ['size', 8], ['side', 24], ['timestamp_us', 16],
    ]);
    expect(slotStride).toBe(32);
  });

  test('cells never overlap, are aligned to their size, stay within the stride and waste less than 8 bytes', () => {
    assertProperty(
      fc.property(feedSpecs, (input) => {
        const { columns, slotStride, rowBytes } = compile(input);
        const owner = new Array<string | undefined>(slotStride).fill(undefined);
        for (const field of columns) {
          expect(field.slotOffset % (field.cell === 'bytes' ? 1 : field.width)).toBe(0);
          for (let byte = field.slotOffset; byte < field.slotOffset + field.width; byte++) {
            expect(byte).toBeLessThan(slotStride);
            expect(owner[byte]).toBeUndefined();
            owner[byte] = field.name;
          }
        }
        expect(slotStride % 8).toBe(0);
        expect(slotStride - rowBytes).toBeLessThan(8);
        expect(rowBytes).toBe(columns.reduce((sum, { width }) => sum + width, 0));
      }),
    );
  });
});

describe('fields and clocks', () => {
  test('fields keep record order without padding; the query timestamp is the first clock', () => {
    assertProperty(
      fc.property(feedSpecs, (input) => {
        const spec = parseFeedSpec(input);
        const { fields, clocks } = compileSchema(spec);
        const kept = spec.fields.filter(({ type }) => !type.startsWith('_'));
        expect(fields.map(({ name }) => name)).toEqual(kept.map(({ name }) => name));
        expect(fields.map(({ index }) => index)).toEqual(kept.map((_, i) => i));
        expect(clocks.map(({ name }) => name)).toEqual([spec.timestamp, ...spec.clocks]);
        for (const clock of clocks) {
          const field = fields[clock.fieldIndex];
          expect([field.name, field.unit, field.type === 'int64']).toEqual([clock.name, clock.unit, clock.signed]);
        }
      }),
    );
  });

  test('a schema is frozen throughout', () => {
    const schema = compile(TRADES);
    for (const part of [schema, schema.fields, schema.fields[0], schema.record, schema.record.fields[0], schema.clocks[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('256 fields and a record of 64 KiB are taken', () => {
    const bytes = Array.from({ length: 255 }, (_, i) => ({ name: `f${i}`, type: 'uint8' }));
    expect(compile({ name: 'f', timestamp: 'ts', fields: [...bytes, { name: 'ts', type: 'uint64' }] }).fields).toHaveLength(256);
    const blocks = Array.from({ length: 15 }, () => ({ name: '_', type: '_4096' }));
    const full = [...blocks, { name: '_', type: '_4088' }, { name: 'ts', type: 'uint64' }];
    expect(compile({ name: 'f', timestamp: 'ts', fields: full }).record.recordSize).toBe(65_536);
  });
});

describe('the index column', () => {
  const indexed = compile({ ...TRADES, mode: 'IF' });

  test('is stored after the fields of a feed of mode IF, and nobody who looks at fields or records sees it', () => {
    const plain = compile(TRADES);
    expect(indexed.fields).toEqual(plain.fields);
    expect(indexed.record).toEqual(plain.record);
    expect(indexed.clocks).toEqual(plain.clocks);
    const column = { index: 4, name: '#index', type: 'uint8', width: 1, recordOffset: -1, slotOffset: 25, cell: 'u8', as: 'number' };
    expect(indexed.columns).toEqual([...plain.fields, column]);
    expect(indexed.indexColumn).toEqual(column);
    // The slot had a byte to spare.
    expect([indexed.slotStride, indexed.rowBytes]).toEqual([plain.slotStride, plain.rowBytes + 1]);
  });

  test('of mode UF there is none, and nothing of such a feed changes', () => {
    const plain = compile({ ...TRADES, mode: 'UF' });
    expect(plain.columns).toEqual(plain.fields);
    expect(plain).not.toHaveProperty('indexColumn');
    expect([plain.canonical, plain.hash]).toEqual([CANONICAL, HASH]);
  });

  test('is part of what the schema is: another text, another hash, and it comes back from the text', () => {
    expect(indexed.canonical).toBe(CANONICAL.replace('"clocks":[]}', '"clocks":[],"mode":"IF"}'));
    expect(indexed.hash).not.toBe(HASH);
    expect(rebuildSchema(indexed.canonical).indexColumn).toEqual(indexed.indexColumn);
    expect(() => rebuildSchema(CANONICAL.replace('"clocks":[]}', '"clocks":[],"mode":"UF"}'))).toThrow('cannot be used');
    expect(compile({ ...TRADES, index_playback: true }).hash).toBe(indexed.hash);
  });
});

describe('identity', () => {
  test('the canonical text and the hash are what stores on disk hold: they never change', () => {
    const schema = compile(TRADES);
    expect(schema.canonical).toBe(CANONICAL);
    expect(schema.hash).toBe(HASH);
  });

  test('what touches no byte does not change the hash', () => {
    const spec = { ...TRADES, name: 'other', retentionHours: 1, persist: false, desc: 'x', instrument: { symbol: 'X' } };
    const fields = TRADES.fields.map((field) => ({ ...field, desc: 'a field' }));
    expect(compile({ ...spec, fields }).hash).toBe(HASH);
    const padded = (name: string) => compile({ ...TRADES, fields: [{ name, type: '_4' }, ...TRADES.fields] }).hash;
    expect(padded('_')).toBe(padded('reserved'));
    expect(padded('_')).not.toBe(HASH);
  });

  test.each([
    ['a name', { fields: [{ name: 'Price', type: 'float64' }, ...TRADES.fields.slice(1)] }],
    ['a type', { fields: [{ name: 'price', type: 'float32' }, ...TRADES.fields.slice(1)] }],
    ['the order', { fields: [...TRADES.fields.slice(0, 2).reverse(), ...TRADES.fields.slice(2)] }],
    ['the unit', { timestampUnit: 'ns' }],
    ['one more field', { fields: [...TRADES.fields, { name: 'x', type: 'int8' }] }],
  ])('%s changes the hash', (_what, change) => {
    expect(compile({ ...TRADES, ...change }).hash).not.toBe(HASH);
  });

  test.each([
    ['scale', { type: 'decimal', scale: 2 }, { type: 'decimal', scale: 3 }],
    ['bytes', { type: 'string', bytes: 8 }, { type: 'string', bytes: 9 }],
  ])('%s changes the hash', (_what, one, other) => {
    const hashOf = (field: object) => compile({ ...TRADES, fields: [...TRADES.fields, { name: 'x', ...field }] }).hash;
    expect(hashOf(one)).not.toBe(hashOf(other));
  });

  test('which clock is the timestamp changes the hash', () => {
    const fields = [{ name: 'a', type: 'uint64' }, { name: 'b', type: 'uint64' }];
    const a = compile({ name: 'f', fields, timestamp: 'a', clocks: ['b'] });
    const b = compile({ name: 'f', fields, timestamp: 'b', clocks: ['a'] });
    expect(a.hash).not.toBe(b.hash);
  });
});

describe('rebuilding from the canonical text', () => {
  test('gives the same layouts, formats, clocks and hash', () => {
    assertProperty(
      fc.property(feedSpecs, (input) => {
        const { fields, columns, ...rest } = compile(input);
        const { fields: rebuiltFields, columns: rebuiltColumns, ...rebuiltRest } = rebuildSchema(rest.canonical);
        expect(rebuiltRest).toEqual(rest);
        // `as` and `desc` are the registry's; bytes and meaning are the chunk's.
        const bytesOf = (all: Schema['fields']) => all.map(({ as: _as, desc: _desc, ...bytes }) => bytes);
        expect(bytesOf(rebuiltFields)).toEqual(bytesOf(fields));
        expect(bytesOf(rebuiltColumns)).toEqual(bytesOf(columns));
      }),
    );
  });

  test('takes the text of the largest schema', () => {
    const fields = Array.from({ length: 255 }, (_, i) => ({ name: `${i}_`.padStart(64, 'f'), type: 'decimal', scale: 18 }));
    const { canonical, hash } = compile({ name: 'f', timestamp: 'ts', fields: [...fields, { name: 'ts', type: 'uint64' }] });
    expect(rebuildSchema(canonical).hash).toBe(hash);
  });

  test.each([
    ['nothing', ''],
    ['not JSON', '{"fields":['],
    ['another kind', '7'],
    ['null', 'null'],
    ['an array', '[]'],
    ['spaces', ` ${CANONICAL}`],
    ['another order of keys', '{"timestamp":"t","fields":[{"name":"t","type":"uint64","unit":"us"}],"clocks":[]}'],
    ['no unit', '{"fields":[{"name":"t","type":"uint64"}],"timestamp":"t","clocks":[]}'],
    ['an unknown type', CANONICAL.replace('char', 'chat')],
    ['a hostile name', CANONICAL.replace('price', '__proto__')],
    ['a timestamp that is no field', CANONICAL.replace('"timestamp":"timestamp_us"', '"timestamp":"ts"')],
    ['more than it should hold', CANONICAL.replace('"clocks":[]', '"clocks":[],"persist":false')],
    ['a __proto__', CANONICAL.replace('"clocks":[]', '"clocks":[],"__proto__":{"mode":"IF"}')],
    ['a megabyte', CANONICAL.padEnd(1 << 20)],
  ])('refuses %s as corrupt', (_what, text) => {
    let error: unknown;
    try {
      rebuildSchema(text);
    } catch (caught) {
      error = caught;
    }
    expect(DeepwaterError.isDeepwaterError(error) && error.code).toBe('DW_FILE_CORRUPT');
    expect((error as Error).message).toMatch(/deepwater repair/);
    expect((error as Error).message.length).toBeLessThan(1000);
  });

  test('a text with any one character changed is refused, or is another schema’s own text', () => {
    assertProperty(
      fc.property(fc.nat(CANONICAL.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const text = CANONICAL.slice(0, at) + character + CANONICAL.slice(at + 1);
        try {
          expect(rebuildSchema(text).canonical).toBe(text);
        } catch (error) {
          if (!DeepwaterError.isDeepwaterError(error)) throw error;
          expect(error.code).toBe('DW_FILE_CORRUPT');
        }
      }),
    );
  });
});
