import { DeepwaterError } from '@deepwater/core/engine';

/** A flyweight copied as an object, and a run as a list of such: what they are to somebody who keeps or sends them. */
export const COPY = Symbol.for('deepwater.copy');

/**
 * Records that lie one after the other, with their numbers one after the other, seen through one flyweight: `row(i)` gives
 * the same object each time, moved to record i. It is valid until the next run is taken; what must outlive that is copied,
 * with `tuple(i)` or `object(i)`. The class of each schema is generated (see compile-row-view.ts).
 */
export abstract class RowRun {
  /** Records in the run. */
  length = 0;
  /** Sequence number of the first of them. */
  firstSequence = 0;

  /** The flyweight at record i: a getter for each field, and `sequence`. @throws DeepwaterError DW_RANGE_INVALID */
  abstract row(i: number): unknown;
  /** A copy of record i as an array in field order. */
  abstract tuple(i: number): unknown[];
  /** A copy of record i as an object. */
  abstract object(i: number): Record<string, unknown>;
  /** Calls `visit` with the flyweight at each record, without allocating. */
  abstract forEach(visit: (row: unknown) => void): void;
  /** The flyweight at each record. */
  abstract [Symbol.iterator](): Generator<unknown, void, void>;

  [COPY](): Record<string, unknown>[] {
    return Array.from({ length: this.length }, (_, i) => this.object(i));
  }

  /** Puts the flyweight over memory that holds rows as ring slots do, from `offset` on. For whoever fills the run. */
  abstract attach(buffer: ArrayBufferLike, offset: number, bytes: number): void;
  /** Makes the run `length` rows of that memory, from row `base` on; the first ones where that is left out. */
  abstract show(firstSequence: number, length: number, base?: number): void;
  /** Makes the run rows [from, to) of what was shown; the whole again with 0 and that length. */
  abstract part(from: number, to: number): void;

  protected outside(i: number): never {
    throw new DeepwaterError('DW_RANGE_INVALID', `The run has ${this.length} records, from 0 on; there is none at ${String(i)}.`, {
      values: { index: i, length: this.length },
    });
  }
}
