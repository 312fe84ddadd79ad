/** The public dumps of Binance (https://github.com/binance/binance-public-data): trades, aggTrades and bookTicker, of spot and of both futures markets. */
import { DeepwaterError } from '@deepwater/core';
import { guessTimeFormat, timeRange } from '../cells/times.js';
import { splitLine } from '../csv/split-record.js';
import type { FileColumn } from '../csv/plan.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import type { Part } from '../unpack/source-file.js';
import { columnsFor, headLines, tableBatches } from './csv-layout.js';
import { aggregatedOf, marketFeedSpec } from './market-feed.js';

const NAME = /^([A-Z0-9_]{2,40})-(trades|aggTrades|bookTicker)-(\d{4}-\d{2}(?:-\d{2})?)(?:[ .(]|$)/;

export type BinanceKind = 'trades' | 'aggTrades' | 'bookTicker';

/** The columns of each kind as the dumps with a header name them; spot has none, and other names in its documentation. */
const COLUMNS: Readonly<Record<BinanceKind, readonly (readonly string[])[]>> = {
  trades: [['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker'], ['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker', 'is_best_match']],
  aggTrades: [
    ['agg_trade_id', 'price', 'quantity', 'first_trade_id', 'last_trade_id', 'transact_time', 'is_buyer_maker'],
    ['agg_trade_id', 'price', 'quantity', 'first_trade_id', 'last_trade_id', 'transact_time', 'is_buyer_maker', 'is_best_match'],
  ],
  bookTicker: [['update_id', 'best_bid_price', 'best_bid_qty', 'best_ask_price', 'best_ask_qty', 'transaction_time', 'event_time']],
};

/** `m`: the buyer was the maker, so the taker sold. */
const TAKER = new Map([['true', 83], ['True', 83], ['TRUE', 83], ['false', 66], ['False', 66], ['FALSE', 66]]);

export function binanceKind(partName: string): { symbol: string; kind: BinanceKind } | undefined {
  const match = NAME.exec(partName);
  return match === null ? undefined : { symbol: match[1] as string, kind: match[2] as BinanceKind };
}

/** The kind that a header tells. */
export function kindOfHeader(line: string): BinanceKind | undefined {
  const names = line.toLowerCase();
  if (/^id,price,qty,(quote|base)_?qty,time,is_?buyer_?maker/.test(names)) return 'trades';
  if (/^agg_?trade_?id,price,/.test(names)) return 'aggTrades';
  return names.startsWith('update_id,best_bid_price,') ? 'bookTicker' : undefined;
}

/** @throws DeepwaterError DW_IMPORT_LAYOUT */
export async function binanceLayout(fileName: string, parts: readonly Part[], options: ImportOptions): Promise<SourceLayout> {
  const [part] = parts;
  if (part === undefined || parts.length > 1) throw wrong(fileName, `it has ${parts.length} files in it, and a dump has one`);
  const [first] = await headLines(part);
  const named = binanceKind(part.name) ?? binanceKind(fileName);
  const header = first !== undefined && !/^\d/.test(first) ? first : undefined;
  const kind = (header === undefined ? undefined : kindOfHeader(header)) ?? named?.kind;
  const symbol = options.symbol ?? named?.symbol;
  if (kind === undefined) throw wrong(fileName, 'neither its name (BTCUSDT-trades-2024-01-01.csv) nor its header tells what is in it');
  if (symbol === undefined) throw wrong(fileName, 'its name does not tell the symbol; give it with --symbol');
  const names = first === undefined ? COLUMNS[kind][0]! : COLUMNS[kind].find((each) => each.length === splitLine(first, ',').length);
  if (names === undefined) throw wrong(fileName, `${kind} have ${COLUMNS[kind].map(({ length }) => length).join(' or ')} columns, and its first line has ${splitLine(first!, ',').length}`);
  const market = options.exchange ?? marketOf(kind, names.length, header, symbol);
  const exchange = kind === 'aggTrades' ? aggregatedOf(market) : market;
  return {
    name: 'binance', identity: { symbol, kind, exchange },
    async *read(context) {
      const target = context.target(marketFeedSpec({ exchange, symbol, channel: kind === 'bookTicker' ? 'quotes' : 'trades', feed: options.feed }));
      const lines = await headLines(part);
      const row = splitLine(lines[header === undefined ? 0 : 1] ?? '', ',');
      const columns = columnsOf(names, row, options);
      const table = { fields: target.fields, columns: columnsFor(target.fields, columns), delimiter: ',' };
      yield* tableBatches(part, table, header === undefined ? 0 : 1, target, context);
    },
  };
}

function columnsOf(names: readonly string[], row: readonly string[], { timeUnit, anyTime }: ImportOptions): FileColumn[] {
  const range = timeRange('us', anyTime === true);
  return names.map((name, n): FileColumn => {
    switch (name) {
      // Spot's dumps have microseconds since 2025, and milliseconds before.
      case 'time': case 'transact_time': case 'transaction_time': return { name, fields: ['ts', 'recv'], rules: { time: timeUnit ?? guessTimeFormat(row[n] ?? '') ?? 'ms', range } };
      case 'id': case 'agg_trade_id': return { name, fields: ['id'] };
      case 'update_id': return { name, fields: ['update'] };
      case 'price': return { name, fields: ['price'], rules: { min: 1n } };
      case 'qty': case 'quantity': return { name, fields: ['size'], rules: { min: 0n } };
      case 'best_bid_price': return { name, fields: ['bid'], rules: { min: 0n } };
      case 'best_bid_qty': return { name, fields: ['bidSize'], rules: { min: 0n } };
      case 'best_ask_price': return { name, fields: ['ask'], rules: { min: 0n } };
      case 'best_ask_qty': return { name, fields: ['askSize'], rules: { min: 0n } };
      case 'is_buyer_maker': return { name, fields: ['side'], rules: { codes: TAKER } };
      default: return { name };
    }
  });
}

/** The dumps do not name their market: spot has one column more, and COIN-M names its amount by the base. */
function marketOf(kind: BinanceKind, columns: number, header: string | undefined, symbol: string): string {
  if (kind !== 'bookTicker' && columns === COLUMNS[kind][1]!.length) return 'binance';
  return /base_?qty/i.test(header ?? '') || /_PERP$|USD_\d{6}$/.test(symbol) ? 'binance-coinm' : 'binance-usdm';
}

function wrong(file: string, why: string): DeepwaterError {
  return new DeepwaterError('DW_IMPORT_LAYOUT', `${file} is no dump of Binance: ${why}.`, { values: { file, layout: 'binance' } });
}
