import { basename } from 'node:path';
import { CHARS } from './columns.js';
import { SourceError } from './source-error.js';
import { TickSource } from './tick-source.js';

/**
 * Raw websocket captures of Binance: one frame a line, `<receive time> {"stream":"btcusdt@trade","data":{...}}`,
 * as the collector of nkaz001/hftbacktest writes them.
 *
 * Field names of the frames: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 * (`T` trade or transaction time, `E` event time, `t` trade id, `p` price, `q` quantity, `m` the buyer is the maker,
 * `u` book update id, `b`/`B` best bid and its size, `a`/`A` best ask and its size).
 */

const BUY = 'B'.charCodeAt(0);
const SELL = 'S'.charCodeAt(0);
const US_PER_MS = 1000;

const RECEIVE_NS = { name: 'receive_ns', type: 'uint64', unit: 'ns', desc: "the recorder's clock" } as const;
const EVENT_US = { name: 'event_us', type: 'uint64', unit: 'us', as: 'number', desc: 'when Binance sent the frame' } as const;
const UPDATE_ID = { name: 'update_id', type: 'uint64', as: 'number', desc: 'order book update that the quote follows' } as const;
const BEST_BID_AND_ASK = [
  { name: 'bid', type: 'float64' },
  { name: 'bid_size', type: 'float64' },
  { name: 'ask', type: 'float64' },
  { name: 'ask_size', type: 'float64' },
] as const;

export const TRADE_FIELDS = [
  { name: 'price', type: 'float64' },
  { name: 'size', type: 'float64', desc: 'in contracts on COIN-M, else in the base asset' },
  { name: 'side', type: 'char', desc: "the taker's: B bought, S sold" },
  { name: 'trade_id', type: 'uint64', as: 'number' },
  EVENT_US,
  RECEIVE_NS,
  { name: 'timestamp_us', type: 'uint64', unit: 'us', as: 'number', desc: 'when the trade was made, exchange clock' },
] as const;

export const FUTURES_QUOTE_FIELDS = [
  ...BEST_BID_AND_ASK,
  UPDATE_ID,
  EVENT_US,
  RECEIVE_NS,
  { name: 'timestamp_us', type: 'uint64', unit: 'us', as: 'number', desc: 'transaction time, exchange clock' },
] as const;

/** Spot quotes carry no time of the exchange: the recorder's clock is the only one. */
export const SPOT_QUOTE_FIELDS = [...BEST_BID_AND_ASK, UPDATE_ID, RECEIVE_NS] as const;

interface TradeFrame {
  readonly data: { E: number; T: number; t: number; p: string; q: string; m: boolean };
}

interface QuoteFrame {
  readonly data: { u: number; b: string; B: string; a: string; A: string; E?: number; T?: number };
}

export type BinanceMarket = 'spot' | 'usdm' | 'cm';

/** Trades of one symbol, out of captures in the order of their times. */
export function binanceTrades(market: BinanceMarket, symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `binance_${market}_${symbol}_trades`,
    title: `Binance ${market} ${symbol.toUpperCase()} trades`,
    fields: TRADE_FIELDS,
    timestamp: 'timestamp_us',
    clocks: ['event_us', 'receive_ns'],
    instrument: { exchange: 'binance', market, symbol: symbol.toUpperCase(), tickType: 'trade' },
    files,
    decoderFor: () => (line, columns, row) => {
      const frame = frameOf(line, 'trade') as TradeFrame | null;
      if (frame === null) return false;
      const { data } = frame;
      if (typeof data.m !== 'boolean') throw new SourceError('a trade without a side');
      columns.price[row] = decimal(data.p);
      columns.size[row] = decimal(data.q);
      columns.side[row] = data.m ? SELL : BUY; // the maker bought, so the taker sold
      columns.trade_id[row] = integer(data.t);
      columns.event_us[row] = integer(data.E) * US_PER_MS;
      columns.receive_ns[row] = receiveNs(line);
      columns.timestamp_us[row] = integer(data.T) * US_PER_MS;
      return true;
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) {
        writer.writeValues(c.price[i], c.size[i], CHARS[c.side[i]], c.trade_id[i], c.event_us[i], c.receive_ns[i], c.timestamp_us[i]);
      }
    },
  });
}

