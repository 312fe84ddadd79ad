/**
 * The addresses that kernels work on: columns, which are only read, and behind them scratch space. A chunk's mapping is like that
 * by nature; for rows that were copied from the ring the two are put together of two buffers here.
 */
export class ScanMemory {
  readonly #columns: ArrayBuffer;
  readonly #scratch: ArrayBuffer;
  readonly #shift: number;

  private constructor(
    columns: ArrayBufferLike,
    scratch: ArrayBufferLike,
    /** Address of the scratch space. */
    readonly scratchOffset: number,
    shift: number,
  ) {
    // Typed arrays take any buffer; their declarations disagree on which to name.
    this.#columns = columns as ArrayBuffer;
    this.#scratch = scratch as ArrayBuffer;
    this.#shift = shift;
  }

  /** Columns and scratch space in one buffer. */
  static within(buffer: ArrayBufferLike, scratchOffset: number): ScanMemory {
    return new ScanMemory(buffer, buffer, scratchOffset, 0);
  }

  static of(columns: ArrayBufferLike, scratch: ArrayBufferLike): ScanMemory {
    const scratchOffset = Math.ceil(columns.byteLength / 8) * 8;
    return new ScanMemory(columns, scratch, scratchOffset, scratchOffset);
  }

  f64(at: number, n: number): Float64Array { return new Float64Array(this.#buffer(at), this.#offset(at), n); }
  f32(at: number, n: number): Float32Array { return new Float32Array(this.#buffer(at), this.#offset(at), n); }
  i8(at: number, n: number): Int8Array { return new Int8Array(this.#buffer(at), this.#offset(at), n); }
  u8(at: number, n: number): Uint8Array { return new Uint8Array(this.#buffer(at), this.#offset(at), n); }
  i16(at: number, n: number): Int16Array { return new Int16Array(this.#buffer(at), this.#offset(at), n); }
  u16(at: number, n: number): Uint16Array { return new Uint16Array(this.#buffer(at), this.#offset(at), n); }
  i32(at: number, n: number): Int32Array { return new Int32Array(this.#buffer(at), this.#offset(at), n); }
  u32(at: number, n: number): Uint32Array { return new Uint32Array(this.#buffer(at), this.#offset(at), n); }
  i64(at: number, n: number): BigInt64Array { return new BigInt64Array(this.#buffer(at), this.#offset(at), n); }
  u64(at: number, n: number): BigUint64Array { return new BigUint64Array(this.#buffer(at), this.#offset(at), n); }
  /** A mask of n rows. */
  mask(at: number, n: number): Int32Array { return this.i32(at, (n + 31) >>> 5); }

  #buffer(at: number): ArrayBuffer { return at >= this.scratchOffset ? this.#scratch : this.#columns; }
  #offset(at: number): number { return at >= this.scratchOffset ? at - this.#shift : at; }
}
