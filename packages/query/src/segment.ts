import { DeepwaterError } from '@deepwater/core/engine';
import type { ColumnArray } from './row-source.js';

/**
 * Some rows as columns, without a copy where they lie in a chunk: a record of field name to typed array. The arrays are the
 * caller's own: changing them changes no file and nobody else's result.
 *
 * The members below are not enumerable, so `Object.keys(segment)` gives the fields. A field that has the name of one of them
 * hides it; `columns` of a field named `columns` is that field.
 */
export class SegmentRecord<C = Record<string, ColumnArray>> {
  #columns: C | undefined;
  readonly #rows: number;
  readonly #firstSequence: number;

  constructor(columns: C, rows: number, firstSequence: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#firstSequence = firstSequence;
    for (const name of Object.keys(columns as object)) {
      Object.defineProperty(this, name, { enumerable: true, configurable: true, get: () => this.#alive()[name as keyof C] });
    }
  }

  get rows(): number {
    return this.#rows;
  }

  /** Sequence number of the first row; where the rows that matched lay so scattered that they were copied, of the first of them. */
  get firstSequence(): number {
    return this.#firstSequence;
  }

  /** The same arrays as one plain object. @throws DeepwaterError DW_RELEASED */
  get columns(): C {
    return this.#alive();
  }

  /** Lets go of the memory; it is unmapped once no array of it is held any more. Using the segment's fields then throws. */
  release(): void {
    this.#columns = undefined;
  }

  #alive(): C {
    if (this.#columns !== undefined) return this.#columns;
    throw new DeepwaterError('DW_RELEASED', `The columns of a segment of ${this.#rows} rows from record ${this.#firstSequence} were used after release(). Release it last, or copy what must outlive it.`, {
      values: { rows: this.#rows, firstSequence: this.#firstSequence },
    });
  }
}

/** A segment with its fields: `segment.price` is the typed array of the field `price`. */
export type Segment<C = Record<string, ColumnArray>> = C & SegmentRecord<C>;

export function segmentOf<C>(columns: C, rows: number, firstSequence: number): Segment<C> {
  return new SegmentRecord(columns, rows, firstSequence) as Segment<C>;
}
