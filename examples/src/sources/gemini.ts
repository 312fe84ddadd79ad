import { CHARS } from './columns.js';
import { CommaLine } from './comma-line.js';
import { TickSource } from './tick-source.js';

/**
 * Trades of Gemini as Crypto Chassis publishes them: `time_seconds,price,size,is_buyer_maker` with a header,
 * times with three decimals. There are no ids: rows that are equal in every column are different trades.
 */

const HEADER = 'time_seconds,price,size,is_buyer_maker';
const BUY = 'B'.charCodeAt(0);
const SELL = 'S'.charCodeAt(0);

export const GEMINI_TRADE_FIELDS = [
  { name: 'price', type: 'float64' },
  { name: 'size', type: 'float64' },
  { name: 'side', type: 'char', desc: "the taker's: B bought, S sold" },
  { name: 'timestamp_us', type: 'uint64', unit: 'us', as: 'number', desc: 'exchange clock, whole milliseconds' },
] as const;

export function geminiTrades(files: readonly string[]): TickSource {
  return TickSource.define({
    name: 'gemini_eth-usd_trades',
    title: 'Gemini ETH-USD trades',
    fields: GEMINI_TRADE_FIELDS,
    timestamp: 'timestamp_us',
    instrument: { exchange: 'gemini', market: 'spot', symbol: 'ETH-USD', tickType: 'trade' },
    files,
    decoderFor: () => {
      const cells = new CommaLine();
      return (line, columns, row) => {
        if (line === HEADER) return false;
        cells.start(line);
        columns.timestamp_us[row] = cells.scaled(6);
        columns.price[row] = cells.decimal();
        columns.size[row] = cells.decimal();
        columns.side[row] = cells.flag() === 1 ? SELL : BUY; // the maker bought, so the taker sold
        cells.end();
        return true;
      };
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) writer.writeValues(c.price[i], c.size[i], CHARS[c.side[i]], c.timestamp_us[i]);
    },
  });
}
