/**
 * Reads the frames of Coinbase Advanced Trade that come often: changes and snapshots of books, trades, tickers. Fields are expected in the order in
 * which they are sent; in any other the frame is left to JSON.parse.
 */
import { ScannedLevels } from './scanned-levels.js';
import { TextScan, literal } from './text-scan.js';

/** A frame with the fields that sessions read. */
export interface ScannedCoinbase {
  readonly channel: string;
  readonly timestamp: string;
  readonly sequence_num: number;
  readonly events: readonly ScannedEvent[];
}

type ScannedEvent =
  | { readonly type: string; readonly product_id: string; readonly updates: ScannedLevels }
  | { readonly type: string; readonly trades: readonly ScannedTrade[] }
  | { readonly type: string; readonly tickers: readonly ScannedTicker[] };

interface ScannedTrade { readonly product_id: string; readonly trade_id: string; readonly price: string; readonly size: string; readonly time: string; readonly side: string }
interface ScannedTicker { readonly product_id: string; readonly best_bid: string; readonly best_ask: string; readonly best_bid_quantity: string; readonly best_ask_quantity: string }

const CHANNEL = literal('{"channel":"');
const TIMESTAMP = literal(',"timestamp":"');
const SEQUENCE = literal(',"sequence_num":');
const EVENTS = literal(',"events":[');
const TYPE = literal('{"type":"');
const PRODUCT = literal(',"product_id":"');
const UPDATES = literal(',"updates":[');
const LEVEL_BID = literal('{"side":"bid","event_time":"');
const LEVEL_OFFER = literal('{"side":"offer","event_time":"');
const LEVEL_PRICE = literal(',"price_level":"');
const LEVEL_SIZE = literal(',"new_quantity":"');
const TRADES = literal(',"trades":[');
const TRADE_PRODUCT = literal('{"product_id":"');
const TRADE_ID = literal(',"trade_id":"');
const PRICE = literal(',"price":"');
const TRADE_SIZE = literal(',"size":"');
const TRADE_TIME = literal(',"time":"');
const TRADE_SIDE = literal(',"side":"');
const TICKERS = literal(',"tickers":[');
/** What stands in a ticker between its product and its best prices. */
const TICKER_PASSED = [',"price":"', ',"volume_24_h":"', ',"low_24_h":"', ',"high_24_h":"', ',"low_52_w":"', ',"high_52_w":"', ',"price_percent_chg_24_h":"'].map(literal);
const BEST_BID = literal(',"best_bid":"');
const BEST_ASK = literal(',"best_ask":"');
const BEST_BID_SIZE = literal(',"best_bid_quantity":"');
const BEST_ASK_SIZE = literal(',"best_ask_quantity":"');
/** Characters. */
const CLOSE = 0x5d;
const CLOSE_BRACE = 0x7d;

const scan = new TextScan();
/** The time of the level before, which most levels have as well, and where it stands. Forgotten with the frame: a piece of a text keeps all of it in memory. */
let time: string | undefined;
let timeAt = 0;
/** The levels of a frame's first book, which mostly has no second; and whether they are a book's already. */
const firstLevels = new ScannedLevels();
let taken = false;

/** @returns undefined for a frame of another channel or form: that is for JSON.parse. Its levels are good until the next frame is scanned, or `forgetScanned`. */
export function scanCoinbase(text: string): ScannedCoinbase | undefined {
  if (!scan.begin(text)) return undefined;
  time = undefined;
  taken = false;
  const frame = frameOf();
  scan.end();
  time = undefined;
  return frame;
}

/** What was scanned has been taken: its texts, which keep the frame's in memory, are let go. A snapshot's is large. */
export function forgetScanned(): void {
  if (firstLevels.length > 0) firstLevels.clear();
}

function frameOf(): ScannedCoinbase | undefined {
  if (!scan.is(CHANNEL)) return undefined;
  const channel = scan.rest();
  const event = channel === 'l2_data' ? bookOf : channel === 'market_trades' ? tradesOf : channel === 'ticker' ? tickersOf : undefined;
  if (channel === undefined || event === undefined || !scan.is(TIMESTAMP)) return undefined;
  const timestamp = scan.rest();
  if (timestamp === undefined || !scan.is(SEQUENCE)) return undefined;
  const sequence_num = scan.whole();
  if (sequence_num === -1 || !scan.is(EVENTS)) return undefined;
  const events = listOf(event);
  return events !== undefined && scan.skip(CLOSE_BRACE) && scan.atEnd ? { channel, timestamp, sequence_num, events } : undefined;
}

