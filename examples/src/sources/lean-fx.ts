import { CommaLine } from './comma-line.js';
import { leanDate } from './lean-file.js';
import { TickSource } from './tick-source.js';
import { midnightUtcMs } from './wall-clock.js';

/**
 * Quotes of OANDA in the format of QuantConnect/Lean: `time,bid,ask` without header, one UTC day a file,
 * time in milliseconds after midnight UTC. Columns: https://github.com/QuantConnect/Lean/blob/master/Data/forex/readme.md
 */

const US_PER_MS = 1000;
const NS_PER_MS = 1_000_000n;

const BID_AND_ASK = [
  { name: 'bid', type: 'float64' },
  { name: 'ask', type: 'float64' },
] as const;

export const FX_QUOTE_FIELDS = [
  ...BID_AND_ASK,
  { name: 'timestamp_us', type: 'uint64', unit: 'us', as: 'number', desc: 'whole milliseconds' },
] as const;

/** The times of the gold files have up to four decimals of a millisecond: 0.1 us, which only nanoseconds hold. */
export const CFD_QUOTE_FIELDS = [
  ...BID_AND_ASK,
  { name: 'timestamp_ns', type: 'uint64', unit: 'ns', desc: 'steps of 100 ns' },
] as const;

/** Currency pairs. @param files zipped or gzipped CSVs of one pair, in the order of their dates */
export function oandaForexQuotes(symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `oanda_${symbol}_quotes`,
    title: `OANDA ${symbol.toUpperCase()} quotes`,
    fields: FX_QUOTE_FIELDS,
    timestamp: 'timestamp_us',
    instrument: { exchange: 'oanda', market: 'forex', symbol: symbol.toUpperCase(), tickType: 'quote' },
    files,
    decoderFor: (file) => {
      const midnightMs = midnightUtcMs(leanDate(file));
      const cells = new CommaLine();
      return (line, columns, row) => {
        cells.start(line);
        columns.timestamp_us[row] = (midnightMs + cells.whole()) * US_PER_MS;
        columns.bid[row] = cells.decimal();
        columns.ask[row] = cells.decimal();
        cells.end();
        return true;
      };
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) writer.writeValues(c.bid[i], c.ask[i], c.timestamp_us[i]);
    },
  });
}

/** Contracts for difference: gold. @param files zipped or gzipped CSVs of one symbol, in the order of their dates */
export function oandaCfdQuotes(symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `oanda_${symbol}_quotes`,
    title: `OANDA ${symbol.toUpperCase()} quotes`,
    fields: CFD_QUOTE_FIELDS,
    timestamp: 'timestamp_ns',
    instrument: { exchange: 'oanda', market: 'cfd', symbol: symbol.toUpperCase(), tickType: 'quote' },
    files,
    decoderFor: (file) => {
      const midnightNs = BigInt(midnightUtcMs(leanDate(file))) * NS_PER_MS;
      const cells = new CommaLine();
      return (line, columns, row) => {
        cells.start(line);
        columns.timestamp_ns[row] = midnightNs + BigInt(cells.scaled(6)); // ms with six decimals: ns
        columns.bid[row] = cells.decimal();
        columns.ask[row] = cells.decimal();
        cells.end();
        return true;
      };
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) writer.writeValues(c.bid[i], c.ask[i], c.timestamp_ns[i]);
    },
  });
}
