import type { Column, TickField } from '../sources/columns.js';

/** FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv), over words of 32 bits instead of bytes. */
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** One number for each field, which depends on every value of the column and on their order. */
export class Digest {
  readonly #fields: readonly TickField[];
  readonly #states: Int32Array;
  #rows = 0;

  constructor(fields: readonly TickField[]) {
    this.#fields = fields;
    this.#states = new Int32Array(fields.length).fill(OFFSET_BASIS);
  }

  /** Takes in the next `rows` records. 64-bit integers may come as doubles or as they are: the digest is the same. */
  update(columns: Readonly<Record<string, ArrayLike<unknown>>>, rows: number): void {
    this.#rows += rows;
    this.#fields.forEach((field, index) => {
      this.#states[index] = foldColumn(this.#states[index], field, columns[field.name] as Column, rows);
    });
  }

  /** The digest as text, equal where every value is. */
  get value(): string {
    return `${this.#rows} ${Array.from(this.#states, (state) => (state >>> 0).toString(16).padStart(8, '0')).join(' ')}`;
  }
}

function foldColumn(state: number, field: TickField, column: Column, rows: number): number {
  if (column === undefined || column.length < rows) return ~state; // a column that is missing or short equals none
  if (field.type === 'uint64' && column instanceof Float64Array) return foldWholeNumbers(state, column, rows);
  if (column instanceof Uint8Array || column instanceof Uint32Array) return fold(state, column, rows);
  return fold(state, new Uint32Array(column.buffer, column.byteOffset, rows * 2), rows * 2);
}

function fold(state: number, words: Uint8Array | Uint32Array, count: number): number {
  for (let i = 0; i < count; i++) state = Math.imul(state ^ words[i], PRIME);
  return state;
}

/** Whole numbers below 2^53, word by word as a 64-bit integer has them. */
function foldWholeNumbers(state: number, values: Float64Array, count: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[i];
    const high = Math.floor(value / 0x1_0000_0000);
    state = Math.imul(state ^ (value - high * 0x1_0000_0000), PRIME);
    state = Math.imul(state ^ high, PRIME);
  }
  return state;
}
