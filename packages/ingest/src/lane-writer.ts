import { DeepwaterError, SEGMENT_KIND, type Schema, SymbolDictionary, compileSchema, describeValue, feedPaths, givenSymbols, notPersisted, system, threadAlive, threadKernelId } from '@deepwater/core/engine';
import { Bell, Ring, RowWriter, type SymbolCoder } from '@deepwater/ring';
import { isMainThread } from 'node:worker_threads';
import { INGEST, LANE } from './control-layout.js';
import { SegmentMarks } from './feed-segments.js';
import { LaneControl, wakeIngest } from './lane-control.js';
import type { LaneInit } from './lane-source.js';

/** What a writer needs, in whatever thread: plain data and shared memory. */
export interface WriterSeat {
  readonly init: Omit<LaneInit, 'prepared' | 'catalog'>;
  readonly ingest: SharedArrayBuffer;
  readonly access: 'owner' | 'group';
  /** How long a write waits for room in a full ring, ms. */
  readonly roomTimeoutMs: number;
  /** What the feed's subscribers in this process sleep on (ring/local-bell.ts). */
  readonly local: SharedArrayBuffer;
}

/** How often a wait looks for trouble. */
const SLICE_MS = 20;
/** Looks at the tail before sleeping: some ten microseconds, the time of one block. */
const SPIN_LOOKS = 200;
/** The threads that a writer needs, and the words that tell whether they live. */
const THREADS = [['ingest worker', INGEST.THREAD], ['keeper', INGEST.KEEPER]] as const;

/**
 * A writer of one feed in one thread: rows into the ring (RowWriter), and the promises about what becomes of them.
 * Nothing here sends a message; everything goes through shared memory, so it works in any thread of the process.
 */
export abstract class LaneWriter extends RowWriter {
  readonly #control: LaneControl;
  readonly #ingest: Int32Array;
  readonly #symbols: SymbolDictionary | undefined;
  readonly #segments: SegmentMarks;

  constructor(readonly seat: WriterSeat) {
    const { init } = seat;
    const schema = compileSchema(init.source.spec);
    const symbols = openSymbols(seat, schema);
    const coders: (SymbolCoder | undefined)[] = schema.fields.map((field) => (field.type === 'symbol' ? symbols?.coder(field.index) : undefined));
    super(schema, new Ring(init.ring, init.ringPath), new Bell(new Int32Array(init.bell, 0, 1), new Int32Array(seat.local)), coders);
    this.#symbols = symbols;
    this.#control = new LaneControl(init.control);
    this.#ingest = new Int32Array(seat.ingest);
    const { source: { basePath, feedUid, spec }, epoch } = init;
    this.#segments = new SegmentMarks(feedPaths(basePath, spec.name).segments, feedUid, this.#control, epoch);
  }

  /** Name of the feed. */
  get feed(): string {
    return this.seat.init.source.spec.name;
  }

  /** Every record with a lower sequence number is in a chunk. */
  get flushedPosition(): number {
    return this.ring.persist ? this.ring.tail : this.position;
  }

  /**
   * Resolves when every record accepted so far is in the chunk: it survives the death of the process and every reader
   * sees it. (Both also hold for what is still in the ring; flush bounds what a later recovery has to do.)
   * @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL, DW_INGEST_FAILED: what stands in the way
   */
  async flush(): Promise<void> {
    const target = this.position;
    await this.#until(() => this.flushedPosition >= target, true);
  }

  /** The same, blocking the thread. */
  flushSync(timeoutMs: number = this.seat.roomTimeoutMs): void {
    const target = this.position;
    this.#waitUntil(() => this.flushedPosition >= target, timeoutMs, true);
  }

