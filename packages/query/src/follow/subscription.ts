import { type AnySpec, type FeedSpec, type RecordOf, type Schema, type TupleOf, compileSchema } from '@deepwater/core/engine';
import { type Ring, RingRows, type RowRun, type WaitStrategy, type WaitStrategyName, rowRunClass } from '@deepwater/ring';
import { DecodeHelpers } from '../decode-values.js';
import { FeedFiles } from '../feed-files.js';
import { checkKeys, countOf } from '../options.js';
import { closePiece, openPiece, sequenceOf } from '../piece-source.js';
import type { Piece } from '../select.js';
import type { TimeInput } from '../time-bounds.js';
import { AsyncWait } from './async-wait.js';
import { flagOf, lossOf, signalOf, waitOf } from './follow-options.js';
import { STEP } from './follow-step.js';
import { Follower } from './follower.js';
import { type SubscriptionHandle, openHandle } from './handle.js';
import type { LostRange } from './losses.js';
import { checkMayBlock } from './may-block.js';
import { Parking, looksOf } from './parking.js';
import { beginningOf } from './playback.js';
import { rowsFromColumns } from './rows-from-columns.js';

export interface SubscribeOptions {
  /**
   * Begin with history: every record that is there when the subscription is made and has a time >= `start` (in order of
   * arrival, as `range(start, …)` gives them), then every record that comes, whatever its time.
   */
  readonly start?: TimeInput;
  /** Begin with this record, or with the first one after it that there is. Not together with `start`. */
  readonly fromSequence?: number;
  /**
   * Feeds of mode IF: begin with the last index point at or before `start` (or `fromSequence`; where both are left out, the last
   * there is), then every record from that one on. Where there is none so early it is the first one, and where there is none
   * at all the first that comes.
   */
  readonly playback?: boolean;
  /** How to wait. `spin`: at full load, lowest latency. `park`: sleep at once. Default `spin-then-park`. */
  readonly wait?: WaitStrategyName;
  /** At most this many records a run. Default: what takes 128 KiB, at most 4096. */
  readonly maxRun?: number;
  /** Told of records that were overwritten or deleted before they could be taken: numbers [from, to). */
  readonly onLoss?: (range: LostRange) => void;
  /** Allow calls that block in the main thread. Default false. */
  readonly allowMainThread?: boolean;
}

/** The flyweight: the fields of the record it stands at, and its sequence number. */
export type RowView<S extends AnySpec = FeedSpec> = Readonly<RecordOf<S>> & {
  readonly sequence: number;
  /** A copy, as an object. The flyweight itself cannot be kept, spread or posted: its fields are getters. */
  toJSON(): RecordOf<S>;
};

/** Records that came one after the other. It, and the flyweight, are used again for the next run. */
export interface Run<S extends AnySpec = FeedSpec> extends Iterable<RowView<S>> {
  readonly length: number;
  /** Sequence number of the first record; the others follow without a hole. */
  readonly firstSequence: number;
  /** The flyweight, moved to record i. The same object each time. @throws DeepwaterError DW_RANGE_INVALID */
  row(i: number): RowView<S>;
  /** A copy of record i, as an array in field order. */
  tuple(i: number): TupleOf<S>;
  /** A copy of record i, as an object. */
  object(i: number): RecordOf<S>;
  /** Calls `visit` with the flyweight at each record. */
  forEach(visit: (row: RowView<S>) => void): void;
}

const RUN_BYTES = 128 * 1024;
const RUN_ROWS = 4096;
/** As a mask: polls in vain between two looks for a successor of the ring. */
const POLLS_PER_REFRESH = 255;

/**
 * Follows a feed in this thread: each record once, in order, from the ring, or from chunks where history is wanted or the
 * subscriber was too slow. Runs are copies that have been checked; no record is ever seen half written.
 */
export class Subscription<S extends AnySpec = FeedSpec> {
  /** Name of the feed. */
  readonly feed: string;
  readonly #schema: Schema;
  readonly #follower: Follower;
  readonly #parking: Parking;
  readonly #run: RowRun;
  readonly #wait: WaitStrategy;
  readonly #looks: number;
  readonly #maxRun: number;
  readonly #stopWord: Int32Array;
  readonly #ownerWord: Int32Array;
  readonly #allowMainThread: boolean;
  readonly #files: FeedFiles;
  /** What the flyweight lies over: scratch pages of the ring, or memory of its own before there is one. */
  #attached: ArrayBufferLike | undefined;
  #offset = 0;
  #idlePolls = 0;
  #asyncWait: AsyncWait | undefined;
  #ready: Promise<void> | undefined;
  #stopped = false;
  #closed = false;

