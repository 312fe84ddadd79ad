import type { Asked } from './asked.js';
import type { Channel, SessionHost } from './exchange.js';

/**
 * What Coinbase says a connection is subscribed to: it acknowledges with the whole list every time, and what is new on it, or gone from it, is an event.
 */
export class Acknowledged {
  #before = new Map<string, readonly [Channel, string]>();
  #now = new Map<string, readonly [Channel, string]>();

  /** @param isKnown whether a symbol was ever subscribed here; others are passed over */
  constructor(private readonly host: SessionHost, private readonly asked: Asked, private readonly isKnown: (symbol: string) => boolean) {}

  /** One channel of the list. */
  add(channel: Channel, symbols: unknown): void {
    if (!Array.isArray(symbols)) return;
    for (const symbol of symbols) if (typeof symbol === 'string' && this.isKnown(symbol)) this.#now.set(`${channel} ${symbol}`, [channel, symbol]);
  }

  /** The list ends. */
  end(): void {
    for (const [key, [channel, symbol]] of this.#now) {
      if (!this.#before.has(key)) this.host.event({ kind: 'subscribed', symbol, channel });
      this.asked.granted(channel, symbol);
    }
    for (const [key, [channel, symbol]] of this.#before) {
      if (!this.#now.has(key)) this.host.event({ kind: 'unsubscribed', symbol, channel });
    }
    this.#before = this.#now;
    this.#now = new Map();
  }
}
