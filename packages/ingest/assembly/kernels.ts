// Kernels of the ingest worker: cells between rows (strided) and columns (contiguous), and what a block says of its
// clocks. Addresses and strides are in bytes; addresses need no alignment. Nothing here keeps state in memory: the
// memory is a mapped file, and one byte written to a private page of it would freeze that page for the mapping.

// ---- gather: strided source to contiguous destination ----

/** Copies n cells of 8 bytes that lie `stride` bytes apart to a contiguous run. */
export function copy8(src: usize, stride: usize, dst: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u64>(dst, load<u64>(src));
    store<u64>(dst, load<u64>(src + stride), 8);
    store<u64>(dst, load<u64>(src + 2 * stride), 16);
    store<u64>(dst, load<u64>(src + 3 * stride), 24);
    src += 4 * stride;
    dst += 32;
  }
  for (; i < n; i++) {
    store<u64>(dst, load<u64>(src));
    src += stride;
    dst += 8;
  }
}

/** Copies n cells of 4 bytes that lie `stride` bytes apart to a contiguous run. */
export function copy4(src: usize, stride: usize, dst: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u32>(dst, load<u32>(src));
    store<u32>(dst, load<u32>(src + stride), 4);
    store<u32>(dst, load<u32>(src + 2 * stride), 8);
    store<u32>(dst, load<u32>(src + 3 * stride), 12);
    src += 4 * stride;
    dst += 16;
  }
  for (; i < n; i++) {
    store<u32>(dst, load<u32>(src));
    src += stride;
    dst += 4;
  }
}

/** Copies n cells of 2 bytes that lie `stride` bytes apart to a contiguous run. */
export function copy2(src: usize, stride: usize, dst: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u16>(dst, load<u16>(src));
    store<u16>(dst, load<u16>(src + stride), 2);
    store<u16>(dst, load<u16>(src + 2 * stride), 4);
    store<u16>(dst, load<u16>(src + 3 * stride), 6);
    src += 4 * stride;
    dst += 8;
  }
  for (; i < n; i++) {
    store<u16>(dst, load<u16>(src));
    src += stride;
    dst += 2;
  }
}

/** Copies n cells of 1 byte that lie `stride` bytes apart to a contiguous run. */
export function copy1(src: usize, stride: usize, dst: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u8>(dst, load<u8>(src));
    store<u8>(dst, load<u8>(src + stride), 1);
    store<u8>(dst, load<u8>(src + 2 * stride), 2);
    store<u8>(dst, load<u8>(src + 3 * stride), 3);
    src += 4 * stride;
    dst += 4;
  }
  for (; i < n; i++) {
    store<u8>(dst, load<u8>(src));
    src += stride;
    dst++;
  }
}

/** Copies n cells of `width` bytes that lie `stride` bytes apart to a contiguous run. */
export function copyN(src: usize, stride: usize, dst: usize, n: i32, width: usize): void {
  for (let i = 0; i < n; i++) {
    memory.copy(dst, src, width);
    src += stride;
    dst += width;
  }
}

// ---- scatter: contiguous source to strided destination ----

/** Spreads a contiguous run of n cells of 8 bytes to cells that lie `stride` bytes apart. */
export function scatter8(src: usize, dst: usize, stride: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u64>(dst, load<u64>(src));
    store<u64>(dst + stride, load<u64>(src, 8));
    store<u64>(dst + 2 * stride, load<u64>(src, 16));
    store<u64>(dst + 3 * stride, load<u64>(src, 24));
    src += 32;
    dst += 4 * stride;
  }
  for (; i < n; i++) {
    store<u64>(dst, load<u64>(src));
    src += 8;
    dst += stride;
  }
}

