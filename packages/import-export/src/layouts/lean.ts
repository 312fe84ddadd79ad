/** Data of QuantConnect's Lean (https://www.quantconnect.com/docs/v2/lean-cli/datasets/format-and-storage): a zip for each day and symbol, CSV without a header. */
import { DeepwaterError, type FieldInput } from '@deepwater/core';
import { timeRange } from '../cells/times.js';
import type { FileColumn } from '../csv/plan.js';
import { splitLine } from '../csv/split-record.js';
import type { Batch, ReadContext } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import type { Part } from '../unpack/source-file.js';
import { columnsFor, constantsFor, headLines, tableBatches } from './csv-layout.js';
import { type LeanName, leanName } from './lean-name.js';
import { type NamedSpec, marketFeedSpec } from './market-feed.js';
import { Zone } from './zones.js';

/** Prices of equities are in hundredths of a cent. */
const EQUITY_TENS = 4;
const SUFFIX = { second: '1s', minute: '1m', hour: '1h', daily: '1d', tick: '' } as const;
/** A bar's length in its name, and what a quote has behind it. */
const SCALED = new Set(['equity', 'option', 'index']);

/** @throws DeepwaterError DW_IMPORT_LAYOUT */
export async function leanLayout(file: { readonly path: string; readonly name: string }, parts: readonly Part[], options: ImportOptions): Promise<SourceLayout> {
  const named = parts.map((part) => ({ part, name: leanName(file.path, part.name) }));
  const unknown = named.find(({ name }) => name === undefined);
  if (unknown !== undefined) throw wrong(file.path, `the name of ${unknown.part.name} does not tell what it is; keep the folders of Lean, equity/usa/tick/spy/20131007_trade.zip`);
  const names = named.map(({ name }) => name!);
  return {
    name: 'lean', identity: { names },
    async *read(context) {
      for (const [n, { part }] of named.entries()) {
        const table = await tableOf(part, names[n]!, file.path, options);
        if (table !== undefined) yield* readPart(part, table, context, parts.length > 1);
      }
    },
  };
}

interface LeanTable {
  readonly name: LeanName;
  readonly zone: Zone;
  readonly spec: NamedSpec;
  readonly columns: readonly FileColumn[];
  readonly constants: Readonly<Record<string, number | string>>;
}

async function tableOf(part: Part, name: LeanName, path: string, options: ImportOptions): Promise<LeanTable | undefined> {
  const [first] = await headLines(part, 4096);
  if (first === undefined) return undefined;
  const row = splitLine(first, ',');
  const security = name.security ?? (row.length === 3 ? 'forex' : (row[3]?.length ?? 0) > 1 && name.resolution === 'tick' ? 'future' : 'equity');
  const market = options.exchange ?? name.market ?? 'lean';
  const zone = new Zone(options.zone ?? (SCALED.has(security) && market === 'usa' ? 'America/New_York' : market === 'fxcm' ? 'Etc/GMT+5' : 'UTC'));
  const feed = { exchange: market, symbol: options.symbol ?? name.symbol, feed: options.feed } as const;
  const day = name.dateMs === undefined ? undefined : zone.day(name.dateMs);
  const range = timeRange('us', options.anyTime === true);
  const time: FileColumn = { name: 'time', fields: ['ts', 'recv'], rules: day === undefined ? { time: 'iso', range } : { time: 'ms', range, add: BigInt(day.midnightMs) * 1000n } };
  const tens = SCALED.has(security) ? EQUITY_TENS : 0;
  const price = (field: string): FileColumn => ({ name: field, fields: [field], rules: { tens, empty: 0n, min: 0n } });
  const size = (field: string): FileColumn => ({ name: field, fields: [field], rules: { empty: 0n, min: 0n } });
  const extra = (field: string): FileColumn => ({ name: field, fields: [field] });
  const common = { name, zone };
  if (name.resolution !== 'tick') {
    const bars = name.what === 'trade' ? ['open', 'high', 'low', 'close'] : ['bidOpen', 'bidHigh', 'bidLow', 'bidClose', 'askOpen', 'askHigh', 'askLow', 'askClose'];
    const columns = name.what === 'trade' ? [time, ...bars.map(price), size('volume')]
      : row.length === 9 ? [time, ...bars.map(price)] : [time, ...bars.slice(0, 4).map(price), size('bidSize'), ...bars.slice(4).map(price), size('askSize')];
    expectColumns(path, part.name, row, columns);
    return { ...common, spec: barSpec(feed, name, columns), columns, constants: {} };
  }
  if (name.what === 'trade') {
    const columns = [time, price('price'), size('size'), extra('venue'), extra('condition'), extra('suspicious')];
    expectColumns(path, part.name, row, columns);
    return { ...common, spec: withExtra(marketFeedSpec({ ...feed, channel: 'trades' }), VENUE), columns, constants: { id: 0, side: ' ' } };
  }
  const sized = row.length > 3;
  const columns = sized ? [time, price('bid'), size('bidSize'), price('ask'), size('askSize'), extra('venue'), extra('condition'), extra('suspicious')] : [time, price('bid'), price('ask')];
  expectColumns(path, part.name, row, columns);
  const quotes = marketFeedSpec({ ...feed, channel: 'quotes' });
  return { ...common, spec: sized ? withExtra(quotes, VENUE) : quotes, columns, constants: { update: 0, ...(sized ? {} : { bidSize: 0, askSize: 0 }) } };
}

