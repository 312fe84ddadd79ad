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
const memory = new WebAssembly.Memory({ shared: true, initial: 3, maximum: 3 });
const fast = chunkKernels(memory);
const plain = plainKernels(ScanMemory.within(memory.buffer, COLUMNS_BYTES));
const OUT = COLUMNS_BYTES;
/** As many bytes as any kernel puts out here. */
const OUT_BYTES = 32_768;
const MASK = OUT + OUT_BYTES;
const EDGES = MASK + 4096;

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

describe('sums and their like', () => {
  const rowMask = fc.option(fc.uint8Array({ minLength: 304, maxLength: 304 }), { nil: undefined });

  /** Puts a mask in place for n rows. @returns its address, or 0 for every row */
  function masked(mask: Uint8Array | undefined, n: number): number {
    if (mask === undefined) return 0;
    const words = new Int32Array(memory.buffer, MASK, (n + 31) >>> 5);
    words.set(new Int32Array(mask.slice().buffer).subarray(0, words.length));
    if (n % 32 !== 0) words[words.length - 1] = words[words.length - 1]! & ((1 << (n % 32)) - 1);
    return MASK;
  }

  /** The numbers that a kernel of each kind puts out: NaN is NaN, whatever its bits. */
  function same(cells: Uint8Array, at: number, numbers: number, run: (kernels: ScanKernels) => unknown): void {
    new Uint8Array(memory.buffer, 0, COLUMNS_BYTES).set(cells, at);
    const put = (kernels: ScanKernels): readonly [unknown, number[]] => {
      new Uint8Array(memory.buffer, OUT, OUT_BYTES).fill(0);
      return [run(kernels), [...new Float64Array(memory.buffer, OUT, numbers)]];
    };
    expect(put(fast)).toEqual(put(plain));
  }

  test('of floats: sum, product, deviation, extremes, histogram; all rows, and those of a mask', () => {
    assertProperty(fc.property(bytes, offset, rowMask, fc.double({ noNaN: true }), fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 9 }), (cells, at, mask, mean, edges) => {
      const n = cells.length >>> 3;
      const m = masked(mask, n);
      same(cells, at, 0, (kernels) => kernels.sumF64(at, n, m));
      same(cells, at, 2, (kernels) => { kernels.dotF64(at, at, n, m, OUT); });
      same(cells, at, 2, (kernels) => { kernels.dotF64(at, at + 8, Math.max(0, n - 1), 0, OUT); });
      same(cells, at, 2, (kernels) => { kernels.deviationsF64(at, n, m, mean, OUT); });
      same(cells, at, 2, (kernels) => { kernels.extremesF64(at, n, m, OUT); });
      if (m !== 0) same(cells, at, 0, (kernels) => kernels.countMask(m, n));
      new Float64Array(memory.buffer, EDGES, edges.length).set(edges.sort((a, b) => a - b));
      both(cells, at, (kernels) => {
        masked(mask, n);
        new Float64Array(memory.buffer, EDGES, edges.length).set(edges);
        kernels.histogramF64(at, n, m, EDGES, edges.length, OUT);
      });
      same(cells, at, 0, (kernels) => {
        const kept = kernels.keepF64(at, n, m, OUT);
        return [...new Float64Array(memory.buffer, OUT, kept)];
      });
    }), 300);
  });

  test('of 64 bits, with a sign and without', () => {
    assertProperty(fc.property(bytes, offset, rowMask, fc.constantFrom(0, 1), fc.constantFrom(0, 1), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (cells, at, mask, sign, otherSign, less) => {
      const n = cells.length >>> 3;
      const m = masked(mask, n);
      same(cells, at, 2, (kernels) => { kernels.sum64(at, n, m, sign, OUT); });
      same(cells, at, 6, (kernels) => { kernels.dot64(at, at + 8, Math.max(0, n - 1), m, sign, otherSign, OUT); });
      const [sum, ...digits] = [new Float64Array(memory.buffer, OUT, 4)].flatMap((found) => [...found].map(BigInt));
      const total = [sum!, ...digits].reduce((all, digit, i) => all + digit * 2n ** BigInt(32 * i), 0n);
      const a = sign === 1 ? new BigInt64Array(memory.buffer, at, n) : new BigUint64Array(memory.buffer, at, n);
      const b = otherSign === 1 ? new BigInt64Array(memory.buffer, at + 8, n) : new BigUint64Array(memory.buffer, at + 8, n);
      const counts = (row: number): boolean => m === 0 || ((new Int32Array(memory.buffer, MASK, 128)[row >>> 5]! >>> (row & 31)) & 1) === 1;
      let expected = 0n;
      for (let row = 0; row < n - 1; row++) if (counts(row)) expected += a[row]! * b[row]!;
      expect(total).toBe(expected);
      // A second column whose high words are all 0.
      new BigUint64Array(memory.buffer, 40_000, n).forEach((_, row, narrow) => { narrow[row] = BigInt(cells[8 * row]!) * 0xffffffn; });
      same(cells, at, 6, (kernels) => { kernels.dot64(at, 40_000, n, m, sign, otherSign, OUT); });
      if (m !== 0) {
        same(cells, at, 0, (kernels) => {
          const kept = kernels.keep64(at, n, m, OUT);
          return [...new BigUint64Array(memory.buffer, OUT, kept)];
        });
      }
      same(cells, at, n, (kernels) => { kernels.differences64(at, n, sign, sign === 1 ? less : BigInt.asUintN(64, less), OUT); });
      both(cells, at, (kernels) => {
        masked(mask, n);
        kernels.extremes64(at, n, m, sign, OUT);
        const edges = sign === 1 ? new BigInt64Array(memory.buffer, EDGES, 3) : new BigUint64Array(memory.buffer, EDGES, 3);
        edges.set([...(sign === 1 ? [-(2n ** 40n), less, 2n ** 63n - 1n] : [0n, BigInt.asUintN(64, less), 2n ** 64n - 1n])].sort((x, y) => (x < y ? -1 : 1)));
        kernels.histogram64(at, n, m, sign, EDGES, 3, OUT + 64);
      });
    }), 300);
  });

  test('histograms of edges that lie evenly, of cells on the edges and beside them', () => {
    const near = fc.array(fc.tuple(fc.integer({ min: -3, max: 45 }), fc.constantFrom(-1, 0, 0, 1, 0.5)), { maxLength: 300 });
    assertProperty(fc.property(near, rowMask, fc.integer({ min: 2, max: 40 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.constantFrom(0, 0.2, 0.6), (places, mask, edgeCount, first, width, uneven) => {
      const edges = Float64Array.from({ length: edgeCount }, (_, i) => first + (width * i) / (edgeCount - 1) + (i === 1 ? (uneven * width) / (edgeCount - 1) : 0));
      const n = places.length + 3;
      const cells = Float64Array.from([...places.map(([i, side]) => {
        const edge = first + (width * i) / (edgeCount - 1);
        return side === 0.5 ? edge + width / edgeCount / 2 : edge + side * Math.abs(edge) * Number.EPSILON;
      }), Number.NaN, Infinity, -Infinity]);
      both(new Uint8Array(cells.buffer), 8, (kernels) => {
        new Float64Array(memory.buffer, EDGES, edgeCount).set(edges);
        kernels.histogramF64(8, n, masked(mask, n), EDGES, edgeCount, OUT);
      });
      for (const sign of [0, 1]) {
        const whole = BigInt64Array.from(places, ([i, side]) => BigInt(Math.trunc(width)) * BigInt(i) + BigInt(Math.sign(side)));
        both(new Uint8Array(whole.buffer), 8, (kernels) => {
          const bounds = BigInt64Array.from({ length: edgeCount }, (_, i) => BigInt(Math.trunc(width)) * BigInt(i));
          new BigInt64Array(memory.buffer, EDGES, edgeCount).set(bounds);
          kernels.histogram64(8, whole.length, masked(mask, whole.length), sign, EDGES, edgeCount, OUT);
        });
      }
    }), 300);
  });

  test('cells made wide, and made whole', () => {
    assertProperty(fc.property(bytes, offset, (cells, at) => {
      for (const [kernel, width] of [['widenI8', 1], ['widenU8', 1], ['widenI16', 2], ['widenU16', 2], ['widenI32', 4], ['widenU32', 4], ['widenF32', 4]] as const) {
        const n = Math.floor(cells.length / width);
        same(cells, at, n, (kernels) => { kernels[kernel](at, n, OUT); });
        if (kernel === 'widenI32' || kernel === 'widenU32') {
          const whole = kernel === 'widenI32' ? 'wholeI32' : 'wholeU32';
          same(cells, at, 0, (kernels) => {
            kernels[whole](at, n, OUT);
            return [...new BigInt64Array(memory.buffer, OUT, n)];
          });
        }
        if (kernel === 'widenF32') continue;
        same(cells, at, n, (kernels) => {
          kernels[kernel](at, n, OUT);
          kernels.wholeF64(OUT, n, OUT);
          return [...new BigInt64Array(memory.buffer, OUT, n)];
        });
      }
    }), 100);
  });
});
