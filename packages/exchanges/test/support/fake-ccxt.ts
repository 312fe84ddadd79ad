/** A ccxt whose exchange gives what a test gives it, one update a call, as the real one does. */
import type { CcxtBook, CcxtTicker, CcxtTrade } from '../../dist/index.js';
import type { CcxtModule } from '../../dist/ccxt/ccxt-module.js';

interface Waiting { readonly resolve: (update: unknown) => void; readonly reject: (error: Error) => void }

/** As ccxt's errors are: told apart by their names. */
export const ccxtError = (name: string, message = name): Error => Object.assign(new Error(message), { name });

export class FakeExchange {
  readonly id = 'fake';
  readonly name = 'Fake';
  readonly has: Record<string, boolean | undefined> = { watchTrades: true, watchOrderBook: true, watchBidsAsks: true, watchTicker: true };
  urls = { api: { public: 'https://api.{hostname}/v1', ws: { spot: 'wss://ws.fake.example:9443/v2', private: ['x'] } } };
  options: Record<string, unknown> = {};
  number: unknown = Number;
  newUpdates = false;
  markets: object | undefined;
  currencies: object | undefined;
  loads = 0;
  closes = 0;
  readonly asked: string[] = [];
  readonly #waiting = new Map<string, Waiting>();
  readonly #early = new Map<string, (Error | object)[]>();

  constructor(readonly config: object) {}

  async loadMarkets(): Promise<object> {
    if (this.markets === undefined) {
      await Promise.resolve();
      this.loads++;
      this.markets = MARKETS;
    }
    return this.markets;
  }

  setMarkets(markets: object): void {
    this.markets = markets;
  }

  watchTrades = (symbol: string): Promise<unknown> => this.#wait(`trades ${symbol}`);
  watchOrderBook = (symbol: string, limit?: number): Promise<unknown> => this.#wait(`book ${symbol}`, limit === undefined ? '' : ` ${limit}`);
  watchTicker = (symbol: string): Promise<unknown> => this.#wait(`ticker ${symbol}`);
  watchBidsAsks = (symbols: readonly string[]): Promise<unknown> => this.#wait(`bidsasks ${symbols.join()}`);

  close(): Promise<void> {
    this.closes++;
    for (const { reject } of this.#waiting.values()) reject(ccxtError('ExchangeClosedByUser'));
    this.#waiting.clear();
    return Promise.resolve();
  }

  /** The next update of a call, for whoever waits for it, or will. */
  give(call: string, update: Error | readonly CcxtTrade[] | CcxtBook | CcxtTicker | Record<string, CcxtTicker>): void {
    const waiting = this.#waiting.get(call);
    if (waiting === undefined) this.#early.set(call, [...this.#early.get(call) ?? [], update]);
    else settle(waiting, update);
    this.#waiting.delete(call);
  }

  /** Whether somebody waits for an update. */
  waits(call: string): boolean {
    return this.#waiting.has(call);
  }

  #wait(call: string, more = ''): Promise<unknown> {
    this.asked.push(call + more);
    return new Promise((resolve, reject) => {
      const early = this.#early.get(call)?.shift();
      if (early === undefined) this.#waiting.set(call, { resolve, reject });
      else settle({ resolve, reject }, early);
    });
  }
}

function settle({ resolve, reject }: Waiting, update: Error | object): void {
  if (update instanceof Error) reject(update);
  else resolve(update);
}

const market = (symbol: string, kind: 'spot' | 'linear' | 'inverse', active?: boolean) => ({ symbol, active, base: symbol.split('/')[0], quote: symbol.split(/[/:]/)[1], spot: kind === 'spot', linear: kind === 'linear', inverse: kind === 'inverse' });
export const MARKETS = Object.fromEntries([market('A/USD', 'spot', true), market('B/USD', 'spot', false), market('C/USD', 'spot'), market('A/USD:USD', 'linear'), market('A/USD:A', 'inverse')].map((of) => [of.symbol, of]));

/** The module, and every exchange that is made of it; the first of a source is the one that it is described by. */
export function fakeCcxt(change: (exchange: FakeExchange) => void = () => undefined) {
  const made: FakeExchange[] = [];
  class Made extends FakeExchange {
    constructor(config: object) {
      super(config);
      change(this);
      made.push(this);
    }
  }
  const module = { version: '4.0.0', pro: { exchanges: ['fake', 'other'], fake: Made } } as unknown as CcxtModule;
  return { module, made };
}
