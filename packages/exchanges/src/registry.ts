/** The sources that we bring, by name, and the way to all others. */
import { DeepwaterError, describeValue, didYouMean } from '@deepwater/core';
import { binance, binanceAgg, binanceCoinm, binanceCoinmAgg, binanceUsdm, binanceUsdmAgg } from './binance.js';
import { bybit, bybitInverse, bybitLinear } from './bybit.js';
import { ccxtSourceNamed } from './ccxt/ccxt-source.js';
import { coinbase } from './coinbase.js';
import { coinbaseExchange } from './coinbase-exchange.js';
import { kraken } from './kraken.js';
import { krakenV1 } from './kraken-v1.js';
import { isSourcePath, loadSource } from './load-source.js';
import type { Source } from './source.js';

/** One row for each. A new one is a file with a source in it (docs/SOURCES.md), and a row here. */
export const SOURCES: readonly Source[] = Object.freeze([
  binance,
  binanceUsdm,
  binanceCoinm,
  binanceAgg,
  binanceUsdmAgg,
  binanceCoinmAgg,
  bybit,
  bybitLinear,
  bybitInverse,
  coinbase,
  coinbaseExchange,
  kraken,
  krakenV1,
]);

/**
 * The source that a person means: one of ours by its name (`kraken`), one of a file (`./my-source.js`), or an exchange of ccxt's (`ccxt:bitfinex`,
 * `ccxt:bybit:linear`).
 * @throws DeepwaterError DW_SOURCE_UNKNOWN for a name that none has, DW_SOURCE_UNUSABLE for a file that has none and where ccxt is not installed
 */
export async function findSource(named: string): Promise<Source> {
  const ours = SOURCES.find(({ name }) => name === named);
  if (ours !== undefined) return ours;
  if (named.startsWith('ccxt:')) return ccxtSourceNamed(named.slice('ccxt:'.length));
  if (isSourcePath(named)) return loadSource(named);
  const names = SOURCES.map(({ name }) => name);
  throw new DeepwaterError('DW_SOURCE_UNKNOWN', `There is no source ${describeValue(named)}${didYouMean(named, names)}. There are ${names.join(', ')}; ccxt:<exchange> is one of ccxt’s, ./my-source.js a file of yours.`, { values: { source: named, sources: names } });
}
