import { eventFor, productsOf, type CoinbaseEvent, type CoinbaseFrame, type CoinbaseMarket } from './coinbase.js';
import { objectOf, stringsOf } from './json.js';
import type { ClientLink, Publication, VenueClient } from './venue.js';

/** Channels as they are asked for, and as frames call them. */
const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['level2', 'l2_data'], ['market_trades', 'market_trades'], ['ticker', 'ticker'], ['ticker_batch', 'ticker_batch'],
  ['candles', 'candles'], ['status', 'status'], ['heartbeats', 'heartbeats'],
]);

/** A connection to Coinbase Advanced Trade. */
export class CoinbaseClient implements VenueClient {
  readonly #market: CoinbaseMarket;
  readonly #link: ClientLink;
  /** By the name in frames: the products that are wanted. Heartbeats have none. */
  readonly #wanted = new Map<string, Set<string>>();
  #sequence = 0;

  constructor(market: CoinbaseMarket, link: ClientLink) {
    this.#market = market;
    this.#link = link;
  }

  opened(): void {
    // Coinbase does not greet.
  }

  message(text: string): void {
    const request = objectOf(text);
    const type = request?.['type'];
    if (type !== 'subscribe' && type !== 'unsubscribe') return this.#error('type is missing or unknown');
    const asked = request?.['channel'];
    const channel = typeof asked === 'string' ? CHANNELS.get(asked) : undefined;
    if (channel === undefined) return this.#error(`channel ${JSON.stringify(asked)} is unknown`);
    const products = channel === 'heartbeats' ? [] : stringsOf(request?.['product_ids'] ?? []);
    if (products === undefined || (channel !== 'heartbeats' && products.length === 0)) return this.#error('product_ids must be a list of products');
    const unknown = products.filter((product) => !this.#market.products.has(product));
    if (unknown.length > 0) return this.#error(`${unknown.join(', ')} is not a valid product`);
    if (type === 'unsubscribe') this.#unsubscribe(channel, products);
    else if (this.#link.refused(`${channel}|${products.join(',')}`)) return this.#error('rate limit exceeded');
    else this.#subscribe(channel, products);
    return undefined;
  }

  publish(publication: Publication): void {
    const frame = publication.message as CoinbaseFrame;
    const wanted = this.#wanted.get(frame.channel);
    if (wanted === undefined) return;
    if (frame.events.every((event) => productsOf(event).every((product) => wanted.has(product)))) {
      this.#link.frame(publication.text.replace(/"sequence_num":\d+/, `"sequence_num":${this.#sequence++}`), publication);
      return;
    }
    const events = frame.events.map((event) => eventFor(event, wanted)).filter((event) => event !== undefined);
    if (events.length > 0) this.#link.frame(this.#text(frame.channel, frame.timestamp, events), publication);
  }

  #subscribe(channel: string, products: readonly string[]): void {
    const wanted = this.#wanted.get(channel) ?? new Set();
    this.#wanted.set(channel, wanted);
    for (const product of products) wanted.add(product);
    // Who subscribes again is given the snapshot again.
    for (const product of products) {
      const event = this.#market.snapshot(channel, product);
      if (event !== undefined) this.#link.say(this.#text(channel, this.#market.timestamp, [event]));
    }
    this.#tellSubscriptions();
    this.#link.subscribed();
  }

  #unsubscribe(channel: string, products: readonly string[]): void {
    const wanted = this.#wanted.get(channel);
    for (const product of products) wanted?.delete(product);
    if (wanted?.size === 0) this.#wanted.delete(channel);
    this.#tellSubscriptions();
  }

  /** After each request all that is subscribed is told. */
  #tellSubscriptions(): void {
    const subscriptions: Record<string, string[]> = {};
    for (const [asked, channel] of CHANNELS) {
      const wanted = this.#wanted.get(channel);
      if (wanted !== undefined) subscriptions[asked] = channel === 'heartbeats' ? ['heartbeats'] : [...wanted];
    }
    this.#link.say(this.#text('subscriptions', this.#market.timestamp, [{ subscriptions } as CoinbaseEvent]));
  }

  /** Every frame has the next number of this connection, whether it comes or is lost on the way. */
  #text(channel: string, timestamp: string, events: readonly CoinbaseEvent[]): string {
    return JSON.stringify({ channel, timestamp, sequence_num: this.#sequence++, events });
  }

  #error(message: string): void {
    this.#link.say(JSON.stringify({ type: 'error', message }));
  }
}
