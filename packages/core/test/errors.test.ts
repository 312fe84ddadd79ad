import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DeepwaterError, describeValue, deserializeError, ERROR_CODES, serializeError, type SerializedError,
} from '../dist/errors/index.js';
import { assertProperty } from './schema-arbitraries.js';

const source = readFileSync(new URL('../src/errors/codes.ts', import.meta.url), 'utf8');
const page = readFileSync(new URL('../../../docs/ERRORS.md', import.meta.url), 'utf8');

/** There and back as between two threads: the serialized form goes through the structured clone. */
function cross(error: unknown): Error {
  return deserializeError(structuredClone(serializeError(error)));
}

describe('the table of codes', () => {
  test('codes are DW_ in SCREAMING_SNAKE', () => {
    for (const code of Object.keys(ERROR_CODES)) expect(code).toMatch(/^DW(_[A-Z0-9]+)+$/);
  });

  test('no code is defined twice', () => {
    const defined = [...source.matchAll(/^ {2}(\w+): \{/gm)].map(([, code]) => code);
    expect(defined).toEqual(Object.keys(ERROR_CODES));
    expect(new Set(defined).size).toBe(defined.length);
  });

  test('each code says in sentences what happened and what to do, on one line', () => {
    for (const [code, { summary, remedy }] of Object.entries(ERROR_CODES)) {
      for (const text of [summary, remedy]) expect(text, code).toMatch(/^[A-Z0-9`][^\n|]{10,}\.$/);
    }
  });

  test('docs/ERRORS.md has the same table', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `DW_'));
    const wanted = Object.entries(ERROR_CODES).map(([code, { summary, remedy }]) => `| \`${code}\` | ${summary} | ${remedy} |`);
    expect(rows).toEqual(wanted);
  });
});

describe('a DeepwaterError', () => {
  const cause = new RangeError('too far');
  const error = new DeepwaterError('DW_VALUE_RANGE', 'size is 300; give 0 to 255.', { values: { value: 300n, max: 255 }, cause });

  test('is an Error with its code, values and cause', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('DeepwaterError');
    expect(error.code).toBe('DW_VALUE_RANGE');
    expect(error.values).toEqual({ value: 300n, max: 255 });
    expect(error.cause).toBe(cause);
    expect(error.stack).toMatch(/^DeepwaterError: size is 300; give 0 to 255\.\n.*errors\.test/);
  });

  test('without options it has no values and no cause', () => {
    const bare = new DeepwaterError('DW_ABORTED', 'x');
    expect(bare.values).toEqual({});
    expect('cause' in bare).toBe(false);
  });

  test('keeps a frozen copy of its values', () => {
    const values = { n: 1 };
    const kept = new DeepwaterError('DW_ABORTED', 'x', { values });
    values.n = 2;
    expect(kept.values).toEqual({ n: 1 });
    expect(Object.isFrozen(kept.values)).toBe(true);
  });

  test('becomes JSON with code and values; bigints as text', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'DeepwaterError',
      code: 'DW_VALUE_RANGE',
      message: 'size is 300; give 0 to 255.',
      values: { value: '300', max: 255 },
      cause: 'RangeError: too far',
    });
  });

  test('is known as one in another copy of the package, where instanceof fails', async () => {
    // A query makes Node load the same file as another module.
    const other = (await import('../dist/errors/deepwater-error.js?copy' as string)) as { DeepwaterError: typeof DeepwaterError };
    expect(other.DeepwaterError).not.toBe(DeepwaterError);
    expect(error).not.toBeInstanceOf(other.DeepwaterError);
    expect(other.DeepwaterError.isDeepwaterError(error)).toBe(true);
  });

  test.each([[new Error('x')], [{ code: 'DW_ABORTED', name: 'DeepwaterError' }], [null], [undefined], ['DW_ABORTED']])(
    '%s is not one',
    (value) => expect(DeepwaterError.isDeepwaterError(value)).toBe(false),
  );
});

