/** The comparisons of `ScanKernels` in plain loops. */
import type { ScanMemory } from './scan-memory.js';
import type { ScanKernels } from './scan-kernels.js';

export function plainFilters(memory: ScanMemory): Pick<ScanKernels, Extract<keyof ScanKernels, `within${string}`>> {
  return {
    withinF64(at, n, low, high, out) { withinFloats(memory.f64(at, n), low, high, memory.mask(out, n)); },
    withinF32(at, n, low, high, out) { withinFloats(memory.f32(at, n), low, high, memory.mask(out, n)); },
    within8(at, n, low, high, out) { withinWhole(memory.u8(at, n), low, high, 0xff, memory.mask(out, n)); },
    within16(at, n, low, high, out) { withinWhole(memory.u16(at, n), low, high, 0xffff, memory.mask(out, n)); },
    within32(at, n, low, high, out) { withinWhole(memory.u32(at, n), low, high, -1, memory.mask(out, n)); },
    within64(at, n, low, high, out) { withinWords(memory.u32(at, 2 * n), low, high, memory.mask(out, n)); },
    withinBytes(at, n, width, low, high, out) {
      withinBytes(memory.u8(at, n * width), width, memory.u8(low, width), memory.u8(high, width), memory.mask(out, n));
    },
  };
}

function withinFloats(cells: Float64Array | Float32Array, low: number, high: number, mask: Int32Array): void {
  const n = cells.length;
  for (let w = 0, row = 0; row < n; w++) {
    const end = Math.min(n, row + 32);
    let word = 0;
    for (let bit = 1; row < end; row++, bit <<= 1) {
      const cell = cells[row] as number;
      if (cell >= low && cell <= high) word |= bit;
    }
    mask[w] = word;
  }
}

/** low <= cell <= high is cell - low <= high - low without a sign, whether the cells have one or not. */
function withinWhole(cells: Uint8Array | Uint16Array | Uint32Array, low: number, high: number, bits: number, mask: Int32Array): void {
  const n = cells.length;
  const span = ((high - low) & bits) >>> 0;
  for (let w = 0, row = 0; row < n; w++) {
    const end = Math.min(n, row + 32);
    let word = 0;
    for (let bit = 1; row < end; row++, bit <<= 1) if ((((cells[row] as number) - low) & bits) >>> 0 <= span) word |= bit;
    mask[w] = word;
  }
}

/** The same with 64 bits as two words each: no bigint is made for a row. */
function withinWords(words: Uint32Array, low: bigint, high: bigint, mask: Int32Array): void {
  const lowLow = Number(BigInt.asUintN(32, low));
  const lowHigh = Number(BigInt.asUintN(32, low >> 32n));
  const spanLow = Number(BigInt.asUintN(32, high - low));
  const spanHigh = Number(BigInt.asUintN(32, (high - low) >> 32n));
  const n = words.length >>> 1;
  for (let w = 0, row = 0; row < n; w++) {
    const end = Math.min(n, row + 32);
    let word = 0;
    for (let bit = 1; row < end; row++, bit <<= 1) {
      const l = (words[2 * row] as number) - lowLow;
      const h = ((words[2 * row + 1] as number) - lowHigh - (l < 0 ? 1 : 0)) >>> 0;
      if (h < spanHigh || (h === spanHigh && l >>> 0 <= spanLow)) word |= bit;
    }
    mask[w] = word;
  }
}

function withinBytes(bytes: Uint8Array, width: number, low: Uint8Array, high: Uint8Array, mask: Int32Array): void {
  const n = bytes.length / width;
  mask.fill(0);
  for (let row = 0; row < n; row++) {
    if (compare(bytes, row * width, low, width) >= 0 && compare(bytes, row * width, high, width) <= 0) mask[row >>> 5] = (mask[row >>> 5] as number) | (1 << (row & 31));
  }
}

function compare(bytes: Uint8Array, at: number, other: Uint8Array, width: number): number {
  for (let i = 0; i < width; i++) {
    const difference = (bytes[at + i] as number) - (other[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
