/** One connection of a capture, played to the adapter of its exchange by the capture's own clock. */
import { BadFrame, type Exchange, type ExchangeSession, type FeedSink, type SessionEvent, type SessionHost, type Wanted } from '@deepwater/exchanges';
import type { CapturedFrame, CapturedReply } from '@deepwater/captures';

interface Asked {
  readonly path: string;
  readonly answer: (body: string) => void;
}

interface Timer {
  readonly atUs: number;
  readonly call: () => void;
}

/** Told with the symbols of the session. */
export interface SessionTold {
  event(event: SessionEvent, symbols: readonly string[]): void;
  restarted(reason: string, symbols: readonly string[]): void;
}

export class CaptureSession {
  #session: ExchangeSession;
  #wanted: Wanted;
  #nowUs: number;
  #timers: Timer[] = [];
  #asked: Asked[] = [];
  /** Replies that nobody has asked for yet. */
  #replies: CapturedReply[] = [];
  readonly #host: SessionHost;

  /** @param beginUs when it connects: its timers count from then */
  constructor(private readonly exchange: Exchange, wanted: Wanted, sink: FeedSink, told: SessionTold, beginUs: number) {
    this.#wanted = wanted;
    this.#nowUs = beginUs;
    this.#host = {
      records: sink,
      send: () => undefined,
      get: (path) => this.#get(path),
      after: (ms, call) => this.#after(ms, call),
      restart: (reason) => {
        told.restarted(reason, this.symbols);
        this.#session.close();
        this.#session = this.#open();
      },
      event: (event) => { told.event(event, this.symbols); },
      lastTrade: (symbol) => sink.lastTrade(symbol),
    };
    this.#session = this.#open();
  }

  get symbols(): readonly string[] {
    return this.#wanted.symbols;
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
    if (reply.url !== '') this.#replies = this.#replies.filter(({ url }) => url === '' || symbolOf(url) !== symbolOf(reply.url));
    this.#replies.push(reply);
    await this.#answer();
  }

  /** A part of the recording that follows has other symbols or channels, too. */
  want({ symbols, channels }: Wanted): void {
    const known = this.#wanted;
    const [newSymbols, newChannels] = [symbols.filter((each) => !known.symbols.includes(each)), channels.filter((each) => !known.channels.includes(each))];
    this.#wanted = { symbols: [...known.symbols, ...newSymbols], channels: [...known.channels, ...newChannels] };
    if (newChannels.length > 0 && known.symbols.length > 0) this.#session.subscribe({ symbols: known.symbols, channels: newChannels });
    if (newSymbols.length > 0) this.#session.subscribe({ symbols: newSymbols, channels: this.#wanted.channels });
  }

  close(): void {
    this.#session.close();
  }

  #open(): ExchangeSession {
    const session = this.exchange.newSession(this.#wanted, this.#host);
    session.open();
    return session;
  }

  #get(path: string): Promise<string> {
    return new Promise((answer) => {
      this.#asked.push({ path, answer });
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
