import {
  DeepwaterError, type Field, RING, RUN_DIVISOR, type Schema, describeValue, fenceOwnThreads, highWord, lowWord,
  notIndexed, registerPublisher,
} from '@deepwater/core/engine';
import type { Bell } from './bell.js';
import type { Ring } from './ring-file.js';
import { type ColumnInput, type SlotViews, prepareColumns } from './column-batch.js';
import { checkRaw, scatterRaw } from './raw-batch.js';
import type { SymbolCoder } from './symbol-coder.js';
import { encodeText, toInt64, valueError } from './values.js';

const TWO_32 = 4294967296;
/** A closed writer's room: every write then takes the slow path, which says so. */
const CLOSED = -0x80000000;
/** A memory feed overwrites: only the wrap of the 32-bit distance brings its writer to the slow path. */
const UNGATED = 0x7fffffff;

/**
 * The producer's side of a ring: puts rows into slots and publishes them. `writeValues` is generated for each schema
 * (see compile-row-writer.ts); this class holds everything that is not in the hot path.
 *
 * The state of the hot path is 32-bit integers, so that nothing is boxed: `lo` is the low word of the head, and distances
 * are differences of low words.
 */
export abstract class RowWriter {
  /** Low word of the next sequence number. */
  protected lo: number;
  /** High word of the next sequence number. */
  protected hi: number;
  /** Low word of the tail as it was last looked at. */
  protected tailLo: number;
  /** Rows that may lie between tail and head. */
  protected room: number;
  /** What the next record's cell in the index column will be. */
  protected indexMark = 0;
  protected readonly mask: number;
  protected readonly head: Int32Array;
  protected readonly bellWord: Int32Array;
  protected readonly f64: Float64Array;
  protected readonly f32: Float32Array;
  protected readonly i32: Int32Array;
  protected readonly i16: Int16Array;
  protected readonly i8: Int8Array;
  protected readonly u8: Uint8Array;
  protected readonly slotViews: SlotViews;

  constructor(
    readonly schema: Schema,
    readonly ring: Ring,
    protected readonly bell: Bell,
    protected readonly symbols: readonly (SymbolCoder | undefined)[],
  ) {
    const { buffer, slotsOffset, slotCount, slotStride } = ring;
    const bytes = slotCount * slotStride;
    this.head = new Int32Array(buffer, RING.HEAD, 3);
    this.bellWord = bell.word;
    this.f64 = new Float64Array(buffer, slotsOffset, bytes >> 3);
    this.f32 = new Float32Array(buffer, slotsOffset, bytes >> 2);
    this.i32 = new Int32Array(buffer, slotsOffset, bytes >> 2);
    this.i16 = new Int16Array(buffer, slotsOffset, bytes >> 1);
    this.i8 = new Int8Array(buffer, slotsOffset, bytes);
    this.u8 = new Uint8Array(buffer, slotsOffset, bytes);
    this.mask = slotCount - 1;
    this.slotViews = { stride: slotStride, f64: this.f64, i32: this.i32, i16: this.i16, u8: this.u8 };
    const head = ring.head;
    this.lo = lowWord(head);
    this.hi = highWord(head);
    this.room = ring.persist ? slotCount : UNGATED;
    // The first record finds the ring full and so looks at the tail: V8 compiles the method when it has seen that branch. A
    // branch it has not seen is a bail-out at the first full ring, and on Node 26 boxed numbers ever after.
    this.tailLo = (this.lo - this.room) | 0;
  }

  /**
   * Called when the ring is full. Waits, bounded, until the ring's tail has moved.
   * @throws DeepwaterError DW_BACKPRESSURE_TIMEOUT, DW_INGEST_DEAD, DW_INGEST_FAILED, DW_DISK_FULL
   */
  protected abstract waitForRoom(): void;

  /**
   * Makes the next record an index point: the first of a snapshot, where playback can begin. The mark waits for a record that
   * is accepted, in whatever form it is written; of a batch it is the first. It ends with this writer.
   * @throws DeepwaterError DW_FEED_NOT_INDEXED on a feed of mode UF, DW_WRITER_CLOSED
   */
  markIndex(): void {
    if (this.room === CLOSED) throw this.closedError();
    if (this.schema.indexColumn === undefined) throw notIndexed(this.ring.feedName, 'markIndex()');
    this.indexMark = 1;
  }

