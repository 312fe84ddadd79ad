import type { LevelColumns } from './order-book.js';

const ROWS_MIN = 64;

/** Levels of a message whose end has not come, copied; the arrays grow, and are used again. */
export class KeptLevels implements LevelColumns {
  side = new Uint8Array(ROWS_MIN);
  flags: Uint8Array | undefined;
  price: BigInt64Array | Float64Array = new BigInt64Array(0);
  size: BigInt64Array | Float64Array = new BigInt64Array(0);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Adds rows [from, to) of columns; all that are ever added are of one kind. */
  add(columns: LevelColumns, from: number, to: number): void {
    const count = this.count + to - from;
    this.#makeRoom(columns, count);
    this.side.set(columns.side.subarray(from, to), this.count);
    if (columns.flags !== undefined) this.flags?.set(columns.flags.subarray(from, to), this.count);
    // Both are of one kind; that is not known to the compiler.
    this.price.set(columns.price.subarray(from, to) as never, this.count);
    this.size.set(columns.size.subarray(from, to) as never, this.count);
    this.count = count;
  }

  #makeRoom({ price, size, flags }: LevelColumns, rows: number): void {
    if (rows <= this.price.length) return;
    const room = Math.max(ROWS_MIN, 2 * rows);
    const before = { side: this.side, flags: this.flags, price: this.price, size: this.size };
    this.side = new Uint8Array(room);
    this.flags = flags === undefined ? undefined : new Uint8Array(room);
    this.price = sameKind(price, room);
    this.size = sameKind(size, room);
    if (this.count === 0) return;
    this.side.set(before.side.subarray(0, this.count));
    if (before.flags !== undefined) this.flags?.set(before.flags.subarray(0, this.count));
    this.price.set(before.price.subarray(0, this.count) as never);
    this.size.set(before.size.subarray(0, this.count) as never);
  }
}

const sameKind = (like: BigInt64Array | Float64Array, rows: number): BigInt64Array | Float64Array => (like instanceof Float64Array ? new Float64Array(rows) : new BigInt64Array(rows));