  /**
   * Resolves when every record accepted so far is on the device: it survives power loss. Memory feeds have nothing to sync.
   * @throws DeepwaterError DW_SYSTEM_CALL where the device refuses; what it had not taken is then not durable
   */
  async sync(): Promise<void> {
    await this.flush();
    if (!this.ring.persist) return;
    const ticket = this.#control.askSync();
    await this.#until(() => {
      if (this.#control.synced(ticket)) return true;
      const failure = this.#control.syncError(ticket);
      if (failure !== undefined) throw failure;
      return false;
    }, false);
  }

  /**
   * Says that the records were interrupted here, by a disconnect for example: the next record begins a new segment (see
   * `reader.segments`). Where no record has come since the last boundary, this is the same one and keeps its reason.
   *
   * It is in the file when this returns, and survives the death of the process; `sync()` makes it durable with the records.
   * @param options `reason`: kept as far as 96 bytes in UTF-8
   * @throws DeepwaterError DW_FEED_NOT_PERSISTED for a memory feed, DW_WRITER_CLOSED, DW_OPTION_INVALID, DW_DISK_FULL,
   * DW_SYSTEM_CALL; no boundary is made then
   */
  markSegment(options: { readonly reason?: string } = {}): void {
    if (this.closed) throw this.closedError();
    if (!this.ring.persist) throw notPersisted(this.feed, 'markSegment()');
    const given: unknown = options;
    const reason: unknown = typeof given === 'object' && given !== null ? (given as { reason?: unknown }).reason ?? '' : undefined;
    if (typeof reason !== 'string') {
      throw new DeepwaterError('DW_OPTION_INVALID', `markSegment of feed ${this.feed} was given ${describeValue(given)}; give { reason: 'a text' }, or nothing.`, { values: { feed: this.feed } });
    }
    this.#segments.mark(this.position, system.wallMs() * 1000, reason);
  }

  /** For the end of the process: nobody else will be there to say that the writer closed. */
  protected endSegment(): void {
    if (this.ring.persist) this.#segments.write(SEGMENT_KIND.CLOSED, this.position, system.wallMs() * 1000, '');
  }

  protected override waitForRoom(): void {
    // A quarter of the ring at once: waking for every block would cost more than the rows. The ingest worker goes on by
    // itself down to a quarter (Lane), so this is always reached.
    const wanted = this.position - this.ring.slotCount + Math.max(1, this.ring.slotCount >> 2);
    for (let looks = 0; looks < SPIN_LOOKS; looks++) if (this.ring.tail >= wanted) return;
    this.#waitUntil(() => this.ring.tail >= wanted, this.seat.roomTimeoutMs, false);
  }

  /** The ingest worker looks round by itself, but when nothing has come for a while not often enough for a burst. */
  protected override ringFills(): void {
    wakeIngest(this.#ingest);
  }

  protected closeFiles(): void {
    this.#symbols?.close();
    this.#segments.close();
  }

  /** Waits without blocking the event loop, and without letting the process end in the middle. */
  async #until(done: () => boolean, flush: boolean): Promise<void> {
    const { words } = this.#control;
    const keepAlive = setInterval(() => {}, 1000);
    Atomics.add(words, LANE.WAITERS, 1);
    try {
      const started = performance.now();
      for (;;) {
        const seen = Atomics.load(words, LANE.COMMITS);
        if (done()) return;
        this.#throwTrouble(started, false);
        if (flush) this.#control.askFlush();
        wakeIngest(this.#ingest);
        const wait = Atomics.waitAsync(words, LANE.COMMITS, seen, SLICE_MS);
        if (wait.async) await wait.value;
      }
    } finally {
      Atomics.sub(words, LANE.WAITERS, 1);
      clearInterval(keepAlive);
    }
  }

  #waitUntil(done: () => boolean, timeoutMs: number, flush: boolean): void {
    const { words } = this.#control;
    Atomics.add(words, LANE.WAITERS, 1);
    try {
      const started = performance.now();
      for (;;) {
        const seen = Atomics.load(words, LANE.COMMITS);
        if (done()) return;
        this.#throwTrouble(started, true);
        const waited = performance.now() - started;
        if (waited >= timeoutMs) throw this.#timeout(waited);
        if (flush) this.#control.askFlush();
        wakeIngest(this.#ingest);
        Atomics.wait(words, LANE.COMMITS, seen, SLICE_MS);
      }
    } finally {
      Atomics.sub(words, LANE.WAITERS, 1);
    }
  }

  /**
   * Throws what keeps records from getting on, if anything does for longer than a moment. A thread of ingest that has died is
   * started again by the main thread's event loop; only who blocks that very thread has to be told.
   */
  #throwTrouble(started: number, blocking: boolean): void {
    if (performance.now() - started < SLICE_MS) return;
    const error = this.#control.error;
    if (error !== undefined) throw error;
    if (!blocking || !isMainThread) return;
    for (const [name, word] of THREADS) {
      const thread = Atomics.load(this.#ingest, word);
      if (thread !== 0 && threadAlive(thread)) continue;
      throw new DeepwaterError(
        'DW_INGEST_DEAD',
        `The ${name} that feed ${this.feed} is written through has died and cannot be started again while this thread waits; the record was not written. ` +
          'Records in the ring are safe: let the event loop run (await anything), then go on.',
        { values: { feed: this.feed, thread: name, waiting: this.position - this.flushedPosition } },
      );
    }
  }

  #timeout(waitedMs: number): DeepwaterError {
    return new DeepwaterError(
      'DW_BACKPRESSURE_TIMEOUT',
      `The ring of feed ${this.feed} (${this.ring.slotCount} records) stayed full for ${Math.round(waitedMs)} ms; the record was not written. ` +
        'The disk is slower than the writer: write less, use a faster disk, or raise ringRecords.',
      { values: { feed: this.feed, ringRecords: this.ring.slotCount, waitedMs, position: this.position, flushed: this.flushedPosition } },
    );
  }
}

function openSymbols({ init, access }: WriterSeat, schema: Schema): SymbolDictionary | undefined {
  const { source } = init;
  if (!source.spec.fields.some((field) => field.type === 'symbol')) return undefined;
  const paths = feedPaths(source.basePath, source.spec.name);
  return SymbolDictionary.openForWriting(paths.symbols, access, source.feedUid, givenSymbols(paths, schema, source.feedUid));
}

/** Holder numbers: 1 is whoever created the writer, others are threads that attached it, by the kernel's ids of them. */
export const CREATOR = 1;
export const holderOfThread = (): number => threadKernelId() + 1;

/** Whether a thread other than the creator has the right to write, and lives. */
export function isHeld(control: LaneControl): boolean {
  const holder = Atomics.load(control.words, LANE.HOLDER);
  return holder > CREATOR && threadAlive(holder - 1);
}

/**
 * Takes the right to write; at most one thread has it. That of a thread that has ended without giving it back is free.
 * @returns `inherited` where the last holder died with it: it may have done so in the middle of a record
 */
export function takeSeat(control: LaneControl, holder: number): 'taken' | 'inherited' | 'refused' {
  for (;;) {
    const before = Atomics.load(control.words, LANE.HOLDER);
    if (before !== 0 && (before === CREATOR || threadAlive(before - 1))) return 'refused';
    if (Atomics.compareExchange(control.words, LANE.HOLDER, before, holder) === before) return before === 0 ? 'taken' : 'inherited';
  }
}

export function leaveSeat(control: LaneControl, holder: number): void {
  Atomics.compareExchange(control.words, LANE.HOLDER, holder, 0);
}
