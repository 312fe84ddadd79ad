import { randomBytes } from 'node:crypto';
import { isBookTopic, symbolOf, type BybitMarket, type Category } from './bybit.js';
import { objectOf, stringsOf } from './json.js';
import type { ClientLink, Publication, VenueClient } from './venue.js';

/** Depths of books that there are. */
const DEPTHS = /^orderbook\.(1|25|50|100|200|500|1000)\./;
const TOPICS = /^(orderbook\.\d+|publicTrade|tickers|kline\.\w+|liquidation|allLiquidation)\.[A-Z0-9-]+$/;
/** Topics in one request at most, in the spot market. */
const SPOT_ARGS_MAX = 10;
/** Characters of all topics in one request. */
const ARGS_CHARACTERS_MAX = 21_000;

/** A connection to one of Bybit's markets. */
export class BybitClient implements VenueClient {
  readonly #market: BybitMarket;
  readonly #link: ClientLink;
  readonly #category: Category;
  readonly #id = randomBytes(10).toString('hex');
  readonly #wanted = new Set<string>();

  constructor(market: BybitMarket, link: ClientLink, category: Category) {
    this.#market = market;
    this.#link = link;
    this.#category = category;
  }

  opened(): void {
    // Bybit does not greet.
  }

  message(text: string): void {
    const request = objectOf(text);
    const op = request?.['op'];
    if (op === 'ping') return this.#answer(request, true, 'pong');
    if (op !== 'subscribe' && op !== 'unsubscribe') return this.#answer(request, false, 'error:unknown op');
    const topics = stringsOf(request?.['args']);
    if (topics === undefined || topics.length === 0) return this.#answer(request, false, 'error:args is empty');
    if (this.#category === 'spot' && topics.length > SPOT_ARGS_MAX) return this.#answer(request, false, `args size >${SPOT_ARGS_MAX}`);
    if (topics.join('').length > ARGS_CHARACTERS_MAX) return this.#answer(request, false, `error:args characters >${ARGS_CHARACTERS_MAX}`);
    if (op === 'unsubscribe') {
      for (const topic of topics) this.#wanted.delete(topic);
      return this.#answer(request, true, '');
    }
    return this.#subscribe(request, topics);
  }

  publish(publication: Publication): void {
    if (!publication.topic.startsWith(this.#category)) return;
    if (this.#wanted.has(publication.topic.slice(this.#category.length + 1))) this.#link.frame(publication.text, publication);
  }

  #subscribe(request: Readonly<Record<string, unknown>> | undefined, topics: readonly string[]): void {
    const wrong = topics.map((topic) => this.#wrong(topic)).find((why) => why !== undefined);
    if (wrong !== undefined) return this.#answer(request, false, wrong);
    if (this.#link.refused(topics.join(','))) return this.#answer(request, false, 'error:too many requests');
    for (const topic of topics) this.#wanted.add(topic);
    this.#answer(request, true, this.#category === 'spot' ? 'subscribe' : '');
    for (const topic of topics) {
      if (isBookTopic(topic)) this.#market.book(this.#category, symbolOf(topic)).want(Number(topic.split('.')[1]));
      const snapshot = this.#market.snapshot(this.#category, topic);
      if (snapshot !== undefined) this.#link.say(snapshot);
    }
    this.#link.subscribed();
  }

  /** Why a topic cannot be subscribed. */
  #wrong(topic: string): string | undefined {
    if (!TOPICS.test(topic) || (isBookTopic(topic) && !DEPTHS.test(topic))) return `error:handler not found,topic:${topic}`;
    if (!this.#market.has(this.#category, symbolOf(topic))) return `Invalid symbol :[${topic}]`;
    if (this.#wanted.has(topic)) return `error:already subscribed,topic:${topic}`;
    return undefined;
  }

  #answer(request: Readonly<Record<string, unknown>> | undefined, success: boolean, message: string): void {
    const op = typeof request?.['op'] === 'string' ? request['op'] : '';
    this.#link.say(JSON.stringify({ success, ret_msg: message, conn_id: this.#id, req_id: request?.['req_id'] ?? '', op }));
  }
}
