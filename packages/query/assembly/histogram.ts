// Histograms: how many cells lie in front of the first of some edges, between each two, and behind the last; then how many are NaN.
//
// Where edges lie evenly, a cell's bin is worked out and then put right by looking at the edges on both sides of it: the edges decide,
// not the arithmetic. What is worked out ascends with the cells, as subtraction and multiplication by a positive number do when
// they round. So where it gives each edge its own number, give or take less than a half, it gives no cell a bin that is off by
// more than one. Other edges are searched by halves.
//
// One piece of code serves floats, and whole numbers of 64 bits once `flip` has made their order that with a sign.

// @ts-ignore: decorator
@inline
function cellAt<T>(at: usize, flip: i64): T {
  return isFloat<T>() ? load<T>(at) : <T>(load<i64>(at) ^ flip);
}

/** Bins per unit; 0 where the edges do not lie evenly. */
// @ts-ignore: decorator
@inline
function scaleOf<T>(edges: usize, edgeCount: i32, flip: i64): f64 {
  if (edgeCount < 2) return 0;
  const first = <f64>cellAt<T>(edges, flip);
  const scale = <f64>(edgeCount - 1) / (<f64>cellAt<T>(edges + (<usize>(edgeCount - 1) << 3), flip) - first);
  for (let i = 0; i < edgeCount; i++) {
    if (!(Math.abs((<f64>cellAt<T>(edges + (<usize>i << 3), flip) - first) * scale - <f64>i) < 0.5)) return 0;
  }
  return scale;
}

/** How many edges are at or below a cell. */
// @ts-ignore: decorator
@inline
function edgesUpTo<T>(x: T, edges: usize, edgeCount: i32, flip: i64): i32 {
  let from = edges;
  for (let left = edgeCount; left > 0;) {
    const half = (left + 1) >> 1;
    const next = from + (<usize>half << 3);
    from = select(next, from, cellAt<T>(next - 8, flip) <= x);
    left -= half;
  }
  return <i32>((from - edges) >> 3);
}

// @ts-ignore: decorator
@inline
function evenBin<T>(x: T, edges: usize, edgeCount: i32, flip: i64, first: f64, scale: f64): i32 {
  // NaN becomes 0, and what is too large the largest number (nontrapping conversion).
  const guess = <i32>((<f64>x - first) * scale);
  const low = select(0, guess, guess < 0);
  const bin = select(edgeCount - 2, low, low > edgeCount - 2);
  const edge = edges + (<usize>bin << 3);
  return bin + 1 - <i32>(x < cellAt<T>(edge, flip)) + <i32>(x >= cellAt<T>(edge + 8, flip));
}

// @ts-ignore: decorator
@inline
function countCell<T>(at: usize, edges: usize, edgeCount: i32, flip: i64, first: f64, scale: f64, into: usize): void {
  const x = cellAt<T>(at, flip);
  let bin = scale != 0 ? evenBin<T>(x, edges, edgeCount, flip, first, scale) : edgesUpTo<T>(x, edges, edgeCount, flip);
  if (isFloat<T>()) bin = select(bin, edgeCount + 1, x == x);
  const counter = into + (<usize>bin << 2);
  store<u32>(counter, load<u32>(counter) + 1);
}

// @ts-ignore: decorator
@inline
function histogram<T>(at: usize, n: i32, mask: usize, flip: i64, edges: usize, edgeCount: i32, into: usize): void {
  const scale = scaleOf<T>(edges, edgeCount, flip);
  const first = scale != 0 ? <f64>cellAt<T>(edges, flip) : 0;
  if (mask == 0) {
    for (const end = at + (<usize>n << 3); at < end; at += 8) countCell<T>(at, edges, edgeCount, flip, first, scale, into);
    return;
  }
  for (let row = 0; row < n; row += 32, mask += 4, at += 256) {
    for (let word = load<u32>(mask); word != 0; word &= word - 1) countCell<T>(at + (<usize>ctz(word) << 3), edges, edgeCount, flip, first, scale, into);
  }
}

/** Adds to u32 counters. */
export function histogramF64(at: usize, n: i32, mask: usize, edges: usize, edgeCount: i32, into: usize): void {
  histogram<f64>(at, n, mask, 0, edges, edgeCount, into);
}

/** As `histogramF64`, with edges of 64 bits. */
export function histogram64(at: usize, n: i32, mask: usize, sign: i32, edges: usize, edgeCount: i32, into: usize): void {
  histogram<i64>(at, n, mask, sign ? 0 : i64.MIN_VALUE, edges, edgeCount, into);
}
