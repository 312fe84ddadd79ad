import type { Fill } from '@deepwater/strategy';

/** A round trip: from no position to no position, or to the other side. */
export interface Trade {
  readonly feed: string;
  readonly side: 'long' | 'short';
  /** Microseconds since 1970. */
  readonly entryTime: number;
  /** null while it is open. */
  readonly exitTime: number | null;
  /** All that was bought (or sold short) in the course of it. */
  readonly size: number;
  /** Average prices. */
  readonly entryPrice: number;
  readonly exitPrice: number | null;
  /** What it has earned, after fees; of an open one what has been realised so far. */
  readonly profit: number;
  readonly fees: number;
  readonly fills: number;
}

/** A trade that is under way. */
interface OpenTrade {
  readonly fill: Fill;
  entered: number;
  entryValue: number;
  left: number;
  exitValue: number;
  profit: number;
  fees: number;
  fills: number;
}

/** Makes trades of fills; counts all, keeps the first of them. */
export class TradeLog {
  readonly kept: Trade[] = [];
  closed = 0;
  wins = 0;
  grossProfit = 0;
  grossLoss = 0;
  readonly #open = new Map<string, OpenTrade>();
  readonly #positions = new Map<string, number>();

  constructor(private readonly keep: number) {}

  add(fill: Fill): void {
    const { feed, side, size, price, fee, position } = fill;
    const before = this.#positions.get(feed) ?? 0;
    this.#positions.set(feed, position);
    const buys = side === 'buy';
    const open = this.#open.get(feed);
    if (open === undefined || before > 0 === buys) {
      this.#enter(feed, open ?? opened(fill), size, price, fee);
      return;
    }
    const left = Math.min(size, Math.abs(before));
    const share = left / size;
    open.left += left;
    open.exitValue += left * price;
    open.profit += fill.realized - fee * share;
    open.fees += fee * share;
    open.fills += 1;
    if (position !== 0 && position > 0 === before > 0) return;
    this.#open.delete(feed);
    this.#close(open, fill.time);
    if (position !== 0) this.#enter(feed, opened(fill), Math.abs(position), price, fee * (1 - share));
  }

  /** Those that are open at the end, by feed. */
  get open(): Trade[] {
    return [...this.#open.values()].map((trade) => tradeOf(trade, null));
  }

  #enter(feed: string, trade: OpenTrade, size: number, price: number, fee: number): void {
    this.#open.set(feed, trade);
    trade.entered += size;
    trade.entryValue += size * price;
    trade.profit -= fee;
    trade.fees += fee;
    trade.fills += 1;
  }

  #close(trade: OpenTrade, time: number): void {
    this.closed += 1;
    if (trade.profit > 0) {
      this.wins += 1;
      this.grossProfit += trade.profit;
    } else {
      this.grossLoss -= trade.profit;
    }
    if (this.kept.length < this.keep) this.kept.push(tradeOf(trade, time));
  }
}

const opened = (fill: Fill): OpenTrade => ({ fill, entered: 0, entryValue: 0, left: 0, exitValue: 0, profit: 0, fees: 0, fills: 0 });

function tradeOf({ fill: { feed, side, time }, entered, entryValue, left, exitValue, profit, fees, fills }: OpenTrade, exitTime: number | null): Trade {
  return {
    feed, side: side === 'buy' ? 'long' : 'short', entryTime: time, exitTime, size: entered, entryPrice: entryValue / entered,
    exitPrice: left > 0 ? exitValue / left : null, profit, fees, fills,
  };
}
