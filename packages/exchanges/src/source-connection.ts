/**
 * One run after the other of a source that brings its own transport, for as long as it is wanted: begun, watched, ended where it is silent for too long,
 * and begun again after a while. What ExchangeConnection is to exchanges.
 *
 *     connecting ──▶ open ──▶ waiting ──▶ connecting …        until close()
 */
import { type DeepwaterError, describeValue } from '@deepwater/core';
import { nowUs } from './clock.js';
import { Backoff } from './backoff.js';
import type { ConnectionOptions } from './connection.js';
import { type BadFrame, asBadFrame, type SessionEvent, type Wanted, bothWanted } from './exchange.js';
import { GuardedSink } from './guarded-sink.js';
import type { Link } from './link.js';
import type { StreamHost, StreamSource } from './source.js';
import { tellSpoiled } from './spoiled-books.js';

/** How long a run may take to return when it is told to end. */
const ENDING_MS = 1000;
/** A run that was open for so long was a good one: the next attempt after it comes soon. */
const GOOD_AFTER_MS = 10_000;

/** One call of `run`. */
interface Run {
  readonly abort: AbortController;
  /** Resolves when it has returned or thrown, whatever it was. */
  settled: Promise<void>;
  over: boolean;
  /** When the source was reached; 0 before. */
  openedMs: number;
  heardMs: number;
  changed: ((wanted: Wanted) => void) | undefined;
  records: GuardedSink | undefined;
}

