/**
 * The downloadable CSV files of Tardis.dev (https://docs.tardis.dev/downloadable-csv-files): trades, quotes and book_ticker, incremental_book_L2,
 * book_snapshot_5 and _25. Times are microseconds; a file may have many symbols.
 */
import { DeepwaterError, compileSchema, parseFeedSpec } from '@deepwater/core';
import type { Field } from '@deepwater/core';
import { timeRange } from '../cells/times.js';
import { splitLine } from '../csv/split-record.js';
import type { FileColumn } from '../csv/plan.js';
import { readCsv } from '../csv/read-csv.js';
import type { Batch, ReadContext, Target } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import type { Part } from '../unpack/source-file.js';
import { columnsFor, constantsFor, headLines } from './csv-layout.js';
import { exchangeOf, marketFeedSpec } from './market-feed.js';
import { BookDeltas, LADDER_SPEC, ladderLevels, DELTA_SPEC } from './tardis-book.js';

type Kind = 'trades' | 'quotes' | 'deltas' | 'ladder';

const BEGINNING = 'exchange,symbol,timestamp,local_timestamp,';
/** Where our adapters have another name for the same market. */
const OUR_NAMES: Readonly<Record<string, string>> = { 'binance-futures': 'binance-usdm', 'binance-delivery': 'binance-coinm' };
const SIDES = new Map([['buy', 66], ['sell', 83], ['unknown', 32], ['', 32]]);

export const isTardis = (line: string): boolean => line.startsWith(BEGINNING);

/** @throws DeepwaterError DW_IMPORT_LAYOUT */
export async function tardisLayout(fileName: string, parts: readonly Part[], options: ImportOptions): Promise<SourceLayout> {
  const [part] = parts;
  if (part === undefined || parts.length > 1) throw wrong(fileName, `it has ${parts.length} files in it`);
  const [header = '', first = ''] = await headLines(part);
  const names = splitLine(header, ',');
  const kind = kindOf(names);
  if (!isTardis(header) || kind === undefined) throw wrong(fileName, `its header ${JSON.stringify(header.slice(0, 100))} is none of theirs`);
  const row = splitLine(first, ',');
  return { name: 'tardis', identity: { kind }, read: (context) => readTardis(part, names, kind, row, options, context) };
}

function kindOf(names: readonly string[]): Kind | undefined {
  const has = (...wanted: string[]): boolean => wanted.every((name) => names.includes(name));
  if (has('is_snapshot', 'side', 'price', 'amount')) return 'deltas';
  if (has('id', 'side', 'price', 'amount')) return 'trades';
  if (has('asks[0].price', 'bids[0].price')) return 'ladder';
  return has('ask_price', 'ask_amount', 'bid_price', 'bid_amount') ? 'quotes' : undefined;
}

async function* readTardis(part: Part, names: readonly string[], kind: Kind, row: readonly string[], options: ImportOptions, context: ReadContext): AsyncGenerator<Batch, void, void> {
  // Ids of an exchange without an adapter: texts, where the first of them is one.
  const tradeIds = /^\d{1,15}$/.test(row[names.indexOf('id')] ?? '0') ? 'number' : 'text';
  const targetOf = ([exchange = '', symbol = '']: readonly string[]): Target => {
    const ours = options.exchange ?? OUR_NAMES[exchange] ?? exchange;
    const known = exchangeOf(ours) !== undefined;
    return context.target(marketFeedSpec({ exchange: ours, symbol: options.symbol ?? symbol, channel: kind === 'trades' || kind === 'quotes' ? kind : 'book', feed: options.feed, ...(known ? {} : { tradeIds }) }));
  };
  if (names.length !== row.length && row.length > 1) throw wrong(part.name, `its header has ${names.length} columns, and its first row ${row.length}`);
  if (row.length <= 1) return;
  const first = targetOf(row);
  const fields = kind === 'deltas' ? compileSchema(parseFeedSpec(DELTA_SPEC)).fields : kind === 'ladder' ? compileSchema(parseFeedSpec(LADDER_SPEC(names))).fields : first.fields;
  const table = { fields, columns: columnsFor(fields, columnsOf(names, kind, options)), constants: kind === 'quotes' ? constantsFor(fields, { update: 0 }) : {}, delimiter: ',' };
  const deltas = new BookDeltas();
  for await (const { rows, columns, group } of readCsv(part.blocks(), table, 1, (line, reason) => { context.reject(line, reason); })) {
    const target = targetOf(group);
    if (kind === 'deltas') yield* deltas.take(target, columns, rows);
    else if (kind === 'ladder') yield* ladderLevels(target, columns, rows, names);
    else {
      checkSame(part.name, first, target);
      yield { target, rows, columns };
    }
  }
  yield* deltas.end();
}

function columnsOf(names: readonly string[], kind: Kind, { anyTime }: ImportOptions): FileColumn[] {
  const time = { time: 'us', range: timeRange('us', anyTime === true) } as const;
  const size = { min: 0n };
  return names.map((name): FileColumn => {
    switch (name) {
      case 'exchange': case 'symbol': return { name, group: true };
      case 'timestamp': return { name, fields: ['ts'], rules: time };
      case 'local_timestamp': return { name, fields: ['recv'], rules: time };
      case 'id': return { name, fields: ['id'], rules: { empty: 0n } };
      case 'is_snapshot': return { name, fields: ['snapshot'] };
      case 'side': return { name, fields: ['side'], rules: { codes: kind === 'trades' ? SIDES : BOOK_SIDES } };
      case 'price': return { name, fields: ['price'] };
      case 'amount': return { name, fields: ['size'], rules: size };
      case 'bid_price': return { name, fields: ['bid'], rules: { empty: 0n } };
      case 'ask_price': return { name, fields: ['ask'], rules: { empty: 0n } };
      case 'bid_amount': return { name, fields: ['bidSize'], rules: { empty: 0n, ...size } };
      case 'ask_amount': return { name, fields: ['askSize'], rules: { empty: 0n, ...size } };
      default: return kind === 'ladder' ? { name, fields: [name.replace(/\W+/g, '_')], rules: { empty: -1n } } : { name };
    }
  });
}

const BOOK_SIDES = new Map([['bid', 66], ['ask', 65]]);

/** One table is read for all symbols of a file, so their feeds have to have the same fields. */
function checkSame(file: string, a: Target, b: Target): void {
  const shape = (fields: readonly Field[]): string => fields.map(({ name, type, scale, bytes, unit }) => [name, type, scale, bytes, unit].join(' ')).join();
  if (a === b || shape(a.fields) === shape(b.fields)) return;
  throw new DeepwaterError('DW_IMPORT_COLUMNS', `${file} has records for ${a.spec.name} and ${b.spec.name}, whose fields differ. Import them into feeds of one kind.`, { values: { feeds: [a.spec.name, b.spec.name] } });
}

function wrong(file: string, why: string): DeepwaterError {
  return new DeepwaterError('DW_IMPORT_LAYOUT', `${file} is no file of Tardis: ${why}.`, { values: { file, layout: 'tardis' } });
}
