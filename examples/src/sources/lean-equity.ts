import { CHARS } from './columns.js';
import { CommaLine } from './comma-line.js';
import { leanDate } from './lean-file.js';
import { SourceError } from './source-error.js';
import { TickSource } from './tick-source.js';
import { wallDay } from './wall-clock.js';

/**
 * US equity ticks in the format of QuantConnect/Lean: a CSV without header, one day a file, prices times 10,000,
 * times in milliseconds after midnight on the New York clock of the day in the file's name.
 * Columns: https://github.com/QuantConnect/Lean/blob/master/Data/equity/readme.md
 */

const ZONE = 'America/New_York';
const PRICE_SCALE = 10_000;
const US_PER_MS = 1000;

const ORIGIN_FIELDS = [
  { name: 'venue', type: 'char', desc: 'letter of the venue; D is the trade reporting facility' },
  { name: 'condition', type: 'uint32', desc: 'flags of the sale or quote condition' },
  { name: 'suspicious', type: 'bool', desc: "the vendor's own mark" },
  { name: 'timestamp_us', type: 'uint64', unit: 'us', as: 'number', desc: 'tape time, whole milliseconds, UTC' },
] as const;

export const EQUITY_TRADE_FIELDS = [
  { name: 'price', type: 'float64', desc: 'USD' },
  { name: 'size', type: 'uint32', desc: 'shares' },
  ...ORIGIN_FIELDS,
] as const;

/** One side a row; the price and size of the side that the row does not tell of are 0, as in the file. */
export const EQUITY_QUOTE_FIELDS = [
  { name: 'bid', type: 'float64', desc: 'USD; 0 on rows of the ask' },
  { name: 'bid_size', type: 'uint32', desc: 'shares' },
  { name: 'ask', type: 'float64', desc: 'USD; 0 on rows of the bid' },
  { name: 'ask_size', type: 'uint32', desc: 'shares' },
  ...ORIGIN_FIELDS,
] as const;

/** @param files zipped or gzipped CSVs of one symbol, in the order of their dates */
export function leanEquityTrades(symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `${symbol}_trades`,
    title: `${symbol.toUpperCase()} trades, all US venues`,
    fields: EQUITY_TRADE_FIELDS,
    timestamp: 'timestamp_us',
    instrument: { exchange: 'usa', market: 'equity', symbol: symbol.toUpperCase(), tickType: 'trade' },
    files,
    decoderFor: (file) => {
      const day = wallDay(ZONE, leanDate(file));
      const cells = new CommaLine();
      return (line, columns, row) => {
        cells.start(line);
        columns.timestamp_us[row] = day.toUtcMs(cells.whole()) * US_PER_MS;
        columns.price[row] = cells.whole() / PRICE_SCALE;
        columns.size[row] = shares(cells.whole());
        columns.venue[row] = cells.charCode();
        columns.condition[row] = cells.hex32();
        columns.suspicious[row] = cells.flag();
        cells.end();
        return true;
      };
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) {
        writer.writeValues(c.price[i], c.size[i], CHARS[c.venue[i]], c.condition[i], c.suspicious[i] !== 0, c.timestamp_us[i]);
      }
    },
  });
}

/** @param files zipped or gzipped CSVs of one symbol, in the order of their dates */
export function leanEquityQuotes(symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `${symbol}_quotes`,
    title: `${symbol.toUpperCase()} quotes, by venue`,
    fields: EQUITY_QUOTE_FIELDS,
    timestamp: 'timestamp_us',
    instrument: { exchange: 'usa', market: 'equity', symbol: symbol.toUpperCase(), tickType: 'quote' },
    files,
    decoderFor: (file) => {
      const day = wallDay(ZONE, leanDate(file));
      const cells = new CommaLine();
      return (line, columns, row) => {
        cells.start(line);
        columns.timestamp_us[row] = day.toUtcMs(cells.whole()) * US_PER_MS;
        columns.bid[row] = cells.whole() / PRICE_SCALE;
        columns.bid_size[row] = shares(cells.whole());
        columns.ask[row] = cells.whole() / PRICE_SCALE;
        columns.ask_size[row] = shares(cells.whole());
        columns.venue[row] = cells.charCode();
        columns.condition[row] = cells.hex32();
        columns.suspicious[row] = cells.flag();
        cells.end();
        return true;
      };
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) {
        writer.writeValues(
          c.bid[i], c.bid_size[i], c.ask[i], c.ask_size[i],
          CHARS[c.venue[i]], c.condition[i], c.suspicious[i] !== 0, c.timestamp_us[i],
        );
      }
    },
  });
}

function shares(count: number): number {
  if (count > 0xffff_ffff) throw new SourceError(`${count} shares do not fit 32 bits`);
  return count;
}