/** Spreads a contiguous run of n cells of 4 bytes to cells that lie `stride` bytes apart. */
export function scatter4(src: usize, dst: usize, stride: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u32>(dst, load<u32>(src));
    store<u32>(dst + stride, load<u32>(src, 4));
    store<u32>(dst + 2 * stride, load<u32>(src, 8));
    store<u32>(dst + 3 * stride, load<u32>(src, 12));
    src += 16;
    dst += 4 * stride;
  }
  for (; i < n; i++) {
    store<u32>(dst, load<u32>(src));
    src += 4;
    dst += stride;
  }
}

/** Spreads a contiguous run of n cells of 2 bytes to cells that lie `stride` bytes apart. */
export function scatter2(src: usize, dst: usize, stride: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u16>(dst, load<u16>(src));
    store<u16>(dst + stride, load<u16>(src, 2));
    store<u16>(dst + 2 * stride, load<u16>(src, 4));
    store<u16>(dst + 3 * stride, load<u16>(src, 6));
    src += 8;
    dst += 4 * stride;
  }
  for (; i < n; i++) {
    store<u16>(dst, load<u16>(src));
    src += 2;
    dst += stride;
  }
}

/** Spreads a contiguous run of n cells of 1 byte to cells that lie `stride` bytes apart. */
export function scatter1(src: usize, dst: usize, stride: usize, n: i32): void {
  let i = 0;
  for (const unrolled = n - 3; i < unrolled; i += 4) {
    store<u8>(dst, load<u8>(src));
    store<u8>(dst + stride, load<u8>(src, 1));
    store<u8>(dst + 2 * stride, load<u8>(src, 2));
    store<u8>(dst + 3 * stride, load<u8>(src, 3));
    src += 4;
    dst += 4 * stride;
  }
  for (; i < n; i++) {
    store<u8>(dst, load<u8>(src));
    src++;
    dst += stride;
  }
}

/** Spreads a contiguous run of n cells of `width` bytes to cells that lie `stride` bytes apart. */
export function scatterN(src: usize, dst: usize, stride: usize, n: i32, width: usize): void {
  for (let i = 0; i < n; i++) {
    memory.copy(dst, src, width);
    src += width;
    dst += stride;
  }
}

// ---- minimum, maximum and order of a run of clocks ----
// Clocks mostly arrive in order. As far as a run does, its minimum is the first value and its maximum the last, and one
// comparison a value is enough; the full scan begins where the order first breaks.

/**
 * Scans n contiguous unsigned 64-bit values and writes 20 bytes at `out`: minimum (8), maximum (8), and 1 as i32 when
 * the run never decreases, else 0. An empty run gives the neutral values: minimum 2^64 - 1, maximum 0, sorted.
 */
export function minmaxU64(src: usize, n: i32, out: usize): void {
  const end = src + (<usize>n << 3);
  let min = n > 0 ? load<u64>(src) : u64.MAX_VALUE;
  let max = u64.MIN_VALUE;
  for (; src < end; src += 8) {
    const value = load<u64>(src);
    if (value < max) break;
    max = value;
  }
  store<i32>(out, i32(src == end), 16);
  for (; src < end; src += 8) {
    const value = load<u64>(src);
    min = select(value, min, value < min);
    max = select(value, max, value > max);
  }
  store<u64>(out, min);
  store<u64>(out, max, 8);
}

/**
 * Scans n contiguous signed 64-bit values and writes 20 bytes at `out`: minimum (8), maximum (8), and 1 as i32 when
 * the run never decreases, else 0. An empty run gives the neutral values: minimum 2^63 - 1, maximum -2^63, sorted.
 */
export function minmaxI64(src: usize, n: i32, out: usize): void {
  const end = src + (<usize>n << 3);
  let min = n > 0 ? load<i64>(src) : i64.MAX_VALUE;
  let max = i64.MIN_VALUE;
  for (; src < end; src += 8) {
    const value = load<i64>(src);
    if (value < max) break;
    max = value;
  }
  store<i32>(out, i32(src == end), 16);
  for (; src < end; src += 8) {
    const value = load<i64>(src);
    min = select(value, min, value < min);
    max = select(value, max, value > max);
  }
  store<i64>(out, min);
  store<i64>(out, max, 8);
}