/** Best bid and ask of one futures symbol. */
export function binanceFuturesQuotes(market: 'usdm' | 'cm', symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `binance_${market}_${symbol}_quotes`,
    title: `Binance ${market} ${symbol.toUpperCase()} best bid and ask`,
    fields: FUTURES_QUOTE_FIELDS,
    timestamp: 'timestamp_us',
    clocks: ['event_us', 'receive_ns'],
    instrument: { exchange: 'binance', market, symbol: symbol.toUpperCase(), tickType: 'quote' },
    files,
    decoderFor: () => (line, columns, row) => {
      const frame = frameOf(line, 'bookTicker') as QuoteFrame | null;
      if (frame === null) return false;
      readQuote(frame, columns, row);
      columns.event_us[row] = integer(frame.data.E) * US_PER_MS;
      columns.receive_ns[row] = receiveNs(line);
      columns.timestamp_us[row] = integer(frame.data.T) * US_PER_MS;
      return true;
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) {
        writer.writeValues(
          c.bid[i], c.bid_size[i], c.ask[i], c.ask_size[i], c.update_id[i], c.event_us[i], c.receive_ns[i], c.timestamp_us[i],
        );
      }
    },
  });
}

/** Best bid and ask of one spot symbol, by receive time. */
export function binanceSpotQuotes(symbol: string, files: readonly string[]): TickSource {
  return TickSource.define({
    name: `binance_spot_${symbol}_quotes`,
    title: `Binance spot ${symbol.toUpperCase()} best bid and ask`,
    fields: SPOT_QUOTE_FIELDS,
    timestamp: 'receive_ns',
    instrument: { exchange: 'binance', market: 'spot', symbol: symbol.toUpperCase(), tickType: 'quote' },
    files,
    decoderFor: () => (line, columns, row) => {
      const frame = frameOf(line, 'bookTicker') as QuoteFrame | null;
      if (frame === null) return false;
      readQuote(frame, columns, row);
      columns.receive_ns[row] = receiveNs(line);
      return true;
    },
    writeRows: (writer, c, from, to) => {
      for (let i = from; i < to; i++) {
        writer.writeValues(c.bid[i], c.bid_size[i], c.ask[i], c.ask_size[i], c.update_id[i], c.receive_ns[i]);
      }
    },
  });
}

/** Market, symbol and day of a capture, from its name: `usdm-btcusdt_20240808.gz`; null for another kind of file. */
export function binanceCapture(file: string): { market: BinanceMarket; symbol: string; date: string } | null {
  const parts = /^(spot|usdm|cm)-(\w+)_(\d{8})\b.*\.gz$/.exec(basename(file));
  return parts === null ? null : { market: parts[1] as BinanceMarket, symbol: parts[2], date: parts[3] };
}

/** The frame on a line when it is of the stream `<symbol>@<stream>`, else null (other streams, the REST snapshot). */
function frameOf(line: string, stream: string): unknown {
  // The stream's name stands first in a frame. Looking for it there spares parsing the depth frames, most of the bytes.
  const start = line.indexOf(' ') + 1;
  const at = line.indexOf('@', start);
  if (!line.startsWith('{"stream":"', start) || !line.startsWith(`${stream}"`, at + 1)) return null;
  return JSON.parse(line.slice(start));
}

function readQuote(frame: QuoteFrame, columns: QuoteColumns, row: number): void {
  const { data } = frame;
  columns.bid[row] = decimal(data.b);
  columns.bid_size[row] = decimal(data.B);
  columns.ask[row] = decimal(data.a);
  columns.ask_size[row] = decimal(data.A);
  columns.update_id[row] = integer(data.u);
}

type QuoteColumns = Record<'bid' | 'bid_size' | 'ask' | 'ask_size' | 'update_id', Float64Array>;

function decimal(text: string): number {
  const value = Number(text);
  if (typeof text !== 'string' || text === '' || !Number.isFinite(value)) throw new SourceError(`'${text}' is not a number`);
  return value;
}

function integer(value: number | undefined): number {
  if (!Number.isSafeInteger(value)) throw new SourceError(`${value} is not a whole number`);
  return value as number;
}

/** The receive time in front of the frame: 19 digits are nanoseconds since 1970, 16 (recordings of 2023) microseconds. */
function receiveNs(line: string): bigint {
  const digits = line.slice(0, line.indexOf(' '));
  if (!/^(\d{16}|\d{19})$/.test(digits)) throw new SourceError(`'${digits}' is not a receive time`);
  return digits.length === 19 ? BigInt(digits) : BigInt(digits) * 1000n;
}
