// Time bars over rows in order of time, with prices of 64-bit integers (decimals among them) and sizes of whole numbers: all of it exact.
//
// Bars lie in scratch space as those of bars.ts do, as columns of 8-byte cells:
//   start, end, open, high, low, close, count, and two words each, the low one first, of volume, value, buyVolume, sellVolume
import { firstAt, leave, startOf } from './bar-grid';
import { cell, copyCells } from './bar-sums';
import { high, low } from './words';

/** Sizes of 32 bits are added up as numbers elsewhere: up to so many of them no such sum is rounded. */
const NARROW_ROWS_MAX: f64 = 1048576;
/** Cells of a bar behind its start and its end. */
const CELLS_KEPT: i32 = 13;
/** High words of sums that have room for another addition. */
const HIGH_MAX: f64 = 4611686018427387904.0;

/** Adds a + b * 2^32 + c * 2^64 to a sum; a and b are not negative. @returns whether it has room for it */
function carry(at: usize, room: i32, column: i32, a: i64, b: i64, c: i64, reach: f64): bool {
  const lowAt = cell(at, room, column);
  const highAt = cell(at, room, column + 1);
  const sum = load<i64>(highAt);
  if (abs<f64>(<f64>sum) + reach >= HIGH_MAX) return false;
  const first = <u64>load<i64>(lowAt) + <u64>a;
  const second = first + (<u64>b << 32);
  store<u64>(lowAt, second);
  store<i64>(highAt, sum + c + high<u64>(b) + (first < <u64>a ? 1 : 0) + (second < first ? 1 : 0));
  return true;
}

/** Adds words of sizes to a sum: lows + highs * 2^32, of which highs may be negative. */
function carryWords(at: usize, room: i32, column: i32, lows: i64, highs: i64): bool {
  return carry(at, room, column, lows, highs & 0xffffffff, highs >> 32, 4294967296.0);
}

/** Adds n rows to a bar. @returns false: a sum may need more than 128 bits, or would be rounded elsewhere; then the bar is spoilt */
function addExact<P, S>(bar: usize, room: i32, p: usize, s: usize, d: usize, signs: usize, n: i32): bool {
  let top = load<P>(cell(bar, room, 3));
  let bottom = load<P>(cell(bar, room, 4));
  const last = p + (<usize>n << 3);
  const count = load<f64>(cell(bar, room, 6)) + <f64>n;
  store<f64>(cell(bar, room, 6), count);
  store<P>(cell(bar, room, 5), load<P>(last - 8));
  if (s === 0) {
    for (; p < last; p += 8) {
      const x = load<P>(p);
      top = max(top, x);
      bottom = min(bottom, x);
    }
    store<P>(cell(bar, room, 3), top);
    store<P>(cell(bar, room, 4), bottom);
    return true;
  }
  // Digits of the value: of 2^0, 2^32, 2^64 and 2^96.
  let v0: i64 = 0;
  let v1: i64 = 0;
  let v2: i64 = 0;
  let v3: i64 = 0;
  let lows: i64 = 0;
  let highs: i64 = 0;
  let buyLows: i64 = 0;
  let buyHighs: i64 = 0;
  let sellLows: i64 = 0;
  let sellHighs: i64 = 0;
  for (; p < last; p += 8, s += sizeof<S>()) {
    const x = load<P>(p);
    const size = <i64>load<S>(s);
    top = max(top, x);
    bottom = min(bottom, x);
    const xl = low(<i64>x);
    const xh = high<P>(<i64>x);
    const yl = low(size);
    const yh = high<S>(size);
    lows += yl;
    highs += yh;
    if (d !== 0) {
      const masks = signs + (<usize>load<u8>(d++) << 4);
      const buy = load<i64>(masks);
      const sell = load<i64>(masks, 8);
      buyLows += yl & buy;
      buyHighs += yh & buy;
      sellLows += yl & sell;
      sellHighs += yh & sell;
    }
    const ll = xl * yl;
    const hl = xh * yl;
    v0 += low(ll);
    v1 += high<u64>(ll) + low(hl);
    v2 += high<P>(hl);
    if (sizeof<S>() === 8 || isSigned<S>()) {
      const lh = xl * yh;
      const hh = xh * yh;
      v1 += low(lh);
      v2 += high<S>(lh) + low(hh);
      v3 += isSigned<P>() || isSigned<S>() ? hh >> 32 : high<u64>(hh);
    }
  }
  store<P>(cell(bar, room, 3), top);
  store<P>(cell(bar, room, 4), bottom);
  if (sizeof<S>() < 8 && count > NARROW_ROWS_MAX) return false;
  const reach = abs<f64>(<f64>v2) + (abs<f64>(<f64>v3) + 2.0) * 4294967296.0;
  return carry(bar, room, 9, v0, v1, v2 + (v3 << 32), reach) && carryWords(bar, room, 7, lows, highs) &&
    (d === 0 || (carryWords(bar, room, 11, buyLows, buyHighs) && carryWords(bar, room, 13, sellLows, sellHighs)));
}

