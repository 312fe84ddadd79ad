/** The kernels of `ScanKernels` for cells of 64 bits, and for making cells as wide, in plain loops. */
import { countBins, countsOf } from './plain-sums.js';
import type { ScanKernels } from './scan-kernels.js';
import type { ScanMemory } from './scan-memory.js';

type Wide = 'sum64' | 'extremes64' | 'dot64' | 'differences64' | 'histogram64' | 'keep64' | Extract<keyof ScanKernels, `widen${string}` | `whole${string}`>;

const TWO_32 = 4294967296;

export function plainWide(memory: ScanMemory): Pick<ScanKernels, Wide> {
  const cells64 = (at: number, n: number, sign: number): BigInt64Array | BigUint64Array => (sign === 1 ? memory.i64(at, n) : memory.u64(at, n));
  const widen = (view: (at: number, n: number) => ArrayLike<number>) => (at: number, n: number, out: number): void => { memory.f64(out, n).set(view(at, n)); };
  return {
    sum64(at, n, mask, sign, result) {
      const words = memory.u32(at, 2 * n);
      const counts = countsOf(memory, mask, n);
      let lows = 0;
      let highs = 0;
      for (let row = 0; row < n; row++) {
        if (!counts(row)) continue;
        lows += words[2 * row] as number;
        highs += sign === 1 ? (words[2 * row + 1] as number) | 0 : words[2 * row + 1] as number;
      }
      memory.f64(result, 2).set([lows, highs]);
    },
    extremes64(at, n, mask, sign, result) {
      const cells = cells64(at, n, sign);
      const counts = countsOf(memory, mask, n);
      let [min, max] = sign === 1 ? [2n ** 63n - 1n, -(2n ** 63n)] : [2n ** 64n - 1n, 0n];
      for (let row = 0; row < n; row++) {
        if (!counts(row)) continue;
        const x = cells[row] as bigint;
        if (x < min) min = x;
        if (x > max) max = x;
      }
      cells64(result, 2, sign).set([min, max]);
    },
    dot64(at, other, n, mask, sign, otherSign, result) {
      const a = cells64(at, n, sign);
      const b = cells64(other, n, otherSign);
      const counts = countsOf(memory, mask, n);
      const digits = [0, 0, 0, 0, 0, 0];
      for (let row = 0; row < n; row++) {
        if (!counts(row)) continue;
        addDigits(digits, a[row] as bigint, b[row] as bigint);
      }
      memory.f64(result, 6).set(digits);
    },
    differences64(at, n, sign, less, out) {
      const words = memory.u32(at, 2 * n);
      const to = memory.f64(out, n);
      const lessLow = Number(BigInt.asUintN(32, less));
      const lessHigh = Number(sign === 1 ? BigInt.asIntN(32, less >> 32n) : BigInt.asUintN(32, less >> 32n));
      for (let row = 0; row < n; row++) {
        const high = sign === 1 ? (words[2 * row + 1] as number) | 0 : words[2 * row + 1] as number;
        to[row] = (high - lessHigh) * TWO_32 + ((words[2 * row] as number) - lessLow);
      }
    },
    histogram64(at, n, mask, sign, edges, edgeCount, into) {
      countBins<bigint>(cells64(at, n, sign), cells64(edges, edgeCount, sign), countsOf(memory, mask, n), memory.u32(into, edgeCount + 2));
    },
    widenI8: widen((at, n) => memory.i8(at, n)),
    widenU8: widen((at, n) => memory.u8(at, n)),
    widenI16: widen((at, n) => memory.i16(at, n)),
    widenU16: widen((at, n) => memory.u16(at, n)),
    widenI32: widen((at, n) => memory.i32(at, n)),
    widenU32: widen((at, n) => memory.u32(at, n)),
    widenF32: widen((at, n) => memory.f32(at, n)),
    wholeF64(at, n, out) {
      const cells = memory.f64(at, n).slice();
      const to = memory.i64(out, n);
      for (let row = 0; row < n; row++) to[row] = BigInt(cells[row] as number);
    },
    wholeI32(at, n, out) { memory.i64(out, n).set(Array.from(memory.i32(at, n), BigInt)); },
    wholeU32(at, n, out) { memory.i64(out, n).set(Array.from(memory.u32(at, n), BigInt)); },
    keep64(at, n, mask, out) {
      const words = memory.i32(at, 2 * n);
      const to = memory.i32(out, 2 * n);
      const counts = countsOf(memory, mask, n);
      let kept = 0;
      for (let row = 0; row < n; row++) {
        if (!counts(row)) continue;
        to[2 * kept] = words[2 * row] as number;
        to[2 * kept + 1] = words[2 * row + 1] as number;
        kept++;
      }
      return kept;
    },
  };
}

const DIGIT = 0xffffffffn;

/** Adds a product in digits of 32 bits, as the kernel comes by them, and its second factor. */
function addDigits(digits: number[], x: bigint, y: bigint): void {
  const [xl, xh, yl, yh] = [x & DIGIT, x >> 32n, y & DIGIT, y >> 32n];
  const [ll, hl, lh, hh] = [xl * yl, xh * yl, xl * yh, xh * yh];
  const parts = [ll & DIGIT, (ll >> 32n) + (hl & DIGIT) + (lh & DIGIT), (hl >> 32n) + (lh >> 32n) + (hh & DIGIT), hh >> 32n, yl, yh];
  for (let i = 0; i < 6; i++) digits[i] = (digits[i] as number) + Number(parts[i]);
}
