/** How the paper broker fills, prices and charges: what callers give, checked. */
import { DeepwaterError, type Field, type Schema, describeValue, didYouMean, isNumericType } from '@deepwater/core/engine';
import { checkKeys } from '@deepwater/query';
import { wrong } from '../option-values.js';

/** How orders of an instrument are filled. */
export interface FillOptions {
  /**
   * `next-trade`: by the trades of the feed; needs a field with prices. `quote-cross`: by its quotes; needs fields with bids and
   * asks. Default: `quote-cross` where the feed has the fields `bid` and `ask`, else `next-trade`.
   */
  readonly fills?: 'next-trade' | 'quote-cross';
  /** Field with the price of a trade. Default `price`. */
  readonly price?: string;
  /** Fields with the best bid and ask. Default `bid` and `ask`. */
  readonly bid?: string;
  readonly ask?: string;
  /** From `submit` (and `cancel`) until the market has it, in milliseconds of market time. Default 0. */
  readonly latencyMs?: number;
  /** Fee of a fill in hundredths of a percent of its value; negative: a rebate. Default 0. */
  readonly takerFeeBps?: number;
  readonly makerFeeBps?: number;
  /** What a taker's price is worse than the market's, in hundredths of a percent of it; a limit still holds. Default 0. */
  readonly slippageBps?: number;
}

export interface InstrumentOptions extends FillOptions {
  /** The feed whose records fill and value it, where that is another one. */
  readonly pricedBy?: string;
}

export interface BrokerOptions extends FillOptions {
  /** Cash to begin with, in the currency of the prices; orders are filled whether or not there is enough. Default 100,000. */
  readonly cash?: number;
  /** What is different for the instruments of some of the feeds. */
  readonly feeds?: Readonly<Record<string, InstrumentOptions>>;
}

/** How the instrument of a feed is traded. */
export interface InstrumentTerms {
  readonly feed: string;
  /** Position among the feeds of the one that prices it. */
  readonly pricedBy: number;
  readonly fills: 'next-trade' | 'quote-cross';
  /** One field, or bid and ask. */
  readonly priceFields: readonly Field[];
  readonly latencyUs: number;
  readonly takerFeeBps: number;
  readonly makerFeeBps: number;
  /** A share of the price. */
  readonly slippage: number;
}

export interface CheckedBroker {
  readonly cash: number;
  /** Of the feeds that can be traded. */
  readonly terms: readonly InstrumentTerms[];
}

const FILL_KEYS = ['fills', 'price', 'bid', 'ask', 'latencyMs', 'takerFeeBps', 'makerFeeBps', 'slippageBps'] as const satisfies readonly (keyof FillOptions)[];
const CASH_DEFAULT = 100_000;
/** Hundredths of a percent in one. */
export const BPS = 10_000;
/** A day. */
const LATENCY_MS_MAX = 86_400_000;

/**
 * @param feeds the feeds that the strategy follows, in order
 * @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN
 */
export function checkBroker(options: unknown, feeds: readonly { readonly feed: string; readonly schema: Schema }[]): CheckedBroker {
  const { feeds: ofFeeds, cash = CASH_DEFAULT, ...common } = checkKeys(options, [...FILL_KEYS, 'cash', 'feeds']);
  if (typeof cash !== 'number' || !Number.isFinite(cash)) throw wrong('broker.cash', cash, 'a number');
  const names = feeds.map(({ feed }) => feed);
  const own = feedsOf(ofFeeds, names);
  const terms = feeds.map(({ feed }) => termsOf(feed, common as FillOptions, own.get(feed), feeds));
  const tradable = terms.filter((each) => each !== undefined);
  if (tradable.length === 0) {
    throw new DeepwaterError('DW_OPTION_INVALID', `None of the feeds ${names.join(', ')} has a field price, or bid and ask, that orders could be filled by. Say in { broker: { price } } or { broker: { bid, ask } } which fields those are.`, {
      values: { feeds: names },
    });
  }
  return { cash, terms: tradable };
}

function feedsOf(given: unknown, names: readonly string[]): ReadonlyMap<string, InstrumentOptions> {
  if (given === undefined) return new Map();
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('broker.feeds', given, 'an object of options by the name of a feed');
  for (const [name, options] of Object.entries(given)) {
    if (!names.includes(name)) throw unknownFeed('broker.feeds', name, names);
    checkKeys(options, [...FILL_KEYS, 'pricedBy']);
  }
  return new Map(Object.entries(given as Record<string, InstrumentOptions>));
}

/** @returns undefined where the feed has no prices and nobody said that it had */
function termsOf(feed: string, common: FillOptions, own: InstrumentOptions | undefined, feeds: readonly { readonly feed: string; readonly schema: Schema }[]): InstrumentTerms | undefined {
  const { pricedBy = feed, ...options } = { ...common, ...own };
  const index = feeds.findIndex((each) => each.feed === pricedBy);
  if (index < 0) throw unknownFeed(`broker.feeds.${feed}.pricedBy`, pricedBy, feeds.map((each) => each.feed));
  const { schema } = feeds[index] as { schema: Schema };
  const { price = 'price', bid = 'bid', ask = 'ask' } = options;
  const has = (name: string): boolean => schema.fields.some((field) => field.name === name && isNumericType(field.type));
  const quoted = has(bid) && has(ask);
  const { fills = quoted ? 'quote-cross' : 'next-trade' } = options;
  if (fills !== 'next-trade' && fills !== 'quote-cross') throw wrong('broker.fills', fills, "'next-trade' or 'quote-cross'");
  const wanted = fills === 'quote-cross' ? [bid, ask] : [price];
  if (own === undefined && !wanted.every(has)) return undefined;
  return {
    feed, pricedBy: index, fills,
    priceFields: wanted.map((name) => fieldOf(pricedBy, schema, name)),
    latencyUs: numberOf('latencyMs', options.latencyMs, 0, LATENCY_MS_MAX) * 1000,
    takerFeeBps: numberOf('takerFeeBps', options.takerFeeBps, -BPS, BPS),
    makerFeeBps: numberOf('makerFeeBps', options.makerFeeBps, -BPS, BPS),
    slippage: numberOf('slippageBps', options.slippageBps, 0, BPS) / BPS,
  };
}

function fieldOf(feed: string, schema: Schema, name: unknown): Field {
  const field = schema.fields.find((each) => each.name === name && isNumericType(each.type));
  if (field !== undefined) return field;
  const known = schema.fields.filter(({ type }) => isNumericType(type)).map((each) => each.name);
  const hint = typeof name === 'string' ? didYouMean(name, known) : '';
  throw new DeepwaterError('DW_FIELD_UNKNOWN', `The broker is to take prices from ${describeValue(name)} of feed ${feed}${hint}, which has the numeric fields ${known.join(', ')}. Name the fields in { broker: { price } } or { broker: { bid, ask } }.`, {
    values: { feed, field: describeValue(name), known },
  });
}

function numberOf(option: string, value: unknown, least: number, most: number): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw wrong(`broker.${option}`, value, `a number from ${least} to ${most}`);
}

function unknownFeed(option: string, name: unknown, names: readonly string[]): DeepwaterError {
  const hint = typeof name === 'string' ? didYouMean(name, names) : '';
  return new DeepwaterError('DW_OPTION_INVALID', `${option} names ${describeValue(name)}${hint}, which is none of the strategy's feeds: ${names.join(', ')}. Follow it, too, or name another.`, {
    values: { [option]: describeValue(name), feeds: names },
  });
}
