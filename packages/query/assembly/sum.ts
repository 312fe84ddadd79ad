// Sums of columns.

/** The sum of n float64 cells. Eight lanes are added up side by side, then pairwise: the order depends on n alone. */
export function sumF64(at: usize, n: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  const end = at + (<usize>n << 3);
  for (const last = at + (<usize>(n & ~7) << 3); at < last; at += 64) {
    a = f64x2.add(a, v128.load(at));
    b = f64x2.add(b, v128.load(at, 16));
    c = f64x2.add(c, v128.load(at, 32));
    d = f64x2.add(d, v128.load(at, 48));
  }
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  for (; at < end; at += 8) total += load<f64>(at);
  return total;
}
