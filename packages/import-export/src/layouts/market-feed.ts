/** The normalised feeds of docs/DATA.md, for records that come from files: of exchanges that have an adapter, and of others. */
import type { FeedSpecInput } from '@deepwater/core';
import { type Channel, type Exchange, binance, binanceAgg, binanceCoinm, binanceCoinmAgg, binanceUsdm, binanceUsdmAgg, bybit, bybitInverse, bybitLinear, coinbase, coinbaseExchange, kraken, krakenV1, recordFeedSpec } from '@deepwater/exchanges';

/** Captures of before 2026 have books and aggregated trades of USD-M on one connection. */
const usdmAgg: Exchange = { ...binanceUsdmAgg, channels: binanceUsdm.channels };

export const EXCHANGES: readonly Exchange[] = [binance, binanceUsdm, binanceCoinm, binanceAgg, usdmAgg, binanceCoinmAgg, bybit, bybitLinear, bybitInverse, coinbase, coinbaseExchange, kraken, krakenV1];

export const exchangeOf = (name: string): Exchange | undefined => EXCHANGES.find((each) => each.name === name);

/** The source of a Binance market's aggregated trades; other names stay. */
export const aggregatedOf = (exchange: string): string => (/^binance(-usdm|-coinm)?$/.test(exchange) ? `${exchange}-agg` : exchange);

export interface MarketFeed {
  readonly exchange: string;
  readonly symbol: string;
  readonly channel: Channel;
  /** Another name than the usual one. */
  readonly feed?: string | undefined;
  /** What the name ends with in place of the channel. */
  readonly suffix?: string | undefined;
  readonly tradeIds?: Exchange['tradeIds'] | undefined;
  /** Digits behind the point of prices and sizes; 8 by default. */
  readonly priceScale?: number | undefined;
}

export type NamedSpec = FeedSpecInput & { readonly name: string };

/** @throws DeepwaterError DW_SYMBOL_UNKNOWN for a symbol that no feed can be named after */
export function marketFeedSpec({ exchange, symbol, channel, feed, suffix, tradeIds, priceScale }: MarketFeed): NamedSpec {
  const known = exchangeOf(exchange);
  const adapter = known ?? ({ ...binance, name: exchange, title: exchange, market: 'unknown', tradeIds: tradeIds ?? 'number' } satisfies Exchange);
  const spec = recordFeedSpec(adapter, symbol, channel, priceScale === undefined ? {} : { priceScale });
  const { market, ...instrument } = spec.instrument!;
  const name = feed ?? (suffix === undefined ? spec.name! : spec.name!.replace(/[^.]*$/, suffix));
  return { ...spec, name, instrument: known === undefined ? instrument : { ...instrument, market } };
}
