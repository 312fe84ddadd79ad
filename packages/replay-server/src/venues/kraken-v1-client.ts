import { DEPTHS } from './kraken-books.js';
import type { KrakenV1Market } from './kraken-v1.js';
import { objectOf, stringsOf, type Json } from './json.js';
import type { ClientLink, Publication, VenueClient } from './venue.js';

const BOOK_DEPTH = 10;
/** Numbers of connections, which are larger than JavaScript's safe integers at Kraken, too. */
let connections = 17_413_893_361_151_983_591n;

/** A connection to Kraken's first websocket API. */
export class KrakenV1Client implements VenueClient {
  readonly #market: KrakenV1Market;
  readonly #link: ClientLink;
  /** Topics: a channel's name and a pair. */
  readonly #wanted = new Set<string>();

  constructor(market: KrakenV1Market, link: ClientLink) {
    this.#market = market;
    this.#link = link;
  }

  opened(): void {
    this.#link.say(`{"connectionID":${connections++},"event":"systemStatus","status":"online","version":"1.9.6"}`);
  }

  message(text: string): void {
    const request = objectOf(text);
    const event = request?.['event'];
    if (request === undefined) return this.#link.say(JSON.stringify({ errorMessage: 'Malformed request', event: 'error' }));
    if (event === 'ping') return this.#link.say(JSON.stringify({ event: 'pong', reqid: request['reqid'] }));
    if (event !== 'subscribe' && event !== 'unsubscribe') return this.#link.say(JSON.stringify({ errorMessage: 'Unsupported event', event: 'error', reqid: request['reqid'] }));
    const pairs = stringsOf(request['pair']);
    if (pairs === undefined || pairs.length === 0) return this.#status(request, undefined, 'Pair field must be an array');
    const asked = request['subscription'] as { name?: unknown; depth?: unknown } | undefined;
    for (const pair of pairs) this.#one(request, event, pair, asked?.name, asked?.depth);
    return undefined;
  }

  publish(publication: Publication): void {
    if (publication.topic === 'heartbeat' ? this.#wanted.size > 0 : this.#wanted.has(publication.topic)) this.#link.frame(publication.text, publication);
  }

  #one(request: Json, event: 'subscribe' | 'unsubscribe', pair: string, name: unknown, depth: unknown): void {
    if (!this.#market.pairs.has(pair)) return this.#status(request, pair, `Currency pair not supported ${pair}`);
    if (name === 'book' && depth !== undefined && !DEPTHS.includes(depth as number)) return this.#status(request, pair, 'Subscription depth not supported');
    const channel = name === 'book' ? `book-${(depth as number | undefined) ?? BOOK_DEPTH}` : name;
    if (typeof channel !== 'string' || (name !== 'book' && !this.#market.names.has(channel))) return this.#status(request, pair, 'Subscription name invalid');
    if (name === 'book' && ![...this.#market.names].some((known) => known.startsWith('book-'))) return this.#status(request, pair, 'Subscription name invalid');
    const topic = `${channel}|${pair}`;
    if (event === 'unsubscribe') {
      if (!this.#wanted.delete(topic)) return this.#status(request, pair, 'Subscription Not Found');
      return this.#status(request, pair, undefined, channel, 'unsubscribed');
    }
    if (this.#wanted.has(topic)) return this.#status(request, pair, 'Already subscribed');
    if (this.#link.refused(topic)) return this.#status(request, pair, 'Exceeded msg rate');
    this.#wanted.add(topic);
    this.#status(request, pair, undefined, channel, 'subscribed');
    if (name === 'book') this.#market.book(pair).want(Number(channel.slice('book-'.length)));
    const snapshot = this.#market.snapshot(channel, pair);
    if (snapshot !== undefined) this.#link.say(snapshot);
    return this.#link.subscribed();
  }

  #status(request: Json, pair: string | undefined, error: string | undefined, channel?: string, status = 'error'): void {
    const told = error === undefined && channel !== undefined && pair !== undefined
      ? { channelID: this.#market.idOf(channel, pair), channelName: channel }
      : { errorMessage: error };
    this.#link.say(JSON.stringify({ ...told, event: 'subscriptionStatus', pair, reqid: request['reqid'], status, subscription: request['subscription'] }));
  }
}
