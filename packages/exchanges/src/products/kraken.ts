/**
 * docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs: pairs by Kraken's own keys; `wsname` is the one of version 1 of the websocket, and a pair
 * without it is not there. Errors come with status 200.
 */
import { DeepwaterError } from '@deepwater/core';
import { isFields } from '../frame-checks.js';
import { krakenSymbol } from '../kraken-symbol.js';
import { type ProductList, productOf } from './list.js';

export const krakenProducts = (version: 1 | 2): ProductList => ({
  path: '/0/public/AssetPairs',
  page(body) {
    const errors = 'error' in body ? body.error : undefined;
    if (Array.isArray(errors) && errors.length > 0) return errors.join(', ').slice(0, 200);
    return 'result' in body && isFields(body.result) ? { entries: Object.values(body.result) } : 'result is no object';
  },
  product(entry) {
    const name = entry['wsname'];
    if (name === undefined) return undefined;
    const product = productOf(entry, 'wsname', 'status', 'base', 'quote');
    if (typeof product === 'string') return product;
    try {
      // The names of assets in `base` and `quote` are the old ones with a letter for their kind (XXBT, ZUSD); those of the symbol are what people call them.
      const symbol = krakenSymbol(product.symbol, 'Kraken', version);
      const [base, quote] = symbol.split('/');
      return { ...product, symbol, base, quote };
    } catch (error) {
      if (DeepwaterError.isDeepwaterError(error)) return undefined;
      throw error;
    }
  },
});
