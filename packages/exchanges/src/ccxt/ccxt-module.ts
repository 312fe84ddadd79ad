/** What is used of ccxt (https://docs.ccxt.com), which is loaded only when somebody asks for it: it need not be installed. */
import { DeepwaterError, didYouMean } from '@deepwater/core';

/** As its public trades are; numbers are texts where `number` is String. */
export interface CcxtTrade {
  readonly id?: string | undefined;
  /** ms since 1970. */
  readonly timestamp?: number | undefined;
  readonly side?: string | undefined;
  readonly price?: string | number | undefined;
  readonly amount?: string | number | undefined;
  readonly info?: unknown;
}

export interface CcxtTicker {
  readonly timestamp?: number | undefined;
  readonly bid?: string | number | undefined;
  readonly bidVolume?: string | number | undefined;
  readonly ask?: string | number | undefined;
  readonly askVolume?: string | number | undefined;
}

/** A price and a size; some have a third, the number or the id of orders. */
export type CcxtLevel = readonly [price: number, size: number, ...more: unknown[]];

export interface CcxtBook {
  readonly timestamp?: number | undefined;
  readonly bids: readonly CcxtLevel[];
  readonly asks: readonly CcxtLevel[];
}

export interface CcxtMarket {
  readonly symbol: string;
  readonly active?: boolean | undefined;
  readonly base?: string | undefined;
  readonly quote?: string | undefined;
  readonly spot?: boolean | undefined;
  readonly linear?: boolean | undefined;
  readonly inverse?: boolean | undefined;
}

/** An exchange of ccxt.pro. */
export interface CcxtExchange {
  readonly id: string;
  readonly name: string;
  readonly has: Readonly<Record<string, boolean | 'emulated' | undefined>>;
  urls: { api?: unknown };
  options: Record<string, unknown>;
  /** What makes a number of a text: `Number`, or `String` to keep it as it is. */
  number: NumberConstructor | StringConstructor;
  newUpdates: boolean;
  readonly markets?: Readonly<Record<string, CcxtMarket>> | undefined;
  readonly currencies?: unknown;
  loadHttpProxyAgent?(): Promise<unknown>;
  loadMarkets(): Promise<Readonly<Record<string, CcxtMarket>>>;
  setMarkets(markets: unknown, currencies?: unknown): unknown;
  watchTrades(symbol: string): Promise<readonly CcxtTrade[]>;
  watchOrderBook(symbol: string, limit?: number): Promise<CcxtBook>;
  watchTicker(symbol: string): Promise<CcxtTicker>;
  watchBidsAsks(symbols: readonly string[]): Promise<Readonly<Record<string, CcxtTicker>>>;
  /** The connection to an address, made where there is none. */
  client?(url: string): CcxtClient;
  close(): Promise<void>;
}

export interface CcxtClient {
  send(message: unknown): Promise<unknown>;
}

export interface CcxtModule {
  readonly version: string;
  readonly pro: Readonly<Record<string, unknown>> & { readonly exchanges: readonly string[] };
}

/** The version that this package is tested with. */
export const CCXT_VERSION = '4.5.84';

/** @throws DeepwaterError DW_SOURCE_UNUSABLE where it is not installed */
export async function loadCcxt(load: () => Promise<unknown> = () => import('ccxt')): Promise<CcxtModule> {
  let module: { readonly default?: Partial<CcxtModule> };
  try {
    module = await load() as typeof module;
  } catch (cause) {
    throw new DeepwaterError('DW_SOURCE_UNUSABLE', `ccxt cannot be loaded: ${(cause as Error).message}. It does not come with Deepwater: npm install ccxt@${CCXT_VERSION}.`, { values: { package: 'ccxt', version: CCXT_VERSION }, cause });
  }
  if (Array.isArray(module.default?.pro?.exchanges)) return module.default as CcxtModule;
  throw new DeepwaterError('DW_SOURCE_UNUSABLE', `The ccxt that is installed has no ccxt.pro: npm install ccxt@${CCXT_VERSION}.`, { values: { package: 'ccxt', version: CCXT_VERSION } });
}

/** A class of ccxt.pro. @throws DeepwaterError DW_SOURCE_UNKNOWN */
export function ccxtClass({ pro, version }: CcxtModule, id: string): new (config: object) => CcxtExchange {
  const { exchanges } = pro;
  if (exchanges.includes(id) && typeof pro[id] === 'function') return pro[id] as new (config: object) => CcxtExchange;
  throw new DeepwaterError('DW_SOURCE_UNKNOWN', `ccxt ${version} streams from no exchange ${JSON.stringify(id)}${didYouMean(id, exchanges)}. It does from ${exchanges.join(', ')}.`, { values: { exchange: id, exchanges } });
}
