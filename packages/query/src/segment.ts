import { DeepwaterError } from '@deepwater/core/engine';
import type { ColumnArray } from './row-source.js';

/**
 * Some rows as columns, without a copy where they lie in a chunk. The arrays are the caller's own: changing them changes
 * no file and nobody else's result.
 */
export class Segment<C = Record<string, ColumnArray>> {
  #columns: C | undefined;

  constructor(
    columns: C,
    readonly rows: number,
    /** Sequence number of the first row. The rows that matched lie so scattered that they were copied: of the first. */
    readonly firstSequence: number,
  ) {
    this.#columns = columns;
  }

  /** Typed arrays by field name. @throws DeepwaterError DW_RELEASED */
  get columns(): C {
    if (this.#columns !== undefined) return this.#columns;
    throw new DeepwaterError('DW_RELEASED', `The columns of a segment of ${this.rows} rows from record ${this.firstSequence} were used after release(). Release it last, or copy what must outlive it.`, {
      values: { rows: this.rows, firstSequence: this.firstSequence },
    });
  }

  /** Lets go of the memory; it is unmapped once no array of it is held any more. */
  release(): void {
    this.#columns = undefined;
  }
}
