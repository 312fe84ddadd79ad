/** One connection of a capture, played to the adapter of its exchange by the capture's own clock. */
import { DeepwaterError } from '@deepwater/core';
import { BadFrame, type Channel, type Exchange, type ExchangeSession, type FeedSink, type SessionEvent, type SessionHost, type Wanted } from '@deepwater/exchanges';
import type { CapturedFrame, CapturedReply } from '@deepwater/captures';

interface Asked {
  readonly path: string;
  readonly answer: (body: string) => void;
  /** Nobody waits for it any longer. */
  readonly forget: () => void;
}

interface Timer {
  atUs: number;
  readonly call: () => void;
}

/** As long as a live request is waited for. */
const ANSWER_MS = 15_000;
/** Longer silence is passed over in one step: a capture may have a clock that jumps. */
const SILENCE_US = 3_600_000_000;
/** Replies without an address that are kept until somebody asks. */
const REPLIES_MAX = 16;

/** Told with the symbols of the session. */
export interface SessionTold {
  event(event: SessionEvent, symbols: readonly string[]): void;
  restarted(reason: string, symbols: readonly string[]): void;
}

export class CaptureSession {
  #session: ExchangeSession;
  #wanted: readonly Wanted[] = [];
  #nowUs: number;
  #timers: Timer[] = [];
  #asked: Asked[] = [];
  /** Replies that nobody has asked for yet. */
  #replies: CapturedReply[] = [];
  readonly #host: SessionHost;

  /** @param beginUs when it connects: its timers count from then */
  constructor(private readonly exchange: Exchange, wanted: readonly Wanted[], sink: FeedSink, told: SessionTold, beginUs: number) {
    this.#wanted = wanted.filter(({ symbols }, n) => n === 0 || symbols.length > 0);
    this.#nowUs = beginUs;
    this.#host = {
      records: sink,
      send: () => undefined,
      get: (path) => this.#get(path),
      after: (ms, call) => this.#after(ms, call),
      restart: (reason) => {
        told.restarted(reason, this.symbols);
        this.#session.close();
        // What it waited for nobody waits for any more.
        this.#timers = [];
        this.#asked = [];
        this.#session = this.#open();
      },
      nowUs: () => this.#nowUs,
      event: (event) => { told.event(event, this.symbols); },
      lastTrade: (symbol) => sink.lastTrade(symbol),
    };
    this.#session = this.#open();
  }

  get symbols(): readonly string[] {
    return [...new Set(this.#wanted.flatMap(({ symbols }) => symbols))];
  }

  /** @returns what is wrong with the frame, where something is */
  async frame({ us, text }: CapturedFrame): Promise<BadFrame | undefined> {
    await this.#advance(us);
    try {
      this.#session.frame(text, us);
    } catch (error) {
      if (error instanceof BadFrame) return error;
      throw error;
    }
    return undefined;
  }

  async reply(reply: CapturedReply): Promise<void> {
    await this.#advance(reply.us);
    // Of each symbol the newest: most are the answers of other connections.
    this.#replies = reply.url === '' ? this.#replies.slice(1 - REPLIES_MAX) : this.#replies.filter(({ url }) => url === '' || symbolOf(url) !== symbolOf(reply.url));
    this.#replies.push(reply);
    await this.#answer();
  }

  /** A part of the recording that follows has other symbols or channels, too. */
  want(wanted: readonly Wanted[]): void {
    const has = (symbol: string, channel: Channel): boolean => this.#wanted.some(({ symbols, channels }) => symbols.includes(symbol) && channels.includes(channel));
    for (const { symbols, channels } of wanted) {
      for (const channel of channels) {
        const more = symbols.filter((symbol) => !has(symbol, channel));
        if (more.length === 0) continue;
        this.#wanted = [...this.#wanted, { symbols: more, channels: [channel] }];
        this.#session.subscribe({ symbols: more, channels: [channel] });
      }
    }
  }

  close(): void {
    this.#session.close();
  }

  #open(): ExchangeSession {
    const [first = { symbols: [], channels: [] }, ...more] = this.#wanted;
    const session = this.exchange.newSession(first, this.#host);
    session.open();
    for (const wanted of more) session.subscribe(wanted);
    return session;
  }

  #get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const forget = this.#after(ANSWER_MS, () => {
        this.#asked = this.#asked.filter((other) => other !== asked);
        reject(new DeepwaterError('DW_EXCHANGE_REST', `The capture has no answer to ${path}.`, { values: { path } }));
      });
      const asked: Asked = { path, answer: resolve, forget };
      this.#asked.push(asked);
      void this.#answer();
    });
  }

  /** Gives replies to those who asked for them. One without an address is for whoever asks first. */
  async #answer(): Promise<void> {
    for (const asked of [...this.#asked]) {
      const at = this.#replies.findIndex(({ url }) => url === '' || symbolOf(url) === symbolOf(asked.path));
      if (at < 0) continue;
      const [{ body }] = this.#replies.splice(at, 1) as [CapturedReply];
      this.#asked.splice(this.#asked.indexOf(asked), 1);
      asked.forget();
      asked.answer(body);
    }
    await settled();
  }

  #after(ms: number, call: () => void): () => void {
    const timer = { atUs: this.#nowUs + ms * 1000, call };
    this.#timers.push(timer);
    return () => { this.#timers = this.#timers.filter((other) => other !== timer); };
  }

  async #advance(us: number): Promise<void> {
    await this.#runUntil(Math.min(us, this.#nowUs + SILENCE_US));
    const more = us - this.#nowUs;
    if (more <= 0) return;
    for (const timer of this.#timers) timer.atUs += more;
    this.#nowUs = us;
  }

  async #runUntil(us: number): Promise<void> {
    for (;;) {
      let due: Timer | undefined;
      for (const timer of this.#timers) if (timer.atUs <= us && (due === undefined || timer.atUs < due.atUs)) due = timer;
      if (due === undefined) break;
      this.#timers.splice(this.#timers.indexOf(due), 1);
      this.#nowUs = Math.max(this.#nowUs, due.atUs);
      due.call();
      await settled();
    }
    this.#nowUs = Math.max(this.#nowUs, us);
  }
}

/** The symbol that a request is about. */
const symbolOf = (address: string): string => new URLSearchParams(address.split('?')[1] ?? '').get('symbol') ?? '';

/** Lets everything run that only waits for a promise. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
