import type { Clock, Field, Schema } from '@deepwater/core/engine';
import { timeAt } from '../clock-cells.js';
import { type Cut, takeCut } from '../cut.js';
import { cutWithRing } from '../cut-with-ring.js';
import type { ChunkKernels } from '../kernels/chunk-kernels.js';
import type { RingBlock } from '../ring-block.js';
import { columnsOf } from '../where/predicate.js';
import { laterTimes } from './later-times.js';
import { MergedPart, type Stretch } from './part.js';
import { type FeedRequest, type Stretches, stretchesByArrival, stretchesByTime } from './stretches.js';
import { FAR, type KeyScale, fillKeys, keyScale, runningMaximum } from './time-scale.js';

/** `time`: exactly by time. `arrival`: each feed in its own order, merged by the greatest time each has had. */
export type MergeOrder = 'time' | 'arrival';

/** Of so few rows the call of a kernel would cost more than it saves. */
const FEW_ROWS = 16;

/** Arrays for keys and rows, and where kernels reach them, those. */
export interface CursorArrays {
  readonly keys: Float64Array;
  readonly rows: Uint32Array;
  readonly kernels?: ChunkKernels;
}

/**
 * Goes through the records of one feed, block by block: rows and keys of a block lie in arrays that all feeds of a merge share,
 * this one's from `from` on.
 */
export class FeedCursor {
  /** Where the block ends in the arrays; it begins at `from`. */
  end: number;
  /** What the rows of the block are rows of. */
  part: MergedPart;
  /** Parts that are done with, once what was made of them has been used. */
  readonly retired: MergedPart[] = [];
  readonly #clock: Clock;
  readonly #clockField: Field;
  #stretches: Stretches | undefined;
  #stretch: Stretch | undefined;
  /** Where the stretch goes on: index of a run or of a row, and the row within the run. */
  #at = 0;
  #row = 0;
  #base = 0n;
  /** The rows of the block follow each other. */
  #inOneRun = false;
  /** Of the last record of the block. */
  #lastKey = 0;
  #scale: KeyScale;
  /** The greatest time of the records before the block, in the common unit; only where records come by arrival. */
  #greatest: bigint | undefined;

  constructor(
    private readonly request: FeedRequest,
    private readonly order: MergeOrder,
    /** Common units in one of the clock. */
    private readonly factor: number,
    private readonly arrays: CursorArrays,
    readonly from: number,
    private readonly room: number,
    /** The feed's number, for keys that are packed; -1 leaves them as they are. */
    private readonly feed = -1,
  ) {
    const { files: { schema }, wanted: { bounds }, fields } = request;
    this.#clock = bounds.clock;
    this.#clockField = schema.fields[bounds.clock.fieldIndex] as Field;
    this.part = MergedPart.none(fields);
    this.end = from;
    this.#scale = keyScale(this.#clock, factor, 0n);
  }

  /** Begins, with the feed as it is now or was when the view was taken. */
  open(view = viewOf(this.request, this.order)): void {
    const request = { ...this.request, wanted: { ...this.request.wanted, ...view } };
    this.#stretches = this.order === 'time' ? byTimeFrom(request, view) : stretchesByArrival(request);
  }

