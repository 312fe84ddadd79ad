/**
 * Goes with the market when it leaves its range: buys when a bar closes above the highs of the last bars, sells when one closes below their
 * lows, and goes out when it comes back through the middle. Trades with `context.broker`: on paper, live and in backtests.
 */
import type { Bar, Fill, StrategyContext, StrategyModule } from 'deepwater';

export interface BreakoutParams {
  /** The feed of trades. */
  readonly trades: string;
  /** Bars that make the range. */
  readonly bars: number;
  /** How far beyond the range a bar has to close, in hundredths of a percent. */
  readonly beyondBps: number;
  /** Size of its position. */
  readonly size: number;
}

class Breakout implements Required<Pick<StrategyModule, 'onBar' | 'onFill' | 'onStop'>> {
  readonly #highs: number[] = [];
  readonly #lows: number[] = [];
  #fills = 0;

  onBar({ high, low, close }: Bar, context: StrategyContext): void {
    const { trades, bars, beyondBps, size } = context.params as BreakoutParams;
    if (this.#highs.length === bars) {
      const top = Math.max(...this.#highs);
      const bottom = Math.min(...this.#lows);
      const beyond = close * (beyondBps / 10_000);
      const held = Math.sign(context.broker.position(trades).size);
      const back = held > 0 ? close < (top + bottom) / 2 : close > (top + bottom) / 2;
      const wanted = close > top + beyond ? 1 : close < bottom - beyond ? -1 : back ? 0 : held;
      if (wanted > held) context.broker.buy(trades, (wanted - held) * size);
      else if (wanted < held) context.broker.sell(trades, (held - wanted) * size);
      this.#highs.shift();
      this.#lows.shift();
    }
    this.#highs.push(high);
    this.#lows.push(low);
  }

  onFill(_fill: Fill, context: StrategyContext): void {
    context.metrics['fills'] = ++this.#fills;
  }

  onStop(context: StrategyContext): void {
    const { cash, equity } = context.broker;
    context.emit({ cash, equity });
  }
}

export default Breakout;
