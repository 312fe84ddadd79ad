/** Records whose place in the order of time depends on records still to come. */
import { DeepwaterError, type Field, type Schema } from '@deepwater/core/engine';
import { timeAt } from '../clock-cells.js';
import type { TimeBounds } from '../time-bounds.js';
import { MergedPart, type Stretch } from './part.js';
import { stableSort } from './stable-sort.js';
import { FAR, fillKeys, keyScale } from './time-scale.js';

/** Records of one feed that may wait for their place. */
const REORDER_ROWS_MAX = 2 ** 23;
/** Rows of a copy. */
const COPY_ROWS = 16384;
/** Chunks that waiting records keep mapped; beyond, they are copied. */
const PARTS_MAX = 128;

export class PendingTimes {
  #parts: MergedPart[] = [];
  #partOf = new Uint32Array(1024);
  #rows = new Uint32Array(1024);
  /** Those before this one are in order already. */
  #sorted = 0;
  length = 0;
  #least: bigint | undefined;
  #greatest: bigint | undefined;
  readonly #clockField: Field;

  /** @param columns fields that copies need @param fields fields that users asked for */
  constructor(
    private readonly feed: string, schema: Schema, private readonly bounds: TimeBounds,
    private readonly columns: readonly Field[], private readonly fields: readonly Field[], private readonly rowsMax = REORDER_ROWS_MAX,
  ) {
    this.#clockField = schema.fields[bounds.clock.fieldIndex] as Field;
  }