  /** Fills the block with the next records. @returns false where there are none */
  *load(): Generator<undefined, boolean, void> {
    this.#settleGreatest();
    while (this.#stretch === undefined) {
      const next = (this.#stretches as Stretches).next();
      if (next.done === true) {
        this.end = this.from;
        return false;
      }
      if (next.value === undefined) yield;
      else this.#begin(next.value);
    }
    this.#fillRows();
    this.#fillKeys();
    return true;
  }

  /** Counts keys from another base. */
  rebase(base: bigint): void {
    this.#base = base;
    this.#scale = keyScale(this.#clock, this.factor, base);
    this.#fillKeys();
  }

  /** The time by which record `at` of the block is merged, in the common unit. */
  timeAt(at: number): bigint {
    const words = this.part.words(this.#clockField);
    const time = (i: number): bigint => timeAt(words, this.arrays.rows[i] as number, this.#clock.signed) * BigInt(this.factor);
    if (this.order === 'time') return time(at);
    let greatest = this.#greatest ?? time(this.from);
    for (let i = this.from; i <= at; i++) {
      const next = time(i);
      if (next > greatest) greatest = next;
    }
    return greatest;
  }

  dropRetired(): void {
    for (const part of this.retired.splice(0)) part.drop();
  }

  close(): void {
    this.#stretches?.return();
    this.dropRetired();
    this.part.drop();
  }

  #begin(stretch: Stretch): void {
    if (stretch.part === this.part) stretch.part.drop();
    else {
      this.retired.push(this.part);
      this.part = stretch.part;
    }
    this.#stretch = stretch;
    this.#at = 0;
    this.#row = stretch.runs?.[0] ?? 0;
  }

  #fillRows(): void {
    const { arrays: { rows, kernels }, from, room } = this;
    const { order, runs } = this.#stretch as Stretch;
    let at = from;
    this.#inOneRun = false;
    if (order !== undefined) {
      const to = Math.min(order.length, this.#at + room);
      rows.set(order.subarray(this.#at, to), from);
      at = from + to - this.#at;
      this.#at = to;
      if (to === order.length) this.#stretch = undefined;
    } else if (runs !== undefined) {
      let parts = 0;
      while (at < from + room && this.#at < runs.length) {
        const end = runs[this.#at + 1] as number;
        let row = this.#row;
        const to = Math.min(end, row + from + room - at);
        parts += 1;
        if (kernels === undefined || to - row < FEW_ROWS) for (; row < to; row++) rows[at++] = row;
        else {
          kernels.mergeRows(rows.byteOffset + 4 * at, to - row, row);
          at += to - row;
          row = to;
        }
        this.#row = row;
        if (row < end) break;
        this.#at += 2;
        this.#row = runs[this.#at] ?? 0;
      }
      this.#inOneRun = parts === 1;
      if (this.#at >= runs.length) this.#stretch = undefined;
    }
    this.end = at;
  }

  #fillKeys(): void {
    const { arrays: { keys, rows, kernels }, from, end } = this;
    if (end === from) return;
    const { own, factor, rest, limit, signed } = this.#scale;
    const at = keys.byteOffset + 8 * from;
    const arrival = this.order === 'arrival';
    const greatest = this.#greatest === undefined ? -Infinity : Math.min(FAR, Number(this.#greatest - this.#base));
    if (this.#inOneRun && kernels !== undefined && own !== undefined) {
      const first = rows[from] as number;
      new BigInt64Array(keys.buffer, at, end - from).set(this.part.cells(this.#clockField).subarray(first, first + end - from));
      this.#lastKey = kernels.mergeKeys(at, end - from, own, factor, rest, BigInt(limit), signed ? 1 : 0, arrival ? 1 : 0, greatest, this.feed);
      return;
    }
    fillKeys(keys, from, rows, from, end - from, this.part.words(this.#clockField), this.#scale);
    if (arrival) runningMaximum(keys, from, end - from, greatest);
    this.#lastKey = keys[end - 1] as number;
    if (this.feed >= 0) kernels?.mergePack(at, end - from, this.feed);
  }

  /** Before the block is filled anew: the greatest time is that of its last record, too. */
  #settleGreatest(): void {
    if (this.order === 'time' || this.end === this.from) return;
    const last = this.#lastKey;
    this.#greatest = last < FAR ? this.#base + BigInt(last) : this.timeAt(this.end - 1);
  }
}

/** A feed at one moment: its cut, and of what lies in the ring the clock, or all that a merge needs. */
export interface FeedView {
  readonly cut: Cut;
  readonly ring: readonly RingBlock[];
  /** `ring`, where it has all columns needed. */
  readonly held?: readonly RingBlock[];
}

/** What is published from here on is not seen. */
export function viewOf({ files, wanted }: FeedRequest, order: MergeOrder): FeedView {
  if (!files.source.spec.persist) {
    // Rows of a memory feed are gone once the writer has been round.
    const { cut, blocks } = cutWithRing(files, heldFields(files.schema, wanted));
    return { cut: { ...cut, ringFrom: blocks[0]?.firstSequence ?? cut.head }, ring: blocks, held: blocks };
  }
  if (order === 'arrival') return { cut: takeCut(files), ring: [] };
  const { cut, blocks } = cutWithRing(files, [files.schema.fields[wanted.bounds.clock.fieldIndex] as Field]);
  return { cut, ring: blocks };
}

/** The columns that reading needs: those wanted, and those that a filter looks at. */
function heldFields({ columns }: Schema, { fields, where }: FeedRequest['wanted']): readonly Field[] {
  return where === undefined ? fields : [...fields, ...[...columnsOf(where.predicate)].map((column) => columns[column] as Field)];
}

function* byTimeFrom(request: FeedRequest, { cut, ring }: FeedView): Stretches {
  const later = yield* laterTimes(request.files, cut, ring, request.wanted.bounds);
  yield* stretchesByTime(request, later);
}
