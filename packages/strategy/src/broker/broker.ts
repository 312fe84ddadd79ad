import type { OpenOrder, OrderOptions, OrderRequest } from './order.js';
import type { Position } from './position.js';

/** A broker on paper, as strategies have it as `context.broker`, live and in backtests. See `BrokerOptions` for how it fills. */
export interface Broker {
  /**
   * Sends an order. It is filled by a record that comes after this call, whole; `onFill` is told, before the record is given.
   * @returns its id @throws DeepwaterError DW_ORDER_INVALID
   */
  submit(order: OrderRequest): number;
  /** `submit` of an order to buy. @throws DeepwaterError DW_ORDER_INVALID */
  buy(feed: string, size: number, options?: OrderOptions): number;
  /** `submit` of an order to sell: what is held, or short. @throws DeepwaterError DW_ORDER_INVALID */
  sell(feed: string, size: number, options?: OrderOptions): number;
  /** Takes an order back, after the same latency; until then it can be filled. @returns whether it was open */
  cancel(id: number): boolean;
  /** What is held of the instrument of a feed. @throws DeepwaterError DW_ORDER_INVALID for a feed that is not traded */
  position(feed: string): Position;
  /** Cash, after fees; negative where more was bought than there was. */
  readonly cash: number;
  /** Cash, and positions at their marks. */
  readonly equity: number;
  /** A copy, in the order of submission. */
  readonly openOrders: readonly OpenOrder[];
}
