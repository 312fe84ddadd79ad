/**
 * Any exchange that ccxt streams from (https://docs.ccxt.com, "ccxt.pro"), as a source. It costs what an adapter of our own does not: docs/SOURCES.md says
 * what. ccxt is a peer dependency that need not be there.
 */
import { DeepwaterError, describeValue, didYouMean } from '@deepwater/core';
import { defineSource } from '../define-source.js';
import type { Channel } from '../exchange.js';
import type { Product } from '../products/product.js';
import type { StreamHost, StreamSource } from '../source.js';
import { type CcxtExchange, type CcxtMarket, type CcxtModule, ccxtClass, loadCcxt } from './ccxt-module.js';
import { CcxtRun } from './ccxt-run.js';
import { handleSends } from './handled-sends.js';
import { pointAt } from './point-at.js';
import { TradeMemory } from './trade-memory.js';

export interface CcxtSourceOptions {
  /** `spot` by default. Contracts are `linear` (settled in what they are quoted in) or `inverse`. */
  readonly market?: 'spot' | 'linear' | 'inverse' | undefined;
  /** Levels on each side of a book that ccxt is asked for; exchanges take some numbers only. By default as many as ccxt asks for by itself. */
  readonly depth?: number | undefined;
  /**
   * Many exchanges begin with a list of recent trades. Those from before this time, ms since 1970, are history and not written: by default the time of the
   * subscription; 0 for all that comes, as in a replay, whose times are long past.
   */
  readonly tradesSince?: number | undefined;
  /** Symbols of one run, which has sockets of its own: 50 by default. */
  readonly symbolsMax?: number | undefined;
  /** What ccxt's classes are made with: `{ options, httpsProxy, … }`. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Given each exchange of ccxt's before it is used: for `setSandboxMode` and the like. There are two a run, one for books, one for the rest. */
  readonly configure?: ((exchange: CcxtExchange) => void) | undefined;
}

const KEYS = ['market', 'depth', 'tradesSince', 'symbolsMax', 'config', 'configure'];
const MARKETS = ['spot', 'linear', 'inverse'] as const;
/** Lists of markets are large, and are asked for again only when they are so old. */
const MARKETS_AGE_MS = 3600_000;

/**
 * @param id as ccxt names it: `bitfinex`
 * @throws DeepwaterError DW_SOURCE_UNUSABLE where ccxt is not installed, DW_SOURCE_UNKNOWN for an exchange that it does not stream from
 */
export async function ccxtSource(id: string, options: CcxtSourceOptions = {}): Promise<StreamSource> {
  checkOptions(options);
  return sourceOf(await loadCcxt(), id, options);
}

/** What is after `ccxt:` in the name of a source: an exchange, and a market where it is not spot: `bybit:linear`. */
export function ccxtSourceNamed(named: string): Promise<StreamSource> {
  const [id = '', market, ...more] = named.split(':');
  if (more.length === 0 && (market === undefined || (MARKETS as readonly string[]).includes(market))) return ccxtSource(id, { market: market as CcxtSourceOptions['market'] });
  throw new DeepwaterError('DW_SOURCE_UNKNOWN', `There is no source ${describeValue(`ccxt:${named}`)}: write ccxt:bybit, ccxt:bybit:linear or ccxt:bybit:inverse.`, { values: { source: `ccxt:${named}` } });
}

