/**
 * Which of the trades that ccxt gives are new. It gives each update once (`newUpdates`), but many exchanges begin a subscription with a list of recent
 * trades, and ccxt does not say which those are: they come like any others. So the first trades after a subscription are looked at twice.
 *
 * - The very first: those from before the subscription, by their time, are history.
 * - After a reconnection: those from before the newest trade that is known are history, those after it were missed in between. Of those at its very
 *   time, as many as are known are the known ones: equal trades do happen, so they are counted, not thrown together.
 *
 * After that only a trade with the id, time, side, price and size of a known one is a duplicate. Trades without an id are all new: two equal ones are two.
 */
import type { TakerSide } from '../record-sink.js';
import type { CcxtTrade } from './ccxt-module.js';

/** Trades that are remembered by id: more than any exchange sends again. */
const KNOWN_MAX = 5000;

/** While the first trades of a subscription are looked at. */
interface History {
  /** Where it ends, ms. */
  readonly untilMs: number;
  /** Of the trades at that very time, how many have yet to come again; undefined where nothing is known, and all of them count. */
  readonly again: Map<string, number> | undefined;
}

export class TradeMemory {
  /** The oldest first. */
  readonly #known = new Set<string>();
  /** Newest time, ms; -1 before the first trade. */
  #newestMs = -1;
  /** How often there was each of the trades without an id at that time. */
  #atNewest = new Map<string, number>();
  #history: History | undefined;

  /** A subscription begins. @param sinceMs where history ends, while nothing is known */
  begin(sinceMs: number): void {
    this.#history = this.#newestMs < 0 ? { untilMs: sinceMs, again: undefined } : { untilMs: this.#newestMs, again: new Map(this.#atNewest) };
  }

  /** The trades of one update that are new, in their order. */
  *take(trades: readonly CcxtTrade[]): Generator<CcxtTrade> {
    const history = this.#history;
    for (const trade of trades) {
      const key = keyOf(trade);
      const isNew = this.#isNew(trade, key, history);
      this.#remember(trade, key, isNew || (history !== undefined && history.again === undefined));
      if (isNew) yield trade;
    }
    if (trades.length > 0) this.#history = undefined;
  }

  #isNew(trade: CcxtTrade, key: string, history: History | undefined): boolean {
    if (trade.id !== undefined && this.#known.has(key)) return false;
    if (history === undefined || trade.timestamp === undefined) return true;
    if (trade.timestamp < history.untilMs) return false;
    const again = trade.timestamp === history.untilMs ? history.again?.get(key) ?? 0 : 0;
    if (again > 0) history.again?.set(key, again - 1);
    return again === 0;
  }

  /** @param counts whether it is one more, not one that has come again */
  #remember(trade: CcxtTrade, key: string, counts: boolean): void {
    if (trade.id !== undefined) {
      this.#known.add(key);
      if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.values().next().value as string);
    }
    const { timestamp } = trade;
    if (timestamp === undefined || timestamp < this.#newestMs) return;
    if (timestamp > this.#newestMs) {
      this.#newestMs = timestamp;
      this.#atNewest = new Map();
    }
    if (trade.id === undefined && counts) this.#atNewest.set(key, (this.#atNewest.get(key) ?? 0) + 1);
  }
}

const keyOf = ({ id, timestamp, side, price, amount }: CcxtTrade): string => `${id ?? ''}|${timestamp ?? ''}|${side ?? ''}|${price ?? ''}|${amount ?? ''}`;

export function takerOf(side: string | undefined): TakerSide {
  return side === 'buy' ? 'B' : side === 'sell' ? 'S' : ' ';
}
