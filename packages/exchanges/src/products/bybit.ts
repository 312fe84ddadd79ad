/** https://bybit-exchange.github.io/docs/v5/market/instrument: at most 1000 on a page, with a cursor to the next; spot has one page and no cursor. */
import { isFields } from '../frame-checks.js';
import { type ProductList, productOf } from './list.js';

export function bybitProducts(category: 'spot' | 'linear' | 'inverse'): ProductList {
  const path = `/v5/market/instruments-info?category=${category}&limit=1000`;
  return {
    path,
    page(body) {
      // Refusals come with status 200.
      if (!('retCode' in body) || body['retCode'] !== 0) return `retCode is ${String((body as { retCode?: unknown }).retCode)} (${String((body as { retMsg?: unknown }).retMsg).slice(0, 80)})`;
      const result = body['result'];
      if (!isFields(result) || !Array.isArray(result['list'])) return 'result.list is no list';
      const cursor = result['nextPageCursor'];
      return { entries: result['list'], next: typeof cursor === 'string' && cursor !== '' ? `${path}&cursor=${encoded(cursor)}` : undefined };
    },
    product: (entry) => productOf(entry, 'symbol', 'status', 'baseCoin', 'quoteCoin'),
  };
}

/** Cursors come percent-encoded (`first%3DBTCUSDT`), and go back as they came. */
const encoded = (cursor: string): string => (/^[\w.~!*'()-]*(%[0-9A-Fa-f]{2}[\w.~!*'()-]*)*$/.test(cursor) ? cursor : encodeURIComponent(cursor));
