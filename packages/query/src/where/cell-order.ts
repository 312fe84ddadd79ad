/**
 * What a value in a filter means for the cells of a field: which cell equals it, which is the first at or above it, which the
 * last at or below. All cells of a type are in one order, so this is all that comparisons need; and a value between two cells
 * (2.5 among integers, '100.005' among cents) is compared exactly.
 */
import { type Clock, type Field, UNITS_PER_MS } from '@deepwater/core/engine';
import { above32, above64, notBelow32 } from './float-order.js';
import { type Units, unitsOfNumber, unitsOfText } from './units.js';

/** Says no to a value: what the field takes instead. */
export type Refuse = (takes: string) => never;

/** The order of a field's cells; undefined stands for "no such cell". */
export interface CellOrder<C extends number | bigint | Uint8Array> {
  readonly least: C;
  readonly greatest: C;
  /** The first cell at or, if `strict`, above a value. */
  from(value: unknown, strict: boolean, refuse: Refuse): C | undefined;
  /** The last cell at or, if `strict`, below a value. */
  to(value: unknown, strict: boolean, refuse: Refuse): C | undefined;
  /** The cell that equals a value. */
  exactly(value: unknown, refuse: Refuse): C | undefined;
}

const INTEGER_BITS = { i8: 8, u8: 8, i16: 16, u16: 16, i32: 32, u32: 32 } as const;

/** Cells of up to 32 bits, and floats. */
export function numberOrder(field: Field): CellOrder<number> {
  if (field.cell === 'f64') return float64Order;
  if (field.cell === 'f32') return float32Order;
  const bits = INTEGER_BITS[field.cell as keyof typeof INTEGER_BITS];
  const order = field.cell.startsWith('i') ? integerOrder(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n, readerOf(field)) : integerOrder(0n, 2n ** BigInt(bits) - 1n, readerOf(field));
  const number = (cell: bigint | undefined): number | undefined => (cell === undefined ? undefined : Number(cell));
  return {
    least: Number(order.least), greatest: Number(order.greatest),
    from: (value, strict, refuse) => number(order.from(value, strict, refuse)),
    to: (value, strict, refuse) => number(order.to(value, strict, refuse)),
    exactly: (value, refuse) => number(order.exactly(value, refuse)),
  };
}

/** Cells of 64 bits. @param clock where the field is one */
export function wideOrder(field: Field, clock: Clock | undefined): CellOrder<bigint> {
  const [least, greatest] = field.cell === 'i64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return integerOrder(least, greatest, readerOf(field, clock));
}

function integerOrder(least: bigint, greatest: bigint, read: (value: unknown, refuse: Refuse) => Units): CellOrder<bigint> {
  return {
    least, greatest,
    from(value, strict, refuse) {
      const { floor, exact } = read(value, refuse);
      if (floor === undefined) return undefined;
      const from = exact && !strict ? floor : floor + 1n;
      return from > greatest ? undefined : from < least ? least : from;
    },
    to(value, strict, refuse) {
      const { floor, exact } = read(value, refuse);
      if (floor === undefined) return undefined;
      const to = exact && strict ? floor - 1n : floor;
      return to < least ? undefined : to > greatest ? greatest : to;
    },
    exactly(value, refuse) {
      const { floor, exact } = read(value, refuse);
      return exact && floor !== undefined && floor >= least && floor <= greatest ? floor : undefined;
    },
  };
}

