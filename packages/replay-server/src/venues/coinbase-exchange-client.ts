import type { CoinbaseExchangeMarket } from './coinbase-exchange.js';
import { objectOf, stringsOf, type Json } from './json.js';
import type { ClientLink, Publication, VenueClient } from './venue.js';

/** Channels as they are asked for, and as the market calls them: books in batches are the capture's own. */
const CHANNELS: ReadonlyMap<string, string> = new Map([
  ['level2', 'level2'], ['level2_batch', 'level2'], ['matches', 'matches'], ['ticker', 'ticker'], ['ticker_batch', 'ticker'], ['heartbeat', 'heartbeat'],
]);

/** A channel that is asked for, with its products. */
type Asked = readonly [channel: string, products: readonly string[]];

/** A connection to Coinbase Exchange. */
export class CoinbaseExchangeClient implements VenueClient {
  readonly #market: CoinbaseExchangeMarket;
  readonly #link: ClientLink;
  /** Products by channel, as asked for. */
  readonly #wanted = new Map<string, Set<string>>();

  constructor(market: CoinbaseExchangeMarket, link: ClientLink) {
    this.#market = market;
    this.#link = link;
  }

  opened(): void {
    // Coinbase does not greet.
  }

  message(text: string): void {
    const request = objectOf(text);
    const type = request?.['type'];
    if (request === undefined || (type !== 'subscribe' && type !== 'unsubscribe')) return this.#error('Malformed JSON', 'type is missing or unknown');
    const asked = askedOf(request);
    if (asked === undefined) return this.#error('Failed to subscribe', 'channels must be provided, with product_ids');
    for (const [channel, products] of asked) {
      if (!CHANNELS.has(channel)) return this.#error('Failed to subscribe', `${channel} is not a valid channel`);
      const unknown = products.find((product) => !this.#market.products.has(product));
      if (unknown !== undefined) return this.#error('Failed to subscribe', `${unknown} is not a valid product`);
    }
    if (type === 'unsubscribe') this.#unsubscribe(asked);
    else if (this.#link.refused(asked.map(([channel, products]) => `${channel}|${products.join(',')}`).join(' '))) return this.#error('Failed to subscribe', 'rate limit exceeded');
    else this.#subscribe(asked);
    return undefined;
  }

  publish(publication: Publication): void {
    const [channel, product] = publication.topic.split('|');
    for (const [asked, products] of this.#wanted) {
      if (CHANNELS.get(asked) === channel && products.has(product)) this.#link.frame(publication.text, publication);
    }
  }

  #subscribe(asked: readonly Asked[]): void {
    for (const [channel, products] of asked) this.#wanted.set(channel, new Set([...this.#wanted.get(channel) ?? [], ...products]));
    this.#tellSubscriptions();
    // Who subscribes again is given the snapshot again.
    for (const [channel, products] of asked) {
      for (const product of products) {
        const snapshot = this.#market.snapshot(CHANNELS.get(channel)!, product);
        if (snapshot !== undefined) this.#link.say(snapshot);
      }
    }
    this.#link.subscribed();
  }

  #unsubscribe(asked: readonly Asked[]): void {
    for (const [channel, products] of asked) {
      const wanted = this.#wanted.get(channel);
      // Without products the whole channel is meant.
      if (products.length === 0) wanted?.clear();
      for (const product of products) wanted?.delete(product);
      if (wanted?.size === 0) this.#wanted.delete(channel);
    }
    this.#tellSubscriptions();
  }

  #tellSubscriptions(): void {
    const channels = [...this.#wanted].map(([name, products]) => ({ name, product_ids: [...products] }));
    this.#link.say(JSON.stringify({ type: 'subscriptions', channels }));
  }

  #error(message: string, reason: string): void {
    this.#link.say(JSON.stringify({ type: 'error', message, reason }));
  }
}

/** Channels are names, which take the request's products, or objects with products of their own. */
function askedOf(request: Json): readonly Asked[] | undefined {
  const common = stringsOf(request['product_ids'] ?? []);
  const channels = request['channels'];
  if (common === undefined || !Array.isArray(channels) || channels.length === 0) return undefined;
  const asked: Asked[] = [];
  for (const channel of channels as unknown[]) {
    if (typeof channel === 'string') asked.push([channel, common]);
    else {
      const { name, product_ids: own } = (channel ?? {}) as { name?: unknown; product_ids?: unknown };
      const products = stringsOf(own ?? common);
      if (typeof name !== 'string' || products === undefined) return undefined;
      asked.push([name, products]);
    }
  }
  return request['type'] === 'subscribe' && asked.some(([, products]) => products.length === 0) ? undefined : asked;
}
