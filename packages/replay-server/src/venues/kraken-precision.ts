import type { Capture } from '@deepwater/captures';
import { krakenData } from './kraken-frames.js';

/** Decimals of sizes: the same for all pairs, as the first API wrote them. */
export const QTY_DECIMALS = 8;

/** Decimals of a pair's prices. The first API pads them: they are as many as the capture's prices need at most. */
export function pricePrecisions(capture: Capture): Map<string, number> {
  const decimals = new Map<string, number>();
  for (const { text } of capture.received) {
    const data = text.startsWith('[') ? krakenData(JSON.parse(text) as unknown[]) : undefined;
    if (data === undefined) continue;
    const prices = data.kind === 'book' ? [...data.bids, ...data.asks].map(([price]) => price)
      : data.kind === 'trade' ? data.trades.map(([price]) => price)
        : [data.ticker.a[0], data.ticker.b[0], data.ticker.c[0]];
    for (const price of prices) decimals.set(data.pair, Math.max(decimals.get(data.pair) ?? 0, needed(price)));
  }
  return decimals;
}

/** A decimal with so many digits behind its point: zeros are put there, or taken away. */
export function withDecimals(text: string, decimals: number): string {
  const [whole, behind = ''] = text.split('.');
  return decimals === 0 ? whole : `${whole}.${behind.padEnd(decimals, '0').slice(0, decimals)}`;
}

const needed = (price: string): number => (price.split('.')[1] ?? '').replace(/0+$/, '').length;

/** The second API's names of currencies: the first has Bitcoin and Dogecoin by names of its own. */
export const symbolOf = (pair: string): string => pair.split('/').map((currency) => ({ XBT: 'BTC', XDG: 'DOGE' })[currency] ?? currency).join('/');

/** `1617666423.606671` as the second API writes times. */
export function isoTime(seconds: string): string {
  const [whole, behind = ''] = seconds.split('.');
  return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${behind.padEnd(6, '0').slice(0, 6)}Z`;
}
