// Sums of products of whole numbers of 64 bits, exactly, in digits of 32 bits: a holds those of 2^0, b of 2^32, c of 2^64, d of 2^96.
import { counts } from './mask';
import { high, low } from './words';

// @ts-ignore: decorator
@inline
function put(result: usize, a: i64, b: i64, c: i64, d: i64, lows: i64, highs: i64): void {
  store<f64>(result, <f64>a);
  store<f64>(result + 8, <f64>b);
  store<f64>(result + 16, <f64>c);
  store<f64>(result + 24, <f64>d);
  store<f64>(result + 32, <f64>lows);
  store<f64>(result + 40, <f64>highs);
}

// @ts-ignore: decorator
@inline
function dot<P, S>(at: usize, other: usize, n: i32, mask: usize, result: usize): void {
  let a: i64 = 0;
  let b: i64 = 0;
  let c: i64 = 0;
  let d: i64 = 0;
  let lows: i64 = 0;
  let highs: i64 = 0;
  for (let row = 0; row < n; row++, at += 8, other += 8) {
    if (!counts(mask, row)) continue;
    const x = load<i64>(at);
    const y = load<i64>(other);
    const xl = low(x);
    const yl = low(y);
    const xh = high<P>(x);
    const yh = high<S>(y);
    const ll = xl * yl;
    const hl = xh * yl;
    const lh = xl * yh;
    const hh = xh * yh;
    a += low(ll);
    b += high<u64>(ll) + low(hl) + low(lh);
    c += high<P>(hl) + high<S>(lh) + low(hh);
    d += isSigned<P>() || isSigned<S>() ? hh >> 32 : high<u64>(hh);
    lows += yl;
    highs += yh;
  }
  put(result, a, b, c, d, lows, highs);
}

/** A second column without high words: two products a row instead of four, and rows that do not count are multiplied by 0. */
// @ts-ignore: decorator
@inline
function dotNarrow<P>(at: usize, other: usize, n: i32, mask: usize, result: usize): void {
  let a: i64 = 0;
  let b: i64 = 0;
  let c: i64 = 0;
  let lows: i64 = 0;
  for (let row = 0; row < n; row++, at += 8, other += 8) {
    const x = load<i64>(at);
    const y = mask == 0 ? <i64>load<u32>(other) : <i64>load<u32>(other) & -<i64>counts(mask, row);
    const ll = low(x) * y;
    const hl = high<P>(x) * y;
    a += low(ll);
    b += high<u64>(ll) + low(hl);
    c += high<P>(hl);
    lows += y;
  }
  put(result, a, b, c, 0, lows, 0);
}

/** Whether no cell has anything in its high word. */
// @ts-ignore: decorator
@inline
function isNarrow(at: usize, n: i32): bool {
  let all = i64x2.splat(0);
  const last = at + (<usize>n << 3);
  for (const end = at + (<usize>(n & ~1) << 3); at < end; at += 16) all = v128.or(all, v128.load(at));
  let rest = i64x2.extract_lane(all, 0) | i64x2.extract_lane(all, 1);
  if (at < last) rest |= load<i64>(at);
  return <u64>rest >> 32 == 0;
}

/**
 * The sum of the products of two columns, to `result` as four float64 that count 2^0, 2^32, 2^64 and 2^96; then of the second column
 * the sums of the low and of the high words. Of a strip all six are exact.
 */
export function dot64(at: usize, other: usize, n: i32, mask: usize, sign: i32, otherSign: i32, result: usize): void {
  if (isNarrow(other, n)) {
    if (sign) {
      if (mask == 0) dotNarrow<i64>(at, other, n, 0, result);
      else dotNarrow<i64>(at, other, n, mask, result);
    } else if (mask == 0) dotNarrow<u64>(at, other, n, 0, result);
    else dotNarrow<u64>(at, other, n, mask, result);
  } else if (sign) {
    if (otherSign) dot<i64, i64>(at, other, n, mask, result);
    else dot<i64, u64>(at, other, n, mask, result);
  } else if (otherSign) dot<u64, i64>(at, other, n, mask, result);
  else dot<u64, u64>(at, other, n, mask, result);
}
