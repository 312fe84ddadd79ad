/**
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints (exchangeInfo), and the pages of the same name of USD-M and COIN-M
 * futures. A contract of COIN-M has its status in `contractStatus`.
 */
import { type ProductList, productOf } from './list.js';

export const binanceProducts = (path: string): ProductList => ({
  path,
  page: (body) => ('symbols' in body && Array.isArray(body.symbols) ? { entries: body.symbols } : 'symbols is no list'),
  product: (entry) => productOf(entry, 'symbol', 'contractStatus' in entry ? 'contractStatus' : 'status', 'baseAsset', 'quoteAsset'),
});