/** How values of a field's type become whole units of its cells. */
function readerOf(field: Field, clock?: Clock): (value: unknown, refuse: Refuse) => Units {
  const { type, scale = 0 } = field;
  if (type === 'char') {
    return (value, refuse) => {
      const code = typeof value === 'string' && value.length === 1 ? value.charCodeAt(0) : Infinity;
      return code > 255 ? refuse('one character of code 0 to 255') : { floor: BigInt(code), exact: true };
    };
  }
  if (type === 'decimal') {
    return (value, refuse) => {
      if (typeof value === 'bigint') return { floor: value, exact: true };
      if (typeof value === 'number') return unitsOfNumber(value, scale);
      return (typeof value === 'string' ? unitsOfText(value, scale) : undefined) ?? refuse('a decimal text such as "12.5", a number, or a bigint that counts units of the last digit');
    };
  }
  if (type === 'int64' || type === 'uint64') {
    return (value, refuse) => {
      if (typeof value === 'bigint') return { floor: value, exact: true };
      if (typeof value === 'number' && Number.isSafeInteger(value)) return { floor: BigInt(value), exact: true };
      if (clock !== undefined && value instanceof Date && !Number.isNaN(value.getTime())) return { floor: BigInt(value.getTime()) * UNITS_PER_MS[clock.unit], exact: true };
      return refuse(`a bigint or a whole number up to 2^53${clock === undefined ? '' : ` in ${clock.unit}, or a Date`}`);
    };
  }
  return (value, refuse) => {
    if (typeof value === 'bigint') return { floor: value, exact: true };
    return unitsOfNumber(typeof value === 'number' ? value : refuse('a number'), 0);
  };
}

const floatOf = (value: unknown, refuse: Refuse): number => (typeof value === 'number' ? value : refuse('a number'));

/** @param notBelow the first cell at or above a number; @param above the first above a cell */
function floatOrder(notBelow: (x: number) => number, above: (x: number) => number): CellOrder<number> {
  const first = (x: number, strict: boolean): number | undefined => {
    if (Number.isNaN(x) || (strict && x === Infinity)) return undefined;
    const from = notBelow(x);
    return strict && from === x ? above(from) : from;
  };
  return {
    least: -Infinity, greatest: Infinity,
    from: (value, strict, refuse) => first(floatOf(value, refuse), strict),
    to(value, strict, refuse) {
      const to = first(-floatOf(value, refuse), strict);
      return to === undefined ? undefined : -to;
    },
    exactly(value, refuse) {
      const x = floatOf(value, refuse);
      return notBelow(x) === x ? x : undefined;
    },
  };
}

const float64Order = floatOrder((x) => x, above64);
const float32Order = floatOrder(notBelow32, above32);

/** Texts of a fixed width, filled up with zeros: their order as bytes is that of the texts without the zeros. */
export function bytesOrder(width: number): CellOrder<Uint8Array> {
  const read = (value: unknown, refuse: Refuse): { readonly cell: Uint8Array; readonly fits: boolean } => {
    const text = typeof value === 'string' && Buffer.from(value, 'utf8').toString('utf8') === value ? value.replace(/\0+$/, '') : refuse('a well-formed text');
    const bytes = Buffer.from(text, 'utf8');
    const cell = new Uint8Array(width);
    cell.set(bytes.subarray(0, width));
    return { cell, fits: bytes.length <= width };
  };
  return {
    least: new Uint8Array(width), greatest: new Uint8Array(width).fill(255),
    from(value, strict, refuse) {
      const { cell, fits } = read(value, refuse);
      // A longer text comes after its own beginning.
      return fits && !strict ? cell : step(cell, 1);
    },
    to(value, strict, refuse) {
      const { cell, fits } = read(value, refuse);
      return fits && strict ? step(cell, -1) : cell;
    },
    exactly(value, refuse) {
      const { cell, fits } = read(value, refuse);
      return fits ? cell : undefined;
    },
  };
}

/** The cell before or after another; undefined where there is none. */
function step(cell: Uint8Array, by: 1 | -1): Uint8Array | undefined {
  const next = cell.slice();
  const last = by === 1 ? 255 : 0;
  for (let i = next.length - 1; i >= 0; i--) {
    if (next[i] === last) {
      next[i] = 255 - last;
      continue;
    }
    next[i] = (next[i] as number) + by;
    return next;
  }
  return undefined;
}
