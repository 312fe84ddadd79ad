// Masks of the cells within two ends, both included: a bit a row, 32 rows a word (see scan-kernels.ts).
//
// Sixteen rows at a time become a vector of 16 bytes, each all ones or zero, whose sign bits are 16 bits of the mask. What is
// compared in wider cells is narrowed step by step: 64 to 32 bits by taking the even words, below that by saturating, which
// keeps -1 and 0.
//
// Whole numbers take one comparison instead of two: low <= x <= high is x - low <= high - low without a sign, whether the
// cells have one or not. There is no such comparison of 64 bits, but one with a sign, which gives the same with 2^63 added to
// both sides.

// @ts-ignore: decorator
@inline
const SIGN: i64 = i64.MIN_VALUE;

// @ts-ignore: decorator
@inline
function narrow64(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

// @ts-ignore: decorator
@inline
function bits32(a: v128, b: v128, c: v128, d: v128): i32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

/** The bits past row n, in the last word. */
// @ts-ignore: decorator
@inline
function clearLast(n: i32, out: usize): void {
  if (n > 0) store<i32>(out + (<usize>((n - 1) >> 5) << 2), 0);
}

/** The rows behind the last sixteen. */
// @ts-ignore: decorator
@inline
function lastFloats<T>(at: usize, n: i32, low: T, high: T, out: usize): void {
  let bits = 0;
  for (let i = 0; i < n; i++, at += sizeof<T>()) {
    const x = load<T>(at);
    bits |= <i32>(x >= low && x <= high) << i;
  }
  if (n > 0) store<u16>(out, <u16>bits);
}

/** The same with whole numbers: T has no sign. */
// @ts-ignore: decorator
@inline
function lastWholes<T>(at: usize, n: i32, low: T, span: T, out: usize): void {
  let bits = 0;
  for (let i = 0; i < n; i++, at += sizeof<T>()) bits |= <i32>(<T>(load<T>(at) - low) <= span) << i;
  if (n > 0) store<u16>(out, <u16>bits);
}

// @ts-ignore: decorator
@inline
function insideF64(at: usize, low: v128, high: v128): v128 {
  const x = v128.load(at);
  return v128.and(f64x2.ge(x, low), f64x2.le(x, high));
}

export function withinF64(at: usize, n: i32, low: f64, high: f64, out: usize): void {
  clearLast(n, out);
  const l = f64x2.splat(low);
  const h = f64x2.splat(high);
  for (const end = at + (<usize>(n & ~15) << 3); at < end; at += 128, out += 2) {
    const a = narrow64(insideF64(at, l, h), insideF64(at + 16, l, h));
    const b = narrow64(insideF64(at + 32, l, h), insideF64(at + 48, l, h));
    const c = narrow64(insideF64(at + 64, l, h), insideF64(at + 80, l, h));
    const d = narrow64(insideF64(at + 96, l, h), insideF64(at + 112, l, h));
    store<u16>(out, <u16>bits32(a, b, c, d));
  }
  lastFloats<f64>(at, n & 15, low, high, out);
}

// @ts-ignore: decorator
@inline
function insideF32(at: usize, low: v128, high: v128): v128 {
  const x = v128.load(at);
  return v128.and(f32x4.ge(x, low), f32x4.le(x, high));
}

export function withinF32(at: usize, n: i32, low: f32, high: f32, out: usize): void {
  clearLast(n, out);
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  for (const end = at + (<usize>(n & ~15) << 2); at < end; at += 64, out += 2) {
    store<u16>(out, <u16>bits32(insideF32(at, l, h), insideF32(at + 16, l, h), insideF32(at + 32, l, h), insideF32(at + 48, l, h)));
  }
  lastFloats<f32>(at, n & 15, low, high, out);
}

export function within8(at: usize, n: i32, low: i32, high: i32, out: usize): void {
  clearLast(n, out);
  const l = i8x16.splat(<i8>low);
  const span = i8x16.splat(<i8>(high - low));
  for (const end = at + <usize>(n & ~15); at < end; at += 16, out += 2) {
    const x = i8x16.sub(v128.load(at), l);
    store<u16>(out, <u16>i8x16.bitmask(i8x16.le_u(x, span)));
  }
  lastWholes<u8>(at, n & 15, <u8>low, <u8>(high - low), out);
}

export function within16(at: usize, n: i32, low: i32, high: i32, out: usize): void {
  clearLast(n, out);
  const l = i16x8.splat(<i16>low);
  const span = i16x8.splat(<i16>(high - low));
  for (const end = at + (<usize>(n & ~15) << 1); at < end; at += 32, out += 2) {
    const a = i16x8.le_u(i16x8.sub(v128.load(at), l), span);
    const b = i16x8.le_u(i16x8.sub(v128.load(at, 16), l), span);
    store<u16>(out, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(a, b)));
  }
  lastWholes<u16>(at, n & 15, <u16>low, <u16>(high - low), out);
}

// @ts-ignore: decorator
@inline
function inside32(at: usize, low: v128, span: v128): v128 {
  return i32x4.le_u(i32x4.sub(v128.load(at), low), span);
}

export function within32(at: usize, n: i32, low: i32, high: i32, out: usize): void {
  clearLast(n, out);
  const l = i32x4.splat(low);
  const span = i32x4.splat(high - low);
  for (const end = at + (<usize>(n & ~15) << 2); at < end; at += 64, out += 2) {
    store<u16>(out, <u16>bits32(inside32(at, l, span), inside32(at + 16, l, span), inside32(at + 32, l, span), inside32(at + 48, l, span)));
  }
  lastWholes<u32>(at, n & 15, <u32>low, <u32>(high - low), out);
}

// @ts-ignore: decorator
@inline
function outside64(at: usize, low: v128, span: v128): v128 {
  return i64x2.gt_s(i64x2.sub(v128.load(at), low), span);
}

export function within64(at: usize, n: i32, low: i64, high: i64, out: usize): void {
  clearLast(n, out);
  const l = i64x2.splat(low + SIGN);
  const span = i64x2.splat(high - low + SIGN);
  for (const end = at + (<usize>(n & ~15) << 3); at < end; at += 128, out += 2) {
    const a = narrow64(outside64(at, l, span), outside64(at + 16, l, span));
    const b = narrow64(outside64(at + 32, l, span), outside64(at + 48, l, span));
    const c = narrow64(outside64(at + 64, l, span), outside64(at + 80, l, span));
    const d = narrow64(outside64(at + 96, l, span), outside64(at + 112, l, span));
    store<u16>(out, <u16>~bits32(a, b, c, d));
  }
  lastWholes<u64>(at, n & 15, <u64>low, <u64>(high - low), out);
}

// @ts-ignore: decorator
@inline
function compareBytes(a: usize, b: usize, width: i32): i32 {
  for (let i = 0; i < width; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference != 0) return difference;
  }
  return 0;
}

export function withinBytes(at: usize, n: i32, width: i32, low: usize, high: usize, out: usize): void {
  let bits = 0;
  for (let i = 0; i < n; i++, at += width) {
    bits |= <i32>(compareBytes(at, low, width) >= 0 && compareBytes(at, high, width) <= 0) << (i & 31);
    if ((i & 31) == 31 || i == n - 1) {
      store<i32>(out + (<usize>(i >> 5) << 2), bits);
      bits = 0;
    }
  }
}
