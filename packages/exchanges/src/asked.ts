import type { Channel, SessionHost } from './exchange.js';
import { RetryLater } from './retry-later.js';

/** A request that is answered neither way within so long counts as refused. Requests may wait a while before they are sent (send-queue.ts). */
const ANSWER_MS = 30_000;

interface Request {
  readonly channel: Channel;
  /** Those that are still to be answered. */
  readonly symbols: Set<string>;
}

const keyOf = (channel: Channel, symbol: string): string => `${channel} ${symbol}`;

/**
 * Subscriptions that an exchange was asked for and has not granted yet. Some refuse a whole request for one symbol that they do not know, and do not say
 * which: it is asked for again in halves, until the bad one is alone.
 */
export class Asked {
  #requests: Request[] = [];
  readonly #retries: RetryLater;

  /** @param ask sends a request for symbols of one channel */
  constructor(private readonly host: SessionHost, private readonly ask: (channel: Channel, symbols: readonly string[]) => void) {
    this.#retries = new RetryLater(host);
  }

  /** A request has been sent. */
  sent(channel: Channel, symbols: readonly string[]): void {
    const request: Request = { channel, symbols: new Set(symbols) };
    this.#requests.push(request);
    this.host.after(ANSWER_MS, () => {
      if (this.#requests.includes(request) && request.symbols.size > 0) this.#refuse(request, `not acknowledged in ${ANSWER_MS / 1000} s`);
    });
  }

  granted(channel: Channel, symbol: string): void {
    this.#retries.done(keyOf(channel, symbol));
    this.#answered(channel, symbol);
  }

  /** Nobody wants it any more. */
  forget(channel: Channel, symbol: string): void {
    this.granted(channel, symbol);
  }

  /** The exchange refuses something. Without a symbol it is the oldest request that is not answered. */
  refused(detail: string, symbol?: string, channel?: Channel): void {
    if (symbol === undefined) {
      const oldest = this.#requests[0];
      if (oldest === undefined) this.host.event({ kind: 'refused', detail });
      else this.#refuse(oldest, detail);
      return;
    }
    const its = this.#requests.filter((request) => request.symbols.has(symbol) && (channel === undefined || request.channel === channel));
    if (its.length === 0) this.host.event({ kind: 'refused', symbol, ...(channel === undefined ? {} : { channel }), detail });
    // Of several channels only one is meant, but which is not said: the oldest was asked first.
    else this.#later((its[0] as Request).channel, symbol, detail);
  }

  #refuse(request: Request, detail: string): void {
    const symbols = [...request.symbols];
    this.#requests = this.#requests.filter((each) => each !== request);
    if (symbols.length === 1) return this.#later(request.channel, symbols[0] as string, detail);
    this.host.event({ kind: 'refused', channel: request.channel, detail });
    const half = Math.ceil(symbols.length / 2);
    for (const some of [symbols.slice(0, half), symbols.slice(half)]) this.ask(request.channel, some);
  }

  #later(channel: Channel, symbol: string, detail: string): void {
    this.#answered(channel, symbol);
    this.host.event({ kind: 'refused', symbol, channel, detail });
    this.#retries.later(keyOf(channel, symbol), () => { this.ask(channel, [symbol]); });
  }

  #answered(channel: Channel, symbol: string): void {
    for (const request of this.#requests) if (request.channel === channel) request.symbols.delete(symbol);
    this.#requests = this.#requests.filter(({ symbols }) => symbols.size > 0);
  }
}
