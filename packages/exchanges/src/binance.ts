/**
 * Binance: spot, USD-M futures and COIN-M futures.
 *
 * Streams, limits, subscriptions: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams (spot),
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Connect (USD-M) and
 * https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams/Connect (COIN-M).
 *
 * - Combined streams wrap each message as `{"stream":…,"data":…}`; raw ones do not. Both are read.
 * - A connection lives 24 hours. It may be sent 5 messages a second on spot and 10 on futures, pings and pongs included, and carries 1024 streams on
 *   spot and 200 on futures; a symbol takes three.
 * - USD-M has an entry for each class of streams since 2026 (…/usds-margined-futures/websocket-market-streams/Important-WebSocket-Change-Notice):
 *   `/public` has books, quotes and single trades, `/market` has aggregated trades and what is not asked for here.
 * - Aggregated trades (`aggTrade`: the fills of one taker order at one price as one, with ids of their own) are sources of their own, `binance-agg` and so on:
 *   their feeds are not those of single trades.
 * - Times are milliseconds. `T` is when the matching engine did it and is taken where there is one; `E` is when the message was made. Quotes of spot
 *   have no time, theirs is when they were received, as is that of a snapshot of spot.
 */
import { DeepwaterError } from '@deepwater/core';
import { BinanceSession } from './binance-session.js';
import type { BinanceMarket } from './binance-market.js';
import type { Channel, ConnectionLimits, Exchange } from './exchange.js';
import { binanceProducts } from './products/binance.js';
import { listProducts } from './products/list.js';

const CHANNELS: readonly Channel[] = ['trades', 'book', 'quotes'];
/** Each symbol takes a stream for each channel. */
const STREAMS_A_SYMBOL = CHANNELS.length;

const SPOT: BinanceMarket = { route: '', tradeStream: 'trade', depthStream: 'depth@100ms', depthPath: '/api/v3/depth', streamsMax: 1024, symbolOf };
const USDM: BinanceMarket = { route: '/public', tradeStream: 'trade', depthStream: 'depth@100ms', depthPath: '/fapi/v1/depth', streamsMax: 200, symbolOf };
const COINM: BinanceMarket = { route: '', tradeStream: 'trade', depthStream: 'depth@100ms', depthPath: '/dapi/v1/depth', streamsMax: 200, symbolOf };

function limitsOf(market: BinanceMarket, sendsPerSecond: number): ConnectionLimits {
  return {
    symbolsMax: Math.floor(market.streamsMax / STREAMS_A_SYMBOL),
    sendsPerSecond,
    // A quiet connection is asked for its subscriptions every 20 seconds, so there is always an answer.
    silenceMs: 60_000,
    lifeMs: 24 * 3600 * 1000,
  };
}

/** `BTCUSDT`, and with an expiry `BTCUSDT_250926` or `BTCUSD_PERP`; `btcusdt`, `BTC-USDT` and `BTC/USDT` are the first. Some coins have Chinese names. */
function symbolOf(typed: string): string {
  const symbol = typed.trim().replace(/[-/]/g, '').toUpperCase();
  if (!/^[\p{L}\p{N}]{2,40}(_[A-Z0-9]{1,10})?$/u.test(symbol)) {
    throw new DeepwaterError('DW_SYMBOL_UNKNOWN', `${JSON.stringify(typed)} cannot be a symbol of Binance; one is BTCUSDT.`, { values: { symbol: typed } });
  }
  return symbol;
}

export const binance: Exchange = {
  name: 'binance',
  title: 'Binance',
  market: 'spot',
  channels: CHANNELS,
  endpoints: { ws: 'wss://stream.binance.com:9443', rest: 'https://api.binance.com' },
  limits: limitsOf(SPOT, 5),
  tradeIds: 'number',
  symbolOf,
  products: (options) => listProducts(binance, binanceProducts('/api/v3/exchangeInfo?showPermissionSets=false'), options),
  newSession: (wanted, host) => new BinanceSession(SPOT, wanted, host),
};

export const binanceUsdm: Exchange = {
  name: 'binance-usdm',
  title: 'Binance USD-M Futures',
  market: 'linear',
  channels: CHANNELS,
  endpoints: { ws: 'wss://fstream.binance.com', rest: 'https://fapi.binance.com' },
  limits: limitsOf(USDM, 10),
  tradeIds: 'number',
  symbolOf,
  products: (options) => listProducts(binanceUsdm, binanceProducts('/fapi/v1/exchangeInfo'), options),
  newSession: (wanted, host) => new BinanceSession(USDM, wanted, host),
};

export const binanceCoinm: Exchange = {
  name: 'binance-coinm',
  title: 'Binance COIN-M Futures',
  market: 'inverse',
  channels: CHANNELS,
  endpoints: { ws: 'wss://dstream.binance.com', rest: 'https://dapi.binance.com' },
  limits: limitsOf(COINM, 10),
  tradeIds: 'number',
  symbolOf,
  products: (options) => listProducts(binanceCoinm, binanceProducts('/dapi/v1/exchangeInfo'), options),
  newSession: (wanted, host) => new BinanceSession(COINM, wanted, host),
};

/** The same market with aggregated trades. */
function aggregated(exchange: Exchange, market: BinanceMarket, channels: readonly Channel[], route = market.route): Exchange {
  const its: BinanceMarket = { ...market, route, tradeStream: 'aggTrade' };
  return { ...exchange, name: `${exchange.name}-agg`, title: `${exchange.title}, aggregated trades`, channels, newSession: (wanted, host) => new BinanceSession(its, wanted, host) };
}

export const binanceAgg = aggregated(binance, SPOT, CHANNELS);
/** Books and quotes have another entry, so they are not to be had here. */
export const binanceUsdmAgg = aggregated(binanceUsdm, USDM, ['trades'], '/market');
export const binanceCoinmAgg = aggregated(binanceCoinm, COINM, CHANNELS);
