import { type Channel, type Exchange, binanceUsdm, bybitLinear, coinbase, krakenV1 } from '@deepwater/exchanges';
import { type PlainHandling, type PlainRecord, plainBinance, plainBybit, plainCoinbase, plainKrakenV1 } from './plain-handling.js';
import { type Message, messagesOf, readRecording } from './recordings.js';

/** A recording of an exchange, and how it is read. */
export interface Venue {
  readonly exchange: Exchange;
  readonly title: string;
  readonly file: string;
  readonly symbols: readonly string[];
  readonly channels: readonly Channel[];
  readonly plain: PlainHandling;
  /** Ends what a connection begins with, snapshots of books among it: the first message that counts where that is left out. */
  readonly beginsWith: (text: string) => boolean;
  /** Messages of channels that are not asked for here. */
  readonly leftOut?: (text: string) => boolean;
  /** The session writes records that no frame holds: levels that fall out of a book of fixed depth. */
  readonly adds?: boolean;
}

export const BINANCE: Venue = {
  exchange: binanceUsdm, title: 'Binance USD-M (trades, book tickers, depth)', file: 'binance-raw-ws/usdm-btcusdt_20240808.gz',
  symbols: ['BTCUSDT'], channels: ['trades', 'book', 'quotes'], plain: plainBinance, beginsWith: () => false,
};

export const COINBASE: Venue = {
  exchange: coinbase, title: 'Coinbase Advanced Trade (trades, level 2, tickers, heartbeats)', file: 'exchanges-raw-ws/COINBASE.jsonl.zst',
  symbols: ['BTC-USD', 'ETH-USD'], channels: ['trades', 'book', 'quotes', 'heartbeats'], plain: plainCoinbase, beginsWith: (text) => text.includes('"type":"snapshot"'),
};

export const KRAKEN: Venue = {
  exchange: krakenV1, title: 'Kraken (books of 1,000 levels with checksums)', file: 'exchanges-raw-ws/KRAKEN-c197c0.0.gz',
  symbols: [], channels: ['book'], plain: plainKrakenV1, beginsWith: (text) => text.includes('"as":'), adds: true,
};

export const BYBIT: Venue = {
  exchange: bybitLinear, title: 'Bybit linear (trades, books of 200 levels)', file: 'exchanges-raw-ws/BYBIT.jsonl.zst',
  symbols: ['BTCUSDT', 'DOGEUSDT', 'ETHUSDT', 'SOLUSDT'], channels: ['trades', 'book'], plain: plainBybit, beginsWith: (text) => text.includes('"type":"snapshot"') && text.includes('orderbook'),
  leftOut: (text) => /^\{"topic":"(tickers|kline)/.test(text),
};

/** A recording in memory. */
export interface Recorded {
  readonly venue: Venue;
  readonly symbols: readonly string[];
  readonly messages: readonly Message[];
  /** Place of the first message after what a connection begins with. */
  readonly begun: number;
}

export function recordedOf(venue: Venue): Recorded {
  const capture = readRecording(venue.file);
  // Of others, what was asked for are lists of products.
  const messages = messagesOf(capture).filter(({ bytes }) => (bytes === undefined ? venue === BINANCE : venue.leftOut?.(bytes.toString('utf8')) !== true));
  const asked = capture.sent.flatMap(({ text }) => (JSON.parse(text) as { pair?: string[] }).pair ?? []);
  const begun = messages.findLastIndex(({ bytes }) => bytes !== undefined && venue.beginsWith(bytes.toString('utf8'))) + 1;
  return { venue, symbols: venue.symbols.length > 0 ? venue.symbols : [...new Set(asked)], messages, begun };
}

interface BinanceSnapshot { readonly lastUpdateId: number; readonly T: number; readonly bids: readonly (readonly [string, string])[]; readonly asks: readonly (readonly [string, string])[] }

/** What feeds have to hold when everything was taken once; of Binance, the snapshot in the place of the updates that it has. */
export function expectedOf({ venue, messages }: Recorded): PlainRecord[] {
  const records: PlainRecord[] = [];
  const reply = messages.find((message) => message.reply !== undefined)?.reply;
  const snapshot = reply === undefined ? undefined : JSON.parse(reply) as BinanceSnapshot;
  if (snapshot !== undefined) plainBinance({ data: { e: 'depthUpdate', s: venue.symbols[0], T: snapshot.T, b: snapshot.bids, a: snapshot.asks } }, records);
  for (const { bytes } of messages) {
    if (bytes === undefined) continue;
    const frame = JSON.parse(bytes.toString('utf8')) as { readonly data?: { readonly e?: string; readonly u?: number } };
    const inSnapshot = snapshot !== undefined && frame.data?.e === 'depthUpdate' && (frame.data.u ?? 0) < snapshot.lastUpdateId;
    if (!inSnapshot) venue.plain(frame, records);
  }
  return records;
}
