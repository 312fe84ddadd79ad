/**
 * Trades one instrument against another: the perpetual future against the spot market of the same coin. Their difference, in
 * hundredths of a percent, wanders around a mean; where it is far from that, it sells the dear one and buys the cheap one, and
 * goes out when they have come together. Fills: at the last price of each market, with a taker's fee.
 */
import type { StrategyContext, StrategyModule } from 'deepwater';
import { Account } from './account.js';

export interface CrossFeedParams {
  /** Feeds of trades. */
  readonly spot: string;
  readonly future: string;
  readonly fills: string;
  /** Trades that mean and deviation look back (exponential). */
  readonly memory: number;
  /** Deviations from the mean at which it goes in, and at which it goes out. */
  readonly enter: number;
  readonly leave: number;
  /** Size of each side, in coins. */
  readonly size: number;
  readonly feeBps: number;
}

interface Trade {
  readonly price: number;
  readonly timestamp_us: number;
}

class CrossFeed implements Required<Pick<StrategyModule, 'onStart' | 'onRecord' | 'onStop'>> {
  #account!: Account;
  #params!: CrossFeedParams;
  #spot = NaN;
  #future = NaN;
  #mean = NaN;
  #variance = 0;
  #seen = 0;

  onStart(context: StrategyContext): void {
    this.#params = context.params as CrossFeedParams;
    this.#account = new Account(context, this.#params.fills, this.#params.feeBps);
  }

  onRecord(record: unknown, context: StrategyContext): void {
    const { price, timestamp_us: time } = record as Trade;
    this.#account.mark(context.feed, price);
    if (context.feed === this.#params.spot) this.#spot = price;
    else this.#future = price;
    const basis = (this.#future / this.#spot - 1) * 10_000;
    if (Number.isNaN(basis)) return; // one of them has not traded yet
    const score = this.#score(basis);
    context.metrics['basisBps'] = basis;
    context.metrics['score'] = score;
    this.#trade(score, time);
  }

  onStop(context: StrategyContext): void {
    context.emit(this.#account.summary);
  }

  /** How many deviations from its mean the basis is, by what was known before. 0 until enough is known. */
  #score(basis: number): number {
    const { memory } = this.#params;
    const known = ++this.#seen > memory && this.#variance > 0;
    const score = known ? (basis - this.#mean) / Math.sqrt(this.#variance) : 0;
    // Exponentially weighted mean and variance: https://fanf2.user.srcf.net/hermes/doc/antiforgery/stats.pdf, section 9
    const weight = 2 / (memory + 1);
    const step = Number.isNaN(this.#mean) ? 0 : basis - this.#mean;
    this.#mean = Number.isNaN(this.#mean) ? basis : this.#mean + weight * step;
    this.#variance = (1 - weight) * (this.#variance + weight * step * step);
    return score;
  }

  #trade(score: number, time: number): void {
    const { spot, future, size, enter, leave } = this.#params;
    const held = Math.sign(this.#account.position(future));
    const wanted = score > enter ? -1 : score < -enter ? 1 : Math.abs(score) < leave ? 0 : held;
    if (wanted === held) return;
    const change = (wanted - held) * size;
    this.#account.fill(future, this.#future, change, time);
    this.#account.fill(spot, this.#spot, -change, time);
  }
}

export default CrossFeed;
