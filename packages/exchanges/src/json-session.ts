/** What sessions that speak JSON have in common: who is subscribed to what, what could not be read, and which trades are new. */
import { CHANNELS, BadFrame, type Channel, type ExchangeSession, type SessionHost, type Wanted } from './exchange.js';
import { Asked } from './asked.js';
import { BookSync, type SyncedBook } from './book-sync.js';
import { jsonOf, shown } from './frame-checks.js';
import { onlySymbolIn } from './named-symbol.js';
import type { SymbolSink } from './record-sink.js';
import { TradeRun } from './trade-run.js';

/** Kinds of frames that are not known, told once each; a connection that has more is not told of any more. */
const UNKNOWN_MAX = 32;

const none = (): Record<Channel, boolean> => ({ trades: false, book: false, quotes: false, heartbeats: false });

/** What a session knows of a symbol. */
export class SubscribedSymbol implements SyncedBook {
  /** What records are wanted of it, and what the exchange was asked for. */
  readonly wants = none();
  readonly asked = none();
  run: TradeRun;
  /** The frame that told of trades from before the connection; see `JsonSession.isNew`. */
  anchoredBy = 0;
  live = false;
  lost = false;
  losses = 0;
  overdue: (() => void) | undefined = undefined;

  constructor(readonly symbol: string, readonly sink: SymbolSink, lastTrade: number) {
    this.run = new TradeRun(lastTrade);
  }
}

export abstract class JsonSession<S extends SubscribedSymbol = SubscribedSymbol> implements ExchangeSession {
  readonly path = '';
  protected readonly symbols = new Map<string, S>();
  protected readonly sync: BookSync;
  /** What the exchange has not granted yet. */
  protected readonly asked: Asked;
  /** Frames taken, this one included. */
  protected frames = 0;
  readonly #wanted: Wanted;
  readonly #unknown = new Set<string>();
  #fault: BadFrame | undefined;

