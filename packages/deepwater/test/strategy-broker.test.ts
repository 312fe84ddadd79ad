import { describe, expect, test } from 'vitest';
import type { Platform } from '../dist/index.js';
import { TRADES, failure, openPlatform, trade } from './support.js';
import { Emitted, moduleOf } from './support-strategy.js';

const QUOTES = {
  name: 'quotes',
  fields: [{ name: 'bid', type: 'float64' }, { name: 'ask', type: 'float64' }, { name: 'time_ns', type: 'uint64', unit: 'ns' }],
  timestamp: 'time_ns',
  chunkSizeMb: 1,
} as const;

/** Trades 0 to 99, a millisecond and an eighth apart. */
async function withTrades(count = 100): Promise<Platform> {
  const platform = await openPlatform();
  await platform.createFeed(TRADES);
  const writer = await platform.createWriter('trades');
  for (let n = 0; n < count; n++) writer.writeValues(...trade(n));
  await writer.flush();
  return platform;
}

describe('trading on paper, live', () => {
  test('orders are filled by the records that come, and the strategy is told before the record that filled them', async () => {
    const platform = await withTrades();
    const module = moduleOf(`
      export function onRecord(trade, context) {
        if (trade.sequence % 10 === 3) context.broker.buy('trades', 1, { tag: String(trade.sequence) });
        if (trade.sequence % 10 === 6) context.emit(['given', trade.sequence, context.broker.position('trades').size]);
      }
      export async function onFill(fill, context) {
        await Promise.resolve();
        context.emit([fill.tag, fill.sequence, fill.price, fill.time, context.broker.position('trades').size, context.feed]);
      }`);
    const strategy = await platform.spawnStrategy(module, { feeds: ['trades'], start: 0, broker: { latencyMs: 2.5, takerFeeBps: 1 } });
    const emitted = new Emitted(strategy);
    const told = await emitted.until(20);
    // 2.5 ms after trade 3 the next one is trade 6.
    expect(told.slice(0, 4)).toEqual([
      ['3', 6, trade(6)[0], trade(6)[3], 1, 'trades'], ['given', 6, 1], ['13', 16, trade(16)[0], trade(16)[3], 2, 'trades'], ['given', 16, 2],
    ]);
    await platform.close();
  });

  test('with bars and runs: what onBar orders is filled after the record that completed the bar; runs are traded through first', async () => {
    const platform = await withTrades();
    const onBar = moduleOf(`
      export function onBar(bar, context) { context.broker.sell('trades', 1); }
      export function onFill(fill, context) { context.emit(fill.sequence); }`);
    const barred = new Emitted(await platform.spawnStrategy(onBar, { feeds: ['trades'], start: 0, bars: { resolution: '10ms' }, broker: {} }));
    expect(await barred.until(9)).toEqual([11, 21, 31, 41, 51, 61, 71, 81, 91]);
    const onBatch = moduleOf(`
      let given = 0;
      export function onStart(context) { context.broker.buy('trades', 1, { price: 100.1 }); context.broker.sell('trades', 1, { price: 104.9 }); }
      export function onFill(fill, context) { context.emit([fill.sequence, fill.price, given]); }
      export function onBatch(run, context) { if (run.firstSequence <= 99 && run.firstSequence + run.length > 99) context.emit(['run', context.broker.equity]); given += run.length; }`);
    const batched = new Emitted(await platform.spawnStrategy(onBatch, { feeds: ['trades'], start: 0, broker: { cash: 0 } }));
    // The first record is below 100.1, and nothing was known of the market before: it had been resting.
    expect(await batched.until(3)).toEqual([[0, 100.1, 0], [40, 104.9, 0], ['run', expect.closeTo(4.8, 9)]]);
    await platform.close();
  });

  test('the time of orders is that of the records, also in a timer after them', async () => {
    const platform = await withTrades(10);
    await platform.createFeed(QUOTES);
    const quotes = await platform.createWriter('quotes');
    const module = moduleOf(`
      export function onRecord(row, context) {
        if (row.sequence === 9) setTimeout(() => { context.broker.buy('quotes', 1); context.emit(context.broker.openOrders[0].submittedAt); }, 1);
      }
      export function onFill(fill, context) { context.emit([fill.time, fill.price]); }`);
    const emitted = new Emitted(await platform.spawnStrategy(module, { feeds: ['trades', 'quotes'], start: 0, broker: { feeds: { quotes: { latencyMs: 1 } } } }));
    expect(await emitted.until(1)).toEqual([trade(9)[3]]);
    quotes.writeValues(1, 2, BigInt(trade(9)[3] + 999) * 1000n);
    quotes.writeValues(3, 4, BigInt(trade(9)[3] + 1000) * 1000n);
    expect((await emitted.until(2))[1]).toEqual([trade(9)[3] + 1000, 4]);
    await platform.close();
  });

  test('without the option, and with one that fits no feed, an error says what to give', async () => {
    const platform = await withTrades(1);
    const module = moduleOf('export function onRecord(trade, context) { context.broker.buy("trades", 1); }');
    const strategy = await platform.spawnStrategy(module, { feeds: ['trades'], start: 0 });
    const { error } = await strategy.ended;
    expect([error?.code, (error?.cause as { code?: string }).code, error?.message]).toEqual(['DW_STRATEGY_FAILED', 'DW_BROKER_MISSING', expect.stringContaining('{ broker: {} }')]);
    for (const broker of [{ price: 'prize' }, { latency: 1 }, { feeds: { quotes: {} } }]) {
      expect((await failure(() => platform.spawnStrategy(module, { feeds: ['trades'], broker: broker as object }))).code).toMatch(/DW_OPTION_INVALID|DW_FIELD_UNKNOWN/);
    }
    expect((await failure(() => platform.spawnStrategy(module, { feeds: ['trades'], seed: -1 }))).code).toBe('DW_OPTION_INVALID');
    await platform.close();
  });

  test('random numbers are those of the seed', async () => {
    const platform = await withTrades(1);
    const module = moduleOf('export function onRecord(trade, context) { context.emit([context.random(), context.random()]); }');
    const draw = async (seed?: number) => (await new Emitted(await platform.spawnStrategy(module, { feeds: ['trades'], start: 0, ...(seed === undefined ? {} : { seed }) })).until(1))[0];
    expect(await draw(7)).toEqual(await draw(7));
    expect(await draw(7)).not.toEqual(await draw());
    await platform.close();
  });
});
