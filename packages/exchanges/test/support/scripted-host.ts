import { BadFrame, type ExchangeSession, type RecordSink, type SessionEvent, type SessionHost, type SymbolSink } from '../../dist/index.js';

/** A record as it was written: its kind, its symbol, and the arguments of the call. */
export type Written = [kind: string, symbol: string, ...values: unknown[]];

interface Timer { readonly at: number; readonly call: () => void }

/** A host without sockets: keeps what a session writes, sends and tells, and has a clock that is moved by hand. */
export class ScriptedHost implements SessionHost {
  readonly written: Written[] = [];
  readonly sent: unknown[] = [];
  readonly events: SessionEvent[] = [];
  readonly restarts: string[] = [];
  readonly bad: string[] = [];
  /** Newest trades of earlier connections. */
  readonly lastTrades = new Map<string, number>();
  /** Values for which the sink says that its records cannot hold them. */
  readonly tooLarge = new Set<unknown>();
  #timers: Timer[] = [];
  #now = 0;

  readonly records: RecordSink = { of: (symbol) => this.#sinkOf(symbol) };

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  get(path: string): Promise<string> {
    return Promise.reject(new Error(`nothing was scripted for ${path}`));
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  restart(reason: string): void {
    this.restarts.push(reason);
  }

  event(event: SessionEvent): void {
    this.events.push(event);
  }

  lastTrade(symbol: string): number | undefined {
    return this.lastTrades.get(symbol);
  }

  /** Moves the clock and calls what is due, the earliest first. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = due.at;
      due.call();
    }
    this.#now = until;
  }

  /** Gives a session a frame; a BadFrame is kept in `bad` as its reason. */
  feed(session: ExchangeSession, frame: unknown, receivedUs: number): void {
    try {
      session.frame(typeof frame === 'string' ? frame : JSON.stringify(frame), receivedUs);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.bad.push(error.reason);
    }
  }

  /** What has been written since this was called last. */
  taken(): Written[] {
    return this.written.splice(0);
  }

  /** The kinds of the events since this was called last. */
  told(): string[] {
    return this.events.splice(0).map(({ kind }) => kind);
  }

  #sinkOf(symbol: string): SymbolSink {
    const write = (kind: string, values: unknown[]): void => {
      if (values.some((value) => this.tooLarge.has(value))) throw new BadFrame('price too large');
      this.written.push([kind, symbol, ...values]);
    };
    return {
      trade: (...values) => write('trade', values),
      quote: (...values) => write('quote', values),
      beginBook: (...values) => write('beginBook', values),
      level: (...values) => write('level', values),
      endBook: () => write('endBook', []),
      heartbeat: (...values) => write('heartbeat', values),
    };
  }
}
