import { DeepwaterError } from '@deepwater/core';
import { BinanceMarket } from './binance.js';
import { BybitMarket } from './bybit.js';
import { CoinbaseExchangeMarket } from './coinbase-exchange.js';
import { CoinbaseMarket } from './coinbase.js';
import { KrakenV1Market } from './kraken-v1.js';
import { KrakenV2Market } from './kraken-v2.js';
import type { OpenMarket } from './venue.js';

/** Every venue that can be played. Binance's three markets are told apart by their captures. */
const MARKETS = {
  'binance': (capture) => new BinanceMarket(capture),
  'bybit': (capture) => new BybitMarket(capture),
  'coinbase': (capture) => new CoinbaseMarket(capture),
  'coinbase-exchange': (capture) => new CoinbaseExchangeMarket(capture),
  'kraken-v1': (capture) => new KrakenV1Market(capture),
  'kraken': (capture) => new KrakenV2Market(capture),
} as const satisfies Record<string, OpenMarket>;

export type VenueName = keyof typeof MARKETS;
export const VENUES = Object.keys(MARKETS) as readonly VenueName[];

/** @throws DeepwaterError DW_OPTION_INVALID for a venue that there is not */
export function marketOf(venue: unknown): OpenMarket {
  if (typeof venue !== 'string' || !Object.hasOwn(MARKETS, venue)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `venue: ${JSON.stringify(venue)} is none of ${VENUES.join(', ')}.`, { values: { venue } });
  }
  return MARKETS[venue as VenueName];
}
