import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KERNEL_SCRATCH_BYTES, chunkKernels } from '../dist/kernels/chunk-kernels.js';
import { plainKernels } from '../dist/kernels/plain-kernels.js';
import type { ScanKernels } from '../dist/kernels/scan-kernels.js';
import { ScanMemory } from '../dist/kernels/scan-memory.js';
import { SCRATCH } from '../dist/kernels/scratch.js';
import { assertProperty } from './support/seed.js';

/** Cells whose sums are exact in any order, from byte `at` of a memory on. */
function filled(at: number, n: number): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ shared: true, initial: 4, maximum: 4 });
  new Float64Array(memory.buffer, at, n).forEach((_, i, cells) => { cells[i] = (i % 17) - 3.25; });
  return memory;
}

describe('kernels over the memory of a chunk', () => {
  test.each([0, 1, 7, 8, 9, 100, 16384])('the sum of %i float64 cells is that of a plain loop', (n) => {
    const memory = filled(1000, n);
    let expected = 0;
    for (const cell of new Float64Array(memory.buffer, 1000, n)) expected += cell;
    expect(chunkKernels(memory).sumF64(1000, n)).toBe(expected);
  });

  test('what kernels put out has room behind a chunk', () => {
    expect(KERNEL_SCRATCH_BYTES % 65536).toBe(0);
    expect(SCRATCH.BYTES).toBeLessThanOrEqual(KERNEL_SCRATCH_BYTES);
  });
});

const COLUMNS_BYTES = 65536;
const memory = new WebAssembly.Memory({ shared: true, initial: 2, maximum: 2 });
const fast = chunkKernels(memory);
const plain = plainKernels(ScanMemory.within(memory.buffer, COLUMNS_BYTES));
const OUT = COLUMNS_BYTES;
/** As many bytes as any kernel puts out here. */
const OUT_BYTES = 16_384;

/** Cells: bytes that are anything, and bytes of values that matter (0, -0, NaN, infinities, ends of types). */
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 0, maxLength: 2400 }),
  fc.array(fc.constantFrom(0, -0, 1, Number.NaN, Infinity, -Infinity, 1e300, 5e-324, 2 ** 53), { maxLength: 300 }).map((cells) => new Uint8Array(Float64Array.from(cells).buffer)),
  fc.array(fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, -(2n ** 32n)), { maxLength: 300 }).map((cells) => new Uint8Array(BigInt64Array.from(cells).buffer)),
);
const offset = fc.integer({ min: 0, max: 40 }).map((n) => n * 8);

/** Runs a kernel of both kinds over the same cells and holds what they give and put out against each other. */
function both(cells: Uint8Array, at: number, run: (kernels: ScanKernels) => unknown): void {
  new Uint8Array(memory.buffer).fill(0xa5);
  new Uint8Array(memory.buffer).set(cells, at);
  const put = (kernels: ScanKernels): readonly [unknown, Buffer] => {
    new Uint8Array(memory.buffer, OUT, OUT_BYTES).fill(0x5a);
    const given = run(kernels);
    return [given, Buffer.from(new Uint8Array(memory.buffer, OUT, OUT_BYTES).slice())];
  };
  const [given, out] = put(fast);
  const [expected, expectedOut] = put(plain);
  expect(given).toEqual(expected);
  expect(out.equals(expectedOut)).toBe(true);
}

describe('kernels and plain loops put out the same', () => {
  const float = fc.oneof(fc.double(), fc.constantFrom(0, -0, Infinity, -Infinity, 1));
  test('floats within two ends', () => {
    assertProperty(fc.property(bytes, offset, float, float, (cells, at, low, high) => {
      both(cells, at, (kernels) => { kernels.withinF64(at, cells.length >>> 3, low, high, OUT); });
      both(cells, at, (kernels) => { kernels.withinF32(at, cells.length >>> 2, Math.fround(low), Math.fround(high), OUT); });
    }), 300);
  });

  test('whole numbers of every width, with a sign and without', () => {
    assertProperty(fc.property(bytes, offset, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.boolean(), (cells, at, from, span, signed) => {
      for (const [width, kernel] of [[1, 'within8'], [2, 'within16'], [4, 'within32']] as const) {
        const bits = 8 * width;
        const low = signed ? BigInt.asIntN(bits, from) : BigInt.asUintN(bits, from);
        const most = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
        const high = low + BigInt.asUintN(bits, span) > most ? most : low + BigInt.asUintN(bits, span);
        both(cells, at, (kernels) => { kernels[kernel](at, Math.floor(cells.length / width), Number(low), Number(high), OUT); });
        const list = signed ? { 1: Int8Array, 2: Int16Array, 4: Int32Array }[width] : { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[width];
        const found = new list(memory.buffer as ArrayBuffer, at, Math.floor(cells.length / width));
        found.forEach((cell, i) => { expect((new Int32Array(memory.buffer, OUT, 1024)[i >>> 5]! >>> (i & 31)) & 1).toBe(Number(cell >= low && cell <= high)); });
      }
      const low = signed ? from : BigInt.asUintN(64, from);
      const most = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
      const high = low + span > most ? most : low + span;
      both(cells, at, (kernels) => { kernels.within64(at, cells.length >>> 3, low, high, OUT); });
      const wide = signed ? new BigInt64Array(memory.buffer, at, cells.length >>> 3) : new BigUint64Array(memory.buffer, at, cells.length >>> 3);
      wide.forEach((cell, i) => { expect((new Int32Array(memory.buffer, OUT, 1024)[i >>> 5]! >>> (i & 31)) & 1).toBe(Number(cell >= low && cell <= high)); });
    }), 200);
  });

  test('texts of every width', () => {
    assertProperty(fc.property(fc.array(fc.constantFrom(0, 65, 66, 195, 255), { maxLength: 900 }), fc.integer({ min: 1, max: 9 }), fc.array(fc.constantFrom(0, 65, 66, 195, 255), { minLength: 18, maxLength: 18 }), (cells, width, ends) => {
      const low = OUT + 8192;
      both(Uint8Array.from(cells), 8, (kernels) => {
        new Uint8Array(memory.buffer, low, 18).set(ends);
        kernels.withinBytes(8, Math.floor(cells.length / width), width, low, low + 9, OUT);
      });
    }), 200);
  });
});