  constructor(wanted: Wanted, protected readonly host: SessionHost) {
    this.#wanted = wanted;
    this.asked = new Asked(host, (channel, symbols) => { this.#subscribe(channel, symbols); });
    this.sync = new BookSync(host, (symbols) => { this.again('book', symbols); }, (symbol) => { this.asked.granted('book', symbol); });
  }

  /** Takes a frame; parts that cannot be read are given to `fault`, and a frame without parts throws. */
  protected abstract take(frame: unknown, receivedUs: number): void;
  /** Sends a request. */
  protected abstract ask(how: 'subscribe' | 'unsubscribe', channel: Channel, symbols: readonly string[]): void;
  protected abstract newSymbol(symbol: string): S;
  /** Asked for of every symbol, wanted or not: what keeps a connection open and tells that it is. */
  protected readonly always: readonly Channel[] = [];
  /** Channels whose subscriptions the exchange acknowledges, symbol by symbol. */
  protected readonly granted: readonly Channel[] = CHANNELS;
  /** Texts that frames of books have, and no others: one of them in a frame that is no JSON, and it may have been a change of a book. */
  protected abstract readonly bookMarks: readonly string[];
  /** The values that JSON holds. */
  protected parse(text: string): unknown {
    return JSON.parse(text);
  }

  open(): void {
    this.subscribe(this.#wanted);
  }

  /** A new subscription begins with what was missed: a snapshot, the last trades. */
  protected again(channel: Channel, symbols: readonly string[]): void {
    this.ask('unsubscribe', channel, symbols);
    this.#subscribe(channel, symbols);
  }

  close(): void {
    this.symbols.clear();
  }

  frame(text: string, receivedUs: number): void {
    let frame: unknown;
    try {
      frame = jsonOf(text, (given) => this.parse(given));
    } catch (error) {
      this.#unreadable(text, error as BadFrame);
      throw error;
    }
    this.frames++;
    this.#fault = undefined;
    this.take(frame, receivedUs);
    if (this.#fault !== undefined) throw this.#fault as BadFrame;
  }

  subscribe(wanted: Wanted): void {
    for (const symbol of wanted.symbols) {
      if (!this.symbols.has(symbol)) this.symbols.set(symbol, this.newSymbol(symbol));
      for (const channel of wanted.channels) this.symbols.get(symbol)!.wants[channel] = true;
    }
    this.#askFor(wanted, 'subscribe');
  }

  unsubscribe(wanted: Wanted): void {
    for (const symbol of wanted.symbols) {
      for (const channel of wanted.channels) if (this.symbols.has(symbol)) this.symbols.get(symbol)!.wants[channel] = false;
    }
    this.#askFor(wanted, 'unsubscribe');
  }

  /** Brings what the exchange was asked for in line with what is wanted, with one request a channel. */
  #askFor(wanted: Wanted, how: 'subscribe' | 'unsubscribe'): void {
    for (const channel of CHANNELS) {
      const changed: string[] = [];
      for (const symbol of wanted.symbols) {
        const state = this.symbols.get(symbol);
        if (state === undefined) continue;
        const should = state.wants[channel] || (this.always.includes(channel) && CHANNELS.some((other) => state.wants[other]));
        if (should === state.asked[channel] || should !== (how === 'subscribe')) continue;
        state.asked[channel] = should;
        changed.push(symbol);
        // What was written last, not what came last: of symbols that could not be written that is less.
        if (should && channel === 'trades') state.run = new TradeRun(this.host.lastTrade?.(symbol) ?? state.run.last);
        if (should) continue;
        this.asked.forget(channel, symbol);
        if (channel === 'book') this.sync.forget(state);
      }
      if (changed.length === 0) continue;
      if (how === 'subscribe') this.#subscribe(channel, changed);
      else this.ask(how, channel, changed);
    }
  }

  #subscribe(channel: Channel, symbols: readonly string[]): void {
    if (this.granted.includes(channel)) this.asked.sent(channel, symbols);
    this.ask('subscribe', channel, symbols);
  }

  /** @throws BadFrame for a symbol that was never subscribed here */
  protected find(symbol: unknown): S {
    const state = this.symbols.get(symbol as string);
    if (state !== undefined) return state;
    throw symbol === undefined || symbol === null ? new BadFrame('symbol missing') : new BadFrame('symbol unknown', shown(symbol));
  }

  /** A symbol that was subscribed here; undefined for anything else, which nobody has to know. */
  protected known(symbol: unknown): string | undefined {
    return this.symbols.has(symbol as string) ? symbol as string : undefined;
  }

  /** A part of the frame that cannot be read: the first of a frame is told when the rest has been taken. */
  protected fault(error: unknown): void {
    if (!(error instanceof BadFrame)) throw error;
    this.#fault ??= error;
  }

  /** A message of a book that cannot be read wholly: what was written of it has no end, and the book begins anew. */
  protected spoiled(state: S, error: unknown, snapshot: boolean): void {
    this.fault(error);
    this.sync.spoil(state, error as BadFrame, snapshot);
  }

  /** All that can be known of a frame that is no JSON is what it names. */
  #unreadable(text: string, bad: BadFrame): void {
    if (!this.bookMarks.some((mark) => text.includes(mark))) return;
    const state = this.symbols.get(onlySymbolIn(text, this.symbols.keys()) ?? '');
    if (state?.asked.book === true) this.sync.spoil(state, bad, false);
  }

  /** A frame of a kind that is not known: by the docs of exchanges these are to be ignored, so each kind is told once. */
  protected unknown(kind: string): void {
    if (this.#unknown.has(kind) || this.#unknown.size >= UNKNOWN_MAX) return;
    this.#unknown.add(kind);
    this.host.event({ kind: 'unknown', detail: kind.slice(0, 80) });
  }

  /** A session that has read of a book knows whether it may take a change of it. @throws BadFrame for a change of a book that never began */
  protected mayChange(state: S): boolean {
    if (state.live || state.lost) return state.live;
    throw new BadFrame('book update before its snapshot', state.symbol);
  }

  /**
   * Whether a trade is to be written, and a `gap` where ids before it are missing. `recent`: it is of the list of recent trades that begins a
   * subscription. Of a symbol that nothing is known of, these are history and only say where to begin; later, and where the host knows the last
   * trade of earlier connections, those not seen yet are trades that were missed.
   */
  protected isNew(state: S, id: number, recent: boolean): boolean {
    const { run } = state;
    if (recent && (run.last === 0 || state.anchoredBy === this.frames)) {
      state.anchoredBy = this.frames;
      run.anchor(id);
      return false;
    }
    if (!run.take(id)) return false;
    if (run.hole !== 0) this.host.event({ kind: 'gap', symbol: state.symbol, channel: 'trades', expected: run.hole, found: id });
    return true;
  }

  /** A sign of life of the whole connection, written for every symbol that wants it. */
  protected heartbeat(ts: number, receivedUs: number, counter: number): void {
    for (const { wants, sink } of this.symbols.values()) {
      if (!wants.heartbeats) continue;
      try {
        sink.heartbeat(ts, receivedUs, counter);
      } catch (error) {
        this.fault(error);
      }
    }
  }
}
