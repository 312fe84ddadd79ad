// Sums of columns of float64: eight lanes side by side, then pairwise. Row i adds to lane i % 8, and rows that the mask leaves out
// add 0, so that the order depends on the rows that count and on where they lie, and not on how many others are around them.
import { counts, firstBits, fourBits, lanesOf } from './mask';

// @ts-ignore: decorator
@inline
function across(a: v128, b: v128, c: v128, d: v128): f64 {
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Rows `row` and `row + 1` of a column whose row 0 lies at an address; 0 for those that do not count, or lie past row n. */
// @ts-ignore: decorator
@inline
function pair(at: usize, row: i32, n: i32, mask: usize): v128 {
  return f64x2.replace_lane(f64x2.splat(cell(at, row, n, mask)), 1, cell(at, row + 1, n, mask));
}

// @ts-ignore: decorator
@inline
function cell(at: usize, row: i32, n: i32, mask: usize): f64 {
  return row < n && counts(mask, row) ? load<f64>(at + (<usize>row << 3)) : 0;
}

/** The same of the deviations from a mean. */
// @ts-ignore: decorator
@inline
function pairOfDeviations(at: usize, row: i32, n: i32, mask: usize, mean: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(deviation(at, row, n, mask, mean)), 1, deviation(at, row + 1, n, mask, mean));
}

// @ts-ignore: decorator
@inline
function deviation(at: usize, row: i32, n: i32, mask: usize, mean: f64): f64 {
  return row < n && counts(mask, row) ? load<f64>(at + (<usize>row << 3)) - mean : 0;
}

/** The sum of n float64 cells. */
export function sumF64(at: usize, n: i32, mask: usize): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  const first = at;
  const last = at + (<usize>(n & ~7) << 3);
  if (mask == 0) {
    for (; at < last; at += 64) {
      a = f64x2.add(a, v128.load(at));
      b = f64x2.add(b, v128.load(at, 16));
      c = f64x2.add(c, v128.load(at, 32));
      d = f64x2.add(d, v128.load(at, 48));
    }
  } else {
    const r01 = firstBits(mask);
    const r23 = i64x2.shl(r01, 2);
    const r45 = i64x2.shl(r01, 4);
    const r67 = i64x2.shl(r01, 6);
    for (let m = mask; at < last; at += 64, m++) {
      const bits = v128.load8_splat(m);
      a = f64x2.add(a, v128.and(v128.load(at), lanesOf(bits, r01)));
      b = f64x2.add(b, v128.and(v128.load(at, 16), lanesOf(bits, r23)));
      c = f64x2.add(c, v128.and(v128.load(at, 32), lanesOf(bits, r45)));
      d = f64x2.add(d, v128.and(v128.load(at, 48), lanesOf(bits, r67)));
    }
  }
  const row = n & ~7;
  if (row < n) {
    a = f64x2.add(a, pair(first, row, n, mask));
    b = f64x2.add(b, pair(first, row + 2, n, mask));
    c = f64x2.add(c, pair(first, row + 4, n, mask));
    d = f64x2.add(d, pair(first, row + 6, n, mask));
  }
  return across(a, b, c, d);
}

/** Two sums at once: of the products of two columns, and of the second; to `result` as two float64. */
export function dotF64(at: usize, other: usize, n: i32, mask: usize, result: usize): void {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  let p = f64x2.splat(0);
  let q = f64x2.splat(0);
  let r = f64x2.splat(0);
  let s = f64x2.splat(0);
  const first = at;
  const otherFirst = other;
  const last = at + (<usize>(n & ~7) << 3);
  if (mask == 0) {
    for (; at < last; at += 64, other += 64) {
      const w = v128.load(other);
      const x = v128.load(other, 16);
      const y = v128.load(other, 32);
      const z = v128.load(other, 48);
      a = f64x2.add(a, f64x2.mul(v128.load(at), w));
      b = f64x2.add(b, f64x2.mul(v128.load(at, 16), x));
      c = f64x2.add(c, f64x2.mul(v128.load(at, 32), y));
      d = f64x2.add(d, f64x2.mul(v128.load(at, 48), z));
      p = f64x2.add(p, w);
      q = f64x2.add(q, x);
      r = f64x2.add(r, y);
      s = f64x2.add(s, z);
    }
  } else {
    const r01 = firstBits(mask);
    const r23 = i64x2.shl(r01, 2);
    const r45 = i64x2.shl(r01, 4);
    const r67 = i64x2.shl(r01, 6);
    for (let m = mask; at < last; at += 64, other += 64, m++) {
      const bits = v128.load8_splat(m);
      const ab = lanesOf(bits, r01);
      const cd = lanesOf(bits, r23);
      const ef = lanesOf(bits, r45);
      const gh = lanesOf(bits, r67);
      const w = v128.load(other);
      const x = v128.load(other, 16);
      const y = v128.load(other, 32);
      const z = v128.load(other, 48);
      a = f64x2.add(a, v128.and(f64x2.mul(v128.load(at), w), ab));
      b = f64x2.add(b, v128.and(f64x2.mul(v128.load(at, 16), x), cd));
      c = f64x2.add(c, v128.and(f64x2.mul(v128.load(at, 32), y), ef));
      d = f64x2.add(d, v128.and(f64x2.mul(v128.load(at, 48), z), gh));
      p = f64x2.add(p, v128.and(w, ab));
      q = f64x2.add(q, v128.and(x, cd));
      r = f64x2.add(r, v128.and(y, ef));
      s = f64x2.add(s, v128.and(z, gh));
    }
  }
  const row = n & ~7;
  if (row < n) {
    const w = pair(otherFirst, row, n, mask);
    a = f64x2.add(a, f64x2.mul(pair(first, row, n, mask), w));
    p = f64x2.add(p, w);
    const x = pair(otherFirst, row + 2, n, mask);
    b = f64x2.add(b, f64x2.mul(pair(first, row + 2, n, mask), x));
    q = f64x2.add(q, x);
    const y = pair(otherFirst, row + 4, n, mask);
    c = f64x2.add(c, f64x2.mul(pair(first, row + 4, n, mask), y));
    r = f64x2.add(r, y);
    const z = pair(otherFirst, row + 6, n, mask);
    d = f64x2.add(d, f64x2.mul(pair(first, row + 6, n, mask), z));
    s = f64x2.add(s, z);
  }
  store<f64>(result, across(a, b, c, d));
  store<f64>(result + 8, across(p, q, r, s));
}

