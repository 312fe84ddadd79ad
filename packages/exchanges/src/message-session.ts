/** The session of a source whose messages say each for itself what they mean: subscribes, hands each message on, and pings. */
import { describeValue } from '@deepwater/core';
import { BadFrame, asBadFrame, type Channel, type ExchangeSession, type SessionHost, type Wanted } from './exchange.js';
import { GuardedSink } from './guarded-sink.js';
import { isFrame } from './source-checks.js';
import type { MessageHost, OutgoingFrame, SocketDefinition } from './source-definition.js';
import { SpoiledBook, tellNoSnapshot, tellSpoiled } from './spoiled-books.js';

export class MessageSession implements ExchangeSession {
  readonly path = '';
  readonly #symbols: Set<string>;
  readonly #channels: Set<Channel>;
  readonly #records: GuardedSink;
  readonly #host: MessageHost & { receivedUs: number };
  /** Books that could not be read. */
  readonly #books = new Map<string, SpoiledBook>();
  /** What went wrong with writing, and is no message's fault. */
  #failure: Error | undefined;

  constructor(private readonly definition: SocketDefinition, private readonly wanted: Wanted, private readonly host: SessionHost) {
    this.#symbols = new Set(wanted.symbols);
    const channels = this.#channels = new Set(wanted.channels);
    this.#records = new GuardedSink(host.records, {
      wants: (symbol) => this.#symbols.has(symbol),
      get wantsBooks() { return channels.has('book'); },
      heard: () => undefined,
      failed: (error) => { this.#failure = error as Error; },
      spoiled: (symbol, why) => { this.#spoiled(symbol, why); },
      begun: (symbol) => { this.#begun(symbol); },
    });
    this.#host = {
      receivedUs: 0,
      send: (frame) => { this.#send(frame); },
      get: (path) => host.get(path),
      restart: (reason) => { host.restart(reason); },
      event: (event) => { host.event(event); },
      ...(host.lastTrade === undefined ? {} : { lastTrade: (symbol: string) => host.lastTrade?.(symbol) }),
    };
  }

  open(): void {
    this.#ask('subscribe', this.wanted);
    if (this.definition.ping !== undefined) this.#pingAfter(this.definition.ping);
  }

  frame(text: string, receivedUs: number): void {
    this.#host.receivedUs = receivedUs;
    this.#failure = undefined;
    try {
      this.definition.message(this.definition.format === 'text' ? text : parsed(text), this.#records, this.#host);
    } catch (error) {
      const bad = asBadFrame(error);
      this.#records.abandonBooks(bad);
      throw this.#failure ?? bad;
    }
    // Where the source has caught it.
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  subscribe(wanted: Wanted): void {
    for (const symbol of wanted.symbols) this.#symbols.add(symbol);
    for (const channel of wanted.channels) this.#channels.add(channel);
    this.#ask('subscribe', wanted);
  }

  unsubscribe(wanted: Wanted): void {
    for (const symbol of wanted.symbols) {
      this.#symbols.delete(symbol);
      this.#books.get(symbol)?.close();
      this.#books.delete(symbol);
    }
    this.#records.forget(wanted.symbols);
    this.#ask('unsubscribe', wanted);
  }

  close(): void {
    this.#symbols.clear();
  }

  /** A new subscription brings a snapshot. It is asked for when the message has been read to its end: what is asked with is the source's code, too. */
  #spoiled(symbol: string, why: BadFrame): void {
    // A disk that is full is no gap, and ends the connection.
    if (this.#failure !== undefined) return;
    tellSpoiled(this.host, symbol, why);
    // Whoever was told may not want it any more.
    if (this.definition.unsubscribe === undefined || !this.#symbols.has(symbol)) return;
    let book = this.#books.get(symbol);
    if (book === undefined) this.#books.set(symbol, (book = new SpoiledBook(this.host)));
    const wanted: Wanted = { symbols: [symbol], channels: ['book'] };
    book.askLater(() => {
      this.#ask('unsubscribe', wanted);
      this.#ask('subscribe', wanted);
    }, () => { tellNoSnapshot(this.host, symbol); });
  }

  #begun(symbol: string): void {
    this.#books.get(symbol)?.begun();
    this.host.event({ kind: 'resynced', symbol, channel: 'book' });
  }

  /** A source that cannot say what it wants is tried again: what is wrong may be in its own state. */
  #ask(how: 'subscribe' | 'unsubscribe', wanted: Wanted): void {
    try {
      const frames: unknown = this.definition[how]?.(wanted) ?? [];
      if (!Array.isArray(frames) || !frames.every(isFrame)) throw new Error(`it gave ${describeValue(frames)}, not a list of texts and objects`);
      for (const frame of frames) this.#send(frame as OutgoingFrame);
    } catch (error) {
      this.host.restart(`${how} of ${this.definition.name}: ${(error as Error).message}`);
    }
  }

  #send(frame: OutgoingFrame): void {
    this.host.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  #pingAfter(ping: NonNullable<SocketDefinition['ping']>): void {
    this.host.after(ping.everyMs, () => {
      this.#send(ping.frame);
      this.#pingAfter(ping);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFrame('not JSON', text.slice(0, 80));
  }
}
