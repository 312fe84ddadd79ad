/**
 * Advanced Trade: docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/list-public-products; one body has all of them, unless it says
 * `has_next`. Exchange: docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-all-trading-pairs.
 */
import { isFields } from '../frame-checks.js';
import { type ProductList, productOf } from './list.js';

const PATH = '/api/v3/brokerage/market/products';

export const coinbaseProducts: ProductList = {
  path: PATH,
  page(body) {
    if (!('products' in body) || !Array.isArray(body.products)) return 'products is no list';
    const pagination = 'pagination' in body && isFields(body.pagination) ? body.pagination : {};
    const cursor = pagination['next_cursor'];
    return { entries: body.products, next: pagination['has_next'] === true && typeof cursor === 'string' && cursor !== '' ? `${PATH}?cursor=${encodeURIComponent(cursor)}` : undefined };
  },
  product: (entry) => productOf(entry, 'product_id', 'status', 'base_currency_id', 'quote_currency_id'),
};

export const coinbaseExchangeProducts: ProductList = {
  path: '/products',
  page: (body) => (Array.isArray(body) ? { entries: body } : 'it is no list'),
  product: (entry) => productOf(entry, 'id', 'status', 'base_currency', 'quote_currency'),
};
