import type { Capture, CapturedReply } from '@deepwater/captures';
import { Book, pairs, type LevelChange } from '../book/book.js';
import { objectOf } from './json.js';
import type { RestAnswer } from './venue.js';

export interface DepthUpdate {
  readonly s: string;
  readonly E: number;
  readonly T?: number;
  readonly U: number;
  readonly u: number;
  readonly b: readonly LevelChange[];
  readonly a: readonly LevelChange[];
}

interface Snapshot {
  readonly lastUpdateId: number;
  readonly E?: number;
  readonly T?: number;
  readonly symbol?: string;
  readonly bids: readonly LevelChange[];
  readonly asks: readonly LevelChange[];
}

type MarketKind = 'spot' | 'usdm' | 'coinm';

/** Where each market answers, and how many levels it gives. */
const DEPTH: Readonly<Record<MarketKind, { path: RegExp; limits: number | readonly number[]; usual: number }>> = {
  spot: { path: /^\/api\/v[13]\/depth$/, limits: 5000, usual: 100 },
  usdm: { path: /^\/fapi\/v1\/depth$/, limits: [5, 10, 20, 50, 100, 500, 1000], usual: 500 },
  coinm: { path: /^\/dapi\/v1\/depth$/, limits: [5, 10, 20, 50, 100, 500, 1000], usual: 500 },
};

const refusal = (code: number, msg: string): RestAnswer => ({ status: 400, body: JSON.stringify({ code, msg }) });

/** The books of a capture of Binance, and what REST says of them. */
export class BinanceBooks {
  readonly kind: MarketKind;
  /** The first snapshot of each symbol that the capture has. */
  readonly #first = new Map<string, Snapshot>();
  readonly #books = new Map<string, { book: Book; E: number; T: number }>();

  constructor(capture: Capture) {
    const depth = capture.received.filter(({ text }) => /^\{"stream":"[^"]+@depth/.test(text)).map(({ text }) => (JSON.parse(text) as { data: DepthUpdate & { ps?: string; pu?: number } }).data);
    this.kind = depth.some(({ ps }) => ps !== undefined) ? 'coinm' : depth.some(({ pu }) => pu !== undefined) ? 'usdm' : 'spot';
    for (const { s } of depth) if (!this.#books.has(s)) this.#books.set(s, { book: new Book(), E: 0, T: 0 });
    for (const reply of capture.replies) this.#remember(reply, depth[0]?.s);
    this.reset();
  }

  /** Books begin with the first snapshot, though it may have been taken after the first frames: those hold nothing that is not in it. */
  reset(): void {
    for (const [symbol, state] of this.#books) {
      const snapshot = this.#first.get(symbol);
      Object.assign(state, { book: new Book(), E: snapshot?.E ?? 0, T: snapshot?.T ?? 0 });
      if (snapshot === undefined) continue;
      state.book.replace(snapshot.bids, snapshot.asks);
      state.book.update = snapshot.lastUpdateId;
    }
  }

  take(update: DepthUpdate): void {
    const state = this.#books.get(update.s);
    if (state === undefined || update.u <= state.book.update) return;
    state.book.apply(update.b, update.a);
    state.book.update = update.u;
    state.E = update.E;
    state.T = update.T ?? 0;
  }

  rest(url: URL, stale: boolean): RestAnswer | undefined {
    const { path, limits, usual } = DEPTH[this.kind];
    if (!path.test(url.pathname)) return undefined;
    const symbol = url.searchParams.get('symbol');
    if (symbol === null) return refusal(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.");
    const state = this.#books.get(symbol);
    if (state === undefined) return refusal(-1121, 'Invalid symbol.');
    const limit = Number(url.searchParams.get('limit') ?? usual);
    if (!Number.isInteger(limit) || limit < 1) return refusal(-1130, "Data sent for parameter 'limit' is not valid.");
    if (typeof limits !== 'number' && !limits.includes(limit)) return refusal(-4021, `${limit} is not valid depth limit. `);
    return { status: 200, body: stale ? this.#early(symbol, limit) : this.#depth(symbol, state, limit) };
  }

  #depth(symbol: string, { book, E, T }: { book: Book; E: number; T: number }, limit: number): string {
    const deepest = Math.min(limit, 5000);
    return this.#body(symbol, { lastUpdateId: book.update, E, T, bids: pairs(book.bids.top(deepest)), asks: pairs(book.asks.top(deepest)) });
  }

  #early(symbol: string, limit: number): string {
    const first = this.#first.get(symbol) ?? { lastUpdateId: 0, E: 0, T: 0, bids: [], asks: [] };
    return this.#body(symbol, { ...first, bids: first.bids.slice(0, limit), asks: first.asks.slice(0, limit) });
  }

  #body(symbol: string, { lastUpdateId, E, T, bids, asks }: Snapshot): string {
    switch (this.kind) {
      case 'spot': return JSON.stringify({ lastUpdateId, bids, asks });
      case 'usdm': return JSON.stringify({ lastUpdateId, E, T, bids, asks });
      case 'coinm': return JSON.stringify({ lastUpdateId, E, T, symbol, pair: symbol.split('_')[0], bids, asks });
    }
  }

  /** The line files do not say whose book a snapshot is: COIN-M says it itself, the others have one symbol. */
  #remember({ url, body }: CapturedReply, onlySymbol: string | undefined): void {
    const snapshot = objectOf(body) as unknown as Snapshot | undefined;
    if (snapshot?.lastUpdateId === undefined) return;
    const symbol = (URL.canParse(url) ? new URL(url).searchParams.get('symbol') : null) ?? snapshot.symbol ?? onlySymbol;
    if (symbol !== undefined && !this.#first.has(symbol)) this.#first.set(symbol, snapshot);
  }
}
