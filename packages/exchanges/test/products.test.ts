/** Bodies are as the exchanges' documents have them, shortened to what is read and something that is not. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Exchange, SOURCES, binance, binanceCoinm, binanceUsdm, bybit, bybitInverse, bybitLinear, coinbase, coinbaseExchange, kraken, krakenV1, recordFeedName } from '../dist/index.js';
import { captureLines, noCaptures, withCaptures } from './support/captures.js';

const ends: (() => void)[] = [];
afterEach(() => { for (const end of ends.splice(0)) end(); });

/** A server that has a body at each path, and keeps what it was asked. */
async function serving(bodies: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url as string);
    const body = bodies[request.url as string];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body ?? { message: 'NotFound' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => { server.close(); server.closeAllConnections(); });
  return { asked, urls: { rest: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` } };
}

const spot = (symbol: string, more: object = {}) => ({ symbol, status: 'TRADING', baseAsset: symbol.slice(0, 3), baseAssetPrecision: 8, quoteAsset: symbol.slice(3), filters: [], permissions: [], ...more });
const contract = (symbol: string, quoteCoin: string) => ({ symbol, contractType: 'LinearPerpetual', status: 'Trading', baseCoin: 'BTC', quoteCoin, leverageFilter: { maxLeverage: '100.00' } });
const bybitBody = (category: string, list: object[], nextPageCursor?: string) => ({ retCode: 0, retMsg: 'OK', result: { category, list, ...(nextPageCursor === undefined ? {} : { nextPageCursor }) }, retExtInfo: {}, time: 1672712495660 });
const pair = (wsname: string | undefined, base: string, quote: string, status = 'online') => ({ altname: 'X', ...(wsname === undefined ? {} : { wsname }), aclass_base: 'currency', base, aclass_quote: 'currency', quote, pair_decimals: 1, status });

const PAIRS = { error: [], result: { XXBTZUSD: pair('XBT/USD', 'XXBT', 'ZUSD'), ADAETH: pair('ADA/ETH', 'ADA', 'XETH', 'post_only'), 'XXBTZUSD.d': pair(undefined, 'XXBT', 'ZUSD'), ODD: pair('ODD', 'A', 'B') } };

describe('the products of', () => {
  test.each<[string, Exchange, Record<string, unknown>, object[]]>([
    ['Binance', binance, { '/api/v3/exchangeInfo?showPermissionSets=false': { timezone: 'UTC', rateLimits: [], symbols: [spot('ETHBTC'), spot('BTCUSDT', { status: 'BREAK' }), spot('币安USDT')] } },
      [{ symbol: 'ETHBTC', status: 'TRADING', base: 'ETH', quote: 'BTC' }, { symbol: 'BTCUSDT', status: 'BREAK', base: 'BTC', quote: 'USDT' }]],
    ['Binance USD-M', binanceUsdm, { '/fapi/v1/exchangeInfo': { symbols: [spot('BTCUSDT_250926', { baseAsset: 'BTC', quoteAsset: 'USDT' })] } }, [{ symbol: 'BTCUSDT_250926', status: 'TRADING', base: 'BTC', quote: 'USDT' }]],
    ['Binance COIN-M', binanceCoinm, { '/dapi/v1/exchangeInfo': { symbols: [{ symbol: 'BTCUSD_PERP', pair: 'BTCUSD', contractType: 'PERPETUAL', contractStatus: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USD', marginAsset: 'BTC' }] } },
      [{ symbol: 'BTCUSD_PERP', status: 'TRADING', base: 'BTC', quote: 'USD' }]],
    ['Bybit', bybit, { '/v5/market/instruments-info?category=spot&limit=1000': bybitBody('spot', [contract('BTCUSDT', 'USDT')]) }, [{ symbol: 'BTCUSDT', status: 'Trading', base: 'BTC', quote: 'USDT' }]],
    ['Bybit, page after page', bybitLinear, {
      '/v5/market/instruments-info?category=linear&limit=1000': bybitBody('linear', [contract('BTCUSDT', 'USDT')], 'first%3DBTCUSDT%26last%3DA'),
      '/v5/market/instruments-info?category=linear&limit=1000&cursor=first%3DBTCUSDT%26last%3DA': bybitBody('linear', [contract('BTC-26SEP25', 'USDC')], 'a+b&c%'),
      '/v5/market/instruments-info?category=linear&limit=1000&cursor=a%2Bb%26c%25': bybitBody('linear', [contract('BTCPERP', 'USDC')], ''),
    }, [{ symbol: 'BTCUSDT', quote: 'USDT' }, { symbol: 'BTC-26SEP25', quote: 'USDC' }, { symbol: 'BTCPERP' }]],
    ['Bybit inverse', bybitInverse, { '/v5/market/instruments-info?category=inverse&limit=1000': bybitBody('inverse', []) }, []],
    ['Coinbase, but for those that have another one’s book', coinbase, {
      '/api/v3/brokerage/market/products': {
        products: [{ product_id: 'BTC-USD', price: '1', status: 'online', base_currency_id: 'BTC', quote_currency_id: 'USD', alias: '', alias_to: ['BTC-USDC'] }, { product_id: 'BTC-USDC', status: 'online', base_currency_id: 'BTC', quote_currency_id: 'USDC', alias: 'BTC-USD' }],
        num_products: 3, pagination: { prev_cursor: '', next_cursor: 'x/y', has_next: true, has_prev: false },
      },
      '/api/v3/brokerage/market/products?cursor=x%2Fy': { products: [{ product_id: 'USDT-USDC', status: 'online', base_currency_id: 'USDT', quote_currency_id: 'USDC' }], num_products: 3, pagination: { next_cursor: '', has_next: false } },
    }, [{ symbol: 'BTC-USD', status: 'online', base: 'BTC', quote: 'USD' }, { symbol: 'USDT-USDC', quote: 'USDC' }]],
    ['Coinbase Exchange', coinbaseExchange, { '/products': [{ id: 'BTC-USD', base_currency: 'BTC', quote_currency: 'USD', display_name: 'BTC/USD', trading_disabled: false, status: 'online', status_message: '' }] },
      [{ symbol: 'BTC-USD', status: 'online', base: 'BTC', quote: 'USD' }]],
    ['Kraken, by their names of version 2', kraken, { '/0/public/AssetPairs': PAIRS }, [{ symbol: 'BTC/USD', status: 'online', base: 'BTC', quote: 'USD' }, { symbol: 'ADA/ETH', status: 'post_only', base: 'ADA', quote: 'ETH' }]],
    ['Kraken, by their names of version 1', krakenV1, { '/0/public/AssetPairs': PAIRS }, [{ symbol: 'XBT/USD', base: 'XBT' }, { symbol: 'ADA/ETH' }]],
  ])('%s', async (_name, exchange, bodies, expected) => {
    const { asked, urls } = await serving(bodies);
    const products = await exchange.products!({ urls });
    expect(products).toMatchObject(expected);
    expect(products.length).toBe(expected.length);
    // In the order of the bodies: a page is asked for when the one before has named it.
    expect(asked).toEqual(Object.keys(bodies));
  });

  test('every exchange are to be had somewhere', () => {
    for (const source of SOURCES) expect([source.name, typeof source.products, 'endpoints' in source ? source.endpoints.rest : '']).toEqual([source.name, 'function', expect.stringMatching(/^https:\/\//)]);
  });

  const FAPI = '/fapi/v1/exchangeInfo';
  const LINEAR = '/v5/market/instruments-info?category=linear&limit=1000';
  test.each<[string, Exchange, Record<string, unknown>, RegExp]>([
    ['not there', binanceUsdm, {}, /gave 404: \{"message":"NotFound"\}/],
    ['not JSON', binanceUsdm, { [FAPI]: '<html>' }, /gave no products of Binance USD-M Futures: it is not JSON/],
    ['a text', binanceUsdm, { [FAPI]: '"later"' }, /it is "later"/],
    ['without a list', binanceUsdm, { [FAPI]: { symbols: {} } }, /symbols is no list/],
    ['a list of texts', binanceUsdm, { [FAPI]: { symbols: ['BTCUSDT'] } }, /an entry is "BTCUSDT"/],
    ['an entry without its name', binanceUsdm, { [FAPI]: { symbols: [{ status: 'TRADING' }] } }, /an entry has no symbol/],
    ['refused by Bybit', bybitLinear, { [LINEAR]: { retCode: 10001, retMsg: 'params error', result: {} } }, /retCode is 10001 \(params error\)/],
    ['without a list of Bybit’s', bybitLinear, { [LINEAR]: { retCode: 0, result: {} } }, /result.list is no list/],
    ['pages without end', bybitLinear, { [LINEAR]: bybitBody('linear', [], 'x'), [`${LINEAR}&cursor=x`]: bybitBody('linear', [], 'x') }, /cursor=x gave no products of Bybit linear contracts: it is the page after 100 others/],
    ['no list of Coinbase Exchange’s', coinbaseExchange, { '/products': { message: 'x' } }, /it is no list/],
    ['no list of Coinbase’s', coinbase, { '/api/v3/brokerage/market/products': [] }, /products is no list/],
    ['refused by Kraken', kraken, { '/0/public/AssetPairs': { error: ['EGeneral:Too many requests'] } }, /EGeneral:Too many requests/],
    ['empty of Kraken’s', kraken, { '/0/public/AssetPairs': { error: [] } }, /result is no object/],
  ])('an exchange whose body is %s: it is told', async (_what, exchange, bodies, says) => {
    const { urls } = await serving(bodies);
    await expect(exchange.products!({ urls })).rejects.toMatchObject({ code: 'DW_EXCHANGE_REST', message: expect.stringMatching(says) as string });
  });

  const recorded = (file: string, part: string): string => {
    for (const line of captureLines(file)) {
      const entry = JSON.parse(line) as { t: string; url?: string; data: string };
      if (entry.t === 'http' && entry.url?.includes(part) === true) return entry.data;
    }
    throw new Error(`${file} has no answer of ${part}`);
  };
  test.skipIf(noCaptures !== undefined).each<[string, Exchange, string, string, string, number, object]>([
    ['Coinbase', coinbase, 'COINBASE.jsonl.zst', 'brokerage/market/products', '/api/v3/brokerage/market/products', 920, { symbol: 'BTC-USD', status: 'online', base: 'BTC', quote: 'USD' }],
    ['Bybit', bybit, 'BYBIT.jsonl.zst', 'category=spot', '/v5/market/instruments-info?category=spot&limit=1000', 557, { symbol: 'BTCUSDT', status: 'Trading', base: 'BTC', quote: 'USDT' }],
    ['Bybit linear', bybitLinear, 'BYBIT.jsonl.zst', 'category=linear', '/v5/market/instruments-info?category=linear&limit=1000', 800, { symbol: '0GUSDT', status: 'Trading', base: '0G', quote: 'USDT' }],
  ])(withCaptures('%s as its server has answered'), async (_name, exchange, file, part, path, listed, first) => {
    const body = recorded(`exchanges-raw-ws/${file}`, part);
    const { urls } = await serving({ [path]: body });
    const products = await exchange.products!({ urls });
    expect(products[0]).toEqual(first);
    // All that are listed, but for those that are another name of one that is.
    const names = [...body.matchAll(/"(?:product_id|symbol)": ?"([^"]+)"/g)].map(([, name]) => name as string);
    expect(names.length).toBe(listed);
    expect(products.map(({ symbol }) => symbol)).toEqual(names.filter((name) => exchange.symbolOf(name) === name));
    expect(products.length).toBeGreaterThan(listed / 2);
    for (const { symbol, base, quote } of products) expect([recordFeedName(exchange, symbol, 'trades').length < 64, base, quote]).toEqual([true, expect.any(String), expect.any(String)]);
  });
});
