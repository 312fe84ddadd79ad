/** Orders and fills of the paper broker, and what an order has to be. */
import { DeepwaterError, describeValue, didYouMean } from '@deepwater/core/engine';

export type Side = 'buy' | 'sell';
export type OrderType = 'market' | 'limit';

export interface OrderRequest {
  /** The feed whose instrument is traded. */
  readonly feed: string;
  readonly side: Side;
  /** Above 0, in the unit of the instrument. */
  readonly size: number;
  /** Default `limit` where there is a price, else `market`. */
  readonly type?: OrderType;
  /** Of a limit order: the worst price that is taken. */
  readonly price?: number;
  /** Comes back with the fill; at most 100 characters. */
  readonly tag?: string;
}

export type OrderOptions = Pick<OrderRequest, 'type' | 'price' | 'tag'>;

export interface OpenOrder extends Required<Pick<OrderRequest, 'feed' | 'side' | 'size' | 'type'>>, Pick<OrderRequest, 'price' | 'tag'> {
  readonly id: number;
  /** Market time of its submission, microseconds since 1970; 0 before the first record. */
  readonly submittedAt: number;
  /** When it reaches the market. */
  readonly arrivesAt: number;
}

export interface Fill {
  /** Of the order. */
  readonly id: number;
  readonly feed: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly price: number;
  readonly size: number;
  /** What the broker takes for it, in the currency of the price. */
  readonly fee: number;
  /** `taker`: it took what was offered. `maker`: it had been resting, and was taken. */
  readonly liquidity: 'taker' | 'maker';
  /** Of the record that filled it, microseconds since 1970. */
  readonly time: number;
  /** The record that filled it, of the feed that prices the instrument. */
  readonly sequence: number;
  /** When the order was submitted. */
  readonly submittedAt: number;
  /** Size of the position after it, negative where it is short. */
  readonly position: number;
  /** Profit that it realised against the average price of the position, before fees; 0 where it opens or adds to one. */
  readonly realized: number;
  readonly tag?: string;
}

const KEYS = ['feed', 'side', 'size', 'type', 'price', 'tag'] as const;
const TAG_CHARACTERS = 100;

/** An order in its normal form: `type` is there. @throws DeepwaterError DW_ORDER_INVALID */
export function checkOrder(request: unknown): OrderRequest & { readonly type: OrderType } {
  if (typeof request !== 'object' || request === null) throw orderInvalid(`An order is ${describeValue(request)}; give an object with feed, side and size.`, { order: describeValue(request) });
  const given = request as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !(KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw orderInvalid(`An order has no ${describeValue(unknown)}${didYouMean(unknown, KEYS)}; it has ${KEYS.join(', ')}.`, { key: unknown });
  const { feed, side, size, price, tag, type = price === undefined ? 'market' : 'limit' } = given;
  if (typeof feed !== 'string') throw wrong('feed', feed, 'the name of the feed whose instrument is traded');
  if (side !== 'buy' && side !== 'sell') throw wrong('side', side, "'buy' or 'sell'");
  if (!isPositive(size)) throw wrong('size', size, 'a number above 0; the side says whether it is bought or sold');
  if (type !== 'market' && type !== 'limit') throw wrong('type', type, "'market' or 'limit'");
  if (type === 'limit' && !isPositive(price)) throw wrong('price', price, 'a limit order the worst price that it takes, a number above 0');
  if (type === 'market' && price !== undefined) throw wrong('price', price, "a market order no price, or make it a 'limit' order");
  if (tag !== undefined && (typeof tag !== 'string' || tag.length > TAG_CHARACTERS)) throw wrong('tag', tag, `a text of at most ${TAG_CHARACTERS} characters`);
  return { ...(given as unknown as OrderRequest), type };
}

const isPositive = (value: unknown): value is number => typeof value === 'number' && value > 0 && value < Infinity;

function wrong(key: string, value: unknown, wanted: string): DeepwaterError {
  return orderInvalid(`The ${key} of an order is ${describeValue(value)}; give ${wanted}.`, { [key]: describeValue(value) });
}

export function orderInvalid(message: string, values: Readonly<Record<string, unknown>>): DeepwaterError {
  return new DeepwaterError('DW_ORDER_INVALID', message, { values });
}
