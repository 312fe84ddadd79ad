// What rows add to bars: extremes, and the chains of sums. How bars lie in memory, and why two are made at once, is in bars.ts.

// @ts-ignore: decorator
@inline
export function cell(bar: usize, room: i32, column: i32): usize {
  return bar + (<usize>(column * room) << 3);
}

/** Copies cells that lie `toStep` and `fromStep` cells apart: what a bar had before rows were added, should these be undone. */
export function copyCells(to: usize, toStep: i32, from: usize, fromStep: i32, cells: i32): void {
  for (let i = 0; i < cells; i++) store<i64>(cell(to, toStep, i), load<i64>(cell(from, fromStep, i)));
}

// @ts-ignore: decorator
@inline
function pairOf(at: usize, room: i32, column: i32): v128 {
  return f64x2.replace_lane(f64x2.splat(load<f64>(cell(at, room, column))), 1, load<f64>(cell(at, room, column + 1)));
}

// @ts-ignore: decorator
@inline
function putPair(at: usize, room: i32, column: i32, pair: v128): void {
  store<f64>(cell(at, room, column), f64x2.extract_lane(pair, 0));
  store<f64>(cell(at, room, column + 1), f64x2.extract_lane(pair, 1));
}

/** Extremes ignore NaN; which of two zeros comes out is not told. */
// @ts-ignore: decorator
@inline
function putExtremes(at: usize, room: i32, highs: v128, lows: v128): void {
  store<f64>(cell(at, room, 3), max<f64>(f64x2.extract_lane(highs, 0), f64x2.extract_lane(highs, 1)));
  store<f64>(cell(at, room, 4), min<f64>(f64x2.extract_lane(lows, 0), f64x2.extract_lane(lows, 1)));
}

/** Sums, then two rows added, one after the other: (volume, value). */
// @ts-ignore: decorator
@inline
function withTwo(sums: v128, price: v128, size: v128): v128 {
  const value = f64x2.mul(price, size);
  return f64x2.add(f64x2.add(sums, v128.shuffle<f64>(size, value, 0, 2)), v128.shuffle<f64>(size, value, 1, 3));
}

/** The same of (bought, sold), by the masks of two sides. */
// @ts-ignore: decorator
@inline
function withTwoTaken(taken: v128, size: v128, side: usize, signs: usize): v128 {
  const first = v128.and(v128.shuffle<f64>(size, size, 0, 0), v128.load(signs + (<usize>load<u8>(side) << 4)));
  const second = v128.and(v128.shuffle<f64>(size, size, 1, 1), v128.load(signs + (<usize>load<u8>(side, 1) << 4)));
  return f64x2.add(f64x2.add(taken, first), second);
}

/** Adds n rows to a bar. */
export function addRows(bar: usize, room: i32, p: usize, s: usize, d: usize, signs: usize, n: i32): void {
  if (n <= 0) return;
  let highs = f64x2.splat(load<f64>(cell(bar, room, 3)));
  let lows = f64x2.splat(load<f64>(cell(bar, room, 4)));
  let sums = pairOf(bar, room, 7);
  const last = p + (<usize>n << 3);
  if (d !== 0) {
    let taken = pairOf(bar, room, 9);
    for (; p + 16 <= last; p += 16, s += 16, d += 2) {
      const price = v128.load(p);
      const size = v128.load(s);
      highs = f64x2.pmax(highs, price);
      lows = f64x2.pmin(lows, price);
      sums = withTwo(sums, price, size);
      taken = withTwoTaken(taken, size, d, signs);
    }
    if (p < last) taken = f64x2.add(taken, v128.and(v128.load64_splat(s), v128.load(signs + (<usize>load<u8>(d) << 4))));
    putPair(bar, room, 9, taken);
  } else {
    for (; p + 16 <= last; p += 16, s += 16) {
      const price = v128.load(p);
      const size = v128.load(s);
      highs = f64x2.pmax(highs, price);
      lows = f64x2.pmin(lows, price);
      sums = withTwo(sums, price, size);
    }
  }
  if (p < last) {
    const price = load<f64>(p);
    const size = load<f64>(s);
    highs = f64x2.pmax(highs, f64x2.splat(price));
    lows = f64x2.pmin(lows, f64x2.splat(price));
    sums = f64x2.add(sums, f64x2.replace_lane(f64x2.splat(size), 1, price * size));
  }
  putExtremes(bar, room, highs, lows);
  putPair(bar, room, 7, sums);
}

/** Adds n rows, an even number, to a bar, and as many that lie `apart` rows behind them to the next bar. */
export function addSideBySide(bar: usize, room: i32, p: usize, s: usize, d: usize, signs: usize, n: i32, apart: i32): void {
  const next = bar + 8;
  let highs = f64x2.splat(load<f64>(cell(bar, room, 3)));
  let lows = f64x2.splat(load<f64>(cell(bar, room, 4)));
  let sums = pairOf(bar, room, 7);
  let nextHighs = f64x2.splat(load<f64>(cell(next, room, 3)));
  let nextLows = f64x2.splat(load<f64>(cell(next, room, 4)));
  let nextSums = pairOf(next, room, 7);
  const last = p + (<usize>n << 3);
  const step = <usize>apart << 3;
  if (d !== 0) {
    let taken = pairOf(bar, room, 9);
    let nextTaken = pairOf(next, room, 9);
    for (; p < last; p += 16, s += 16, d += 2) {
      const price = v128.load(p);
      const size = v128.load(s);
      const nextPrice = v128.load(p + step);
      const nextSize = v128.load(s + step);
      highs = f64x2.pmax(highs, price);
      lows = f64x2.pmin(lows, price);
      nextHighs = f64x2.pmax(nextHighs, nextPrice);
      nextLows = f64x2.pmin(nextLows, nextPrice);
      sums = withTwo(sums, price, size);
      nextSums = withTwo(nextSums, nextPrice, nextSize);
      taken = withTwoTaken(taken, size, d, signs);
      nextTaken = withTwoTaken(nextTaken, nextSize, d + <usize>apart, signs);
    }
    putPair(bar, room, 9, taken);
    putPair(next, room, 9, nextTaken);
  } else {
    for (; p < last; p += 16, s += 16) {
      const price = v128.load(p);
      const size = v128.load(s);
      const nextPrice = v128.load(p + step);
      const nextSize = v128.load(s + step);
      highs = f64x2.pmax(highs, price);
      lows = f64x2.pmin(lows, price);
      nextHighs = f64x2.pmax(nextHighs, nextPrice);
      nextLows = f64x2.pmin(nextLows, nextPrice);
      sums = withTwo(sums, price, size);
      nextSums = withTwo(nextSums, nextPrice, nextSize);
    }
  }
  putExtremes(bar, room, highs, lows);
  putExtremes(next, room, nextHighs, nextLows);
  putPair(bar, room, 7, sums);
  putPair(next, room, 7, nextSums);
}
