/**
 * Quotes both sides of one market and lives on the difference.
 *
 * Its bid and ask lie `halfSpreadBps` around the middle of the market, moved against its position so that it comes back to
 * nothing, and never across the market's own quotes. Fills: a trade at or through its price fills it, up to the size of the
 * trade, as if it stood first in the queue. That is kinder than a real exchange.
 */
import type { StrategyContext, StrategyModule } from 'deepwater';
import { Account } from './account.js';

export interface MarketMakerParams {
  readonly quotes: string;
  readonly trades: string;
  readonly fills: string;
  /** Distance of its quotes from the middle, in hundredths of a percent. */
  readonly halfSpreadBps: number;
  /** How far a full position moves its quotes, in hundredths of a percent. */
  readonly skewBps: number;
  /** Size of a quote. */
  readonly size: number;
  readonly maxPosition: number;
  readonly feeBps: number;
}

type Context = StrategyContext<MarketMakerParams>;

interface Row {
  readonly bid: number;
  readonly ask: number;
  readonly price: number;
  readonly size: number;
  readonly side: string;
  readonly timestamp_us: number;
}

class MarketMaker implements Required<Pick<StrategyModule, 'onStart' | 'onRecord' | 'onStop'>> {
  #account!: Account;
  #params!: MarketMakerParams;
  /** What it quotes; 0 where it quotes nothing. */
  #bid = 0;
  #ask = 0;

  onStart(context: StrategyContext): void {
    this.#params = (context as Context).params;
    this.#account = new Account(context, this.#params.fills, this.#params.feeBps);
  }

  onRecord(record: unknown, context: StrategyContext): void {
    if (context.feed === this.#params.quotes) this.#quote(record as Row);
    else this.#trade(record as Row);
  }

  onStop(context: StrategyContext): void {
    context.emit(this.#account.summary);
  }

  #quote({ bid, ask }: Row): void {
    const { halfSpreadBps, skewBps, maxPosition, quotes } = this.#params;
    const middle = (bid + ask) / 2;
    const position = this.#account.position(quotes);
    const fair = middle * (1 - (skewBps / 10_000) * (position / maxPosition));
    const half = middle * (halfSpreadBps / 10_000);
    this.#bid = position < maxPosition ? Math.min(fair - half, bid) : 0;
    this.#ask = position > -maxPosition ? Math.max(fair + half, ask) : 0;
    this.#account.mark(quotes, middle);
  }

  #trade({ price, size, side, timestamp_us: time }: Row): void {
    const { quotes, size: quoted, maxPosition } = this.#params;
    const position = this.#account.position(quotes);
    // The taker sold: our bid was hit, if the trade went as low.
    if (side === 'S' && this.#bid > 0 && price <= this.#bid) {
      this.#fill(Math.min(size, quoted, maxPosition - position), this.#bid, time);
    } else if (side === 'B' && this.#ask > 0 && price >= this.#ask) {
      this.#fill(-Math.min(size, quoted, maxPosition + position), this.#ask, time);
    }
  }

  #fill(size: number, price: number, time: number): void {
    if (size !== 0) this.#account.fill(this.#params.quotes, price, size, time);
  }
}

export default MarketMaker;
