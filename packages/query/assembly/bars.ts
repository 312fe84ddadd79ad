// Time bars over rows in order of time, with float64 prices and sizes.
//
// Bars lie in scratch space as columns of 8-byte cells, `room` cells each, one after the other:
//   start, end, open, high, low, close, count, volume, value, buyVolume, sellVolume
// The first may be a bar that is under way already. A bar's sums are chains: each row is added to what came before it, in order, so
// that the digits are those of a plain loop. Volume and value are the two lanes of one vector, and so are buys and sells; two rows
// are taken at a time, since prices and sizes come in pairs. A chain waits for each of its additions: two bars that follow each other
// are made side by side, where both are long.
import { firstAt, leave, startOf } from './bar-grid';
import { addRows, addSideBySide, cell, copyCells } from './bar-sums';

/** Shorter bars are made one by one. */
const SIDE_BY_SIDE_ROWS: i32 = 32;
/** Cells of a bar behind its start and its end. */
const CELLS_KEPT: i32 = 9;

/** Brings the lines of memory around a row, where the end of a bar is likely to be. */
// @ts-ignore: decorator
@inline
function timesAround(times: usize, row: i32, to: i32): i64 {
  if (row + 16 >= to) return 0;
  const at = times + (<usize>row << 3);
  return load<i64>(at - 128) ^ load<i64>(at - 64) ^ load<i64>(at) ^ load<i64>(at, 64) ^ load<i64>(at, 128);
}

/** A bar of no rows yet. */
function begin(bar: usize, room: i32, start: i64, end: i64, first: f64): void {
  store<i64>(bar, start);
  store<i64>(cell(bar, room, 1), end);
  for (let column = 2; column < 5; column++) store<f64>(cell(bar, room, column), first);
  for (let column = 6; column < 11; column++) store<f64>(cell(bar, room, column), 0);
}

/** NaN among the rows, or infinities that cancel out; and extremes of 0, which has two signs, one of which came first. */
// @ts-ignore: decorator
@inline
function cannotTell(bar: usize, room: i32): bool {
  const volume = load<f64>(cell(bar, room, 7));
  const value = load<f64>(cell(bar, room, 8));
  return value !== value || volume !== volume || load<f64>(cell(bar, room, 3)) === 0 || load<f64>(cell(bar, room, 4)) === 0;
}

/** What is left to write of a bar whose rows [from, until) have been added. */
// @ts-ignore: decorator
@inline
function finish(bar: usize, room: i32, prices: usize, from: i32, until: i32): void {
  store<f64>(cell(bar, room, 5), load<f64>(prices + (<usize>(until - 1) << 3)));
  store<f64>(cell(bar, room, 6), load<f64>(cell(bar, room, 6)) + <f64>(until - from));
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
 * which rows must be gone through otherwise, where what they say cannot be told here, or 0. Behind them room for 10 cells.
 */
export function timeBars(
  times: usize, prices: usize, sizes: usize, sides: usize, signs: usize, runs: usize, runCount: i32,
  origin: i64, width: i64, close: i64, bars: usize, room: i32, under: bool, out: usize,
): void {
  // One past the last bar that is whole, or under way.
  let made: usize = under ? 8 : 0;
  const full = <usize>room << 3;
  const saved = out + 16;
  let guess = 0;
  let touched: i64 = 0;
  for (let run = 0; run < runCount; run++) {
    let row = load<i32>(runs + (<usize>run << 3));
    const to = load<i32>(runs + (<usize>run << 3), 4);
    while (row < to) {
      const time = load<i64>(times + (<usize>row << 3));
      let bar = bars + made - 8;
      const goesOn = made > 0 && time < load<i64>(cell(bar, room, 1));
      if (goesOn) {
        copyCells(saved, 1, cell(bar, room, 2), room, CELLS_KEPT);
      } else {
        if (made === full) {
          leave(out, made, run, row, 0);
          return;
        }
        bar += 8;
        const start = startOf(time, origin, width);
        begin(bar, room, start, min(start + width, close), load<f64>(prices + (<usize>row << 3)));
      }
      const until = firstAt(times, row + 1, to, load<i64>(cell(bar, room, 1)), guess);
      const rows = until - row;
      guess = rows;
      const p = prices + (<usize>row << 3);
      const s = sizes + (<usize>row << 3);
      const d = sides === 0 ? 0 : sides + <usize>row;
      let nextRows = 0;
      if (rows >= SIDE_BY_SIDE_ROWS && until < to && bar + 8 < bars + full) {
        const start = startOf(load<i64>(times + (<usize>until << 3)), origin, width);
        const end = min(start + width, close);
        nextRows = firstAt(times, until + 1, to, end, guess) - until;
        if (nextRows >= SIDE_BY_SIDE_ROWS) {
          begin(bar + 8, room, start, end, load<f64>(prices + (<usize>until << 3)));
          const both = min(rows, nextRows) & ~1;
          // The ends of the next two bars are looked for after these: their times come from memory meanwhile.
          const soon = until + nextRows + rows;
          touched ^= timesAround(times, soon, to) ^ timesAround(times, soon + nextRows, to);
          addSideBySide(bar, room, p, s, d, signs, both, rows);
          addRows(bar, room, p + (<usize>both << 3), s + (<usize>both << 3), d === 0 ? 0 : d + <usize>both, signs, rows - both);
          const behind = <usize>(rows + both);
          addRows(bar + 8, room, p + (behind << 3), s + (behind << 3), d === 0 ? 0 : d + behind, signs, nextRows - both);
        } else {
          nextRows = 0;
        }
      }
      if (nextRows === 0) addRows(bar, room, p, s, d, signs, rows);
      if (cannotTell(bar, room)) {
        if (goesOn) copyCells(cell(bar, room, 2), room, saved, 1, CELLS_KEPT);
        leave(out, made, run, row, until);
        return;
      }
      finish(bar, room, prices, row, until);
      made = bar + 8 - bars;
      row = until;
      if (nextRows > 0) {
        if (cannotTell(bar + 8, room)) {
          leave(out, made, run, row, until + nextRows);
          return;
        }
        finish(bar + 8, room, prices, until, until + nextRows);
        made += 8;
        row += nextRows;
      }
    }
  }
  // Loads of which nothing came would be left out.
  store<i64>(out + 88, touched);
  leave(out, made, runCount, 0, 0);
}