/** By the type of sizes: 64 bits with a sign, 64 without, 32 with, 32 without. */
function addSizes<P>(sizeKind: i32, bar: usize, room: i32, p: usize, s: usize, d: usize, signs: usize, n: i32): bool {
  if (sizeKind === 0) return addExact<P, i64>(bar, room, p, s, d, signs, n);
  if (sizeKind === 1) return addExact<P, u64>(bar, room, p, s, d, signs, n);
  if (sizeKind === 2) return addExact<P, i32>(bar, room, p, s, d, signs, n);
  return addExact<P, u32>(bar, room, p, s, d, signs, n);
}

function begin(bar: usize, room: i32, start: i64, end: i64, first: i64): void {
  store<i64>(bar, start);
  store<i64>(cell(bar, room, 1), end);
  for (let column = 2; column < 5; column++) store<i64>(cell(bar, room, column), first);
  for (let column = 6; column < 15; column++) store<i64>(cell(bar, room, column), 0);
}

/**
 * As `timeBars` of bars.ts, which says what the parameters are. Behind the four i32 of `out` there is room for 14 cells.
 * @param sizes 0: there are none
 * @param priceKind, sizeKind 0: 64 bits with a sign, 1: 64 without; of sizes also 2: 32 with, 3: 32 without
 */
export function timeBarsExact(
  times: usize, prices: usize, priceKind: i32, sizes: usize, sizeKind: i32, sides: usize, signs: usize, runs: usize, runCount: i32,
  origin: i64, width: i64, close: i64, bars: usize, room: i32, under: bool, out: usize,
): void {
  let made: usize = under ? 8 : 0;
  const full = <usize>room << 3;
  const saved = out + 16;
  const shift: usize = sizeKind < 2 ? 3 : 2;
  let guess = 0;
  for (let run = 0; run < runCount; run++) {
    let row = load<i32>(runs + (<usize>run << 3));
    const to = load<i32>(runs + (<usize>run << 3), 4);
    while (row < to) {
      const time = load<i64>(times + (<usize>row << 3));
      let bar = bars + made - 8;
      const goesOn = made > 0 && time < load<i64>(cell(bar, room, 1));
      const p = prices + (<usize>row << 3);
      if (goesOn) {
        copyCells(saved, 1, cell(bar, room, 2), room, CELLS_KEPT);
      } else {
        if (made === full) {
          leave(out, made, run, row, 0);
          return;
        }
        bar += 8;
        const start = startOf(time, origin, width);
        begin(bar, room, start, min(start + width, close), load<i64>(p));
      }
      const until = firstAt(times, row + 1, to, load<i64>(cell(bar, room, 1)), guess);
      guess = until - row;
      const s = sizes === 0 ? 0 : sizes + (<usize>row << shift);
      const d = sides === 0 ? 0 : sides + <usize>row;
      const whole = priceKind === 0 ? addSizes<i64>(sizeKind, bar, room, p, s, d, signs, guess) : addSizes<u64>(sizeKind, bar, room, p, s, d, signs, guess);
      if (!whole) {
        if (goesOn) copyCells(cell(bar, room, 2), room, saved, 1, CELLS_KEPT);
        leave(out, made, run, row, until);
        return;
      }
      made = bar + 8 - bars;
      row = until;
    }
  }
  leave(out, made, runCount, 0, 0);
}
