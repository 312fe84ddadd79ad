/**
 * Figures of a run.
 *
 * Returns are those of the equity curve, from one of its values to the next, simple (v1 / v0 - 1). With r their mean, s their standard
 * deviation (of a sample: n - 1) and N the intervals of the curve in a year of 365.25 days, since these markets never close:
 *
 * - Sharpe ratio r / s * sqrt(N), without a riskless rate: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994). The
 *   square root holds for returns that do not depend on each other: A. W. Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58 (2002).
 * - Sortino ratio r / d * sqrt(N) with d the root of the mean of min(return, 0)^2 over all returns: F. A. Sortino and L. N. Price,
 *   "Performance Measurement in a Downside Risk Framework", Journal of Investing 3 (1994).
 *
 * What has no value (no trades, no loss to divide by, equity that was not above 0) is null.
 */
import type { Fill } from '@deepwater/strategy';
import type { EquityCurve } from './equity-sampler.js';
import type { TradeLog } from './trade-log.js';

export interface Statistics {
  /** Cash to begin with, and equity at the end. */
  readonly cash: number;
  readonly equity: number;
  /** Equity less cash to begin with, and as a share of it. */
  readonly profit: number;
  readonly return: number | null;
  /** The greatest fall of the equity curve from a high before it; as a share of that high; and the longest time below a high, microseconds. */
  readonly maxDrawdown: number;
  readonly maxDrawdownShare: number | null;
  readonly maxDrawdownUs: number;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  /** Trades that were closed; the share of those that earned something after fees; what they earned over what the others lost. */
  readonly trades: number;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  readonly averageTrade: number | null;
  readonly fills: number;
  /** Bought and sold, in the currency of the prices. */
  readonly turnover: number;
  readonly fees: number;
  /** Share of the time from the first record to the last in which there was a position. */
  readonly exposure: number | null;
}

const YEAR_US = 365.25 * 86_400 * 1_000_000;

/** What fills add up to, besides trades. */
export class FillTotals {
  count = 0;
  turnover = 0;
  fees = 0;
  readonly #held = new Set<string>();
  #since = 0;
  #exposedUs = 0;

  add({ feed, price, size, fee, position, time }: Fill): void {
    this.count += 1;
    this.turnover += price * size;
    this.fees += fee;
    const before = this.#held.size;
    if (position === 0) this.#held.delete(feed);
    else this.#held.add(feed);
    if (before === 0 && this.#held.size > 0) this.#since = time;
    else if (before > 0 && this.#held.size === 0) this.#exposedUs += Math.max(0, time - this.#since);
  }

  /** Microseconds with a position, up to a time. */
  exposedUs(end: number): number {
    return this.#exposedUs + (this.#held.size > 0 ? Math.max(0, end - this.#since) : 0);
  }
}

/** @param first and `last`: times of the first and last record */
export function statisticsOf(cash: number, equity: number, curve: EquityCurve, totals: FillTotals, trades: TradeLog, first: number, last: number): Statistics {
  const { closed, wins, grossProfit, grossLoss } = trades;
  const span = last - first;
  return {
    cash, equity, profit: equity - cash, return: cash > 0 ? equity / cash - 1 : null,
    ...drawdownOf(curve), ...ratiosOf(curve),
    trades: closed, winRate: closed > 0 ? wins / closed : null, profitFactor: grossLoss > 0 ? grossProfit / grossLoss : null,
    averageTrade: closed > 0 ? (grossProfit - grossLoss) / closed : null,
    fills: totals.count, turnover: totals.turnover, fees: totals.fees, exposure: span > 0 ? Math.min(1, totals.exposedUs(last) / span) : null,
  };
}

export function drawdownOf({ values, intervalUs }: EquityCurve): Pick<Statistics, 'maxDrawdown' | 'maxDrawdownShare' | 'maxDrawdownUs'> {
  let high = -Infinity;
  let highAt = 0;
  let maxDrawdown = 0;
  let share: number | null = 0;
  let longest = 0;
  for (const [i, value] of values.entries()) {
    if (value >= high) {
      // It was below up to here.
      if (i - highAt > 1) longest = Math.max(longest, i - highAt);
      high = value;
      highAt = i;
      continue;
    }
    maxDrawdown = Math.max(maxDrawdown, high - value);
    if (high <= 0) share = null;
    else if (share !== null) share = Math.max(share, 1 - value / high);
    longest = Math.max(longest, i - highAt);
  }
  return { maxDrawdown, maxDrawdownShare: share, maxDrawdownUs: longest * intervalUs };
}

export function ratiosOf({ values, intervalUs }: EquityCurve): Pick<Statistics, 'sharpe' | 'sortino'> {
  const returns: number[] = [];
  for (let i = 1; i < values.length; i++) returns.push((values[i] as number) / (values[i - 1] as number) - 1);
  if (returns.length < 2 || values.some((value) => value <= 0)) return { sharpe: null, sortino: null };
  const mean = sum(returns) / returns.length;
  const deviation = Math.sqrt(sum(returns.map((value) => (value - mean) ** 2)) / (returns.length - 1));
  const downside = Math.sqrt(sum(returns.map((value) => Math.min(value, 0) ** 2)) / returns.length);
  const year = Math.sqrt(YEAR_US / intervalUs);
  return { sharpe: deviation > 0 ? (mean / deviation) * year : null, sortino: downside > 0 ? (mean / downside) * year : null };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
