/**
 * A Bybit book: a snapshot, then deltas whose `u` counts on by one. A snapshot may come at any time and is the whole book from then on, as is a
 * message with `u` 1, which a restarted service sends: https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
 */
import { wholeOf } from './amounts.js';
import { BadFrame } from './exchange.js';
import type { SessionHost } from './exchange.js';
import { badFrame, listOf, shown } from './frame-checks.js';
import { epochMillisUs } from './frame-time.js';
import { writeLevels } from './level-pairs.js';
import { PassedRun } from './passed-run.js';
import type { SymbolSink } from './record-sink.js';
import { SpoiledBook, tellSpoiled } from './spoiled-books.js';

/** `data` of an `orderbook` message. */
export interface BybitDepth {
  readonly s?: unknown;
  readonly b?: unknown;
  readonly a?: unknown;
  readonly u?: unknown;
}

interface Message {
  readonly whole: boolean;
  readonly u: number;
  readonly ts: number;
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
}

/** Until a snapshot that was asked for counts as not coming; twice as long after each further one. */
export const SNAPSHOT_WAIT_MS = 10_000;
const SNAPSHOT_WAIT_MAX_MS = 160_000;

export class BybitBook {
  #state: 'silent' | 'running' | 'waiting' | 'closed' = 'silent';
  #last = 0;
  #wait = SNAPSHOT_WAIT_MS;
  #stopWaiting: () => void = () => undefined;
  readonly #spoiled: SpoiledBook;
  readonly #passed = new PassedRun();

  /** @param wantSnapshot subscribes anew, which begins with a snapshot */
  constructor(private readonly symbol: string, private readonly sink: SymbolSink, private readonly host: SessionHost,
    private readonly wantSnapshot: () => void) {
    this.#spoiled = new SpoiledBook(host);
  }

  /** @throws BadFrame where it is no news, or something of it cannot be read: the book begins anew then */
  take(type: unknown, data: BybitDepth, time: unknown, received: number): void {
    if (this.#state === 'closed') return;
    let message: Message;
    try {
      message = messageOf(type, data, time, received);
    } catch (error) {
      // One that waits for its snapshot is asked for again by itself.
      if (this.#state !== 'waiting') this.#spoil(badFrame(error));
      throw error;
    }
    const { u } = message;
    if (message.whole) return this.#begin(message, received);
    if (this.#state === 'waiting') return;
    if (this.#state === 'silent') return this.#gap(undefined, u);
    if (u <= this.#last) {
      if (this.#passed.passed()) return this.#gap(this.#last + 1, u);
      throw new BadFrame('book update not new', `${this.symbol} ${u} after ${this.#last}`);
    }
    this.#passed.fresh();
    if (u !== this.#last + 1) return this.#gap(this.#last + 1, u);
    this.#write(message, received);
  }

  close(): void {
    this.#state = 'closed';
    this.#stopWaiting();
    this.#spoiled.close();
  }

  #begin(message: Message, received: number): void {
    const again = this.#state !== 'silent';
    this.#state = 'running';
    this.#wait = SNAPSHOT_WAIT_MS;
    this.#stopWaiting();
    this.#write(message, received);
    this.#spoiled.begun();
    this.#passed.fresh();
    if (again) this.host.event({ kind: 'resynced', symbol: this.symbol, channel: 'book', found: message.u });
  }

  #gap(expected: number | undefined, found: number): void {
    this.host.event({ kind: 'gap', symbol: this.symbol, channel: 'book', found, ...(expected === undefined ? {} : { expected }) });
    this.#state = 'waiting';
    this.#ask();
  }

  #ask(): void {
    this.wantSnapshot();
    this.#stopWaiting = this.host.after(this.#wait, () => this.#ask());
    this.#wait = Math.min(this.#wait * 2, SNAPSHOT_WAIT_MAX_MS);
  }

  #write({ ts, whole, u, bids, asks }: Message, received: number): void {
    this.#last = u;
    this.sink.beginBook(ts, received, whole, u, u);
    try {
      writeLevels(this.sink, 'B', bids);
      writeLevels(this.sink, 'A', asks);
      this.sink.endBook();
    } catch (error) {
      this.#spoil(badFrame(error));
      throw error;
    }
  }

  #spoil(why: BadFrame): void {
    tellSpoiled(this.host, this.symbol, why);
    this.#state = 'waiting';
    this.#stopWaiting();
    const ms = this.#spoiled.next();
    if (ms === 0) this.#ask();
    else this.#stopWaiting = this.host.after(ms, () => { this.#ask(); });
  }
}

/** All but the levels is checked. @throws BadFrame */
function messageOf(type: unknown, data: BybitDepth, time: unknown, received: number): Message {
  if (type !== 'snapshot' && type !== 'delta') throw new BadFrame('type unknown', shown(type));
  const u = wholeOf(data.u, 'update number');
  return { whole: type === 'snapshot' || u === 1, u, ts: epochMillisUs(time, received), bids: listOf(data.b, 'bids'), asks: listOf(data.a, 'asks') };
}
