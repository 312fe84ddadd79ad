/**
 * Snapshots of Binance books, one after another. A snapshot of 1000 levels costs 50 of the 6000 a minute on spot and 20 of 2400 on futures
 * (https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book, …/usds-margined-futures/market-data/rest-api/Order-Book),
 * so a connection with many symbols asks slowly; their updates wait meanwhile.
 */
import type { BinanceBook } from './binance-book.js';
import type { SessionHost } from './exchange.js';
import { wholeOf } from './amounts.js';
import { listOf, objectOf } from './frame-checks.js';
import { epochMillisUs } from './frame-time.js';
import { checkLevels } from './level-pairs.js';

/** From the end of one request to the next of this connection. */
export const PAUSE_MS = 600;
/** After a snapshot that could not be had, or was older than the updates; twice as much after each further one. */
export const RETRY_FIRST_MS = 500;
export const RETRY_MAX_MS = 30_000;

interface DepthReply {
  readonly lastUpdateId?: unknown;
  readonly bids?: unknown;
  readonly asks?: unknown;
  /** Futures only: the time of the last transaction. */
  readonly T?: unknown;
}

export class SnapshotQueue {
  #books: BinanceBook[] = [];
  #busy = false;
  #closed = false;

  /** @param path of the depth endpoint @param now the latest time that a frame was received, microseconds */
  constructor(private readonly host: SessionHost, private readonly path: string, private readonly now: () => number) {}

  want(book: BinanceBook): void {
    this.#books.push(book);
    void this.#next();
  }

  close(): void {
    this.#closed = true;
    this.#books = [];
  }

  async #next(): Promise<void> {
    if (this.#busy || this.#closed) return;
    const book = this.#books.shift();
    if (book === undefined) return;
    if (!book.waiting) return this.#next();
    this.#busy = true;
    let failure: string | undefined;
    try {
      const body = await this.host.get(`${this.path}?symbol=${encodeURIComponent(book.symbol)}&limit=1000`);
      // The connection may have ended meanwhile, and with it whoever would take the records.
      if (this.#closed) return;
      failure = this.#take(book, body);
    } catch (error) {
      if (this.#closed) return;
      failure = (error as Error).message;
    }
    if (failure !== undefined) this.#again(book, failure);
    this.host.after(PAUSE_MS, () => {
      this.#busy = false;
      void this.#next();
    });
  }

  /** @returns why the snapshot cannot be used */
  #take(book: BinanceBook, body: string): string | undefined {
    const reply: DepthReply = objectOf(body);
    const received = this.now();
    const bids = listOf(reply.bids, 'bids');
    const asks = listOf(reply.asks, 'asks');
    checkLevels(bids);
    checkLevels(asks);
    const lastUpdateId = wholeOf(reply.lastUpdateId, 'update number');
    const ts = reply.T === undefined ? received : epochMillisUs(reply.T, received);
    return book.snapshot({ ts, received, lastUpdateId, bids, asks }) ? undefined : `older than the updates: ${lastUpdateId}`;
  }

  #again(book: BinanceBook, failure: string): void {
    this.host.event({ kind: 'refused', symbol: book.symbol, channel: 'book', detail: `snapshot: ${failure}` });
    this.host.after(Math.min(RETRY_FIRST_MS * 2 ** book.failures, RETRY_MAX_MS), () => this.want(book));
    book.failures = Math.min(book.failures + 1, 16);
  }
}
