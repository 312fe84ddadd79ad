/** A source of one's own, in one file; docs/SOURCES.md shows how. */
import { DeepwaterError, describeValue } from '@deepwater/core';
import { CHANNELS, type Exchange } from './exchange.js';
import { MessageSession } from './message-session.js';
import type { ListProducts, Product } from './products/product.js';
import { recordFeedName } from './records/record-feeds.js';
import type { Source, StreamSource } from './source.js';
import { checkDefinition } from './source-checks.js';
import type { SessionDefinition, SocketDefinition, SourceDefinition, StreamDefinition } from './source-definition.js';

const STREAM_LIMITS = { symbolsMax: 100 };
const SOCKET_LIMITS = { symbolsMax: 50, sendsPerSecond: 5, silenceMs: 60_000 };

/**
 * Makes a source of what is given of it, with defaults for the rest. The result is frozen.
 * @throws DeepwaterError DW_SOURCE_INVALID, with the key and what to give
 */
export function defineSource(definition: StreamDefinition): StreamSource;
export function defineSource(definition: SocketDefinition | SessionDefinition): Exchange;
export function defineSource(definition: SourceDefinition): Source;
export function defineSource(definition: SourceDefinition): Source {
  const form = checkDefinition(definition);
  const { name, title = name, market = 'spot', channels = ['trades'], tradeIds = 'none' } = definition;
  const common = {
    name, title, market, tradeIds,
    channels: Object.freeze([...channels]),
    symbolOf: (typed: string): string => symbolOf(source, definition, typed),
    ...(definition.products === undefined ? {} : { products: checkedProducts(definition.products, title) }),
  };
  const source: Source = form === 'stream'
    ? { ...common, limits: limitsOf(STREAM_LIMITS, definition.limits), run: (wanted, host) => (definition as StreamDefinition).run(wanted, host) }
    : {
      ...common,
      limits: limitsOf(SOCKET_LIMITS, definition.limits),
      endpoints: Object.freeze({ ws: (definition as SocketDefinition).url, ...(restOf(definition) === undefined ? {} : { rest: restOf(definition) as string }) }),
      newSession: (wanted, host) => (form === 'session' ? (definition as SessionDefinition).newSession(wanted, host) : new MessageSession(definition as SocketDefinition, wanted, host)),
    };
  return Object.freeze(source);
}

const restOf = (definition: SourceDefinition): string | undefined => ('rest' in definition ? definition.rest : undefined);

/** What is given over what is not; a key that is there without a value is not given. */
function limitsOf<L extends object>(defaults: L, given: object | undefined): L {
  return Object.freeze({ ...defaults, ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) });
}

function symbolOf(source: Source, definition: SourceDefinition, typed: string): string {
  let symbol: unknown;
  try {
    symbol = definition.symbolOf === undefined ? typed.trim().toUpperCase() : definition.symbolOf(typed);
  } catch (cause) {
    if (DeepwaterError.isDeepwaterError(cause)) throw cause;
    throw unknownSymbol(source, typed, cause instanceof Error ? cause.message : describeValue(cause), cause);
  }
  if (typeof symbol !== 'string' || !/^[A-Za-z0-9]/.test(symbol)) throw unknownSymbol(source, typed, 'it begins with a letter or a digit, as names of feeds do');
  // Every feed that it may have can be named.
  for (const channel of CHANNELS) if (source.channels.includes(channel)) recordFeedName(source, symbol, channel);
  return symbol;
}

function unknownSymbol(source: Source, typed: string, why: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_SYMBOL_UNKNOWN', `${describeValue(typed)} cannot be a symbol of ${source.title}: ${why}`, { values: { symbol: typed, exchange: source.name }, cause });
}

function checkedProducts(list: ListProducts, title: string): ListProducts {
  return async (options) => {
    const products: unknown = await list(options);
    if (Array.isArray(products) && products.every((product: unknown) => typeof (product as Product | null)?.symbol === 'string')) return products as readonly Product[];
    throw new DeepwaterError('DW_EXCHANGE_REST', `products of ${title} gave ${describeValue(products)}, not a list of { symbol }`, { values: { source: title } });
  };
}
