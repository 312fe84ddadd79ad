/**
 * Bybit v5: spot, linear contracts (USDT and USDC), inverse contracts.
 *
 * Connection, pings, subscriptions and their limits: https://bybit-exchange.github.io/docs/v5/ws/connect
 *
 * - A ping every 20 seconds. A request has up to 10 topics on spot; all topics of a connection are 21,000 characters at most.
 * - Trade ids are texts: UUIDs on contracts, numbers too large for a number on spot. They do not count, so a missing trade cannot be noticed; a missing
 *   change of the book can.
 * - Times are milliseconds. Trades have the time of the match, books that of the matching engine (`cts`), tickers that of the message (`ts`).
 */
import { DeepwaterError } from '@deepwater/core';
import { BybitSession } from './bybit-session.js';
import type { BybitMarket } from './bybit-session.js';
import type { Channel, ConnectionLimits, Exchange } from './exchange.js';
import { bybitProducts } from './products/bybit.js';
import { listProducts } from './products/list.js';

const CHANNELS: readonly Channel[] = ['trades', 'book', 'quotes'];

const SPOT: BybitMarket = { quoteTopic: 'orderbook.1.', topicsARequest: 10, symbolOf };
const CONTRACTS: BybitMarket = { quoteTopic: 'tickers.', topicsARequest: 100, symbolOf };

const LIMITS: ConnectionLimits = {
  // Three topics of a symbol with a long name are about 100 characters, of 21,000.
  symbolsMax: 200,
  // The pages name no limit; this is what other exchanges allow.
  sendsPerSecond: 10,
  // There is an answer to a ping every 20 seconds.
  silenceMs: 60_000,
};

/** `BTCUSDT`, `BTCPERP`, `BTCUSDU26`, and with a date `BTC-26SEP25`; `btcusdt`, `BTC-USDT` and `BTC/USDT` are the first. */
function symbolOf(typed: string): string {
  const upper = typed.trim().toUpperCase().replaceAll('/', '');
  const symbol = /-\d{1,2}[A-Z]{3}\d{2}$/.test(upper) ? upper : upper.replaceAll('-', '');
  if (!/^[\p{L}\p{N}-]{2,40}$/u.test(symbol)) {
    throw new DeepwaterError('DW_SYMBOL_UNKNOWN', `${JSON.stringify(typed)} cannot be a symbol of Bybit; one is BTCUSDT.`, { values: { symbol: typed } });
  }
  return symbol;
}

function bybitMarket(name: string, title: string, market: 'spot' | 'linear' | 'inverse', rules: BybitMarket): Exchange {
  const exchange: Exchange = {
    name, title, market, symbolOf,
    channels: CHANNELS,
    endpoints: { ws: `wss://stream.bybit.com/v5/public/${market}`, rest: 'https://api.bybit.com' },
    limits: LIMITS,
    tradeIds: 'text',
    products: (options) => listProducts(exchange, bybitProducts(market), options),
    newSession: (wanted, host) => new BybitSession(rules, wanted, host),
  };
  return exchange;
}

export const bybit = bybitMarket('bybit', 'Bybit', 'spot', SPOT);
export const bybitLinear = bybitMarket('bybit-linear', 'Bybit linear contracts', 'linear', CONTRACTS);
export const bybitInverse = bybitMarket('bybit-inverse', 'Bybit inverse contracts', 'inverse', CONTRACTS);