/** Sums of the deviations from a mean and of their squares, to `result` as two float64. */
export function deviationsF64(at: usize, n: i32, mask: usize, mean: f64, result: usize): void {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let p = f64x2.splat(0);
  let q = f64x2.splat(0);
  const m = f64x2.splat(mean);
  const none = f64x2.splat(0);
  const r01 = firstBits(mask);
  const r23 = i64x2.shl(r01, 2);
  const first = at;
  let row = 0;
  for (const last = n & ~3; row < last; row += 4, at += 32) {
    let x = f64x2.sub(v128.load(at), m);
    let y = f64x2.sub(v128.load(at, 16), m);
    if (mask != 0) {
      const bits = fourBits(mask, row);
      x = v128.bitselect(x, none, lanesOf(bits, r01));
      y = v128.bitselect(y, none, lanesOf(bits, r23));
    }
    a = f64x2.add(a, x);
    b = f64x2.add(b, y);
    p = f64x2.add(p, f64x2.mul(x, x));
    q = f64x2.add(q, f64x2.mul(y, y));
  }
  if (row < n) {
    const x = pairOfDeviations(first, row, n, mask, mean);
    const y = pairOfDeviations(first, row + 2, n, mask, mean);
    a = f64x2.add(a, x);
    b = f64x2.add(b, y);
    p = f64x2.add(p, f64x2.mul(x, x));
    q = f64x2.add(q, f64x2.mul(y, y));
  }
  store<f64>(result, across(a, b, none, none));
  store<f64>(result + 8, across(p, q, none, none));
}

/** Least and greatest cell that is not NaN, to `result` as two float64; infinity and -infinity where there is none. */
export function extremesF64(at: usize, n: i32, mask: usize, result: usize): void {
  const nan = f64x2.splat(NaN);
  let low = f64x2.splat(Infinity);
  let low2 = low;
  let high = f64x2.splat(-Infinity);
  let high2 = high;
  const r01 = firstBits(mask);
  const r23 = i64x2.shl(r01, 2);
  let row = 0;
  for (const last = n & ~3; row < last; row += 4, at += 32) {
    let x = v128.load(at);
    let y = v128.load(at, 16);
    if (mask != 0) {
      const bits = fourBits(mask, row);
      x = v128.bitselect(x, nan, lanesOf(bits, r01));
      y = v128.bitselect(y, nan, lanesOf(bits, r23));
    }
    // pmin(a, b) is b < a ? b : a: where b is NaN, a stays.
    low = f64x2.pmin(low, x);
    low2 = f64x2.pmin(low2, y);
    high = f64x2.pmax(high, x);
    high2 = f64x2.pmax(high2, y);
  }
  low = f64x2.pmin(low, low2);
  high = f64x2.pmax(high, high2);
  let min = Math.min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
  let max = Math.max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1));
  for (; row < n; row++, at += 8) {
    if (!counts(mask, row)) continue;
    const x = load<f64>(at);
    if (x < min) min = x;
    if (x > max) max = x;
  }
  // -0 and 0 are equal: which of them comes first must not show.
  store<f64>(result, min + 0.0);
  store<f64>(result + 8, max + 0.0);
}
