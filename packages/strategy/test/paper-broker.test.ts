import { DeepwaterError, compileSchema, parseFeedSpec } from '@deepwater/core';
import { describe, expect, test } from 'vitest';
import { type BrokerOptions, checkBroker } from '../dist/broker/broker-options.js';
import { MarketClock } from '../dist/broker/market-clock.js';
import type { Fill, OrderRequest } from '../dist/broker/order.js';
import { PaperBroker } from '../dist/broker/paper-broker.js';
import { randomNumbers } from '../dist/random.js';
import { SEED } from '../../../test/support/seed.js';

console.log(`paper broker tests: seed ${SEED}`);

const clock = { name: 'time', type: 'uint64', unit: 'us' } as const;
const TRADES = compileSchema(parseFeedSpec({ name: 'trades', fields: [{ name: 'price', type: 'float64' }, clock], timestamp: 'time' }));
const QUOTES = compileSchema(parseFeedSpec({ name: 'quotes', fields: [{ name: 'bid', type: 'float64' }, { name: 'ask', type: 'float64' }, clock], timestamp: 'time' }));
const FEEDS = [{ feed: 'trades', schema: TRADES }, { feed: 'quotes', schema: QUOTES }];

/** A broker and the records that it is shown. */
class Market {
  readonly clock = new MarketClock([TRADES, QUOTES], 0);
  readonly broker: PaperBroker;
  readonly filled: Fill[] = [];
  #sequence = 0;

  constructor(options: BrokerOptions = {}) {
    this.broker = new PaperBroker(checkBroker(options, FEEDS), [TRADES, QUOTES], this.clock);
  }

  trade(time: number, price: number): Fill[] {
    return this.#see(0, { time, price });
  }

  quote(time: number, bid: number, ask: number): Fill[] {
    return this.#see(1, { time, bid, ask });
  }

  #see(feed: number, row: Record<string, number>): Fill[] {
    this.clock.see(feed, row);
    this.broker.see(feed, row, this.#sequence++);
    const fills = this.broker.fills.splice(0);
    this.filled.push(...fills);
    return fills;
  }
}

const codeOf = (run: () => unknown): [string, string] => {
  try {
    run();
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error)) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
};
const brief = (fills: readonly Fill[]): unknown[] => fills.map(({ id, price, liquidity, time }) => [id, price, liquidity, time]);

describe('by the next trade', () => {
  test('a market order takes the price of the first trade at or after its arrival, never of one that was there already', () => {
    const market = new Market({ latencyMs: 1, feeds: { trades: { takerFeeBps: 10, slippageBps: 100 } } });
    market.trade(1000, 100);
    market.broker.buy('trades', 2, { tag: 'in' });
    expect(market.trade(1500, 101)).toEqual([]);
    expect(market.trade(2000, 200)).toEqual([{
      id: 1, feed: 'trades', side: 'buy', type: 'market', price: 202, size: 2, fee: 0.404, liquidity: 'taker', time: 2000, sequence: 2,
      submittedAt: 1000, position: 2, realized: 0, tag: 'in',
    }]);
    expect(market.trade(2001, 300)).toEqual([]);
    expect(market.broker.cash).toBe(100_000 - 404 - 0.404);
    expect(market.broker.equity).toBe(100_000 - 404 - 0.404 + 600);
  });

  test('a record that arrives late, with an earlier time, fills no order that was sent after that time', () => {
    const market = new Market();
    market.trade(5000, 100);
    market.broker.buy('trades', 1);
    expect(market.trade(4999, 90)).toEqual([]);
    expect(brief(market.trade(5000, 101))).toEqual([[1, 101, 'taker', 5000]]);
  });

  test('a limit order rests until a trade goes beyond its price, and is filled at its price, as a maker', () => {
    const market = new Market({ makerFeeBps: -1, takerFeeBps: 5 });
    market.trade(1, 100);
    market.broker.buy('trades', 1, { price: 99 });
    market.broker.sell('trades', 1, { price: 101 });
    expect(market.trade(2, 99)).toEqual([]);
    expect(market.trade(3, 101)).toEqual([]);
    expect(brief(market.trade(4, 98.5))).toEqual([[1, 99, 'maker', 4]]);
    expect(brief(market.trade(5, 105))).toEqual([[2, 101, 'maker', 5]]);
    expect(market.filled.map(({ fee }) => fee)).toEqual([-99 / 10_000, -101 / 10_000]);
    expect(market.broker.position('trades')).toMatchObject({ size: 0, averagePrice: 0, realized: 2, unrealized: 0 });
  });

  test('a limit order that finds the market at its price or better takes the next trade, at its limit at the worst', () => {
    const market = new Market({ slippageBps: 100 });
    market.trade(1, 100);
    market.broker.buy('trades', 1, { price: 101 });
    market.broker.buy('trades', 1, { price: 200 });
    market.broker.sell('trades', 1, { price: 100 });
    expect(brief(market.trade(2, 100.5))).toEqual([[1, 101, 'taker', 2], [2, 100.5 * 1.01, 'taker', 2], [3, 100, 'taker', 2]]);
    // The market has moved away in between: it rests.
    market.broker.buy('trades', 1, { price: 101 });
    expect(market.trade(3, 102)).toEqual([]);
    expect(market.trade(4, 101)).toEqual([]);
    expect(brief(market.trade(5, 100))).toEqual([[4, 101, 'maker', 5]]);
  });

  test('before any trade nothing is known of the market: a limit order rests, and trades without a price are none', () => {
    const market = new Market();
    market.broker.buy('trades', 1, { price: 100 });
    market.broker.buy('trades', 1);
    expect(market.trade(1, 0)).toEqual([]);
    expect(market.trade(2, NaN)).toEqual([]);
    expect(brief(market.trade(3, 99))).toEqual([[1, 100, 'maker', 3], [2, 99, 'taker', 3]]);
  });
});

