/**
 * Kraken's websocket v1, as its docs have it: docs.kraken.com/exchange/api-reference/spot-websocket-v1 (book, trade, ticker, subscribe, heartbeat, ping,
 * systemStatus) and docs.kraken.com/exchange/guides/websockets/book-checksum-v1. It is kept alive for those who have it; `kraken` speaks v2.
 *
 * Data are lists: a channel number (deprecated, not looked at), one or two objects, the channel's name, the pair. All decimals and times are texts.
 * Trades have the taker's side and no ids. Books have checksums with every change, none with a snapshot. A level that came into the depth again is
 * sent once more with the time it had, and the mark `r`: it is a level like others, and the newest time of a frame is the frame's.
 */
import { priceOf, sizeOf, tradedSizeOf, wholeOf } from './amounts.js';
import { BadFrame, CHANNELS, type Channel, type Exchange } from './exchange.js';
import { epochSecondsUs } from './frame-time.js';
import { isFields, listOf, shown, textOf, type Fields } from './frame-checks.js';
import { DEPTH, KrakenSession, type KrakenSymbol } from './kraken-session.js';
import { krakenSymbol } from './kraken-symbol.js';
import { krakenProducts } from './products/kraken.js';
import { listProducts } from './products/list.js';
import type { BookSide, TakerSide } from './record-sink.js';

const TITLE = 'Kraken (v1)';
const NAMES: Readonly<Partial<Record<Channel, string>>> = { trades: 'trade', book: 'book', quotes: 'ticker' };
const CHANNEL_OF = new Map<unknown, Channel>([['trade', 'trades'], ['book', 'book'], ['ticker', 'quotes']]);
/** Lists of an object that are levels: of snapshots, and of changes. */
const LEVELS: readonly (readonly [key: string, side: BookSide])[] = [['bs', 'B'], ['as', 'A'], ['b', 'B'], ['a', 'A']];

class KrakenV1Session extends KrakenSession {
  protected override readonly ping = '{"event":"ping"}';
  protected override readonly bookMarks = ['"book-'];

  /** Heartbeats come by themselves. */
  protected override ask(how: 'subscribe' | 'unsubscribe', channel: Channel, symbols: readonly string[]): void {
    const name = NAMES[channel];
    if (name === undefined) return;
    this.host.send(JSON.stringify({ event: how, pair: symbols, subscription: channel === 'book' ? { name, depth: DEPTH } : { name } }));
  }

  protected override take(frame: unknown, receivedUs: number): void {
    if (Array.isArray(frame)) this.#data(frame, receivedUs);
    else if (isFields(frame)) this.#event(frame, receivedUs);
    else throw new BadFrame('neither a list nor an object');
  }