/** The source of a ccxt that is loaded. */
export function sourceOf(module: CcxtModule, id: string, { market = 'spot', depth, tradesSince, symbolsMax = 50, config = {}, configure }: CcxtSourceOptions): StreamSource {
  const Class = ccxtClass(module, id);
  const sample = new Class({ ...config });
  const has = (call: string): boolean => Boolean(sample.has[call]);
  const channels: Channel[] = [...(has('watchTrades') ? ['trades' as const] : []), ...(has('watchOrderBook') ? ['book' as const] : []), ...(has('watchBidsAsks') || has('watchTicker') ? ['quotes' as const] : [])];
  if (channels.length === 0) throw new DeepwaterError('DW_SOURCE_UNUSABLE', `ccxt streams neither trades nor books nor quotes of ${sample.name}.`, { values: { exchange: id } });
  const memories = new Map<string, TradeMemory>();
  let known: { readonly exchange: CcxtExchange; readonly atMs: number } | undefined;

  const make = (urls: StreamHost['urls']): CcxtExchange => {
    const exchange = new Class({ ...config });
    handleSends(exchange);
    pointAt(exchange, urls);
    configure?.(exchange);
    // An update is given once, not with all that came before it.
    exchange.newUpdates = true;
    return exchange;
  };
  /** With its markets: those that another has, or its own; these are read as numbers, whatever comes after them. */
  const ready = async (exchange: CcxtExchange, amounts: 'text' | 'number'): Promise<CcxtExchange> => {
    if (exchange.markets === undefined && known !== undefined && performance.now() - known.atMs < MARKETS_AGE_MS) exchange.setMarkets(known.exchange.markets, known.exchange.currencies);
    const own = exchange.markets === undefined;
    // Without it ccxt opens no socket that is not encrypted: one to this machine.
    await exchange.loadHttpProxyAgent?.();
    await exchange.loadMarkets();
    if (own) known = { exchange, atMs: performance.now() };
    exchange.number = amounts === 'text' ? String : Number;
    return exchange;
  };
  const title = `${sample.name} by ccxt`;
  return defineSource({
    name: `ccxt-${id}${market === 'spot' ? '' : `-${market}`}`, title, market, channels,
    tradeIds: 'text',
    limits: { symbolsMax },
    symbolOf: (typed) => symbolOf(typed, title, market),
    async products(listing = {}): Promise<readonly Product[]> {
      const exchange = make(listing.urls ?? {});
      try {
        const markets = Object.values(await exchange.loadMarkets()).filter((of) => isOf(of, market));
        return markets.map(({ symbol, active, base, quote }) => ({ symbol, status: active === undefined ? undefined : active ? 'active' : 'inactive', base, quote }));
      } catch (cause) {
        throw new DeepwaterError('DW_EXCHANGE_REST', `ccxt has no markets of ${sample.name}: ${(cause as Error).message}`, { values: { exchange: id }, cause });
      } finally {
        await exchange.close().catch(() => undefined);
      }
    },
    run(wanted, host) {
      let first: Promise<CcxtExchange> | undefined;
      const newExchange = async (amounts: 'text' | 'number'): Promise<CcxtExchange> => {
        const exchange = make(host.urls);
        // The second waits for the first, whose markets it takes.
        const before = first;
        const own = (before ?? Promise.resolve()).then(() => ready(exchange, amounts));
        first ??= own;
        return own;
      };
      const memoryOf = (symbol: string): TradeMemory => {
        let memory = memories.get(symbol);
        if (memory === undefined) memories.set(symbol, (memory = new TradeMemory()));
        return memory;
      };
      return new CcxtRun(host, { newExchange, memoryOf, depth, tradesSince }).go(wanted);
    },
  });
}

/** ccxt's own way to write symbols: `BTC/USDT`, and of contracts `BTC/USDT:USDT`, `BTC/USD:BTC-260327`. */
function symbolOf(typed: string, title: string, market: string): string {
  const symbol = typed.trim().toUpperCase();
  const [, base, quote, settle] = /^([^\s/:]+)\/([^\s/:]+)(?::([^\s/:-]+)(?:-[\w-]+)?)?$/.exec(symbol) ?? [];
  const is = base === undefined ? undefined : settle === undefined ? 'spot' : settle === base && base !== quote ? 'inverse' : 'linear';
  if (is === market) return symbol;
  const example = { spot: 'BTC/USDT', linear: 'BTC/USDT:USDT', inverse: 'BTC/USD:BTC' }[market as 'spot'];
  throw new DeepwaterError('DW_SYMBOL_UNKNOWN', `${describeValue(typed)} is no ${market} symbol of ${title}: write it as ${example}`, { values: { symbol: typed } });
}

const isOf = (of: CcxtMarket, market: 'spot' | 'linear' | 'inverse'): boolean => of[market] === true;

function checkOptions(options: CcxtSourceOptions): void {
  const wrong = (key: string, give: string): DeepwaterError => new DeepwaterError('DW_OPTION_INVALID', `${key} of ccxtSource is ${describeValue(options[key as keyof CcxtSourceOptions])}; give ${give}.`, { values: { option: key } });
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key)) throw new DeepwaterError('DW_OPTION_INVALID', `ccxtSource has no option ${describeValue(key)}${didYouMean(key, KEYS)}.`, { values: { option: key } });
  }
  const { market, depth, tradesSince, symbolsMax, config, configure } = options;
  if (market !== undefined && !MARKETS.includes(market)) throw wrong('market', `one of ${MARKETS.join(', ')}`);
  for (const [key, value] of [['depth', depth], ['symbolsMax', symbolsMax]] as const) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1 && value <= 100_000)) throw wrong(key, 'a whole number from 1 to 100000');
  }
  if (tradesSince !== undefined && !(Number.isFinite(tradesSince) && tradesSince >= 0)) throw wrong('tradesSince', 'ms since 1970');
  if (config !== undefined && (typeof config !== 'object' || config === null)) throw wrong('config', 'an object');
  if (configure !== undefined && typeof configure !== 'function') throw wrong('configure', 'a function');
}
