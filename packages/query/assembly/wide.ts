// Whole numbers of 64 bits, exactly; and other cells made as wide, so that one set of kernels serves them all. `sign` is 1
// where the cells have one, else 0.
import { counts, firstBits, fourBits, lanesOf } from './mask';
import { high, low } from './words';

// @ts-ignore: decorator
@inline
function highOf(x: i64, sign: i32): i64 { return sign ? high<i64>(x) : high<u64>(x); }

/** The sums of the low and of the high words, to `result` as two float64: of a strip they are exact. */
export function sum64(at: usize, n: i32, mask: usize, sign: i32, result: usize): void {
  const words = i64x2.splat(0xffffffff);
  let lows = i64x2.splat(0);
  let highs = i64x2.splat(0);
  let negatives = i64x2.splat(0);
  const r01 = firstBits(mask);
  const r23 = i64x2.shl(r01, 2);
  let row = 0;
  for (const last = n & ~3; row < last; row += 4, at += 32) {
    let x = v128.load(at);
    let y = v128.load(at, 16);
    if (mask != 0) {
      const bits = fourBits(mask, row);
      x = v128.and(x, lanesOf(bits, r01));
      y = v128.and(y, lanesOf(bits, r23));
    }
    lows = i64x2.add(lows, i64x2.add(v128.and(x, words), v128.and(y, words)));
    highs = i64x2.add(highs, i64x2.add(i64x2.shr_u(x, 32), i64x2.shr_u(y, 32)));
    negatives = i64x2.add(negatives, i64x2.add(i64x2.shr_u(x, 63), i64x2.shr_u(y, 63)));
  }
  let lowSum = i64x2.extract_lane(lows, 0) + i64x2.extract_lane(lows, 1);
  let highSum = i64x2.extract_lane(highs, 0) + i64x2.extract_lane(highs, 1);
  // A high word with its sign is 2^32 less than one without, where it is set.
  if (sign) highSum -= (i64x2.extract_lane(negatives, 0) + i64x2.extract_lane(negatives, 1)) << 32;
  for (; row < n; row++, at += 8) {
    const x = counts(mask, row) ? load<i64>(at) : 0;
    lowSum += low(x);
    highSum += highOf(x, sign);
  }
  store<f64>(result, <f64>lowSum);
  store<f64>(result + 8, <f64>highSum);
}

/** Least and greatest cell, to `result`; `greatest` and `least` of the type where there is none. */
export function extremes64(at: usize, n: i32, mask: usize, sign: i32, result: usize): void {
  const flip: i64 = sign ? 0 : i64.MIN_VALUE;
  let min = i64.MAX_VALUE;
  let max = i64.MIN_VALUE;
  for (let row = 0; row < n; row++, at += 8) {
    if (!counts(mask, row)) continue;
    const x = load<i64>(at) ^ flip;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  store<i64>(result, min ^ flip);
  store<i64>(result + 8, max ^ flip);
}

/** Cells less a number, as float64: rounded once. */
export function differences64(at: usize, n: i32, sign: i32, less: i64, out: usize): void {
  const lessHigh = highOf(less, sign);
  const lessLow = low(less);
  for (const end = out + (<usize>n << 3); out < end; at += 8, out += 8) {
    const x = load<i64>(at);
    store<f64>(out, <f64>(highOf(x, sign) - lessHigh) * 4294967296.0 + <f64>(low(x) - lessLow));
  }
}

// @ts-ignore: decorator
@inline
function widen<T>(at: usize, n: i32, out: usize): void {
  for (const end = out + (<usize>n << 3); out < end; at += sizeof<T>(), out += 8) store<f64>(out, <f64>load<T>(at));
}

/** Cells as float64, which holds them exactly. */
export function widenI8(at: usize, n: i32, out: usize): void { widen<i8>(at, n, out); }
export function widenU8(at: usize, n: i32, out: usize): void { widen<u8>(at, n, out); }
export function widenI16(at: usize, n: i32, out: usize): void { widen<i16>(at, n, out); }
export function widenU16(at: usize, n: i32, out: usize): void { widen<u16>(at, n, out); }

// @ts-ignore: decorator
@inline
function widen32<T>(at: usize, n: i32, out: usize): void {
  const last = out + (<usize>n << 3);
  for (const end = out + (<usize>(n & ~1) << 3); out < end; at += 8, out += 16) {
    const two = v128.load64_zero(at);
    v128.store(out, isFloat<T>() ? f64x2.promote_low_f32x4(two) : isSigned<T>() ? f64x2.convert_low_i32x4_s(two) : f64x2.convert_low_i32x4_u(two));
  }
  if (out < last) store<f64>(out, <f64>load<T>(at));
}

export function widenI32(at: usize, n: i32, out: usize): void { widen32<i32>(at, n, out); }
export function widenU32(at: usize, n: i32, out: usize): void { widen32<u32>(at, n, out); }
export function widenF32(at: usize, n: i32, out: usize): void { widen32<f32>(at, n, out); }

/**
 * Whole numbers of up to 32 bits that lie as float64, as cells of 64 bits; in place, if need be. With 1.5 * 2^52 added, the bits of
 * a float64 count up by ones.
 */
export function wholeF64(at: usize, n: i32, out: usize): void {
  const magic = f64x2.splat(6755399441055744.0);
  const last = out + (<usize>n << 3);
  for (const end = out + (<usize>(n & ~1) << 3); out < end; at += 16, out += 16) v128.store(out, i64x2.sub(f64x2.add(v128.load(at), magic), magic));
  if (out < last) store<i64>(out, <i64>load<f64>(at));
}

// @ts-ignore: decorator
@inline
function whole32<T>(at: usize, n: i32, out: usize): void {
  const last = out + (<usize>n << 3);
  for (const end = out + (<usize>(n & ~1) << 3); out < end; at += 8, out += 16) v128.store(out, isSigned<T>() ? v128.load32x2_s(at) : v128.load32x2_u(at));
  if (out < last) store<i64>(out, <i64>load<T>(at));
}

/** Cells of 32 bits as cells of 64. */
export function wholeI32(at: usize, n: i32, out: usize): void { whole32<i32>(at, n, out); }
export function wholeU32(at: usize, n: i32, out: usize): void { whole32<u32>(at, n, out); }
