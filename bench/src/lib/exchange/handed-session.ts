import { BadFrame, type Channel, type Exchange, FeedSink, recordFeedName, recordFeedSpec } from '@deepwater/exchanges';
import type { Platform, Writer } from 'deepwater';
import type { Message } from './recordings.js';

export interface HandedOptions {
  readonly exchange: Exchange;
  readonly symbols: readonly string[];
  readonly channels: readonly Channel[];
  readonly amounts: 'decimal' | 'float64';
}

/** A connection without a socket. */
export interface HandedConnection {
  hand(message: Message): void;
  /** Answers the oldest request for a snapshot. */
  handReply(body: string): Promise<void>;
  close(): void;
}

/** Feeds of a store, and sessions whose frames are handed to them one after the other: everything that an ingest does but the socket. */
export class HandedSession {
  /** What went wrong, in words; a benchmark with any is not valid. */
  readonly problems: string[] = [];

  private constructor(private readonly options: HandedOptions, readonly writers: ReadonlyMap<string, ReadonlyMap<Channel, Writer>>) {}

  static async open(platform: Platform, options: HandedOptions): Promise<HandedSession> {
    const writers = new Map<string, Map<Channel, Writer>>();
    for (const symbol of options.symbols) {
      const its = new Map<Channel, Writer>();
      for (const channel of options.channels) {
        await platform.createFeed(recordFeedSpec(options.exchange, symbol, channel, { amounts: options.amounts }));
        its.set(channel, await platform.createWriter(recordFeedName(options.exchange, symbol, channel)) as Writer);
      }
      writers.set(symbol, its);
    }
    return new HandedSession(options, writers);
  }

  get all(): Writer[] {
    return [...this.writers.values()].flatMap((its) => [...its.values()]);
  }

  get records(): number {
    return this.all.reduce((sum, { position }) => sum + position, 0);
  }

  /** A new connection: what `hand` and `handReply` give goes to it. */
  connect(): HandedConnection {
    const { exchange, symbols, channels, amounts } = this.options;
    const gets: ((body: string) => void)[] = [];
    const sink = new FeedSink((symbol) => Object.fromEntries(this.writers.get(symbol) ?? []), { amounts, digits: true, onLatency: () => undefined });
    const session = exchange.newSession({ symbols, channels }, {
      records: sink,
      send: () => undefined,
      get: () => new Promise((resolve) => { gets.push(resolve); }),
      after: () => () => undefined,
      restart: (reason) => { this.#problem(`restart: ${reason}`); },
      event: ({ kind, detail = '' }) => { if (kind !== 'subscribed' && kind !== 'unknown') this.#problem(`${kind} ${detail}`); },
    });
    session.open();
    return {
      hand: ({ bytes, us }) => {
        try {
          session.frame((bytes as Buffer).toString('utf8'), us);
        } catch (error) {
          if (!(error instanceof BadFrame)) throw error;
          this.#problem(error.message);
        }
      },
      handReply: async (body) => {
        gets.shift()?.(body);
        await new Promise((resolve) => { setImmediate(resolve); });
      },
      close: () => { session.close(); },
    };
  }

  async flush(): Promise<void> {
    await Promise.all(this.all.map((writer) => writer.flush()));
  }

  async close(): Promise<void> {
    for (const writer of this.all) await writer.close();
  }

  #problem(text: string): void {
    if (this.problems.length < 5) this.problems.push(text);
  }
}
