import { DeepwaterError } from '@deepwater/core';

/** `BTC-USD` from `btc-usd`, `BTC/USD` or `btc_usd`. @throws DeepwaterError DW_SYMBOL_UNKNOWN */
export function coinbaseSymbol(typed: string, title: string): string {
  const symbol = typed.trim().toUpperCase().replace(/[/_]/g, '-');
  if (symbol.length <= 40 && /^[A-Z0-9]+(-[A-Z0-9]+)+$/.test(symbol)) return symbol;
  throw new DeepwaterError('DW_SYMBOL_UNKNOWN', `${JSON.stringify(typed)} is no symbol of ${title}: write it as BTC-USD`, { values: { symbol: typed } });
}