  /** Use `subscribe`. */
  constructor(handle: SubscriptionHandle, options: SubscribeOptions | undefined) {
    const given = checkKeys(options, ['start', 'fromSequence', 'playback', 'wait', 'maxRun', 'onLoss', 'allowMainThread']);
    const { source, local, stopWord, ownerWord } = openHandle(handle);
    this.feed = source.spec.name;
    this.#schema = compileSchema(source.spec);
    this.#wait = waitOf(given['wait']);
    this.#looks = looksOf(this.#wait);
    this.#allowMainThread = flagOf('allowMainThread', given['allowMainThread']);
    const onLoss = lossOf(given['onLoss']);
    const { slotStride } = this.#schema;
    this.#maxRun = countOf('maxRun', given['maxRun'], 1) ?? Math.max(1, Math.min(RUN_ROWS, Math.floor(RUN_BYTES / slotStride)));
    this.#stopWord = stopWord;
    this.#ownerWord = ownerWord;
    this.#files = new FeedFiles(source, this.#schema, this.#maxRun * slotStride);
    this.#run = new (rowRunClass(this.#schema))(DecodeHelpers.ofFeed(this.#files));
    this.#follower = this.#files.forFollower(() => new Follower(this.#files, {
      ...beginningOf(this.#files, given), fields: this.#schema.fields, scattered: false, ...(onLoss === undefined ? {} : { onLoss }),
      taker: (ring) => this.#follow(ring),
    }));
    this.#parking = new Parking(this.#follower, local, () => this.stopped);
  }

  /** Sequence number of the next record to be taken. */
  get position(): number {
    return this.#follower.next;
  }

  /** Whether it looks out for the first index point (`playback`): until there is one, records are passed over. */
  get seeking(): boolean {
    return this.#follower.seeking;
  }

  /** Records that were overwritten, or deleted by retention, before they could be taken. */
  get lost(): number {
    return this.#follower.losses.count;
  }

  /** Whether it has ended: by `stop()`, `stopSubscription(handle)`, or the end of the platform. */
  get stopped(): boolean {
    return this.#stopped || Atomics.load(this.#stopWord, 0) !== 0 || Atomics.load(this.#ownerWord, 0) !== 0;
  }

  /**
   * The records there are, at most `max`; undefined where there are none now, and after the end. Never waits.
   * @throws DeepwaterError DW_FEED_UNKNOWN where the feed has been deleted, DW_FILE_CORRUPT, DW_SYSTEM_CALL
   */
  poll(max: number = this.#maxRun): Run<S> | undefined {
    return max < 1 ? undefined : this.#poll(max < this.#maxRun ? max : this.#maxRun, 1);
  }

  #poll(max: number, looks: number): Run<S> | undefined {
    // Plain loads: they may be late by one poll, and cost nothing.
    if (this.#stopped || this.#stopWord[0] !== 0 || this.#ownerWord[0] !== 0) return undefined;
    const step = this.#follower.step(max, max, looks);
    if (step === STEP.RING) {
      this.#idlePolls = 0;
      this.#run.show(this.#follower.first, this.#follower.rows);
      return this.#run as unknown as Run<S>;
    }
    if (step === STEP.COLUMNS) return this.#fromColumns(this.#follower.piece as Piece);
    this.#idlePolls = (this.#idlePolls + 1) & POLLS_PER_REFRESH;
    if (this.#idlePolls === 0) this.#parking.refreshIfIdle();
    return undefined;
  }

  /**
   * The next records: waits for them, at most `timeoutMs`. undefined where the time is over, and after the end.
   * @throws DeepwaterError DW_MAIN_THREAD_BLOCK; as `poll`
   */
  next(timeoutMs = Infinity): Run<S> | undefined {
    this.#checkMayBlock('next');
    return this.#next(timeoutMs);
  }

  /**
   * Resolves when there may be records, or the subscription has ended, and after some seconds in any case: ask `poll`.
   * For threads that have an event loop to serve; costs nothing while nothing comes, and never blocks.
   * @throws DeepwaterError DW_FEED_UNKNOWN where the feed has been deleted
   */
  ready(): Promise<void> {
    this.#asyncWait ??= new AsyncWait(this.#follower, this.#parking, () => this.stopped);
    this.#ready ??= this.#asyncWait.wait().finally(() => { this.#ready = undefined; });
    return this.#ready;
  }

  /**
   * Calls `visit` for each record until the subscription is stopped or the signal aborted, with the flyweight; nothing is
   * allocated for a record. What `visit` throws ends the loop and is thrown.
   * @throws DeepwaterError DW_MAIN_THREAD_BLOCK; as `poll`
   */
  forEach(visit: (row: RowView<S>) => void, options?: { readonly signal?: AbortSignal }): void {
    this.run((run) => { run.forEach(visit); }, options);
  }

  /** Calls `visit` for each run, until the subscription is stopped or the signal aborted. */
  run(visit: (run: Run<S>) => void, options?: { readonly signal?: AbortSignal }): void {
    const signal = signalOf(checkKeys(options, ['signal'])['signal']);
    this.#checkMayBlock('run');
    while (signal?.aborted !== true) {
      const run = this.#next(Infinity);
      if (run === undefined) return;
      visit(run);
    }
  }

  /** The records as arrays in field order, until the subscription is stopped. */
  *[Symbol.iterator](): Generator<TupleOf<S>, void, void> {
    this.#checkMayBlock('iteration');
    for (let run = this.#next(Infinity); run !== undefined; run = this.#next(Infinity)) {
      for (let i = 0; i < run.length; i++) yield run.tuple(i);
    }
  }

  /** The records as objects, until the subscription is stopped. */
  *objects(): Generator<RecordOf<S>, void, void> {
    this.#checkMayBlock('objects');
    for (let run = this.#next(Infinity); run !== undefined; run = this.#next(Infinity)) {
      for (let i = 0; i < run.length; i++) yield run.object(i);
    }
  }

  /** Ends it from its own thread: loops end before the next run. From another thread: `stopSubscription(handle)`. */
  stop(): void {
    this.#stopped = true;
    this.#asyncWait?.wake();
  }

  /** Ends it and lets go of ring, catalog and chunks. */
  close(): void {
    this.stop();
    if (this.#closed) return;
    this.#closed = true;
    this.#follower.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #next(timeoutMs: number): Run<S> | undefined {
    let deadline = timeoutMs === Infinity ? Infinity : -1;
    for (;;) {
      const run = this.#poll(this.#maxRun, this.#looks);
      if (run !== undefined || this.stopped || timeoutMs <= 0) return run;
      if (deadline < 0) deadline = performance.now() + timeoutMs;
      if (this.#parking.wait(this.#wait, deadline)) return undefined;
    }
  }

  #checkMayBlock(call: string): void {
    checkMayBlock(`subscription.${call}`, this.feed, this.#allowMainThread);
  }

  /** A ring that is followed from now on: the flyweight goes over its scratch pages. */
  #follow(ring: Ring): RingRows {
    const rows = new RingRows(ring);
    this.#attach(rows.buffer, rows.offset, rows.bytes);
    return rows;
  }

  #fromColumns(piece: Piece): Run<S> | undefined {
    const source = openPiece(this.#files, piece);
    // Pinned by the follower, so it is there.
    if (source === undefined) return undefined;
    try {
      if (this.#attached === undefined) {
        const spare = new ArrayBuffer(this.#maxRun * this.#schema.slotStride);
        this.#attach(spare, 0, spare.byteLength);
      }
      const row = piece.runs[0] as number;
      rowsFromColumns(this.#schema, source, row, piece.rows, this.#attached as ArrayBufferLike, this.#offset);
      this.#run.show(sequenceOf(piece, row), piece.rows);
      return this.#run as unknown as Run<S>;
    } finally {
      closePiece(piece);
    }
  }

  #attach(buffer: ArrayBufferLike, offset: number, bytes: number): void {
    this.#run.attach(buffer, offset, bytes);
    this.#attached = buffer;
    this.#offset = offset;
  }
}

/**
 * Follows a feed in this thread, with a handle from `platform.subscription(feed)`. Without `start` and `fromSequence` it
 * begins with the next record that is published; from the moment this returns none is missed.
 *
 * @throws DeepwaterError DW_HANDLE_INVALID for what is no handle, or one that is over, or of a store that is not there any
 * more; DW_FEED_UNKNOWN where the feed has been deleted; DW_OPTION_INVALID, DW_RANGE_INVALID
 */
export function subscribe<S extends AnySpec = FeedSpec>(handle: SubscriptionHandle<S>, options?: SubscribeOptions): Subscription<S> {
  return new Subscription<S>(handle as SubscriptionHandle, options);
}