describe('by quotes', () => {
  test('a market order takes the opposite side of the next quote that has one', () => {
    const market = new Market();
    market.quote(1, 99, 101);
    market.broker.buy('quotes', 1);
    market.broker.sell('quotes', 1);
    expect(brief(market.quote(2, 0, 102))).toEqual([[1, 102, 'taker', 2]]);
    expect(brief(market.quote(3, 98, NaN))).toEqual([[2, 98, 'taker', 3]]);
  });

  test('a limit order rests until the opposite side reaches its price', () => {
    const market = new Market();
    market.quote(1, 99, 101);
    market.broker.buy('quotes', 1, { price: 100 });
    market.broker.sell('quotes', 1, { price: 100.5 });
    expect(market.quote(2, 100, 100.25)).toEqual([]);
    expect(brief(market.quote(3, 99, 100))).toEqual([[1, 100, 'maker', 3]]);
    expect(brief(market.quote(4, 102, 103))).toEqual([[2, 100.5, 'maker', 4]]);
    expect(market.broker.position('quotes').mark).toBe(102.5);
  });

  test('one that crosses when it arrives takes', () => {
    const market = new Market({ latencyMs: 1 });
    market.quote(1000, 99, 101);
    market.broker.buy('quotes', 1, { price: 100 });
    // It is on its way while the market comes down to it.
    expect(market.quote(1500, 98, 99)).toEqual([]);
    expect(brief(market.quote(2000, 98, 99.5))).toEqual([[1, 99.5, 'taker', 2000]]);
  });

  test('the instrument of one feed can be traded at the prices of another', () => {
    const market = new Market({ feeds: { trades: { pricedBy: 'quotes' } } });
    market.broker.buy('trades', 1);
    expect(market.trade(1, 50)).toEqual([]);
    expect(brief(market.quote(2, 99, 101))).toEqual([[1, 101, 'taker', 2]]);
    expect(market.broker.position('trades').unrealized).toBe(-1);
    expect(market.broker.position('quotes').size).toBe(0);
  });
});

describe('cancelling', () => {
  test('takes an order back at once where there is no latency, and after it where there is', () => {
    const market = new Market({ feeds: { quotes: { latencyMs: 1 } } });
    market.quote(1000, 99, 101);
    const [first, second] = [market.broker.buy('quotes', 1, { price: 100 }), market.broker.buy('quotes', 1, { price: 98 })];
    market.quote(2000, 99, 101);
    expect([market.broker.cancel(first), market.broker.cancel(second)]).toEqual([true, true]);
    expect(brief(market.quote(2500, 99, 100))).toEqual([[first, 100, 'maker', 2500]]);
    expect(market.quote(3000, 90, 91)).toEqual([]);
    const third = market.broker.buy('trades', 1);
    expect(market.broker.openOrders.map(({ id }) => id)).toEqual([third]);
    expect(market.broker.cancel(third)).toBe(true);
    expect(market.broker.cancel(third)).toBe(false);
    expect(market.trade(4000, 1)).toEqual([]);
  });
});

describe('positions', () => {
  test('are valued by average cost, through zero and back', () => {
    const market = new Market({ cash: 1000 });
    const steps: readonly [Fill['side'], number, number, object][] = [
      ['buy', 2, 100, { size: 2, averagePrice: 100, realized: 0 }],
      ['buy', 2, 110, { size: 4, averagePrice: 105, realized: 0 }],
      ['sell', 1, 115, { size: 3, averagePrice: 105, realized: 10 }],
      ['sell', 5, 100, { size: -2, averagePrice: 100, realized: -5 }],
      ['sell', 2, 90, { size: -4, averagePrice: 95, realized: -5 }],
      ['buy', 4, 80, { size: 0, averagePrice: 0, realized: 55 }],
    ];
    for (const [side, size, price, position] of steps) {
      market.broker.submit({ feed: 'trades', side, size });
      market.trade(1, price);
      expect(market.broker.position('trades')).toMatchObject(position);
    }
    expect(market.filled.map(({ realized }) => realized)).toEqual([0, 0, 10, -15, 0, 60]);
    expect(market.broker.cash).toBe(1055);
    expect(market.broker.equity).toBe(1055);
  });
});