  /** Appends one record: its values in field order. @throws DeepwaterError DW_VALUE_*, DW_WRITER_CLOSED, DW_BACKPRESSURE_TIMEOUT */
  abstract writeValues(...values: unknown[]): void;

  /** Appends one record given as an array in field order. */
  abstract writeTuple(record: readonly unknown[]): void;

  /** Appends one record given by field names. */
  abstract writeObject(record: object): void;

  /**
   * Appends a batch, given as one array for each field. All of it is checked before the first row is written.
   * @returns how many rows were written.
   */
  writeColumns(columns: Readonly<Record<string, ColumnInput>>): number {
    const cells = prepareColumns(this.ring.feedName, this.schema, columns, this.symbols);
    const rows = cells.rows;
    this.#writeRuns(rows, (from, count, slot) => { cells.scatter(this.slotViews, from, count, slot); });
    return rows;
  }

  /** Appends packed records (see `recordFormat`). All of them are checked first. @returns how many there were. */
  writeRaw(bytes: Uint8Array): number {
    const rows = checkRaw(this.ring.feedName, this.schema, bytes, this.symbols);
    this.#writeRuns(rows, (from, count, slot) => { scatterRaw(this.schema, this.u8, bytes, from, count, slot); });
    return rows;
  }

  /** Fills slots in runs of at most an eighth of the ring, each published by one store. */
  #writeRuns(rows: number, fill: (from: number, count: number, slot: number) => void): void {
    if (this.room === CLOSED) throw this.closedError();
    const runMax = Math.max(1, this.ring.slotCount / RUN_DIVISOR);
    for (let done = 0; done < rows; ) {
      const room = this.#roomForRun(done, rows);
      const run = Math.min(rows - done, room, runMax);
      const slot = this.lo & this.mask;
      const first = Math.min(run, this.mask + 1 - slot);
      fill(done, first, slot);
      if (run > first) fill(done + first, run - first, 0);
      this.#fillIndexColumn(slot, first, run - first);
      this.publishRun(run);
      done += run;
    }
  }

  /** The cells of a run in the index column: rows from `slot` on, and those that wrapped. */
  #fillIndexColumn(slot: number, first: number, wrapped: number): void {
    const { indexColumn, slotStride } = this.schema;
    if (indexColumn === undefined) return;
    const { slotOffset } = indexColumn;
    for (let i = 0, at = slot * slotStride + slotOffset; i < first; i++, at += slotStride) this.u8[at] = 0;
    for (let i = 0, at = slotOffset; i < wrapped; i++, at += slotStride) this.u8[at] = 0;
    this.u8[slot * slotStride + slotOffset] = this.indexMark;
    this.indexMark = 0;
  }

  /** What was published stays, so a batch that is cut off by a full ring says how much of it was. */
  #roomForRun(done: number, rows: number): number {
    try {
      return this.makeRoom();
    } catch (error) {
      if (done === 0 || !(error instanceof DeepwaterError)) throw error;
      throw new DeepwaterError(error.code, `${error.message} Of the batch of ${rows} rows the first ${done} were written and stay; go on with row ${done}.`, {
        values: { ...error.values, rows, rowsWritten: done }, cause: error,
      });
    }
  }

  /** The next record's sequence number: what has been accepted so far is below it. */
  get position(): number {
    return (this.hi >>> 0) * TWO_32 + (this.lo >>> 0);
  }

  get closed(): boolean {
    return this.room === CLOSED;
  }

  /** Ends writing through this object; what was accepted stays. */
  protected end(): void {
    this.room = CLOSED;
  }

  /** Makes room for one row at least, or throws. How many rows fit now. */
  protected makeRoom(): number {
    if (this.room === CLOSED) {
      throw this.closedError();
    }
    const position = this.position;
    if (position >= Number.MAX_SAFE_INTEGER - this.ring.slotCount) {
      throw new DeepwaterError('DW_SEQUENCE_EXHAUSTED', `Feed ${this.ring.feedName} has used all of its sequence numbers (${position}). Create a new feed.`, {
        values: { feed: this.ring.feedName, position },
      });
    }
    if (this.room === UNGATED) {
      this.tailLo = this.lo;
      return this.ring.slotCount;
    }
    let tail = this.ring.tail;
    if (position - tail >= this.ring.slotCount) {
      this.waitForRoom();
      tail = this.ring.tail;
    }
    this.tailLo = lowWord(tail);
    return this.ring.slotCount - (position - tail);
  }

  /** Publishes `count` rows that already lie in their slots: one atomic store after the payload (rule 1). */
  protected publishRun(count: number): void {
    const next = this.position + count;
    const lo = lowWord(next);
    const hi = highWord(next);
    if (hi !== this.hi) {
      Atomics.store(this.head, 2, hi);
      Atomics.store(this.head, 0, lo);
      Atomics.store(this.head, 1, hi);
      this.hi = hi;
    } else {
      Atomics.store(this.head, 0, lo);
    }
    this.lo = lo;
    if (Atomics.load(this.bellWord, 0) !== 0) this.bell.ring();
  }

  /** Why nothing can be written through this object any more. */
  protected closedError(): DeepwaterError {
    return new DeepwaterError('DW_WRITER_CLOSED', `The writer of feed ${this.ring.feedName} is closed; the record was not written. Create a new writer.`, {
      values: { feed: this.ring.feedName },
    });
  }

  protected rejectCount(count: number): never {
    throw new DeepwaterError(
      'DW_VALUE_COUNT',
      `A record of feed ${this.ring.feedName} has ${this.schema.fields.length} values (${this.schema.fields.map((f) => f.name).join(', ')}), ${count} were given; ` +
        'the record was not written. Padding takes no value.',
      { values: { feed: this.ring.feedName, expected: this.schema.fields.length, given: count } },
    );
  }

  /** For what is given as a tuple and is none: another kind of thing, or another number of values. */
  protected rejectTuple(record: unknown): never {
    const length: unknown = typeof record === 'object' && record !== null ? (record as { length?: unknown }).length : undefined;
    if (typeof length === 'number') this.rejectCount(length);
    this.rejectRecord(record);
  }

  protected rejectRecord(record: unknown): never {
    throw new DeepwaterError(
      'DW_VALUE_TYPE',
      `${describeValue(record)} is no record of feed ${this.ring.feedName}; it was not written. Give the values of ${this.schema.fields.map((f) => f.name).join(', ')}, to writeTuple as an array, to writeObject by name.`,
      { values: { feed: this.ring.feedName } },
    );
  }

  /** A record that has every field may still have more; accessors, which are not enumerated, are no reason to refuse it. */
  protected checkUnknown(record: object): void {
    const unknown: string[] = [];
    for (const key in record) if (!this.schema.fields.some((field) => field.name === key)) unknown.push(key);
    if (unknown.length === 0) return;
    throw new DeepwaterError(
      'DW_FIELD_UNKNOWN',
      `Feed ${this.ring.feedName} has no field ${unknown.map((k) => JSON.stringify(k)).join(', ')}; the record was not written. Its fields: ${this.schema.fields.map((f) => f.name).join(', ')}.`,
      { values: { feed: this.ring.feedName, unknown } },
    );
  }

  protected rejectMissing(name: string): never {
    throw new DeepwaterError('DW_FIELD_MISSING', `The record has no value for field ${name} of feed ${this.ring.feedName}; it was not written.`, {
      values: { feed: this.ring.feedName, field: name },
    });
  }

  /** The error for a value that does not fit field `index`. */
  reject(index: number, value: unknown): never {
    throw valueError(this.ring.feedName, this.schema.fields[index] as Field, value);
  }

  // --- the less common types; `at` is the byte offset of the cell from the first slot

  protected putInt64(index: number, at: number, value: unknown): void {
    const field = this.schema.fields[index] as Field;
    const scaled = toInt64(this.ring.feedName, field, value);
    this.i32[at >> 2] = Number(BigInt.asIntN(32, scaled));
    this.i32[(at >> 2) + 1] = Number(BigInt.asIntN(32, scaled >> 32n));
  }

  protected putText(index: number, at: number, value: unknown): void {
    const field = this.schema.fields[index] as Field;
    const target = TEXT_SCRATCH.subarray(0, field.width);
    if (!encodeText(value, target)) this.reject(index, value);
    this.u8.set(target, at);
  }

  protected symbolCode(index: number, value: unknown): number {
    if (typeof value !== 'string') this.reject(index, value);
    return (this.symbols[index] as SymbolCoder).code(value as string);
  }
}

const TEXT_SCRATCH = new Uint8Array(65536);

/** Whether this process may publish with plain stores (see compile-row-writer.ts). */
export function plainPublishing(): boolean {
  return process.arch === 'x64' && registerPublisher() && fenceOwnThreads();
}
