/** Kraken's first websocket API: requests are events, data are arrays under the number of a channel. */
import type { Capture, CapturedFrame } from '@deepwater/captures';
import type { ViewChange } from '../book/depth-view.js';
import { notOf } from './json.js';
import { KrakenBook, type ViewTold } from './kraken-books.js';
import { krakenData, type KrakenData, type KrakenLevel } from './kraken-frames.js';
import { KrakenV1Client } from './kraken-v1-client.js';
import { RecordedReplies } from './recorded-replies.js';
import type { ClientLink, Market, Publication, RestAnswer, VenueClient } from './venue.js';

const HEARTBEAT = '"event":"heartbeat"';
/** Numbers of channels that the capture does not have begin here. */
const OWN_CHANNELS = 100_000;

export class KrakenV1Market implements Market {
  readonly pairs = new Set<string>();
  /** The names of channels that the capture has: `trade`, `ticker`, `book-1000`. */
  readonly names = new Set<string>();
  readonly #ids = new Map<string, number>();
  readonly #books = new Map<string, KrakenBook>();
  readonly #tickers = new Map<string, string>();
  readonly #replies: RecordedReplies;
  /** Every connection of the capture has heartbeats; clients are given those of one. */
  readonly #heartbeatsOf: number;

  constructor(capture: Capture) {
    for (const { text } of capture.received) {
      const status = /"channelID":(\d+),"channelName":"([^"]+)","event":"subscriptionStatus","pair":"([^"]+)"/.exec(text);
      const data = status === null && text.startsWith('[') ? /^\[(\d+),.*"([^"]+)","([^"]+)"\]$/.exec(text) : status;
      if (data === null) continue;
      const [, id, name, pair] = data;
      this.names.add(name);
      this.pairs.add(pair);
      this.#ids.set(`${name}|${pair}`, Number(id));
    }
    if (this.pairs.size === 0) throw notOf('kraken-v1', 'none is of a channel');
    this.#heartbeatsOf = capture.received.find(({ text }) => text.includes(HEARTBEAT))?.connection ?? -1;
    this.#replies = new RecordedReplies(capture);
  }

  take(frame: CapturedFrame): readonly Publication[] {
    if (!frame.text.startsWith('[')) {
      const heartbeat = frame.connection === this.#heartbeatsOf && frame.text.includes(HEARTBEAT);
      return heartbeat ? [{ topic: 'heartbeat', text: frame.text, message: undefined, us: frame.us }] : [];
    }
    const data = krakenData(JSON.parse(frame.text) as unknown[]);
    if (data === undefined) return [];
    const told: Publication[] = [{ topic: `${data.name}|${data.pair}`, text: frame.text, message: data, us: frame.us }];
    if (data.kind === 'ticker') this.#tickers.set(data.pair, frame.text);
    if (data.kind === 'book') for (const view of this.book(data.pair).take(data)) told.push(this.#viewTold(data.pair, view, frame.us));
    return told;
  }

  reset(): void {
    for (const book of this.#books.values()) book.reset();
    this.#tickers.clear();
  }

  book(pair: string): KrakenBook {
    let book = this.#books.get(pair);
    if (book === undefined) this.#books.set(pair, book = new KrakenBook());
    return book;
  }

  idOf(name: string, pair: string): number {
    const key = `${name}|${pair}`;
    let id = this.#ids.get(key);
    if (id === undefined) this.#ids.set(key, id = OWN_CHANNELS + this.#ids.size);
    return id;
  }

  /** What a late subscription begins with; undefined where nothing has come yet. */
  snapshot(name: string, pair: string): string | undefined {
    if (name === 'ticker') return this.#tickers.get(pair);
    if (!name.startsWith('book-') || !this.book(pair).whole) return undefined;
    const depth = Number(name.slice('book-'.length));
    const book = this.book(pair);
    return this.#viewTold(pair, { depth, snapshot: true, bids: book.top('bids', depth), asks: book.top('asks', depth) }, 0).text;
  }

  client(link: ClientLink, url: URL): VenueClient | undefined {
    return url.pathname === '/' ? new KrakenV1Client(this, link) : undefined;
  }

  rest(url: URL): RestAnswer | undefined {
    return this.#replies.answer(url);
  }

  #viewTold(pair: string, { depth, snapshot, bids, asks }: ViewTold, us: number): Publication {
    const name = `book-${depth}`;
    const id = this.idOf(name, pair);
    const c = snapshot ? undefined : String(this.book(pair).checksum());
    const parts: unknown[] = [];
    if (snapshot) parts.push({ as: levels(asks), bs: levels(bids) });
    else {
      if (asks.length > 0) parts.push({ a: levels(asks), ...(bids.length > 0 ? {} : { c }) });
      if (bids.length > 0) parts.push({ b: levels(bids), c });
    }
    const text = JSON.stringify([id, ...parts, name, pair]);
    const data: KrakenData = { kind: 'book', pair, name, id, snapshot, bids: levels(bids), asks: levels(asks), checksum: c };
    return { topic: `${name}|${pair}`, text, message: data, us };
  }
}

const levels = (changes: readonly ViewChange[]): KrakenLevel[] => changes.map(({ price, size, time, again }) => (again ? [price, size, time, 'r'] : [price, size, time]));
