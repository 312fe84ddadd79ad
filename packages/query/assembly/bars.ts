// Time bars over rows in order of time, with float64 prices and sizes.
//
// Bars lie in scratch space as columns of 8-byte cells, `room` cells each, one after the other:
//   start, end, open, high, low, close, count, volume, value, buyVolume, sellVolume
// The first may be a bar that is under way already. A bar's sums are chains: each row is added to what came before it, in order, so
// that the digits are those of a plain loop. Volume and value are the two lanes of one vector, and so are buys and sells; two rows
// are taken at a time, since prices and sizes come in pairs.

// @ts-ignore: decorator
@inline
function startOf(time: i64, origin: i64, width: i64): i64 {
  const past = (time - origin) % width;
  return time - (past < 0 ? past + width : past);
}

/**
 * First row of [from, to) whose time is not below `end`. It is looked for around a guess, with growing strides: bars that follow each
 * other are about as long, and each place that is looked at is a line of memory to wait for.
 */
// @ts-ignore: decorator
@inline
function firstAt(times: usize, from: i32, to: i32, end: i64, guess: i32): i32 {
  let stride = 4;
  let low = min(from + guess, to);
  let high = low;
  if (low < to && load<i64>(times + (<usize>low << 3)) < end) {
    low += 1;
    high = low + stride;
    while (high < to && load<i64>(times + (<usize>high << 3)) < end) {
      low = high + 1;
      stride <<= 1;
      high = low + stride;
    }
    high = min(high, to);
  } else {
    low = high - stride;
    while (low > from && load<i64>(times + (<usize>(low - 1) << 3)) >= end) {
      high = low - 1;
      stride <<= 1;
      low = high - stride;
    }
    low = max(low, from);
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<i64>(times + (<usize>middle << 3)) < end) low = middle + 1;
    else high = middle;
  }
  return low;
}

// @ts-ignore: decorator
@inline
function cell(bar: usize, room: i32, column: i32): usize {
  return bar + (<usize>(column * room) << 3);
}

/**
 * Puts rows into bars that begin at multiples of a width from an origin.
 * @param times, prices, sizes addresses of the columns' first cells
 * @param sides address of a column of one byte a row; 0: there is none
 * @param signs address of 256 pairs of masks, by side: all bits of the first for a buy, of the second for a sell
 * @param runs address of half-open runs of rows, two i32 each; the rows of all runs are in order of time
 * @param close no row is at this time or later, and no bar ends after it
 * @param bars address of the bars, `room` of them; @param under whether the first is under way
 * @param out four i32: how many bars there are; the run and the row to go on with (run = runCount: all done); and the row up to
 * which rows must be gone through otherwise, where what they say cannot be told here, or 0
 */