export class SourceConnection implements Link {
  readonly #backoff: Backoff;
  #wanted: Wanted;
  #symbols: ReadonlySet<string>;
  #run: Run | undefined;
  /** The run before, where it has not returned yet. */
  #before: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(readonly source: StreamSource, wanted: Wanted, private readonly options: ConnectionOptions) {
    this.#wanted = wanted;
    this.#symbols = new Set(wanted.symbols);
    this.#backoff = new Backoff(options.backoff);
  }

  get state(): 'connecting' | 'open' | 'waiting' | 'closed' {
    if (this.#closed) return 'closed';
    if (this.#run === undefined) return 'waiting';
    return this.#run.openedMs > 0 ? 'open' : 'connecting';
  }

  open(): void {
    if (this.#closed || this.#run !== undefined) return;
    clearTimeout(this.#again);
    const now = performance.now();
    const run: Run = { abort: new AbortController(), settled: Promise.resolve(), over: false, openedMs: 0, heardMs: now, changed: undefined, records: undefined };
    this.#run = run;
    const { silenceMs } = this.source.limits;
    if (silenceMs !== undefined) this.#watch = setInterval(() => { this.#checkSilence(run, silenceMs); }, silenceMs / 4);
    run.settled = this.#runSource(run);
  }

  subscribe(more: Wanted): void {
    this.#want(bothWanted(this.#wanted, more));
  }

  unsubscribe(symbols: readonly string[]): void {
    this.#want({ symbols: this.#wanted.symbols.filter((symbol) => !symbols.includes(symbol)), channels: this.#wanted.channels });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#again);
    const run = this.#letGo('closed');
    await within(run === undefined ? this.#before : run.settled, ENDING_MS);
  }

  async #runSource(run: Run): Promise<void> {
    // Nothing of a source happens within open().
    await Promise.resolve();
    if (run.over) return;
    let reason = 'the source has ended';
    try {
      await this.source.run(this.#wanted, this.#hostOf(run));
    } catch (error) {
      reason = reasonOf(error);
    }
    this.#end(run, reason);
  }

  #want(wanted: Wanted): void {
    const before = this.#wanted.symbols;
    this.#wanted = wanted;
    this.#symbols = new Set(wanted.symbols);
    const run = this.#run;
    if (run === undefined) return;
    run.records?.forget(before.filter((symbol) => !this.#symbols.has(symbol)));
    if (run.changed === undefined) return this.#end(run, 'other symbols are wanted', 0);
    try {
      run.changed(wanted);
    } catch (error) {
      this.#end(run, reasonOf(error));
    }
  }

  #hostOf(run: Run): StreamHost {
    const { options } = this;
    const heard = (): void => {
      if (run.over) return;
      run.heardMs = performance.now();
      if (run.openedMs === 0) this.#opened(run, this.source.title);
    };
    const event = (told: SessionEvent): void => { if (!run.over) options.onEvent?.(told); };
    const wanted = (): Wanted => this.#wanted;
    const records = run.records = new GuardedSink(options.records, {
      get wantsBooks() { return wanted().channels.includes('book'); },
      wants: (symbol) => !run.over && this.#symbols.has(symbol),
      heard,
      failed: (error) => { this.#failed(run, error); },
      spoiled: (symbol, why) => { tellSpoiled({ event }, symbol, why); },
      begun: (symbol) => { event({ kind: 'resynced', symbol, channel: 'book' }); },
    });
    const bad = (frame: BadFrame, text: string, receivedUs = nowUs()): void => {
      heard();
      records.abandonBooks(frame);
      if (!run.over) options.onBad?.(frame, text, receivedUs);
    };
    return {
      records,
      signal: run.abort.signal,
      urls: options.urls ?? {},
      connected: (detail = this.source.title) => {
        if (run.over) return;
        run.heardMs = performance.now();
        if (run.openedMs === 0) this.#opened(run, detail);
      },
      alive: heard,
      event,
      frame: (text, read) => {
        if (run.over) return;
        heard();
        const receivedUs = nowUs();
        options.onFrame?.(text, receivedUs);
        try {
          read(receivedUs);
        } catch (error) {
          // A run that is over is so because a record could not be written.
          if (run.over) throw error;
          bad(asBadFrame(error), text, receivedUs);
        }
      },
      bad: (frame, text) => { bad(frame, text); },
      now: nowUs,
      onWanted: (changed) => { run.changed = changed; },
      ...(options.lastTrade === undefined ? {} : { lastTrade: options.lastTrade }),
    };
  }

  #opened(run: Run, detail: string): void {
    run.openedMs = performance.now();
    this.options.onEvent?.({ kind: 'connected', detail });
  }

  #checkSilence(run: Run, silenceMs: number): void {
    const silentMs = performance.now() - run.heardMs;
    if (silentMs >= silenceMs) this.#end(run, `silent for ${Math.round(silentMs)} ms`);
  }

  /** The disk is full, the writer is closed: nothing that the source could be blamed for. */
  #failed(run: Run, error: unknown): void {
    if (run.over) return;
    this.options.onError?.(error);
    this.#end(run, `a record cannot be written: ${reasonOf(error)}`);
  }

  /** @returns the run, which is told to end and is not listened to any more */
  #letGo(reason: string): Run | undefined {
    const run = this.#run;
    clearInterval(this.#watch);
    this.#run = undefined;
    if (run === undefined) return undefined;
    run.over = true;
    this.#before = run.settled;
    run.abort.abort(new Error(reason));
    return run;
  }

  #end(run: Run, reason: string, waitMs?: number): void {
    if (run.over) return;
    this.#letGo(reason);
    if (this.#closed) return;
    if (run.openedMs > 0 && performance.now() - run.openedMs >= GOOD_AFTER_MS) this.#backoff.reset();
    const afterMs = waitMs ?? this.#backoff.next();
    this.#again = setTimeout(() => { void this.#openAfter(run.settled); }, afterMs);
    this.options.onEvent?.({ kind: 'disconnected', detail: reason, afterMs });
  }

  /** The run before gets its time to end, so that a source with one connection to somewhere is not there twice. */
  async #openAfter(before: Promise<void>): Promise<void> {
    await within(before, ENDING_MS);
    this.open();
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? (error as DeepwaterError).message : describeValue(error));

/** Until it has settled, or for so long. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => { late = setTimeout(resolve, ms); })]);
  clearTimeout(late);
}
