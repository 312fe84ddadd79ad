/**
 * A Bybit book: a snapshot, then deltas whose `u` counts on by one. A snapshot may come at any time and is the whole book from then on, as is a
 * message with `u` 1, which a restarted service sends: https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
 */
import { BadFrame } from './exchange.js';
import type { SessionHost } from './exchange.js';
import { levelsOf, numberOf, shown, writeLevels } from './frame-checks.js';
import type { SymbolSink } from './record-sink.js';

/** `data` of an `orderbook` message. */
export interface BybitDepth {
  readonly s?: unknown;
  readonly b?: unknown;
  readonly a?: unknown;
  readonly u?: unknown;
}

/** Until a snapshot that was asked for counts as not coming; twice as long after each further one. */
export const SNAPSHOT_WAIT_MS = 10_000;
const SNAPSHOT_WAIT_MAX_MS = 160_000;

export class BybitBook {
  #state: 'silent' | 'running' | 'waiting' | 'closed' = 'silent';
  #last = 0;
  #wait = SNAPSHOT_WAIT_MS;
  #stopWaiting: () => void = () => undefined;

  /** @param wantSnapshot subscribes anew, which begins with a snapshot */
  constructor(private readonly symbol: string, private readonly sink: SymbolSink, private readonly host: SessionHost,
    private readonly wantSnapshot: () => void) {}

  /** @throws BadFrame where it is no news, or something cannot be read; all other levels are taken */
  take(type: unknown, data: BybitDepth, ts: number, received: number): void {
    const u = numberOf(data.u, 'update number');
    const bids = levelsOf(data.b);
    const asks = levelsOf(data.a);
    if (type === 'snapshot' || u === 1) {
      if (this.#state === 'waiting' || this.#state === 'running') {
        this.host.event({ kind: 'resynced', symbol: this.symbol, channel: 'book', found: u });
      }
      this.#run();
      return this.#write(ts, received, true, u, bids, asks);
    }
    if (type !== 'delta') throw new BadFrame('type', shown(type));
    if (this.#state === 'waiting' || this.#state === 'closed') return;
    if (this.#state === 'silent') return this.#gap(undefined, u);
    if (u <= this.#last) throw new BadFrame('book update not new', `${this.symbol} ${u} after ${this.#last}`);
    if (u !== this.#last + 1) return this.#gap(this.#last + 1, u);
    this.#write(ts, received, false, u, bids, asks);
  }

  close(): void {
    this.#state = 'closed';
    this.#stopWaiting();
  }

  #run(): void {
    this.#state = 'running';
    this.#wait = SNAPSHOT_WAIT_MS;
    this.#stopWaiting();
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

  #write(ts: number, received: number, snapshot: boolean, u: number, bids: readonly unknown[], asks: readonly unknown[]): void {
    this.#last = u;
    this.sink.beginBook(ts, received, snapshot, u, u);
    const badBid = writeLevels(this.sink, 'B', bids);
    const badAsk = writeLevels(this.sink, 'A', asks);
    this.sink.endBook();
    const bad = badBid ?? badAsk;
    if (bad) throw bad;
  }
}