export function timeBars(
  times: usize, prices: usize, sizes: usize, sides: usize, signs: usize, runs: usize, runCount: i32,
  origin: i64, width: i64, close: i64, bars: usize, room: i32, under: bool, out: usize,
): void {
  let bar = bars;
  let guess = 0;
  const end = bars + (<usize>room << 3);
  if (!under) bar -= 8;
  store<i32>(out + 12, 0);
  for (let run = 0; run < runCount; run++) {
    let row = load<i32>(runs + (<usize>run << 3));
    const to = load<i32>(runs + (<usize>run << 3), 4);
    while (row < to) {
      const time = load<i64>(times + (<usize>row << 3));
      const goesOn = bar >= bars && time < load<i64>(cell(bar, room, 1));
      const place = goesOn ? bar : bar + 8;
      if (place === end) {
        store<i32>(out, room);
        store<i32>(out + 4, run);
        store<i32>(out + 8, row);
        return;
      }
      const start = goesOn ? load<i64>(place) : startOf(time, origin, width);
      const barEnd = goesOn ? load<i64>(cell(place, room, 1)) : min(start + width, close);
      const until = firstAt(times, row + 1, to, barEnd, guess);
      guess = until - row;
      let p = prices + (<usize>row << 3);
      let s = sizes + (<usize>row << 3);
      const last = prices + (<usize>until << 3);
      const first = load<f64>(p);
      let open = first;
      let highs = f64x2.splat(first);
      let lows = highs;
      let sums = f64x2.splat(0);
      let taken = f64x2.splat(0);
      let count: f64 = 0;
      if (goesOn) {
        open = load<f64>(cell(place, room, 2));
        highs = f64x2.splat(load<f64>(cell(place, room, 3)));
        lows = f64x2.splat(load<f64>(cell(place, room, 4)));
        count = load<f64>(cell(place, room, 6));
        sums = f64x2.replace_lane(f64x2.splat(load<f64>(cell(place, room, 7))), 1, load<f64>(cell(place, room, 8)));
        taken = f64x2.replace_lane(f64x2.splat(load<f64>(cell(place, room, 9))), 1, load<f64>(cell(place, room, 10)));
      }
      if (sides !== 0) {
        let d = sides + <usize>row;
        for (; p + 16 <= last; p += 16, s += 16, d += 2) {
          const price = v128.load(p);
          const size = v128.load(s);
          highs = f64x2.pmax(highs, price);
          lows = f64x2.pmin(lows, price);
          const value = f64x2.mul(price, size);
          sums = f64x2.add(f64x2.add(sums, v128.shuffle<f64>(size, value, 0, 2)), v128.shuffle<f64>(size, value, 1, 3));
          taken = f64x2.add(taken, v128.and(v128.shuffle<f64>(size, size, 0, 0), v128.load(signs + (<usize>load<u8>(d) << 4))));
          taken = f64x2.add(taken, v128.and(v128.shuffle<f64>(size, size, 1, 1), v128.load(signs + (<usize>load<u8>(d, 1) << 4))));
        }
        if (p < last) taken = f64x2.add(taken, v128.and(v128.load64_splat(s), v128.load(signs + (<usize>load<u8>(d) << 4))));
      } else {
        for (; p + 16 <= last; p += 16, s += 16) {
          const price = v128.load(p);
          const size = v128.load(s);
          highs = f64x2.pmax(highs, price);
          lows = f64x2.pmin(lows, price);
          const value = f64x2.mul(price, size);
          sums = f64x2.add(f64x2.add(sums, v128.shuffle<f64>(size, value, 0, 2)), v128.shuffle<f64>(size, value, 1, 3));
        }
      }
      if (p < last) {
        const price = load<f64>(p);
        const size = load<f64>(s);
        highs = f64x2.pmax(highs, f64x2.splat(price));
        lows = f64x2.pmin(lows, f64x2.splat(price));
        sums = f64x2.add(sums, f64x2.replace_lane(f64x2.splat(size), 1, price * size));
      }
      const high = max<f64>(f64x2.extract_lane(highs, 0), f64x2.extract_lane(highs, 1));
      const low = min<f64>(f64x2.extract_lane(lows, 0), f64x2.extract_lane(lows, 1));
      const volume = f64x2.extract_lane(sums, 0);
      const value = f64x2.extract_lane(sums, 1);
      // NaN among the rows, or infinities that cancel out; and extremes of 0, which has two signs, one of which came first.
      if (value !== value || volume !== volume || high === 0 || low === 0) {
        store<i32>(out, <i32>((bar + 8 - bars) >> 3));
        store<i32>(out + 4, run);
        store<i32>(out + 8, row);
        store<i32>(out + 12, until);
        return;
      }
      if (!goesOn) {
        bar = place;
        store<i64>(place, start);
        store<i64>(cell(place, room, 1), barEnd);
      }
      store<f64>(cell(place, room, 2), open);
      store<f64>(cell(place, room, 3), high);
      store<f64>(cell(place, room, 4), low);
      store<f64>(cell(place, room, 5), load<f64>(last - 8));
      store<f64>(cell(place, room, 6), count + <f64>(until - row));
      store<f64>(cell(place, room, 7), volume);
      store<f64>(cell(place, room, 8), value);
      store<f64>(cell(place, room, 9), f64x2.extract_lane(taken, 0));
      store<f64>(cell(place, room, 10), f64x2.extract_lane(taken, 1));
      row = until;
    }
  }
  store<i32>(out, <i32>((bar + 8 - bars) >> 3));
  store<i32>(out + 4, runCount);
}
