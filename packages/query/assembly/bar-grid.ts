// Where bars begin and end among rows that are in order of time.

// @ts-ignore: decorator
@inline
export function startOf(time: i64, origin: i64, width: i64): i64 {
  const past = (time - origin) % width;
  return time - (past < 0 ? past + width : past);
}

/**
 * First row of [from, to) whose time is not below `end`. It is looked for around a guess, with growing strides: bars that follow each
 * other are about as long, and each place that is looked at is a line of memory to wait for.
 */
// @ts-ignore: decorator
@inline
export function firstAt(times: usize, from: i32, to: i32, end: i64, guess: i32): i32 {
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

/** Where the caller goes on. */
export function leave(out: usize, made: usize, run: i32, row: i32, until: i32): void {
  store<i32>(out, <i32>(made >> 3));
  store<i32>(out, run, 4);
  store<i32>(out, row, 8);
  store<i32>(out, until, 12);
}
