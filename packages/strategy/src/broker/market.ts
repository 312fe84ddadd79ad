import { type FeedSpec, type Schema, compileSchema } from '@deepwater/core/engine';
import { type BrokerOptions, checkBroker } from './broker-options.js';
import { MarketClock } from './market-clock.js';
import type { Fill } from './order.js';
import { PaperBroker } from './paper-broker.js';
import type { Row } from './row-numbers.js';

/** The market of a strategy that trades on paper. @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN */
export function marketOf(broker: BrokerOptions, feeds: readonly FeedSpec[]): Market {
  const schemas = feeds.map(compileSchema);
  const clock = new MarketClock(schemas, 0);
  return new Market(clock, new PaperBroker(checkBroker(broker, feeds.map(({ name }, index) => ({ feed: name, schema: schemas[index] as Schema }))), schemas, clock));
}

/** What follows the records that a strategy is given, a step ahead of it: the time of the market, and the broker. */
export class Market {
  /** Fills that the strategy has not been told of. */
  readonly fills: Fill[];

  constructor(readonly clock: MarketClock, readonly broker: PaperBroker | undefined) {
    this.fills = broker?.fills ?? [];
  }

  /** A record comes. @param feed position of its feed @param row the flyweight there */
  see(feed: number, row: Row, sequence: number): void {
    this.clock.see(feed, row);
    this.broker?.see(feed, row, sequence);
  }

  /** Whoever gives records turns to something else, and may move the flyweight before the next one is seen. */
  leave(): void {
    this.clock.hold();
  }
}
