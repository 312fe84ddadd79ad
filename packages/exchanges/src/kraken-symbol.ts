import { DeepwaterError } from '@deepwater/core';

/** Assets that Kraken's older interfaces call otherwise than everybody (support.kraken.com, asset codes). */
const OLD_NAMES: readonly (readonly [today: string, old: string])[] = [['BTC', 'XBT'], ['DOGE', 'XDG']];

/** `BTC/USD` from `btc/usd`, `BTC-USD` or `XBT/USD`; for v1 `XBT/USD`. @throws DeepwaterError DW_SYMBOL_UNKNOWN */
export function krakenSymbol(typed: string, title: string, version: 1 | 2): string {
  const assets = typed.trim().toUpperCase().split(/[/_-]/);
  if (assets.length !== 2 || !assets.every((asset) => /^[A-Z0-9.]{1,16}$/.test(asset))) {
    throw new DeepwaterError('DW_SYMBOL_UNKNOWN', `${JSON.stringify(typed)} is no symbol of ${title}: write it as ${version === 1 ? 'XBT/USD' : 'BTC/USD'}`, { values: { symbol: typed } });
  }
  return assets.map((asset) => {
    const names = OLD_NAMES.find((pair) => pair.includes(asset));
    return names === undefined ? asset : version === 1 ? names[1] : names[0];
  }).join('/');
}