describe('seeded', () => {
  /** What an order comes to by the documented rules, looking through all records after it. */
  function outcome(order: Sent, records: readonly Record_[], latency: number, quoted: boolean): { at: number; price: number; liquidity: string } | undefined {
    const buys = order.side === 'buy';
    const asked = (record: Record_ | undefined): number => (record === undefined ? NaN : buys ? record.ask : record.bid);
    const worse = (a: number, b: number): boolean => (buys ? a > b : a < b);
    let arrived = false;
    for (let at = order.after + 1; at < records.length; at++) {
      const { time } = records[at]!;
      const cancelled = order.cancelledAfter !== undefined && at > order.cancelledAfter;
      if (cancelled && (latency === 0 || time >= records[order.cancelledAfter!]!.time + latency)) return undefined;
      if (time < records[order.after]!.time + latency) continue;
      const now = asked(records[at]);
      if (order.price === undefined) return { at, price: now, liquidity: 'taker' };
      if (!arrived && !worse(asked(records[at - 1]), order.price) && !worse(now, order.price)) return { at, price: now, liquidity: 'taker' };
      arrived = true;
      if (worse(order.price, now) || (quoted && now === order.price)) return { at, price: order.price, liquidity: 'maker' };
    }
    return undefined;
  }

  interface Record_ { readonly time: number; readonly bid: number; readonly ask: number }
  interface Sent extends Pick<OrderRequest, 'side' | 'price'> { readonly id: number; readonly after: number; cancelledAfter?: number }

  for (const [name, feed, latencyMs] of [['trades', 'trades', 0], ['trades, with latency', 'trades', 3], ['quotes', 'quotes', 0], ['quotes, with latency', 'quotes', 3]] as const) {
    test(`fills of ${name} are those of a naive look through the records`, () => {
      const random = randomNumbers(SEED, name.length);
      const quoted = feed === 'quotes';
      for (let round = 0; round < 20; round++) {
        const market = new Market({ latencyMs, takerFeeBps: 3, makerFeeBps: 1 });
        const records: Record_[] = [];
        const sent: Sent[] = [];
        let time = 1_000_000;
        let price = 400;
        for (let n = 0; n < 400; n++) {
          // Sometimes back in time; prices in quarters, so that they meet those of orders.
          time += Math.floor(random() * 2000) - (random() < 0.1 ? 3000 : 0);
          price += Math.floor(random() * 5) - 2;
          const record = quoted ? { time, bid: price / 4, ask: price / 4 + Math.floor(random() * 4) / 4 } : { time, bid: price / 4, ask: price / 4 };
          records.push(record);
          if (quoted) market.quote(time, record.bid, record.ask);
          else market.trade(time, record.ask);
          while (random() < 0.3) {
            const side = random() < 0.5 ? 'buy' : 'sell';
            const limit = random() < 0.7 ? { price: (price + Math.floor(random() * 17) - 8) / 4 } : {};
            sent.push({ id: market.broker.submit({ feed, side, size: 1 + Math.floor(random() * 3), ...limit }), after: n, side, ...limit });
          }
          const taken = sent[Math.floor(random() * sent.length)];
          if (taken !== undefined && random() < 0.2 && market.broker.cancel(taken.id)) taken.cancelledAfter ??= n;
        }
        const expected = sent.flatMap((order) => {
          const found = outcome(order, records, latencyMs * 1000, quoted);
          return found === undefined ? [] : [{ id: order.id, ...found }];
        }).sort((a, b) => a.at - b.at || a.id - b.id);
        expect(expected.length).toBeGreaterThan(20);
        expect(market.filled.map(({ id, sequence, price: at, liquidity }) => ({ id, at: sequence, price: at, liquidity }))).toEqual(expected);
        const { cash, equity } = market.broker;
        const { size, mark, realized, unrealized, fees } = market.broker.position(feed);
        expect(size).toBe(market.filled.reduce((sum, fill) => sum + (fill.side === 'buy' ? fill.size : -fill.size), 0));
        expect(cash).toBeCloseTo(100_000 - market.filled.reduce((sum, fill) => sum + (fill.side === 'buy' ? 1 : -1) * fill.price * fill.size + fill.fee, 0), 6);
        expect(equity).toBeCloseTo(cash + size * mark, 6);
        expect(equity).toBeCloseTo(100_000 + realized + unrealized - fees, 6);
      }
    });
  }
});