  /** @throws DeepwaterError DW_LIMIT_EXCEEDED */
  add(part: MergedPart, runs: Int32Array, least: bigint, greatest: bigint): void {
    let last = this.#parts.length - 1;
    if (this.#parts[last] !== part) last = this.#parts.push(part.hold()) - 1;
    for (let r = 0; r < runs.length; r += 2) {
      const to = runs[r + 1] as number;
      this.#reserve(this.length + to - (runs[r] as number));
      for (let row = runs[r] as number; row < to; row++) {
        this.#partOf[this.length] = last;
        this.#rows[this.length++] = row;
      }
    }
    if (this.#least === undefined || least < this.#least) this.#least = least;
    if (this.#greatest === undefined || greatest > this.#greatest) this.#greatest = greatest;
    if (this.#parts.length > PARTS_MAX) this.#compact();
  }

  /** Those with a time <= `until`, in order, or all; none yet where putting them in order would be done over and over again. */
  *upTo(until: bigint | undefined): Generator<Stretch, void, void> {
    const least = this.#least as bigint;
    if (until !== undefined && (least > until || 2 * (this.length - this.#sorted) < this.#sorted)) return;
    const count = this.#sort(least, until);
    const partOf = this.#partOf.slice(0, count);
    const rows = this.#rows.slice(0, count);
    const parts = this.#parts.map((part) => part.hold());
    this.#remove(count);
    try {
      yield* stretchesOf(parts, partOf, rows, this.columns, this.fields);
    } finally {
      for (const part of parts) part.drop();
    }
  }

  close(): void {
    for (const part of this.#parts.splice(0)) part.drop();
    this.length = 0;
  }

  /** Puts them in order. @returns how many have a time <= `until` */
  #sort(least: bigint, until: bigint | undefined): number {
    const { length } = this;
    const span = (this.#greatest as bigint) - least;
    const order = new Uint32Array(length);
    for (let i = 0; i < length; i++) order[i] = i;
    const keys = new Float64Array(length);
    if (span < BigInt(FAR)) {
      this.#keysOf(keys, least);
      stableSort(keys, order);
    } else {
      // By the low words, then, keeping that order among equals, by the high ones.
      this.#wordsOf(keys, order, 0);
      stableSort(keys, order);
      this.#wordsOf(keys, order, 1);
      stableSort(keys, order);
    }
    const { clock } = this.bounds;
    const partOf = new Uint32Array(length);
    const rows = new Uint32Array(length);
    for (let i = 0; i < length; i++) {
      partOf[i] = this.#partOf[order[i] as number] as number;
      rows[i] = this.#rows[order[i] as number] as number;
    }
    this.#partOf = partOf;
    this.#rows = rows;
    this.#sorted = length;
    let low = until === undefined ? length : 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timeAt(this.#words(middle), this.#rows[middle] as number, clock.signed) <= (until as bigint)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #words(i: number): Int32Array {
    return (this.#parts[this.#partOf[i] as number] as MergedPart).words(this.#clockField);
  }

  #keysOf(keys: Float64Array, base: bigint): void {
    const scale = keyScale(this.bounds.clock, 1, base);
    for (let from = 0; from < this.length; ) {
      const index = this.#partOf[from];
      let to = from + 1;
      while (to < this.length && this.#partOf[to] === index) to++;
      fillKeys(keys, from, this.#rows, from, to - from, this.#words(from), scale);
      from = to;
    }
  }

  /** Low (0) or high (1) words as numbers that compare as the times do. */
  #wordsOf(keys: Float64Array, order: Uint32Array, which: 0 | 1): void {
    const signed = which === 1 && this.bounds.clock.signed;
    for (let i = 0; i < order.length; i++) {
      const at = order[i] as number;
      const word = this.#words(at)[2 * (this.#rows[at] as number) + which] as number;
      keys[i] = signed ? word : word >>> 0;
    }
  }

  #remove(count: number): void {
    this.length -= count;
    this.#partOf.copyWithin(0, count);
    this.#rows.copyWithin(0, count);
    this.#sorted = this.length;
    if (this.length === 0) {
      this.#least = this.#greatest = undefined;
      this.close();
      return;
    }
    this.#least = timeAt(this.#words(0), this.#rows[0] as number, this.bounds.clock.signed);
    this.#keepUsedParts();
  }

  #keepUsedParts(): void {
    const used = new Map<number, number>();
    for (let i = 0; i < this.length; i++) {
      const index = this.#partOf[i] as number;
      let now = used.get(index);
      if (now === undefined) used.set(index, (now = used.size));
      this.#partOf[i] = now;
    }
    const parts: MergedPart[] = [];
    this.#parts.forEach((part, index) => {
      const now = used.get(index);
      if (now === undefined) part.drop();
      else parts[now] = part;
    });
    this.#parts = parts;
  }

  /** One copy of all that waits. */
  #compact(): void {
    const copy = MergedPart.ofRows(this.#parts, this.#partOf.subarray(0, this.length), this.#rows.subarray(0, this.length), this.columns, this.fields);
    for (const part of this.#parts) part.drop();
    this.#parts = [copy];
    for (let i = 0; i < this.length; i++) {
      this.#partOf[i] = 0;
      this.#rows[i] = i;
    }
  }

  #reserve(length: number): void {
    if (length > this.rowsMax) {
      throw new DeepwaterError('DW_LIMIT_EXCEEDED', `More than ${this.rowsMax} records of feed ${this.feed} lie between a record and its place in the order of ${this.bounds.clock.name}. Ask for a shorter range, by another clock, or for { order: 'arrival' }, which keeps the order in which they came.`, {
        values: { feed: this.feed, clock: this.bounds.clock.name, limit: this.rowsMax },
      });
    }
    if (length <= this.#rows.length) return;
    const room = Math.min(this.rowsMax, 2 * length);
    const grow = (array: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(room);
      grown.set(array.subarray(0, this.length));
      return grown;
    };
    this.#partOf = grow(this.#partOf);
    this.#rows = grow(this.#rows);
  }
}

/** Rows in order as stretches: mixed parts as copies, and what is of one part at the end where it lies. */
function* stretchesOf(parts: readonly MergedPart[], partOf: Uint32Array, rows: Uint32Array, columns: readonly Field[], fields: readonly Field[]): Generator<Stretch, void, void> {
  const { length } = rows;
  let mixed = length;
  const last = partOf[length - 1];
  while (mixed > 0 && partOf[mixed - 1] === last) mixed--;
  for (let from = 0; from < mixed; from += COPY_ROWS) {
    const to = Math.min(mixed, from + COPY_ROWS);
    const part = MergedPart.ofRows(parts, partOf.subarray(from, to), rows.subarray(from, to), columns, fields);
    yield { part, runs: Int32Array.of(0, to - from) };
  }
  if (mixed < length) yield { part: (parts[last as number] as MergedPart).hold(), order: rows.subarray(mixed) };
}
