/** What both versions of Kraken's websocket have in common: copies of books with their checksums, and signs of life. */
import type { Channel } from './exchange.js';
import { numeric, worthOf } from './amounts.js';
import { textOf } from './frame-checks.js';
import { JsonSession, SubscribedSymbol } from './json-session.js';
import { krakenChecksum } from './kraken-checksum.js';
import { BookLevels } from './kraken-levels.js';
import { decimalText } from './kraken-numbers.js';
import type { Amount, BookSide } from './record-sink.js';

/** The deepest book there is, on each side. */
export const DEPTH = 1000;
/** Asked so often whether it is there: the answer is a sign of life of a connection that nothing else comes on. */
const PING_MS = 30_000;

const fullText = (amount: Amount, decimals: number): string => (decimals < 0 ? String(amount) : decimalText(amount, decimals));

/** A pair with a copy of its book. Kraken tells only of levels within the depth that was asked for: what falls out of it is gone, and written so. */
export class KrakenSymbol extends SubscribedSymbol {
  depth = DEPTH;
  /** Decimals of prices and sizes, by the instruments of v2; -1 before they are known, and in v1, whose amounts stand in frames with all of them. */
  priceDecimals = -1;
  sizeDecimals = -1;
  readonly #bids = new BookLevels('B');
  readonly #asks = new BookLevels('A');
  #checksum = 0;

  begin(ts: number, receivedUs: number, snapshot: boolean): void {
    this.sink.beginBook(ts, receivedUs, snapshot, 0, 0);
    if (!snapshot) return;
    this.#bids.clear();
    this.#asks.clear();
  }

  /** @throws BadFrame for a level that cannot be read; the book is as it was then */
  level(side: BookSide, price: unknown, size: unknown): void {
    const levels = side === 'B' ? this.#bids : this.#asks;
    const goodPrice = numeric.priceOf(price);
    const goodSize = numeric.sizeOf(size);
    // Our own copy first: it is what the checksum is of, whatever records can hold.
    if (worthOf(goodSize) === 0) levels.remove(worthOf(goodPrice));
    else levels.set(worthOf(goodPrice), fullText(goodPrice, this.priceDecimals), fullText(goodSize, this.sizeDecimals));
    this.sink.level(side, goodPrice, goodSize);
  }

  end(): void {
    while (this.#bids.length > this.depth) this.sink.level('B', this.#bids.removeWorst(), '0');
    while (this.#asks.length > this.depth) this.sink.level('A', this.#asks.removeWorst(), '0');
    this.sink.endBook();
  }

  checksum(): number {
    if (this.#bids.topChanged || this.#asks.topChanged) {
      this.#checksum = krakenChecksum(this.#asks, this.#bids);
      this.#bids.topChanged = false;
      this.#asks.topChanged = false;
    }
    return this.#checksum;
  }
}

export abstract class KrakenSession extends JsonSession<KrakenSymbol> {
  protected abstract readonly ping: string;
  /** Heartbeats come by themselves. */
  protected override readonly granted: readonly Channel[] = ['trades', 'book', 'quotes'];

  override open(): void {
    super.open();
    this.#keepAlive();
  }

  protected override newSymbol(symbol: string): KrakenSymbol {
    return new KrakenSymbol(symbol, this.host.records.of(symbol), this.host.lastTrade?.(symbol) ?? 0);
  }

  /** Holds the checksum of the exchange's book against ours: where they differ the book is subscribed again. */
  protected verify(state: KrakenSymbol, theirs: number): void {
    const ours = state.checksum();
    if (ours === theirs) {
      state.losses = 0;
      return;
    }
    this.host.event({ kind: 'checksum', symbol: state.symbol, channel: 'book', expected: theirs, found: ours });
    this.sync.lose([state]);
  }

  /** The exchange refuses something: what was asked for a symbol, or the oldest request where it names none. */
  protected refused(detail: string, symbol: unknown, channel?: Channel): void {
    const known = this.known(symbol);
    if (known !== undefined || symbol === undefined || symbol === null) this.asked.refused(detail, known, channel);
    else this.host.event({ kind: 'refused', ...(channel === undefined ? {} : { channel }), detail: `${textOf(symbol, 40)}: ${detail}` });
  }

  /** What Kraken says of itself when it is not trading as ever: `maintenance`, `cancel_only`, `post_only`. */
  protected systemStatus(status: unknown): void {
    if (status !== 'online') this.host.event({ kind: 'refused', detail: `system ${textOf(status, 80)}` });
  }

  #keepAlive(): void {
    this.host.after(PING_MS, () => {
      this.host.send(this.ping);
      this.#keepAlive();
    });
  }
}