describe('what cannot be', () => {
  test('orders: each wrong part is named, with what is wanted', () => {
    const { broker } = new Market();
    const order = { feed: 'trades', side: 'buy', size: 1 };
    const wrong: readonly [object, RegExp][] = [
      [{ ...order, feed: 'trade' }, /does not trade "?'?trade.*did you mean.*trades/i], [{ ...order, side: 'long' }, /side .*'buy' or 'sell'/], [{ ...order, size: 0 }, /size .*above 0/],
      [{ ...order, size: NaN }, /size/], [{ ...order, size: '1' }, /size/], [{ ...order, size: Infinity }, /size/], [{ ...order, type: 'stop' }, /type/],
      [{ ...order, type: 'limit' }, /limit order/], [{ ...order, price: -1 }, /price/], [{ ...order, type: 'market', price: 1 }, /market order no price/],
      [{ ...order, tag: 5 }, /tag/], [{ ...order, tag: 'x'.repeat(101) }, /tag/], [{ ...order, sise: 1 }, /sise/], [Object.create(null) as object, /feed/],
    ];
    for (const [request, message] of wrong) {
      const [code, said] = codeOf(() => broker.submit(request));
      expect([code, said]).toEqual(['DW_ORDER_INVALID', expect.stringMatching(message)]);
    }
    expect(codeOf(() => broker.submit(undefined))[0]).toBe('DW_ORDER_INVALID');
    expect(codeOf(() => broker.position('nothing'))[0]).toBe('DW_ORDER_INVALID');
    expect(broker.openOrders).toEqual([]);
  });

  test('more than 10,000 open orders', () => {
    const { broker } = new Market();
    for (let n = 0; n < 10_000; n++) broker.buy('trades', 1);
    expect(codeOf(() => broker.buy('trades', 1))).toEqual(['DW_ORDER_INVALID', expect.stringContaining('10000 open orders')]);
  });

  test('options: each is named, with what is possible', () => {
    const wrong: readonly [object, string, RegExp][] = [
      [{ latencyMs: -1 }, 'DW_OPTION_INVALID', /latencyMs/], [{ takerFeeBps: NaN }, 'DW_OPTION_INVALID', /takerFeeBps/], [{ slippageBps: -1 }, 'DW_OPTION_INVALID', /slippageBps/],
      [{ cash: 'much' }, 'DW_OPTION_INVALID', /cash/], [{ fills: 'always' }, 'DW_OPTION_INVALID', /next-trade/], [{ fees: 1 }, 'DW_OPTION_INVALID', /fees/],
      [{ feeds: { tradez: {} } }, 'DW_OPTION_INVALID', /tradez.*trades/], [{ feeds: { trades: { pricedBy: 'q' } } }, 'DW_OPTION_INVALID', /pricedBy/],
      [{ feeds: { trades: { fills: 'quote-cross' } } }, 'DW_FIELD_UNKNOWN', /bid/], [{ feeds: [] }, 'DW_OPTION_INVALID', /feeds/], [{ feeds: { trades: { cash: 1 } } }, 'DW_OPTION_INVALID', /cash/],
    ];
    for (const [options, code, message] of wrong) {
      expect(codeOf(() => checkBroker(options, FEEDS))).toEqual([code, expect.stringMatching(message)]);
    }
    const news = compileSchema(parseFeedSpec({ name: 'news', fields: [{ name: 'score', type: 'float64' }, clock], timestamp: 'time' }));
    expect(codeOf(() => checkBroker({}, [{ feed: 'news', schema: news }]))).toEqual(['DW_OPTION_INVALID', expect.stringContaining('news')]);
    expect(checkBroker({ price: 'score' }, [{ feed: 'news', schema: news }]).terms.length).toBe(1);
    // A name that every object knows means nothing.
    expect(checkBroker({ feeds: {} }, [...FEEDS, { feed: 'constructor', schema: news }]).terms.map(({ feed }) => feed)).toEqual(['trades', 'quotes']);
  });
});

describe('random numbers', () => {
  test('are the same for the same seed and stream, others for others, and lie in [0, 1)', () => {
    const draw = (seed: number, stream: number): number[] => { const next = randomNumbers(seed, stream); return Array.from({ length: 1000 }, next); };
    expect(draw(SEED, 3)).toEqual(draw(SEED, 3));
    for (const other of [draw(SEED + 1, 3), draw(SEED, 4), draw(SEED + 2 ** 32, 3)]) expect(other).not.toEqual(draw(SEED, 3));
    const all = draw(SEED, 0);
    expect(all.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(Math.abs(all.reduce((sum, value) => sum + value, 0) / 1000 - 0.5)).toBeLessThan(0.06);
  });
});