const VENUE: readonly FieldInput[] = [
  { name: 'venue', type: 'symbol', desc: 'where it was, as the file calls it' }, { name: 'condition', type: 'symbol', desc: 'of the sale or the quote, as the file has it' },
  { name: 'suspicious', type: 'bool', desc: 'the vendor doubts it' },
];

const withExtra = (spec: NamedSpec, fields: readonly FieldInput[]): NamedSpec => ({ ...spec, fields: [...spec.fields, ...fields] });

function barSpec(feed: { readonly exchange: string; readonly symbol: string; readonly feed: string | undefined }, { resolution, what }: LeanName, columns: readonly FileColumn[]): NamedSpec {
  const like = marketFeedSpec({ ...feed, channel: 'trades', suffix: `${what === 'quote' ? 'quote-' : ''}bars-${SUFFIX[resolution]}` });
  const cells = columns.slice(1).map(({ name }): FieldInput => ({ name, type: 'decimal', scale: 8 }));
  return { name: like.name, fields: [{ name: 'ts', type: 'uint64', desc: 'where the bar begins' }, ...cells], timestamp: 'ts', retentionHours: 0, instrument: { ...like.instrument, tickType: what === 'quote' ? 'quote' : 'trade' } };
}

async function* readPart(part: Part, { name, zone, spec, columns, constants }: LeanTable, context: ReadContext, several: boolean): AsyncGenerator<Batch, void, void> {
  const target = context.target(spec);
  const table = { fields: target.fields, columns: columnsFor(target.fields, columns), constants: constantsFor(target.fields, constants), delimiter: ',' };
  const { before, midnightMs } = name.dateMs === undefined ? { before: undefined, midnightMs: 0 } : zone.day(name.dateMs);
  for await (const batch of tableBatches(part, table, 0, target, context, several ? part.name : undefined)) {
    const ts = batch.columns['ts'] as BigUint64Array;
    if (name.dateMs === undefined) {
      // Lines with a date of their own were read as if the clock were UTC's.
      for (let row = 0; row < batch.rows; row++) ts[row] = BigInt(zone.utcOf(Number(ts[row]! / 1000n))) * 1000n;
    } else if (before !== undefined) {
      const until = BigInt(midnightMs + before.untilMs) * 1000n;
      for (let row = 0; row < batch.rows; row++) if (ts[row]! < until) ts[row] = ts[row]! + BigInt(before.byMs) * 1000n;
    }
    yield batch;
  }
}

function expectColumns(path: string, part: string, row: readonly string[], columns: readonly FileColumn[]): void {
  if (row.length !== columns.length) throw wrong(path, `${part} has ${row.length} columns, where there are to be ${columns.length} (${columns.map(({ name }) => name).join(', ')})`);
}

function wrong(file: string, why: string): DeepwaterError {
  return new DeepwaterError('DW_IMPORT_LAYOUT', `${file} is no file of Lean: ${why}.`, { values: { file, layout: 'lean' } });
}
