import { DEPTHS } from './kraken-books.js';
import type { KrakenV2Market } from './kraken-v2.js';
import { objectOf, stringsOf, type Json } from './json.js';
import type { ClientLink, Publication, VenueClient } from './venue.js';

const BOOK_DEPTH = 10;
let connections = 12_393_906_104_898n;

/** A connection to Kraken's second websocket API. */
export class KrakenV2Client implements VenueClient {
  readonly #market: KrakenV2Market;
  readonly #link: ClientLink;
  /** Topics: a channel and a symbol; books with their depth. */
  readonly #wanted = new Set<string>();

  constructor(market: KrakenV2Market, link: ClientLink) {
    this.#market = market;
    this.#link = link;
  }

  opened(): void {
    this.#link.say(`{"channel":"status","type":"update","data":[{"version":"2.0.9","system":"online","api_version":"v2","connection_id":${connections++}}]}`);
  }

  message(text: string): void {
    const timeIn = new Date().toISOString();
    const request = objectOf(text);
    const method = request?.['method'];
    if (request === undefined) return this.#answer({}, timeIn, { error: 'Malformed request', success: false });
    if (method === 'ping') return this.#answer(request, timeIn, {});
    if (method !== 'subscribe' && method !== 'unsubscribe') return this.#answer(request, timeIn, { error: 'Method not supported', success: false });
    const params = (request['params'] ?? {}) as Json;
    if (params['channel'] === 'instrument') return this.#instruments(request, method, timeIn, params);
    const symbols = stringsOf(params['symbol']);
    if (symbols === undefined || symbols.length === 0) return this.#answer(request, timeIn, { error: 'Symbol(s) not found', success: false });
    for (const symbol of symbols) this.#one(request, method, timeIn, params, symbol);
    return undefined;
  }

  publish(publication: Publication): void {
    if (publication.topic === 'heartbeat' ? this.#wanted.size > 0 : this.#wanted.has(publication.topic)) this.#link.frame(publication.text, publication);
  }

  #instruments(request: Json, method: 'subscribe' | 'unsubscribe', timeIn: string, params: Json): void {
    this.#answer(request, timeIn, { result: { channel: 'instrument', snapshot: true }, success: true });
    if (method === 'subscribe' && params['snapshot'] !== false) this.#link.say(this.#market.instruments);
  }

  #one(request: Json, method: 'subscribe' | 'unsubscribe', timeIn: string, params: Json, symbol: string): void {
    const { channel, depth: asked } = params;
    const refuse = (error: string): void => this.#answer(request, timeIn, { error, success: false, symbol });
    if (!this.#market.has(symbol)) return refuse(`Currency pair not supported ${symbol}`);
    if (channel !== 'book' && channel !== 'trade' && channel !== 'ticker') return refuse('Subscription name invalid');
    const depth = channel === 'book' ? (asked ?? BOOK_DEPTH) as number : 0;
    if (channel === 'book' && !DEPTHS.includes(depth)) return refuse('Subscription depth not supported');
    const topic = channel === 'book' ? `book-${depth}|${symbol}` : `${channel}|${symbol}`;
    const snapshot = params['snapshot'] !== false;
    const result = { channel, ...(channel === 'book' ? { depth } : {}), snapshot, symbol };
    if (method === 'unsubscribe') {
      if (!this.#wanted.delete(topic)) return refuse('Subscription Not Found');
      return this.#answer(request, timeIn, { result, success: true });
    }
    if (this.#wanted.has(topic)) return refuse('Already subscribed');
    if (this.#link.refused(topic)) return refuse('Exceeded msg rate');
    this.#wanted.add(topic);
    this.#answer(request, timeIn, { result, success: true });
    if (channel === 'book') this.#market.wantBook(symbol, depth);
    const text = snapshot ? this.#market.snapshot(channel, symbol, depth) : undefined;
    if (text !== undefined) this.#link.say(text);
    return this.#link.subscribed();
  }

  #answer(request: Json, timeIn: string, told: Json): void {
    const method = request['method'] === 'ping' ? 'pong' : request['method'];
    this.#link.say(JSON.stringify({ method, ...told, time_in: timeIn, time_out: new Date().toISOString(), req_id: request['req_id'] }));
  }
}