describe('crossing threads', () => {
  test('a DeepwaterError keeps class, code, values, message, stack and cause', () => {
    const inner = new DeepwaterError('DW_SYSTEM_CALL', 'open failed', { values: { path: '/x' } });
    const outer = new DeepwaterError('DW_INGEST_FAILED', 'drain failed', {
      values: { sequence: 2n ** 60n, feeds: ['a'], at: { row: 1 } },
      cause: inner,
    });
    const back = cross(outer) as DeepwaterError;
    expect(back).toBeInstanceOf(DeepwaterError);
    expect(back.code).toBe('DW_INGEST_FAILED');
    expect(back.message).toBe('drain failed');
    expect(back.values).toEqual({ sequence: 2n ** 60n, feeds: ['a'], at: { row: 1 } });
    expect(back.stack).toBe(outer.stack);
    expect(back.cause).toBeInstanceOf(DeepwaterError);
    expect((back.cause as DeepwaterError).values).toEqual({ path: '/x' });
    expect(Object.keys(back)).toEqual(Object.keys(outer));
  });

  test('out of a real worker', async () => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       (async () => {
         const { parseFeedSpec } = await import(workerData + 'schema/index.js');
         const { serializeError } = await import(workerData + 'errors/index.js');
         try { parseFeedSpec({ name: '../x', fields: [{ name: 't', type: 'uint64' }], timestamp: 't' }); }
         catch (error) { parentPort.postMessage(serializeError(error)); }
       })();`,
      { eval: true, workerData: new URL('../dist/', import.meta.url).href },
    );
    const [message] = (await once(worker, 'message')) as [SerializedError];
    await worker.terminate();
    const error = deserializeError(message);
    expect(error).toBeInstanceOf(DeepwaterError);
    expect(error).toMatchObject({ code: 'DW_FEED_NAME_INVALID', values: { name: '../x' } });
    expect(error.stack).toContain('names.js');
  });

  test.each([TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, Error])('%o stays one', (type) => {
    const back = cross(new type('why'));
    expect(back.constructor).toBe(type);
    expect(back.name).toBe(type.name);
    expect(back.message).toBe('why');
  });

  test('a subclass comes back as its nearest built-in class, under its own name', () => {
    class OffsetError extends RangeError {
      override name = 'OffsetError';
      offset = 7;
    }
    const back = cross(new OffsetError('past the end'));
    expect(back).toBeInstanceOf(RangeError);
    expect(back).toMatchObject({ name: 'OffsetError', message: 'past the end', offset: 7 });
  });

  test('a system error keeps errno, code, syscall and path', async () => {
    const error: NodeJS.ErrnoException = await readFile('/nonexistent/file').then(() => { throw new Error('read'); }, (e) => e);
    expect(cross(error)).toMatchObject({ code: 'ENOENT', errno: error.errno, syscall: 'open', path: '/nonexistent/file' });
  });

  test('an AbortError stays a DOMException', () => {
    const signal = AbortSignal.abort();
    const back = cross(signal.reason);
    expect(back).toBeInstanceOf(DOMException);
    expect(back.name).toBe('AbortError');
  });

  test('an AggregateError keeps its errors', () => {
    const back = cross(new AggregateError([new DeepwaterError('DW_DISK_FULL', 'full'), new TypeError('t')], 'both'));
    expect(back).toBeInstanceOf(AggregateError);
    const { errors } = back as AggregateError;
    expect(errors[0]).toMatchObject({ code: 'DW_DISK_FULL' });
    expect(errors[1]).toBeInstanceOf(TypeError);
  });

  test('something thrown that is no Error becomes one, with what was thrown as its cause', () => {
    const back = cross('stop');
    expect(back).toBeInstanceOf(Error);
    expect(back).toMatchObject({ message: 'thrown: "stop"', cause: 'stop' });
  });

  test('a cause that is no Error stays what it is', () => {
    expect(cross(new Error('x', { cause: { reason: 5 } })).cause).toEqual({ reason: 5 });
  });

  test('values that cannot be cloned become their descriptions', () => {
    const values = { f: () => 1, s: Symbol('s'), date: new Date(0), own: { __proto__: null, g: function g() {} } };
    const back = cross(new DeepwaterError('DW_OPTION_INVALID', 'x', { values })) as DeepwaterError;
    expect(back.values).toEqual({ f: 'a function', s: 'Symbol(s)', date: 'an object of class Date', own: { g: 'a function' } });
  });

  test('cycles and long chains of causes end', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    const values: Record<string, unknown> = {};
    values['self'] = values;
    expect(cross(loop).message).toBe('loop');
    expect(cross(new DeepwaterError('DW_ABORTED', 'x', { values })).message).toBe('x');
    let depth = 0;
    for (let error: unknown = cross(loop); error instanceof Error; error = error.cause) depth++;
    expect(depth).toBe(9);
  });

  test('a value named __proto__ stays a value', () => {
    const values = JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, unknown>;
    const back = cross(Object.assign(new Error('x'), { values })) as unknown as { values: object };
    expect(JSON.stringify(back.values)).toBe('{"__proto__":{"polluted":true}}');
    expect(back.values).not.toHaveProperty('polluted');
  });

  test('whatever is thrown can be posted, and comes back as an Error', () => {
    const values = fc.dictionary(fc.string(), fc.anything());
    const thrown = fc.oneof(
      fc.anything(),
      fc.tuple(fc.string(), fc.anything()).map(([message, cause]) => new Error(message, { cause })),
      fc.tuple(fc.string(), values).map(([message, each]) => new DeepwaterError('DW_ABORTED', message, { values: each })),
      fc.tuple(fc.string(), values).map(([message, each]) => Object.assign(new TypeError(message), { values: each })),
    );
    assertProperty(
      fc.property(thrown, (error) => {
        const back = cross(error);
        expect(back).toBeInstanceOf(Error);
        if (error instanceof Error) expect([back.message, back.name, back.stack]).toEqual([error.message, error.name, error.stack]);
      }),
      1000,
    );
  });
});

describe('describing values', () => {
  test.each([
    ['a', '"a"'],
    ['a\0\n', '"a\\u0000\\n"'],
    [1.5, '1.5'],
    [-0, '-0'],
    [NaN, 'NaN'],
    [5n, '5n'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[1, 2], 'an array of 2'],
    [new Float64Array(3), 'Float64Array(3)'],
    [Buffer.alloc(4), 'Uint8Array(4)'],
    [new DataView(new ArrayBuffer(5)), 'DataView(5)'],
    [{}, 'an object without keys'],
    [{ a: 1, b: 2 }, 'an object with keys a, b'],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, 'an object with keys a, b, c, d, e, … (6)'],
    [new Map(), 'an object of class Map'],
    [() => 1, 'a function'],
    [Symbol('x'), 'Symbol(x)'],
    [Symbol('x\n'), 'Symbol(x\\n)'],
    [{ 'a\nb': 1 }, 'an object with keys a\\nb'],
  ])('%o', (value, text) => expect(describeValue(value)).toBe(text));

  test('a long text is cut and its length said', () => {
    expect(describeValue('x'.repeat(10_000))).toBe(`"${'x'.repeat(79)}…" (10000 characters)`);
  });

  test('an object that throws when looked at still has one', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(describeValue(revoked.proxy)).toBe('an object that cannot be looked at');
  });

  test('any value has a short description of one line', () => {
    assertProperty(
      fc.property(fc.anything(), (value) => {
        const text = describeValue(value);
        expect(text).not.toMatch(/[\n\r]/);
        expect(text.length).toBeLessThan(600);
      }),
      1000,
    );
  });
});
