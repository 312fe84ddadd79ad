import type { BinanceMarket } from './binance.js';
import { objectOf, stringsOf } from './json.js';
import type { ClientLink, Publication, VenueClient } from './venue.js';

/** Streams on one connection at most, as Binance has it. */
const STREAMS_MAX = 1024;

/** A connection to Binance: `/stream` wraps each frame with its stream's name, `/ws` does not. */
export class BinanceClient implements VenueClient {
  readonly #market: BinanceMarket;
  readonly #link: ClientLink;
  readonly #combined: boolean;
  readonly #atOpen: readonly string[];
  /** Streams of the capture, and by which names they were asked for. */
  readonly #wanted = new Map<string, Set<string>>();
  readonly #names = new Set<string>();

  constructor(market: BinanceMarket, link: ClientLink, combined: boolean, atOpen: readonly string[]) {
    this.#market = market;
    this.#link = link;
    this.#combined = combined;
    this.#atOpen = atOpen;
  }

  opened(): void {
    this.#subscribe(this.#atOpen);
  }

  message(text: string): void {
    const request = objectOf(text);
    const id = request?.['id'];
    if (request === undefined) return this.#error(3, 'Invalid JSON: expected value at line 1 column 1', null);
    if (!Number.isSafeInteger(id) && typeof id !== 'string') return this.#error(2, 'Invalid request: request ID must be an unsigned integer', null);
    if (request['method'] === 'LIST_SUBSCRIPTIONS') return this.#link.say(JSON.stringify({ result: [...this.#names], id }));
    if (request['method'] !== 'SUBSCRIBE' && request['method'] !== 'UNSUBSCRIBE') {
      return this.#error(2, 'Invalid request: unknown variant, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`', id);
    }
    const names = stringsOf(request['params']);
    if (names === undefined || names.length === 0) return this.#error(2, 'Invalid request: params must be a list of streams', id);
    if (request['method'] === 'UNSUBSCRIBE') this.#unsubscribe(names);
    else if (this.#link.refused(names.join(','))) return this.#error(2, 'Invalid request: too many requests', id);
    else if (new Set([...this.#names, ...names]).size > STREAMS_MAX) return this.#error(2, `Invalid request: more than ${STREAMS_MAX} streams`, id);
    else this.#subscribe(names);
    return this.#link.say(JSON.stringify({ result: null, id }));
  }

  publish(publication: Publication): void {
    const names = this.#wanted.get(publication.topic);
    if (names === undefined) return;
    const data = publication.message as string;
    for (const name of names) {
      if (!this.#combined) this.#link.frame(data, publication);
      else this.#link.frame(name === publication.topic ? publication.text : `{"stream":${JSON.stringify(name)},"data":${data}}`, publication);
    }
  }

  #subscribe(names: readonly string[]): void {
    for (const name of names) {
      const stream = this.#market.streamOf(name);
      const known = this.#wanted.get(stream);
      if (known === undefined) this.#wanted.set(stream, new Set([name]));
      else known.add(name);
      this.#names.add(name);
    }
    if (names.length > 0) this.#link.subscribed();
  }

  #unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      const stream = this.#market.streamOf(name);
      const known = this.#wanted.get(stream);
      known?.delete(name);
      if (known?.size === 0) this.#wanted.delete(stream);
      this.#names.delete(name);
    }
  }

  #error(code: number, msg: string, id: unknown): void {
    this.#link.say(JSON.stringify({ error: { code, msg }, id }));
  }
}
