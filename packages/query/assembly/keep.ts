// Cells that count, side by side. The last row is always written and then kept or not, so that nothing hangs on a branch.
import { counts } from './mask';

/** Writes the float64 cells that count and are not NaN to `out`. @returns how many */
export function keepF64(at: usize, n: i32, mask: usize, out: usize): i32 {
  const begin = out;
  if (mask == 0) {
    for (const end = at + (<usize>n << 3); at < end; at += 8) {
      const x = load<f64>(at);
      store<f64>(out, x);
      out += <usize>(x == x) << 3;
    }
  } else {
    for (let row = 0; row < n; row++, at += 8) {
      const x = load<f64>(at);
      store<f64>(out, x);
      out += <usize>(<i32>(x == x) & <i32>counts(mask, row)) << 3;
    }
  }
  return <i32>((out - begin) >> 3);
}

/** Writes the cells of 64 bits that a mask counts to `out`. @returns how many */
export function keep64(at: usize, n: i32, mask: usize, out: usize): i32 {
  const begin = out;
  for (let row = 0; row < n; row++, at += 8) {
    store<i64>(out, load<i64>(at));
    out += <usize>counts(mask, row) << 3;
  }
  return <i32>((out - begin) >> 3);
}
