/** Bars as one would write them down: groups of trades, added up one after the other. */
import type { Trade } from './bar-feed.js';

export interface NaiveBar {
  readonly start: bigint;
  readonly end: bigint;
  readonly trades: readonly Trade[];
}

/** What the trades of a bar say, in the terms of their values: numbers, or integers of 10^-scale. */
export function saysOf(trades: readonly Trade[]): Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'value' | 'buyVolume' | 'sellVolume', number | bigint> {
  const first = trades[0] as Trade;
  const of = (among: readonly Trade[]): number | bigint =>
    typeof first.size === 'bigint'
      ? among.reduce((sum, { size }) => sum + (size as bigint), 0n)
      : among.reduce((sum, { size }) => sum + (size as number), 0);
  return {
    open: first.price, close: (trades.at(-1) as Trade).price,
    high: trades.reduce((best, { price }) => (price > best ? price : best), first.price),
    low: trades.reduce((best, { price }) => (price < best ? price : best), first.price),
    volume: of(trades),
    value: typeof first.price === 'bigint'
      ? trades.reduce((sum, { price, size }) => sum + (price as bigint) * (size as bigint), 0n)
      : trades.reduce((sum, { price, size }) => sum + (price as number) * (size as number), 0),
    buyVolume: of(trades.filter(({ side }) => 'Bb'.includes(side))),
    sellVolume: of(trades.filter(({ side }) => 'Ss'.includes(side))),
  };
}

export const isUsable = ({ price, size }: Trade): boolean => !Number.isNaN(price) && !Number.isNaN(size);

/** Trades by the bar that a time belongs to; undefined: to none. */
export function timeBars(trades: readonly Trade[], spanOf: (time: bigint) => readonly [bigint, bigint] | undefined): NaiveBar[] {
  const bars = new Map<bigint, { end: bigint; trades: Trade[] }>();
  for (const trade of trades.filter(isUsable)) {
    const span = spanOf(trade.time);
    if (span === undefined) continue;
    const bar = bars.get(span[0]) ?? { end: span[1], trades: [] };
    bars.set(span[0], bar);
    bar.trades.push(trade);
  }
  return [...bars].map(([start, bar]) => ({ start, ...bar })).sort((a, b) => (a.start < b.start ? -1 : 1));
}

export const everySpan = (width: bigint) => (time: bigint): readonly [bigint, bigint] => {
  let start = (time / width) * width;
  if (start > time) start -= width;
  return [start, start + width];
};

/** Bars that end with the trade with which they are full. */
export function amountBars(trades: readonly Trade[], isFull: (bar: readonly Trade[], before: readonly Trade[]) => boolean): NaiveBar[] {
  const bars: NaiveBar[] = [];
  let bar: Trade[] = [];
  const before: Trade[] = [];
  const end = (): void => {
    if (bar.length > 0) bars.push({ start: (bar[0] as Trade).time, end: (bar.at(-1) as Trade).time, trades: bar });
    bar = [];
  };
  for (const trade of trades.filter(isUsable)) {
    bar.push(trade);
    before.push(trade);
    if (isFull(bar, before)) end();
  }
  end();
  return bars;
}
