/**
 * A host for sessions without sockets, timers or files: frames are given by the test, time moves when the test moves it, and every record becomes a line
 * of text. It holds the session to the contract of the sink: levels come inside a book. One that has no end could not be read wholly.
 */
import { BadFrame } from '../../dist/index.js';
import type { Amount, BookSide, RecordSink, SessionEvent, SessionHost, SymbolSink, TakerSide } from '../../dist/index.js';

interface Get {
  readonly path: string;
  readonly resolve: (body: string) => void;
  readonly reject: (error: Error) => void;
}

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

export class FakeHost implements SessionHost {
  readonly sent: string[] = [];
  readonly events: SessionEvent[] = [];
  readonly restarts: string[] = [];
  /** Records as text, in the order they came: `trade BTCUSDT …`. */
  readonly trades: string[] = [];
  readonly quotes: string[] = [];
  readonly books: string[] = [];
  /** Requests without an answer, the oldest first. */
  readonly gets: Get[] = [];
  /** Books built from the records: what there is at each price. */
  readonly levels = new Map<string, { readonly B: Map<string, string>; readonly A: Map<string, string> }>();
  /** Called at the end of each book or change of one. */
  onBook: (symbol: string, last: number) => void = () => undefined;
  /** Prices that no record can hold. */
  readonly unholdable = new Set<string>();
  #timers: Timer[] = [];
  #now = 0;

  readonly records: RecordSink = { of: (symbol) => this.#sinkOf(symbol) };

  send(text: string): void {
    this.sent.push(text);
  }

  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => this.gets.push({ path, resolve, reject }));
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

  /** Moves the clock, calling back whatever is due, in order of time. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = due.at;
      due.call();
    }
    this.#now = until;
  }

  /** Answers the oldest request, and lets the session have the answer. */
  async answer(body: string | Error): Promise<string> {
    const get = this.gets.shift();
    if (get === undefined) throw new Error('nothing was asked for');
    if (typeof body === 'string') get.resolve(body);
    else get.reject(body);
    await settled();
    return get.path;
  }

  /** The events of a kind, and from then on none of them. */
  takeEvents(): SessionEvent[] {
    return this.events.splice(0);
  }

  #sinkOf(symbol: string): SymbolSink {
    const levels = this.levels.get(symbol) ?? { B: new Map<string, string>(), A: new Map<string, string>() };
    this.levels.set(symbol, levels);
    let open: number | undefined;
    const hold = (amount: Amount): Amount => {
      if (this.unholdable.has(String(amount))) throw new BadFrame('does not fit');
      return amount;
    };
    return {
      trade: (ts: number, received: number, id: number | string, side: TakerSide, price: Amount, size: Amount) => {
        this.trades.push(`${symbol} ${ts} ${received} ${id} ${side} ${hold(price)} ${size}`);
      },
      quote: (ts: number, received: number, update: number, bid: Amount, bidSize: Amount, ask: Amount, askSize: Amount) => {
        this.quotes.push(`${symbol} ${ts} ${received} ${update} ${hold(bid)} ${bidSize} ${hold(ask)} ${askSize}`);
      },
      beginBook: (ts: number, received: number, snapshot: boolean, first: number, last: number) => {
        open = last;
        if (snapshot) {
          levels.A.clear();
          levels.B.clear();
        }
        this.books.push(`${symbol} ${snapshot ? 'snapshot' : 'change'} ${ts} ${received} ${first} ${last}`);
      },
      level: (side: BookSide, price: Amount, size: Amount) => {
        if (open === undefined) throw new Error('outside a book');
        this.books.push(`${symbol} ${side} ${hold(price)} ${size}`);
        if (Number(size) === 0) levels[side].delete(String(price));
        else levels[side].set(String(price), String(size));
      },
      endBook: () => {
        if (open === undefined) throw new Error('outside a book');
        this.onBook(symbol, open);
        open = undefined;
      },
      heartbeat: () => {
        throw new Error('no exchange of these tests has heartbeats');
      },
    };
  }
}

/** Lets everything run that only waits for a promise. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** The reason of the BadFrame that a call throws; `''` for a call that throws nothing. */
export function badReason(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof BadFrame) return error.reason;
    throw error;
  }
  return '';
}

/** Where two long lists part, with both sides; undefined where they are the same. A matcher would print all of them. */
export function firstDifference(ours: readonly string[], theirs: readonly string[]): object | undefined {
  const at = ours.findIndex((line, i) => line !== theirs[i]);
  if (at !== -1) return { at, ours: ours[at], theirs: theirs[at] };
  return ours.length === theirs.length ? undefined : { at: ours.length, ours: undefined, theirs: theirs[ours.length], more: theirs.length - ours.length };
}
