/**
 * Follows the trend of one market: holds a position in the direction in which a fast average of the closes of its bars lies from
 * a slow one. Fills: at the price of the next trade, with a taker's fee.
 */
import type { Bar, StrategyContext, StrategyModule } from 'deepwater';
import { Account } from './account.js';

export interface MomentumParams {
  readonly trades: string;
  readonly fills: string;
  /** Bars that the averages look back (exponential, with the usual 2 / (n + 1)). */
  readonly fastBars: number;
  readonly slowBars: number;
  /** Size of its position. */
  readonly size: number;
  readonly feeBps: number;
}

interface Trade {
  readonly price: number;
  readonly timestamp_us: number;
}

class Momentum implements Required<Pick<StrategyModule, 'onStart' | 'onBar' | 'onRecord' | 'onStop'>> {
  #account!: Account;
  #params!: MomentumParams;
  #fast = NaN;
  #slow = NaN;
  #bars = 0;
  #wanted = 0;

  onStart(context: StrategyContext): void {
    this.#params = context.params as MomentumParams;
    this.#account = new Account(context, this.#params.fills, this.#params.feeBps);
  }

  onBar({ close }: Bar): void {
    const { fastBars, slowBars, size } = this.#params;
    this.#fast = average(this.#fast, close, fastBars);
    this.#slow = average(this.#slow, close, slowBars);
    // Before that, the averages say more of where they began than of the market.
    if (++this.#bars >= slowBars) this.#wanted = this.#fast > this.#slow ? size : -size;
  }

  onRecord(record: unknown): void {
    const { price, timestamp_us: time } = record as Trade;
    const { trades } = this.#params;
    const missing = this.#wanted - this.#account.position(trades);
    if (missing === 0) this.#account.mark(trades, price);
    else this.#account.fill(trades, price, missing, time);
  }

  onStop(context: StrategyContext): void {
    context.emit(this.#account.summary);
  }
}

function average(before: number, value: number, bars: number): number {
  return Number.isNaN(before) ? value : before + (value - before) * (2 / (bars + 1));
}

export default Momentum;
