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
import { badFrame } from './frame-checks.js';
import { checkLevels, writeLevels } from './level-pairs.js';
import { PassedRun } from './passed-run.js';
import type { SymbolSink } from './record-sink.js';
import { SpoiledBook, tellSpoiled } from './spoiled-books.js';

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

/** Updates older than a snapshot, after it: more are as many as no snapshot is ahead, so its number is wrong. */
const BEHIND_MAX = 1000;
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
  readonly #spoiled: SpoiledBook;
  readonly #passed = new PassedRun();
  readonly #behind = new PassedRun(BEHIND_MAX);

  /** @param wantSnapshot asks for a snapshot, to be given to `snapshot` */
  constructor(readonly symbol: string, private readonly sink: SymbolSink, private readonly host: SessionHost,
    private readonly wantSnapshot: (book: BinanceBook) => void) {
    this.#spoiled = new SpoiledBook(host);
  }

  get waiting(): boolean {
    return this.#state === 'waiting';
  }

  /** @throws BadFrame where it is no news, or a level cannot be read: the book begins anew then */
  update(update: DepthUpdate): void {
    switch (this.#state) {
      case 'closed':
        return;
      case 'silent':
        return this.#wait(update);
      case 'waiting':
        return this.#keep(update);
      case 'spanning':
        if (isBefore(update, this.#last)) return this.#behind.passed() ? this.#gap(update) : undefined;
        if (!continues(update, this.#last)) return this.#gap(update);
        this.#state = 'running';
        return this.#write(update);
      case 'running':
        if (update.last <= this.#last) {
          if (this.#passed.passed()) return this.#gap(update);
          throw new BadFrame('book update not new', `${this.symbol} ${update.last} after ${this.#last}`);
        }
        this.#passed.fresh();
        if (!follows(update, this.#last)) return this.#gap(update);
        return this.#write(update);
    }
  }

  /** An update of which nothing can be known. */
  unreadable(why: BadFrame): void {
    if (this.#state === 'running' || this.#state === 'spanning') this.#spoil(why);
    else this.#waiting = [];
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
    try {
      this.#writeSnapshot(snapshot);
    } catch (error) {
      this.#spoil(badFrame(error));
      return true;
    }
    for (const update of kept) {
      try {
        this.update(update);
      } catch (error) {
        // What only the record cannot hold: there is no frame to keep aside any more, and it is told as a gap.
        badFrame(error);
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
    this.#spoiled.close();
  }

  #gap(update: DepthUpdate): void {
    const found = update.previous ?? update.first;
    const expected = update.previous === undefined ? this.#last + 1 : this.#last;
    this.host.event({ kind: 'gap', symbol: this.symbol, channel: 'book', expected, found });
    this.#resync = true;
    this.#wait(update);
  }

  /** Something of it could not be read, or not be written: a snapshot is asked for after a while, and what comes meanwhile is kept for it. */
  #spoil(why: BadFrame): void {
    tellSpoiled(this.host, this.symbol, why);
    this.#resync = true;
    this.#state = 'waiting';
    this.#waiting = [];
    const ms = this.#spoiled.next();
    if (ms === 0) this.wantSnapshot(this);
    else this.host.after(ms, () => { this.wantSnapshot(this); });
  }

  #wait(update: DepthUpdate): void {
    this.#state = 'waiting';
    this.wantSnapshot(this);
    this.#keep(update);
  }

  #keep(update: DepthUpdate): void {
    try {
      checkLevels(update.bids);
      checkLevels(update.asks);
    } catch (error) {
      // What was kept before it is of no use any more: the snapshot must have all of it.
      this.unreadable(badFrame(error));
      throw error;
    }
    if (this.#waiting.length === WAITING_MAX) this.#waiting.splice(0, WAITING_MAX / 2);
    this.#waiting.push(update);
  }

  #writeSnapshot(snapshot: DepthSnapshot): void {
    const { ts, received, lastUpdateId } = snapshot;
    this.sink.beginBook(ts, received, true, lastUpdateId, lastUpdateId);
    this.#writeSides(snapshot);
    this.#spoiled.begun();
    this.#behind.fresh();
    this.#state = 'spanning';
    this.#last = lastUpdateId;
    this.failures = 0;
    if (this.#resync) this.host.event({ kind: 'resynced', symbol: this.symbol, channel: 'book', found: lastUpdateId });
  }

  #write(update: DepthUpdate): void {
    this.#last = update.last;
    this.sink.beginBook(update.ts, update.received, false, update.first, update.last);
    try {
      this.#writeSides(update);
    } catch (error) {
      this.#spoil(badFrame(error));
      throw error;
    }
  }

  #writeSides(sides: Sides): void {
    writeLevels(this.sink, 'B', sides.bids);
    writeLevels(this.sink, 'A', sides.asks);
    this.sink.endBook();
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
