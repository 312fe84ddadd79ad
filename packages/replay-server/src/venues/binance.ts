/** Binance: spot, USD-M and COIN-M futures. Streams by URL or SUBSCRIBE; books begin with a REST snapshot. */
import type { Capture, CapturedFrame } from '@deepwater/captures';
import { BinanceBooks } from './binance-books.js';
import { BinanceClient } from './binance-client.js';
import { notOf, valuesIn } from './json.js';
import { RecordedReplies } from './recorded-replies.js';
import type { ClientLink, Market, Publication, RestAnswer, VenueClient } from './venue.js';

/** A combined frame, as far as the server reads it. */
interface Combined {
  readonly stream?: string;
  readonly data?: { readonly e?: string };
}

const DATA = '"data":';

export class BinanceMarket implements Market {
  readonly #streams: ReadonlySet<string>;
  readonly #books: BinanceBooks;
  readonly #replies: RecordedReplies;

  constructor(capture: Capture) {
    this.#streams = valuesIn(capture, /^\{"stream":"([^"]+)"/g);
    if (this.#streams.size === 0) throw notOf('binance', 'none begins with {"stream":');
    this.#books = new BinanceBooks(capture);
    this.#replies = new RecordedReplies(capture);
  }

  take(frame: CapturedFrame): readonly Publication[] {
    const message = JSON.parse(frame.text) as Combined;
    if (message.stream === undefined || message.data === undefined) return [];
    if (message.data.e === 'depthUpdate') this.#books.take(message.data as never);
    return [{ topic: message.stream, text: frame.text, message: frame.text.slice(frame.text.indexOf(DATA) + DATA.length, -1), us: frame.us }];
  }

  reset(): void {
    this.#books.reset();
  }

  /**
   * The capture's stream that a client means. How often a book is told is part of a stream's name, and the capture has one speed only:
   * `@depth`, `@depth@100ms` and `@depth@0ms` are all the one that it has.
   */
  streamOf(name: string): string {
    if (this.#streams.has(name)) return name;
    const speedless = (stream: string): string => stream.replace(/^([^@]+@(?:depth|markPrice))@\w+$/, '$1');
    for (const stream of this.#streams) if (speedless(stream) === speedless(name)) return stream;
    return name;
  }

  client(link: ClientLink, url: URL): VenueClient | undefined {
    const match = /\/(stream|ws)(?:\/([^?]*))?$/.exec(url.pathname);
    if (match === null) return undefined;
    const [, kind, path = ''] = match;
    // Read by hand: URLSearchParams would make blanks of plus signs, and names of streams have none.
    const query = /[?&]streams=([^&]*)/.exec(url.search)?.[1] ?? '';
    const names = (kind === 'stream' ? query : path).split('/').map(decodeURIComponent).filter((name) => name !== '');
    return new BinanceClient(this, link, kind === 'stream', names);
  }

  rest(url: URL, stale: boolean): RestAnswer | undefined {
    return this.#books.rest(url, stale) ?? this.#replies.answer(url);
  }
}
