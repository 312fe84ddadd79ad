/**
 * How a Binance book is brought in step with its updates, for one symbol of one connection.
 *
 *     silent ──first update, or a while──▶ waiting ──snapshot──▶ spanning ──first kept update──▶ running
 *                               ▲  keeps updates                                       │
 *                               └────────────────────── gap ───────────────────────────┘
 *
 * Spot: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
 * USD-M: https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
 * COIN-M: https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
 */
import { BadFrame } from './exchange.js';
import type { SessionHost } from './exchange.js';
import { badFrame, checkLevels, writeLevels } from './frame-checks.js';
import type { SymbolSink } from './record-sink.js';

/** The sides of a book, or of a change of it, as `[price, size]`. */
export interface Sides {
  readonly bids: readonly unknown[];
  readonly asks: readonly unknown[];
}

/** A depth update, its numbers checked. */
export interface DepthUpdate extends Sides {
  readonly ts: number;
  readonly received: number;
  /** `U` and `u`: the first and the last change that it has. */
  readonly first: number;
  readonly last: number;
  /** `pu`, the `u` of the update before; futures only. */
  readonly previous: number | undefined;
}

/** A snapshot from the REST endpoint, its numbers checked. */
export interface DepthSnapshot extends Sides {
  readonly ts: number;
  readonly received: number;
  readonly lastUpdateId: number;
}

/** Updates kept for a snapshot: at the fastest speed some minutes. Of more the older half goes; a snapshot that comes so late is newer. */
export const WAITING_MAX = 10_000;

export class BinanceBook {
  #state: 'silent' | 'waiting' | 'spanning' | 'running' | 'closed' = 'silent';
  #waiting: DepthUpdate[] = [];
  /** The last change that has been written. */
  #last = 0;
  /** Numbers were missing once: every snapshot from then on is a new beginning. */
  #resync = false;
  /** Snapshots in a row that could not be used; for whoever asks for the next. */
  failures = 0;

  /** @param wantSnapshot asks for a snapshot, to be given to `snapshot` */
  constructor(readonly symbol: string, private readonly sink: SymbolSink, private readonly host: SessionHost,
    private readonly wantSnapshot: (book: BinanceBook) => void) {}

  get waiting(): boolean {
    return this.#state === 'waiting';
  }

  /** @throws BadFrame where it is no news, or a level cannot be read; all other levels are taken */
  update(update: DepthUpdate): void {
    switch (this.#state) {
      case 'closed':
        return;
      case 'silent':
        return this.#wait(update);
      case 'waiting':
        return this.#keep(update);
      case 'spanning':
        if (isBefore(update, this.#last)) return;
        if (!continues(update, this.#last)) return this.#gap(update);
        this.#state = 'running';
        return this.#write(update);
      case 'running':
        if (update.last <= this.#last) throw new BadFrame('book update not new', `${this.symbol} ${update.last} after ${this.#last}`);
        if (!follows(update, this.#last)) return this.#gap(update);
        return this.#write(update);
    }
  }

  /** Begins the book again, where the snapshot is not older than the updates that were kept. @returns false where it is */
  snapshot(snapshot: DepthSnapshot): boolean {
    if (this.#state !== 'waiting') return true;
    const { lastUpdateId } = snapshot;
    const from = this.#waiting.findIndex((update) => !isBefore(update, lastUpdateId));
    const kept = from === -1 ? [] : this.#waiting.slice(from);
    this.#waiting = kept;
    if (kept.length > 0 && !continues(kept[0], lastUpdateId)) return false;

    this.#waiting = [];
    this.#writeSnapshot(snapshot);
    for (const update of kept) {
      try {
        this.update(update);
      } catch (error) {
        // Its levels were checked, and complained of, when it came. What only the record cannot hold is told here.
        const { reason } = badFrame(error);
        this.host.event({ kind: 'refused', symbol: this.symbol, channel: 'book', detail: `of update ${update.last}: ${reason}` });
      }
    }
    return true;
  }

  /** It was subscribed a while ago: where no update has come, the book is asked for all the same. */
  begin(): void {
    if (this.#state !== 'silent') return;
    this.#state = 'waiting';
    this.wantSnapshot(this);
  }

  close(): void {
    this.#state = 'closed';
    this.#waiting = [];
  }

  #gap(update: DepthUpdate): void {
    const found = update.previous ?? update.first;
    const expected = update.previous === undefined ? this.#last + 1 : this.#last;
    this.host.event({ kind: 'gap', symbol: this.symbol, channel: 'book', expected, found });
    this.#resync = true;
    this.#wait(update);
  }

  #wait(update: DepthUpdate): void {
    this.#state = 'waiting';
    this.wantSnapshot(this);
    this.#keep(update);
  }

  #keep(update: DepthUpdate): void {
    if (this.#waiting.length === WAITING_MAX) this.#waiting.splice(0, WAITING_MAX / 2);
    this.#waiting.push(update);
    const bad = checkLevels(update.bids) ?? checkLevels(update.asks);
    if (bad) throw bad;
  }

  #writeSnapshot(snapshot: DepthSnapshot): void {
    const { ts, received, lastUpdateId } = snapshot;
    this.sink.beginBook(ts, received, true, lastUpdateId, lastUpdateId);
    const bad = this.#writeSides(snapshot);
    if (bad) this.host.event({ kind: 'refused', symbol: this.symbol, channel: 'book', detail: `of the snapshot: ${bad.message}` });
    this.#state = 'spanning';
    this.#last = lastUpdateId;
    this.failures = 0;
    if (this.#resync) this.host.event({ kind: 'resynced', symbol: this.symbol, channel: 'book', found: lastUpdateId });
  }

  #write(update: DepthUpdate): void {
    this.#last = update.last;
    this.sink.beginBook(update.ts, update.received, false, update.first, update.last);
    const bad = this.#writeSides(update);
    if (bad) throw bad;
  }

  #writeSides(sides: Sides): BadFrame | undefined {
    const badBid = writeLevels(this.sink, 'B', sides.bids);
    const badAsk = writeLevels(this.sink, 'A', sides.asks);
    this.sink.endBook();
    return badBid ?? badAsk;
  }
}

/** All of it is in the snapshot: spot drops `u <= lastUpdateId`, futures `u < lastUpdateId`. */
function isBefore(update: DepthUpdate, lastUpdateId: number): boolean {
  return update.previous === undefined ? update.last <= lastUpdateId : update.last < lastUpdateId;
}

/**
 * The first update kept after a snapshot has all that came since: `U <= lastUpdateId + 1` on spot, `U <= lastUpdateId` on futures. Futures numbers skip
 * between updates, so one may begin behind a snapshot and still be the next: `pu <= lastUpdateId` says so, and holds wherever the rule of the page does.
 */
function continues(update: DepthUpdate, lastUpdateId: number): boolean {
  return update.previous === undefined ? update.first <= lastUpdateId + 1 : Math.min(update.previous, update.first) <= lastUpdateId;
}

/** An update right after another one. */
function follows(update: DepthUpdate, last: number): boolean {
  return update.previous === undefined ? update.first === last + 1 : update.previous === last;
}