/** Items to the end of a list that is open; an empty one is left to JSON.parse. */
function listOf<T>(item: () => T | undefined): T[] | undefined {
  const items: T[] = [];
  for (;;) {
    const one = item();
    if (one === undefined) return undefined;
    items.push(one);
    const more = scan.more(CLOSE);
    if (more === undefined) return undefined;
    if (!more) return items;
  }
}

function bookOf(): ScannedEvent | undefined {
  if (!scan.is(TYPE)) return undefined;
  const type = scan.rest();
  if (type === undefined || !scan.is(PRODUCT)) return undefined;
  const product_id = scan.rest();
  if (product_id === undefined || !scan.is(UPDATES)) return undefined;
  const updates = levelsOf();
  return updates !== undefined && scan.skip(CLOSE_BRACE) ? { type, product_id, updates } : undefined;
}

function levelsOf(): ScannedLevels | undefined {
  const levels = taken ? new ScannedLevels() : firstLevels;
  taken = true;
  levels.clear();
  for (;;) {
    if (!takeLevel(levels)) return undefined;
    const more = scan.more(CLOSE);
    if (more === undefined) return undefined;
    if (!more) return levels;
  }
}

/** A level whose price or size is none, a price of 0 too, is left to JSON.parse, behind which it is told what is wrong with it. */
function takeLevel(levels: ScannedLevels): boolean {
  const side = scan.is(LEVEL_BID) ? 'B' : scan.is(LEVEL_OFFER) ? 'A' : undefined;
  if (side === undefined) return false;
  const changed = timeOf();
  if (changed === undefined || !scan.is(LEVEL_PRICE) || !scan.amount()) return false;
  const { digits: price, decimals: priceDecimals } = scan;
  if (price === 0 || !scan.is(LEVEL_SIZE) || !scan.amount() || !scan.skip(CLOSE_BRACE)) return false;
  levels.add(side, changed, price, priceDecimals, scan.digits, scan.decimals);
  return true;
}

function timeOf(): string | undefined {
  if (time !== undefined && scan.isAgain(timeAt, time.length)) return time;
  timeAt = scan.at;
  time = scan.rest();
  return time;
}

function tradesOf(): ScannedEvent | undefined {
  if (!scan.is(TYPE)) return undefined;
  const type = scan.rest();
  if (type === undefined || !scan.is(TRADES)) return undefined;
  const trades = listOf(tradeOf);
  return trades !== undefined && scan.skip(CLOSE_BRACE) ? { type, trades } : undefined;
}

function tradeOf(): ScannedTrade | undefined {
  if (!scan.is(TRADE_PRODUCT)) return undefined;
  const product_id = scan.rest();
  if (product_id === undefined || !scan.is(TRADE_ID)) return undefined;
  const trade_id = scan.rest();
  if (trade_id === undefined || !scan.is(PRICE)) return undefined;
  const price = scan.rest();
  if (price === undefined || !scan.is(TRADE_SIZE)) return undefined;
  const size = scan.rest();
  if (size === undefined || !scan.is(TRADE_TIME)) return undefined;
  const tradeTime = scan.rest();
  if (tradeTime === undefined || !scan.is(TRADE_SIDE)) return undefined;
  const side = scan.rest();
  return side !== undefined && scan.skip(CLOSE_BRACE) ? { product_id, trade_id, price, size, time: tradeTime, side } : undefined;
}

function tickersOf(): ScannedEvent | undefined {
  if (!scan.is(TYPE)) return undefined;
  const type = scan.rest();
  if (type === undefined || !scan.is(TICKERS)) return undefined;
  const tickers = listOf(tickerOf);
  return tickers !== undefined && scan.skip(CLOSE_BRACE) ? { type, tickers } : undefined;
}

function tickerOf(): ScannedTicker | undefined {
  if (!scan.is(TYPE) || !scan.pass() || !scan.is(PRODUCT)) return undefined;
  const product_id = scan.rest();
  if (product_id === undefined) return undefined;
  for (const name of TICKER_PASSED) if (!scan.is(name) || !scan.pass()) return undefined;
  if (!scan.is(BEST_BID)) return undefined;
  const best_bid = scan.rest();
  if (best_bid === undefined || !scan.is(BEST_ASK)) return undefined;
  const best_ask = scan.rest();
  if (best_ask === undefined || !scan.is(BEST_BID_SIZE)) return undefined;
  const best_bid_quantity = scan.rest();
  if (best_bid_quantity === undefined || !scan.is(BEST_ASK_SIZE)) return undefined;
  const best_ask_quantity = scan.rest();
  return best_ask_quantity !== undefined && scan.skip(CLOSE_BRACE) ? { product_id, best_bid, best_ask, best_bid_quantity, best_ask_quantity } : undefined;
}
