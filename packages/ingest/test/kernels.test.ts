import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KERNELS_WASM_BASE64 } from '../dist/generated/kernels.js';

type Gather = (src: number, stride: number, dst: number, n: number, width?: number) => void;
type Scatter = (src: number, dst: number, stride: number, n: number, width?: number) => void;
type MinMax = (src: number, n: number, out: number) => void;

const memory = new WebAssembly.Memory({ shared: true, initial: 4, maximum: 4 });
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
const module = new WebAssembly.Module(Buffer.from(KERNELS_WASM_BASE64, 'base64'));
const pristine = bytes.every((byte) => byte === 0);
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, Gather & Scatter & MinMax>;

const SRC = 0x1001; // odd on purpose: kernels need no alignment
const DST = 0x1_8003;
const seed = Date.now() & 0x7fffffff;
console.log(`kernels: seed ${seed}`);

const widths = [1, 2, 4, 8, 'N'] as const;
const shape = fc.record({ n: fc.integer({ min: 0, max: 40 }), width: fc.integer({ min: 1, max: 24 }), padding: fc.integer({ min: 0, max: 40 }), salt: fc.nat() });

/** Fills memory with bytes that depend on their address, so that a cell from the wrong place is seen. */
function paint(salt: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i + salt, 0x9e3779b1) >>> 24;
  return bytes.slice();
}

test('loading the kernels writes nothing into the memory, which is a mapped file', () => {
  expect(pristine).toBe(true);
  expect(bytes.every((byte) => byte === 0)).toBe(true);
});

describe.each(widths)('cells of %s bytes', (width) => {
  test('gathering makes a column of strided cells and touches nothing else', () => {
    fc.assert(fc.property(shape, ({ n, width: anyWidth, padding, salt }) => {
      const size = width === 'N' ? anyWidth : width;
      const expected = paint(salt);
      for (let i = 0; i < n; i++) expected.copyWithin(DST + i * size, SRC + i * (size + padding), SRC + i * (size + padding) + size);
      kernels[`copy${width}`](SRC, size + padding, DST, n, size);
      expect(Buffer.compare(bytes, expected)).toBe(0);
    }), { seed, numRuns: 60 });
  });

  test('scattering spreads a column to strided cells and touches nothing else', () => {
    fc.assert(fc.property(shape, ({ n, width: anyWidth, padding, salt }) => {
      const size = width === 'N' ? anyWidth : width;
      const expected = paint(salt);
      for (let i = 0; i < n; i++) expected.copyWithin(DST + i * (size + padding), SRC + i * size, SRC + (i + 1) * size);
      kernels[`scatter${width}`](SRC, DST, size + padding, n, size);
      expect(Buffer.compare(bytes, expected)).toBe(0);
    }), { seed, numRuns: 60 });
  });
});

describe.each([
  { kernel: 'minmaxU64', bits: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), least: 0n, greatest: 2n ** 64n - 1n, signed: false },
  { kernel: 'minmaxI64', bits: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), least: -(2n ** 63n), greatest: 2n ** 63n - 1n, signed: true },
])('$kernel', ({ kernel, bits, least, greatest, signed }) => {
  function scan(values: readonly bigint[]): { min: bigint; max: bigint; sorted: number } {
    values.forEach((value, i) => view.setBigUint64(SRC + i * 8, BigInt.asUintN(64, value), true));
    kernels[kernel](SRC, values.length, DST);
    const read = (at: number) => (signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true));
    return { min: read(DST), max: read(DST + 8), sorted: view.getInt32(DST + 16, true) };
  }

  function model(values: readonly bigint[]): { min: bigint; max: bigint; sorted: number } {
    return {
      min: values.reduce((least, value) => (value < least ? value : least), greatest),
      max: values.reduce((most, value) => (value > most ? value : most), least),
      sorted: values.every((value, i) => i === 0 || value >= values[i - 1]) ? 1 : 0,
    };
  }

  test('an empty run has neutral bounds and is sorted', () => {
    expect(scan([])).toEqual({ min: greatest, max: least, sorted: 1 });
  });

  test('any run: bounds are true and sorted means that no value is under the one before', () => {
    fc.assert(fc.property(fc.array(bits, { maxLength: 50 }), fc.boolean(), (values, inOrder) => {
      if (inOrder) values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(scan(values)).toEqual(model(values));
    }), { seed, numRuns: 500 });
  });

  test('a long sorted run with one early value at its end is not sorted, and that value is the minimum', () => {
    const values = Array.from({ length: 1000 }, (_, i) => least + BigInt(i) + 5n);
    expect(scan(values)).toEqual({ min: least + 5n, max: least + 1004n, sorted: 1 });
    values.push(least + 1n);
    expect(scan(values)).toEqual({ min: least + 1n, max: least + 1004n, sorted: 0 });
  });
});
