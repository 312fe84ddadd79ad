import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { binanceCapture, type BinanceMarket, binanceFuturesQuotes, binanceSpotQuotes, binanceTrades } from './binance.js';
import { geminiTrades } from './gemini.js';
import { leanEquityQuotes, leanEquityTrades } from './lean-equity.js';
import { isLeanFile } from './lean-file.js';
import { oandaCfdQuotes, oandaForexQuotes } from './lean-fx.js';
import type { TickSource } from './tick-source.js';

/**
 * Every feed that the recordings below a folder give, one source each. The layout is that of `sample-data`:
 *
 *     binance-raw-ws/<market>-<symbol>_<date>*.gz
 *     gemini-csv/gemini__eth-usd__<date>__trade.csv.gz
 *     lean/equity/usa/tick/<symbol>/<date>_trade.*, <date>_quote.*
 *     lean/forex/oanda/tick/<pair>/<date>_quote.*
 *     lean/cfd/oanda/tick/<symbol>/<date>_quote.*
 *
 * Kinds that are not there are left out. Files of a feed are in the order of their dates.
 */
export function findSources(root: string): TickSource[] {
  return [...equitySources(root), ...oandaSources(root), ...binanceSources(root), ...geminiSources(root)];
}

function equitySources(root: string): TickSource[] {
  const folder = join(root, 'lean/equity/usa/tick');
  return list(folder).flatMap((symbol) => {
    const files = list(join(folder, symbol)).map((name) => join(folder, symbol, name));
    const trades = files.filter((file) => isLeanFile(file, 'trade'));
    const quotes = files.filter((file) => isLeanFile(file, 'quote'));
    return [
      ...(trades.length > 0 ? [leanEquityTrades(symbol, trades)] : []),
      ...(quotes.length > 0 ? [leanEquityQuotes(symbol, quotes)] : []),
    ];
  });
}

function oandaSources(root: string): TickSource[] {
  const kinds = [
    { folder: join(root, 'lean/forex/oanda/tick'), source: oandaForexQuotes },
    { folder: join(root, 'lean/cfd/oanda/tick'), source: oandaCfdQuotes },
  ];
  return kinds.flatMap(({ folder, source }) =>
    list(folder).flatMap((symbol) => {
      const files = list(join(folder, symbol)).map((name) => join(folder, symbol, name));
      const quotes = files.filter((file) => isLeanFile(file, 'quote'));
      return quotes.length > 0 ? [source(symbol, quotes)] : [];
    }),
  );
}

function binanceSources(root: string): TickSource[] {
  const folder = join(root, 'binance-raw-ws');
  const captures = new Map<string, { market: BinanceMarket; symbol: string; files: string[] }>();
  for (const name of list(folder)) {
    const capture = binanceCapture(name);
    if (capture === null) continue;
    const { market, symbol } = capture;
    const key = `${market} ${symbol}`;
    if (!captures.has(key)) captures.set(key, { market, symbol, files: [] });
    captures.get(key)?.files.push(join(folder, name));
  }
  return [...captures.values()].flatMap(({ market, symbol, files }) => [
    binanceTrades(market, symbol, files),
    market === 'spot' ? binanceSpotQuotes(symbol, files) : binanceFuturesQuotes(market, symbol, files),
  ]);
}

function geminiSources(root: string): TickSource[] {
  const folder = join(root, 'gemini-csv');
  const files = list(folder).filter((name) => /^gemini__eth-usd__[\d-]{10}__trade\b.*\.csv\.gz$/.test(name));
  return files.length > 0 ? [geminiTrades(files.map((name) => join(folder, name)))] : [];
}

/** Names in a folder, in order (their dates sort as text); none when there is no such folder. */
function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