  #event(frame: Fields, receivedUs: number): void {
    switch (frame['event']) {
      case 'heartbeat': return this.heartbeat(receivedUs, receivedUs, 0);
      case 'pong': return;
      case 'systemStatus': return this.systemStatus(frame['status']);
      case 'subscriptionStatus': return this.#acknowledge(frame);
      case 'error': return this.asked.refused(textOf(frame['errorMessage']));
      default: return this.unknown(`event ${textOf(frame['event'], 80)}`);
    }
  }

  #acknowledge(frame: Fields): void {
    const subscription = frame['subscription'];
    const channel = CHANNEL_OF.get(isFields(subscription) ? subscription['name'] : undefined);
    const symbol = this.known(frame['pair']);
    const status = frame['status'];
    if (status === 'error') return this.refused(textOf(frame['errorMessage']), frame['pair'], channel);
    if (status === 'subscribed' || status === 'unsubscribed') this.host.event({ kind: status, symbol, channel });
    else this.unknown(`subscription status ${textOf(status, 80)}`);
    if (status === 'subscribed' && symbol !== undefined && channel !== undefined) this.asked.granted(channel, symbol);
  }

  #data(frame: readonly unknown[], receivedUs: number): void {
    if (frame.length < 4) throw new BadFrame('list too short');
    const name = frame[frame.length - 2];
    if (typeof name !== 'string') throw new BadFrame('channel missing');
    const state = this.find(frame[frame.length - 1]);
    if (name.startsWith('book-')) this.#book(state, frame, name, receivedUs);
    else if (name === 'trade') this.#trades(state, frame[1], receivedUs);
    else if (name === 'ticker') this.#quote(state, frame[1], receivedUs);
    else this.unknown(`channel ${name}`);
  }

  #trades(state: KrakenSymbol, data: unknown, receivedUs: number): void {
    const trades = listOf(data, 'trades');
    if (!state.wants.trades) return;
    for (const trade of trades) {
      try {
        const [price, size, time, side] = listOf(trade, 'trade');
        state.sink.trade(epochSecondsUs(time, receivedUs), receivedUs, 0, takerOf(side), priceOf(price), tradedSizeOf(size));
      } catch (error) {
        this.fault(error);
      }
    }
  }

  /** A price, whole lots, and the size; there is no time. */
  #quote(state: KrakenSymbol, data: unknown, receivedUs: number): void {
    if (!isFields(data)) throw new BadFrame('ticker is not an object');
    const bid = listOf(data['b'], 'bid');
    const ask = listOf(data['a'], 'ask');
    if (state.wants.quotes) state.sink.quote(receivedUs, receivedUs, 0, priceOf(bid[0]), sizeOf(bid[2]), priceOf(ask[0]), sizeOf(ask[2]));
  }

  #book(state: KrakenSymbol, frame: readonly unknown[], name: string, receivedUs: number): void {
    if (!state.wants.book) return;
    let snapshot = false;
    let checksum: unknown;
    try {
      for (let at = 1; at < frame.length - 2; at++) {
        const part = frame[at];
        if (!isFields(part)) throw new BadFrame('book is not an object');
        if (part['as'] !== undefined || part['bs'] !== undefined) snapshot = true;
        if (part['c'] !== undefined) checksum = part['c'];
      }
      if (!snapshot && !this.mayChange(state)) return;
      if (snapshot) state.depth = depthOf(name);
      const theirs = snapshot ? 0 : wholeOf(checksum, 'checksum');
      state.begin(this.#newest(frame, receivedUs), receivedUs, snapshot);
      for (let at = 1; at < frame.length - 2; at++) {
        for (const [key, side] of LEVELS) writeLevels(state, side, (frame[at] as Fields)[key]);
      }
      state.end();
      if (snapshot) this.sync.came(state, false);
      else this.verify(state, theirs);
    } catch (error) {
      this.spoiled(state, error, snapshot);
    }
  }

  /**
   * The newest time of all levels; without one, as in an empty snapshot, the time it came. A time that cannot be read is told, but its level is taken:
   * a book without it would be wrong.
   */
  #newest(frame: readonly unknown[], receivedUs: number): number {
    let newest = 0;
    let unread: unknown;
    for (let at = 1; at < frame.length - 2; at++) {
      for (const [key] of LEVELS) {
        const levels = (frame[at] as Fields)[key];
        if (!Array.isArray(levels)) continue;
        for (const level of levels as unknown[]) {
          if (!Array.isArray(level)) continue;
          try {
            newest = Math.max(newest, epochSecondsUs(level[2], receivedUs));
          } catch (error) {
            unread ??= error;
          }
        }
      }
    }
    if (unread !== undefined) this.fault(unread);
    return newest === 0 ? receivedUs : newest;
  }
}

function writeLevels(state: KrakenSymbol, side: BookSide, levels: unknown): void {
  if (levels === undefined) return;
  for (const level of listOf(levels, 'levels')) {
    if (!Array.isArray(level)) throw new BadFrame('level is no list');
    state.level(side, level[0], level[1]);
  }
}

/** Of `book-1000`. */
function depthOf(name: string): number {
  const depth = wholeOf(name.slice('book-'.length), 'depth');
  if (depth === 0) throw new BadFrame('depth is not positive');
  return depth;
}

function takerOf(side: unknown): TakerSide {
  if (side === 'b') return 'B';
  if (side === 's') return 'S';
  throw new BadFrame('side unknown', shown(side));
}

export const krakenV1: Exchange = {
  name: 'kraken-v1',
  title: TITLE,
  market: 'spot',
  channels: CHANNELS,
  endpoints: { ws: 'wss://ws.kraken.com', rest: 'https://api.kraken.com' },
  // Heartbeats come every second, or other data do. The other limits are ours: Kraken names none for public data.
  limits: { symbolsMax: 50, sendsPerSecond: 5, silenceMs: 10_000 },
  tradeIds: 'none',
  symbolOf: (typed) => krakenSymbol(typed, TITLE, 1),
  products: (options) => listProducts(krakenV1, krakenProducts(1), options),
  newSession: (wanted, host) => new KrakenV1Session(wanted, host),
};
