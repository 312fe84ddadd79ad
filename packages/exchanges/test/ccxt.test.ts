/** What is made of ccxt's updates, with a ccxt that gives what the tests give it. */
import { readFileSync } from 'node:fs';
import type { DeepwaterError } from '@deepwater/core';
import { afterEach, describe, expect, test } from 'vitest';
import { BadFrame, type CcxtBook, type CcxtSourceOptions, type CcxtTrade, type Channel, type Link, type SymbolSink, ccxtSource, findSource, recordFeedName } from '../dist/index.js';
import { BookDifferences } from '../dist/ccxt/book-differences.js';
import { CCXT_VERSION, loadCcxt } from '../dist/ccxt/ccxt-module.js';
import { sourceOf } from '../dist/ccxt/ccxt-source.js';
import { plainDecimal } from '../dist/ccxt/plain-decimal.js';
import { pointAt } from '../dist/ccxt/point-at.js';
import { badReason } from './support/fake-host.js';
import { FakeExchange, ccxtError, fakeCcxt } from './support/fake-ccxt.js';
import { runOf } from './support/stream-run.js';

const links: Link[] = [];
afterEach(async () => { for (const link of links.splice(0)) await link.close(); });

/** Runs the fake for a symbol, and gives the exchange of the run: the first one made after the sample. */
async function running(channels: readonly Channel[], { symbols = ['A/USD'], options = {}, change }: { symbols?: string[]; options?: CcxtSourceOptions; change?: (exchange: FakeExchange) => void } = {}) {
  const { module, made } = fakeCcxt(change);
  const source = sourceOf(module, 'fake', options);
  const run = runOf(source, { symbols, channels });
  links.push(run.link);
  run.link.open();
  await expect.poll(() => made.length).toBeGreaterThan(1);
  const taken = async (call: string, exchange = made.at(-1)!): Promise<void> => { await expect.poll(() => exchange.waits(call)).toBe(true); };
  await expect.poll(() => made.at(-1)!.asked.length).toBeGreaterThan(0);
  return { source, made, ...run, exchange: made[1]!, taken };
}

const NOW = Date.now();
const AHEAD = NOW + 3600_000;
const trade = (id: string | undefined, timestamp: number | undefined, more: Partial<CcxtTrade> = {}): CcxtTrade => ({ id, timestamp, side: 'buy', price: '1.50', amount: '2', ...more });

describe('trades by ccxt', () => {
  test('are written once each, with the taker’s side and their numbers as they are', async () => {
    const { exchange, records, taken, link, bad } = await running(['trades']);
    expect([exchange.newUpdates, exchange.number]).toEqual([true, String]);
    exchange.give('trades A/USD', [trade('1', AHEAD), trade('2', AHEAD, { side: 'sell', price: '1.5e-7', amount: '1E3' }), trade('3', undefined, { side: undefined }), trade(undefined, AHEAD)]);
    await taken('trades A/USD');
    expect(link.state).toBe('open');
    expect(records.written.map(([, symbol, ts, received, ...rest]) => [symbol, ts === received ? 'received' : ts, ...rest])).toEqual([
      ['A/USD', AHEAD * 1000, '1', 'B', '1.50', '2'], ['A/USD', AHEAD * 1000, '2', 'S', '0.00000015', '1000'], ['A/USD', 'received', '3', ' ', '1.50', '2'], ['A/USD', AHEAD * 1000, '', 'B', '1.50', '2'],
    ]);
    expect(bad).toEqual([]);
  });

  test('that exchanges send from before the subscription are history', async () => {
    const { exchange, records, taken } = await running(['trades']);
    exchange.give('trades A/USD', [trade('1', NOW - 5000), trade('2', NOW - 5000), trade('3', AHEAD)]);
    await taken('trades A/USD');
    // After the first update time says nothing any more: late ones are new.
    exchange.give('trades A/USD', [trade('4', NOW - 5000), trade('1', NOW - 5000)]);
    await taken('trades A/USD');
    expect(records.all('trade').map(([, , , id]) => id)).toEqual(['3', '4']);
  });

  test('are history from another time on where that is asked for', async () => {
    const { exchange, records, taken } = await running(['trades'], { options: { tradesSince: 1000 } });
    exchange.give('trades A/USD', [trade('1', 999), trade('2', 1000), trade('3', 2000)]);
    await taken('trades A/USD');
    expect(records.all('trade').map(([, , , id]) => id)).toEqual(['2', '3']);
  });

  test('that were missed while there was no connection are written, those that were not are not', async () => {
    const { made, exchange, records, taken, events } = await running(['trades']);
    const times = [1, 2, 2, 3, 3].map((seconds) => AHEAD + seconds * 1000);
    const ids = (from: number, to: number): CcxtTrade[] => times.slice(from, to).map((time, i) => trade(String(from + i), time));
    exchange.give('trades A/USD', ids(0, 2));
    await taken('trades A/USD');
    exchange.give('trades A/USD', ccxtError('NetworkError', 'connection lost'));
    await expect.poll(() => made.length).toBe(3);
    expect(events.at(-1)).toMatchObject({ kind: 'disconnected', detail: 'connection lost' });
    // The list begins before what is known; `2` has the time of the newest that is, and another id.
    made[2]!.give('trades A/USD', [trade('-1', AHEAD), ...ids(0, 4)]);
    await taken('trades A/USD');
    made[2]!.give('trades A/USD', ids(4, 5));
    await taken('trades A/USD');
    expect(records.all('trade').map(([, , , id]) => id)).toEqual(['0', '1', '2', '3', '4']);
  });

  test('without ids: equal ones are as many as there are, also over a reconnection', async () => {
    const { made, exchange, records, taken } = await running(['trades']);
    const at = (second: number, price: string): CcxtTrade => trade(undefined, AHEAD + second * 1000, { price });
    exchange.give('trades A/USD', [at(1, '1'), at(2, '7'), at(2, '7')]);
    await taken('trades A/USD');
    exchange.give('trades A/USD', [at(2, '7')]);
    await taken('trades A/USD');
    exchange.give('trades A/USD', ccxtError('RequestTimeout'));
    await expect.poll(() => made.length).toBe(3);
    // Three of these are known, the fourth and the `8` are not.
    made[2]!.give('trades A/USD', [at(1, '1'), at(2, '7'), at(2, '7'), at(2, '7'), at(2, '7'), at(2, '8'), at(3, '9')]);
    await taken('trades A/USD');
    made[2]!.give('trades A/USD', [at(3, '9')]);
    await taken('trades A/USD');
    expect(records.all('trade').map(([, , , , , price]) => price)).toEqual(['1', '7', '7', '7', '7', '8', '9', '9']);
  });

  test('of history are counted for the next time, too', async () => {
    const { made, exchange, records, taken } = await running(['trades']);
    const old = trade(undefined, NOW - 5000);
    exchange.give('trades A/USD', [old, old]);
    await taken('trades A/USD');
    exchange.give('trades A/USD', ccxtError('NetworkError'));
    await expect.poll(() => made.length).toBe(3);
    made[2]!.give('trades A/USD', [old, old, old]);
    await taken('trades A/USD');
    expect(records.all('trade').length).toBe(1);
  });

  test('with the same id are duplicates only if all else is the same', async () => {
    const { exchange, records, taken } = await running(['trades']);
    exchange.give('trades A/USD', [trade('1', AHEAD), trade('1', AHEAD, { amount: '3' }), trade('1', AHEAD), trade('1', AHEAD, { price: '1.5' })]);
    await taken('trades A/USD');
    expect(records.all('trade').length).toBe(3);
  });

  test('with ids that no record has room for have the SHA-1 of them', async () => {
    const { exchange, records, taken } = await running(['trades']);
    exchange.give('trades A/USD', [trade('x'.repeat(40), AHEAD), trade('abc'.repeat(20), AHEAD)]);
    await taken('trades A/USD');
    // As sha1sum has it.
    expect(records.all('trade').map(([, , , id]) => id)).toEqual(['x'.repeat(40), 'd7093813c16c231fe1417de5c2febede5bbf8395']);
  });

  test('that cannot be read are kept aside, and the others are written', async () => {
    const { exchange, records, taken, bad } = await running(['trades']);
    records.unholdable.add('9');
    exchange.give('trades A/USD', [trade('1', AHEAD, { price: undefined }), trade('2', AHEAD, { amount: '-1' }), trade('3', AHEAD, { amount: '9' }), trade('4', AHEAD)]);
    await taken('trades A/USD');
    expect(bad.map(([reason]) => reason)).toEqual(['price missing', 'size is not positive', 'a value that does not fit']);
    expect(JSON.parse(bad[1]![1])).toMatchObject({ id: '2', amount: '-1' });
    expect(records.all('trade').map(([, , , id]) => id)).toEqual(['4']);
  });
});

describe('books by ccxt', () => {
  const book = (bids: [number, number][], asks: [number, number][], timestamp?: number): { -readonly [K in keyof CcxtBook]: CcxtBook[K] } => ({ bids, asks, timestamp });
  const lines = (records: { written: unknown[][] }): string[] => records.written.splice(0).map(([kind, , ...values]) => (kind === 'beginBook' ? `${values[2] === true ? 'snapshot' : 'change'} at ${String(values[0])}` : kind === 'endBook' ? 'end' : values.join(' ')));

  test('are a snapshot, and then what has changed, to the digit', async () => {
    const { exchange, records, taken, events } = await running(['book'], { options: { depth: 25 } });
    expect([exchange.number, exchange.asked]).toEqual([Number, ['book A/USD 25']]);
    const live = book([[10, 1], [9.5, 2], [8, 3]], [[11, 1], [12, 2]], 5);
    const next = async (): Promise<string[]> => {
      exchange.give('book A/USD', live);
      await taken('book A/USD');
      return lines(records);
    };
    expect(await next()).toEqual(['snapshot at 5000', 'B 10 1', 'B 9.5 2', 'B 8 3', 'A 11 1', 'A 12 2', 'end']);
    // One and the same object, changed: it is no snapshot, and what is as it was is not said again.
    expect(await next()).toEqual([]);
    live.timestamp = 6;
    live.bids = [[10.1, 4], [9.5, 2.5], [8, 3]];
    live.asks = [[10.9, 1e-8], [11, 1], [13, 7]];
    expect(await next()).toEqual(['change at 6000', 'B 10.1 4', 'B 10 0', 'B 9.5 2.5', 'A 10.9 1e-8', 'A 12 0', 'A 13 7', 'end']);
    live.bids = [];
    live.asks = [[11, 1]];
    expect(await next()).toEqual(['change at 6000', 'B 10.1 0', 'B 9.5 0', 'B 8 0', 'A 10.9 0', 'A 13 0', 'end']);
    expect(events.map(({ kind }) => kind)).toEqual(['connected']);
  });

  test('that ccxt begins again are a snapshot again, and said so; one that begins empty begins with its first level', async () => {
    const { exchange, records, taken, events } = await running(['book']);
    const empty = book([], []);
    exchange.give('book A/USD', empty);
    await taken('book A/USD');
    expect(lines(records)).toEqual([]);
    empty.bids = [[1, 1]];
    exchange.give('book A/USD', empty);
    await taken('book A/USD');
    expect(lines(records)[0]).toMatch(/^snapshot at \d{16}$/);
    exchange.give('book A/USD', book([[1, 1]], [], 5));
    await taken('book A/USD');
    expect(lines(records)).toEqual(['snapshot at 5000', 'B 1 1', 'end']);
    expect(events.at(-1)).toEqual({ kind: 'resynced', symbol: 'A/USD', channel: 'book' });
  });

  test('by order have the sum of a price; those that are none are told and left out', async () => {
    const { exchange, records, taken, bad } = await running(['book']);
    const live = book([[10, 0.1], [10, 0.2], [9, 0]], [], 5);
    exchange.give('book A/USD', live);
    await taken('book A/USD');
    expect(lines(records)).toEqual(['snapshot at 5000', 'B 10 0.3', 'end']);
    for (const [bids, asks] of [[[[9, 1], [10, 1]], []], [[], [[10, 1], [9, 1]]], [[[10, NaN]], []], [[[-1, 1]], []]] as [number, number][][][]) {
      [live.bids, live.asks] = [bids!, asks!];
      exchange.give('book A/USD', live);
      await taken('book A/USD');
    }
    expect(bad.map(([reason]) => reason)).toEqual(['a book that is not in order', 'a book that is not in order', 'a level that is none', 'a level that is none']);
    [live.bids, live.asks] = [[[10, 0.5]], []];
    exchange.give('book A/USD', live);
    await taken('book A/USD');
    // Compared with the last one that was right.
    expect(lines(records)).toEqual(['change at 5000', 'B 10 0.5', 'end']);
  });

  test('with a level that no record can hold are told as gaps, and begin again: at once, then ever later', async () => {
    const { exchange, records, taken, events, bad } = await running(['book']);
    records.unholdable.add(1e99);
    const live = book([[10, 1]], [[1e99, 1]], 5);
    const next = async (): Promise<string[]> => {
      exchange.give('book A/USD', live);
      await taken('book A/USD');
      return lines(records);
    };
    expect(await next()).toEqual(['snapshot at 5000', 'B 10 1', 'end']);
    live.bids = [[10, 2]];
    live.asks = [[11, 1]];
    expect(await next()).toEqual(['snapshot at 5000', 'B 10 2', 'A 11 1', 'end']);
    live.asks = [[11, 1], [1e99, 1]];
    expect(await next()).toEqual(['change at 5000', 'end']);
    live.asks = [[12, 1]];
    expect(await next()).toEqual([]); // not yet
    const gap = { kind: 'gap', symbol: 'A/USD', channel: 'book', detail: 'cannot be read: a value that does not fit' };
    expect(events).toEqual([{ kind: 'connected', detail: 'Fake by ccxt' }, gap, { kind: 'resynced', symbol: 'A/USD', channel: 'book' }, gap]);
    expect(bad.map(([reason]) => reason)).toEqual(['a value that does not fit', 'a value that does not fit']);
    // A second later, without another update.
    await expect.poll(() => events.length).toBe(5);
    expect(lines(records)).toEqual(['snapshot at 5000', 'B 10 2', 'A 12 1', 'end']);
    expect(events.at(-1)).toEqual({ kind: 'resynced', symbol: 'A/USD', channel: 'book' });
  });

  test('that always have such a level begin again ever less often; at once again when they were right for two minutes', () => {
    const differences = new BookDifferences();
    let holds = false;
    const kinds: string[] = [];
    const sink = {
      beginBook: (_ts: number, _received: number, snapshot: boolean) => { kinds.push(snapshot ? 'snapshot' : 'change'); },
      level: () => undefined,
      endBook: () => { if (!holds) throw new BadFrame('a value that does not fit'); },
    } as unknown as SymbolSink;
    const one = book([[10, 1]], []);
    const secondsOf = (from: number, to: number): number[] => {
      const tried: number[] = [];
      for (let ms = from * 1000; ms < to * 1000; ms += 100) {
        one.bids = [[10, ms + 1]];
        const before = kinds.length;
        badReason(() => differences.write(one, sink, 1e15 + ms * 1000));
        if (kinds.length > before) tried.push(ms / 1000);
      }
      return tried;
    };
    expect(secondsOf(0, 300)).toEqual([0, 0.1, 1.1, 3.1, 7.1, 15.1, 31.1, 63.1, 123.1, 183.1, 243.1]);
    expect(new Set(kinds.splice(0))).toEqual(new Set(['snapshot']));
    holds = true;
    expect(secondsOf(300, 500)[0]).toBe(303.1);
    expect(kinds.splice(0).slice(0, 3)).toEqual(['snapshot', 'change', 'change']);
    holds = false;
    expect(secondsOf(500, 502)).toEqual([500, 500.1, 501.1]);
  });

  test('that ccxt cannot continue are told as gaps and asked for again, but not for ever', async () => {
    const { exchange, records, taken, events, made } = await running(['book']);
    exchange.give('book A/USD', ccxtError('InvalidNonce', 'fake nonce 7'));
    exchange.give('book A/USD', ccxtError('ChecksumError', 'fake checksum'));
    await expect.poll(() => exchange.asked.length).toBe(3);
    await taken('book A/USD');
    exchange.give('book A/USD', book([[1, 1]], []));
    await taken('book A/USD');
    expect(events).toEqual([
      { kind: 'gap', symbol: 'A/USD', channel: 'book', detail: 'fake nonce 7' }, { kind: 'checksum', symbol: 'A/USD', channel: 'book', detail: 'fake checksum' }, { kind: 'connected', detail: 'Fake by ccxt' },
    ]);
    expect(records.all('level').length).toBe(1);
    for (let i = 0; i < 5; i++) exchange.give('book A/USD', ccxtError('InvalidNonce', 'again'));
    await expect.poll(() => made.length).toBe(3);
    expect(events.slice(3).map(({ kind }) => kind)).toEqual(['gap', 'gap', 'gap', 'gap', 'disconnected']);
  });
});

describe('quotes by ccxt', () => {
  test('are the changes of the best prices', async () => {
    const { exchange, records, taken } = await running(['quotes']);
    const quotes = [
      { bid: '1.0', bidVolume: '3', ask: '2', askVolume: '4', timestamp: 7 }, { bid: '1.0', bidVolume: '3', ask: '2', askVolume: '4', timestamp: 8 },
      { bid: '1.0', ask: '2', timestamp: 9 }, { bid: '1.0' }, { bid: '1.0', ask: '2', askVolume: '1' },
    ];
    for (const quote of quotes) {
      exchange.give('bidsasks A/USD', { 'A/USD': quote });
      await taken('bidsasks A/USD');
    }
    expect(records.all('quote').map(([, ts, received, ...rest]) => [ts === received ? 'received' : ts, ...rest])).toEqual([[7000, 0, '1.0', '3', '2', '4'], [9000, 0, '1.0', 0, '2', 0], ['received', 0, '1.0', 0, '2', '1']]);
  });

  test('come from tickers where there is nothing else', async () => {
    const { exchange, records, taken, source } = await running(['quotes'], { change: ({ has }) => { has['watchBidsAsks'] = undefined; has['watchTrades'] = false; } });
    expect(source.channels).toEqual(['book', 'quotes']);
    exchange.give('ticker A/USD', { bid: '1', ask: '2' });
    await taken('ticker A/USD');
    expect(records.all('quote').length).toBe(1);
  });
});

describe('a run of ccxt', () => {
  test('has one exchange for books and one for the rest; the list of markets is asked for once', async () => {
    const { made, taken, link } = await running(['trades', 'quotes', 'book'], { symbols: ['A/USD', 'B/USD'], options: { config: { timeout: 5 } } });
    await expect.poll(() => made.length).toBe(3);
    const [, rest, books] = made as [FakeExchange, FakeExchange, FakeExchange];
    await taken('book B/USD', books);
    await taken('bidsasks B/USD', rest);
    expect([rest.asked, books.asked, rest.number, books.number]).toEqual([['trades A/USD', 'bidsasks A/USD', 'trades B/USD', 'bidsasks B/USD'], ['book A/USD', 'book B/USD'], String, Number]);
    rest.give('trades A/USD', ccxtError('ExchangeNotAvailable'));
    await expect.poll(() => made.length).toBe(5);
    await taken('book A/USD', made[4]!);
    expect([made.map(({ loads }) => loads), made.map(({ config }) => config)]).toEqual([[0, 1, 0, 0, 0], Array(5).fill({ timeout: 5 })]);
    await link.close();
    expect(made.map(({ closes }) => closes)).toEqual([0, 1, 1, 1, 1]);
    expect(link.state).toBe('closed');
  });

  test('goes on where a symbol is refused', async () => {
    const { exchange, records, taken, events, link } = await running(['trades'], { symbols: ['A/USD', 'NO/USD'] });
    exchange.give('trades NO/USD', ccxtError('BadSymbol', 'fake does not have market symbol NO/USD'));
    exchange.give('trades A/USD', [trade('1', AHEAD)]);
    await taken('trades A/USD');
    expect(events).toEqual(expect.arrayContaining([{ kind: 'refused', symbol: 'NO/USD', channel: 'trades', detail: 'fake does not have market symbol NO/USD' }]));
    expect([records.written.length, link.state]).toEqual([1, 'open']);
  });

  test('follows what is wanted without a new beginning', async () => {
    const { exchange, records, taken, made, link } = await running(['trades']);
    link.subscribe({ symbols: ['B/USD'], channels: ['trades'] });
    await taken('trades B/USD');
    link.unsubscribe(['A/USD']);
    link.subscribe({ symbols: ['A/USD'], channels: ['trades'] });
    exchange.give('trades A/USD', [trade('1', AHEAD)]);
    await taken('trades A/USD');
    link.unsubscribe(['A/USD']);
    exchange.give('trades A/USD', [trade('2', AHEAD)]);
    exchange.give('trades B/USD', [trade('3', AHEAD)]);
    await taken('trades B/USD');
    expect(records.all('trade').map(([symbol, , , id]) => [symbol, id])).toEqual([['A/USD', '1'], ['B/USD', '3']]);
    // Its loop is over, and begins again where it is wanted again.
    expect(exchange.waits('trades A/USD')).toBe(false);
    link.subscribe({ symbols: ['A/USD'], channels: [] });
    await taken('trades A/USD');
    expect(made.length).toBe(2);
  });

  test('that cannot have its markets is tried again', async () => {
    let failing = true;
    const { made, events } = await running(['trades'], { change: (exchange) => {
      const load = exchange.loadMarkets.bind(exchange);
      exchange.loadMarkets = () => {
        if (!failing) return load();
        failing = false;
        return Promise.reject(ccxtError('NetworkError', 'no way to fake.example'));
      };
    } });
    await expect.poll(() => made.length).toBe(3);
    expect(events[0]).toMatchObject({ kind: 'disconnected', detail: 'no way to fake.example' });
  });
});

describe('a source of ccxt', () => {
  test('has symbols as ccxt writes them, of one market, that feeds can be named by', () => {
    const { module } = fakeCcxt();
    const of = (market: CcxtSourceOptions['market']) => sourceOf(module, 'fake', { market });
    const [spot, linear, inverse] = [of('spot'), of('linear'), of('inverse')];
    expect([spot.name, linear.name, inverse.market, spot.tradeIds, Object.isFrozen(spot)]).toEqual(['ccxt-fake', 'ccxt-fake-linear', 'inverse', 'text', true]);
    expect([spot.symbolOf('btc/usdt'), linear.symbolOf('BTC/USDT:USDT'), linear.symbolOf('BTC/USDC:USDC-260327'), inverse.symbolOf('btc/usd:btc')]).toEqual(['BTC/USDT', 'BTC/USDT:USDT', 'BTC/USDC:USDC-260327', 'BTC/USD:BTC']);
    expect(recordFeedName(linear, 'BTC/USDT:USDT', 'book')).toBe('ccxt-fake-linear.BTC-USDT-USDT.book');
    for (const [source, typed, example] of [[spot, 'BTCUSDT', 'BTC/USDT'], [spot, 'BTC/USDT:USDT', 'BTC/USDT'], [linear, 'BTC/USDT', 'BTC/USDT:USDT'], [linear, 'BTC/USD:BTC', 'BTC/USDT:USDT'], [inverse, 'BTC/USDT:USDT', 'BTC/USD:BTC']] as const) {
      expect(() => source.symbolOf(typed)).toThrow(`write it as ${example}`);
    }
  });

  test('lists the products of its market', async () => {
    const { module, made } = fakeCcxt();
    expect(await sourceOf(module, 'fake', {}).products?.()).toEqual([
      { symbol: 'A/USD', status: 'active', base: 'A', quote: 'USD' }, { symbol: 'B/USD', status: 'inactive', base: 'B', quote: 'USD' }, { symbol: 'C/USD', status: undefined, base: 'C', quote: 'USD' },
    ]);
    expect((await sourceOf(module, 'fake', { market: 'inverse' }).products?.())?.map(({ symbol }) => symbol)).toEqual(['A/USD:A']);
    expect(made.map(({ closes }) => closes)).toEqual([0, 1, 0, 1]);
    const failing = fakeCcxt((exchange) => { exchange.loadMarkets = () => Promise.reject(new Error('429')); });
    await expect(sourceOf(failing.module, 'fake', {}).products?.()).rejects.toMatchObject({ code: 'DW_EXCHANGE_REST', message: 'ccxt has no markets of Fake: 429' });
  });

  test('that ccxt does not have, or has no streams of, is told', () => {
    const codeOf = (define: () => unknown): unknown => {
      try {
        define();
      } catch (error) {
        return [(error as DeepwaterError).code, (error as Error).message];
      }
      return undefined;
    };
    const { module } = fakeCcxt(({ has }) => { for (const call of Object.keys(has)) has[call] = false; });
    expect(codeOf(() => sourceOf(module, 'fak', {}))).toEqual(['DW_SOURCE_UNKNOWN', 'ccxt 4.0.0 streams from no exchange "fak" (did you mean fake?). It does from fake, other.']);
    expect(codeOf(() => sourceOf(module, 'constructor', {}))).toMatchObject(['DW_SOURCE_UNKNOWN', /constructor/]);
    expect(codeOf(() => sourceOf(module, 'fake', {}))).toEqual(['DW_SOURCE_UNUSABLE', 'ccxt streams neither trades nor books nor quotes of Fake.']);
  });

  test('says what to install where ccxt is not there', async () => {
    const missing = await loadCcxt(() => Promise.reject(new Error('Cannot find package'))).catch((error: unknown) => error) as DeepwaterError;
    expect([missing.code, missing.message]).toEqual(['DW_SOURCE_UNUSABLE', `ccxt cannot be loaded: Cannot find package. It does not come with Deepwater: npm install ccxt@${CCXT_VERSION}.`]);
    await expect(loadCcxt(() => Promise.resolve({ default: {} }))).rejects.toMatchObject({ code: 'DW_SOURCE_UNUSABLE' });
    const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { peerDependencies: object; peerDependenciesMeta: object; dependencies: object };
    expect([own.peerDependencies, own.peerDependenciesMeta, 'ccxt' in own.dependencies]).toEqual([{ ccxt: CCXT_VERSION }, { ccxt: { optional: true } }, false]);
  });

  test.each<[object, RegExp]>([
    [{ market: 'margin' }, /market of ccxtSource is "margin"; give one of spot, linear, inverse/], [{ depth: 0 }, /depth/], [{ tradesSince: NaN }, /ms since 1970/], [{ symbolsMax: 1.5 }, /symbolsMax/], [{ config: 1 }, /config/], [{ configure: 1 }, /configure/],
    [{ dept: 5 }, /has no option "dept" \(did you mean depth\?\)/],
  ])('refuses %o', async (options, says) => {
    await expect(ccxtSource('kraken', options)).rejects.toMatchObject({ code: 'DW_OPTION_INVALID', message: expect.stringMatching(says) as string });
  });

  test('is found by name', async () => {
    const source = await findSource('ccxt:bitfinex');
    expect([source.name, source.title, source.channels]).toEqual(['ccxt-bitfinex', 'Bitfinex by ccxt', ['trades', 'book', 'quotes']]);
    expect((await findSource('ccxt:bybit:linear')).name).toBe('ccxt-bybit-linear');
    await expect(findSource('ccxt:bitfinx')).rejects.toMatchObject({ code: 'DW_SOURCE_UNKNOWN', message: expect.stringContaining('did you mean bitfinex') as string });
    for (const named of ['ccxt:', 'ccxt:bybit:swap', 'ccxt:bybit:linear:x']) await expect(findSource(named)).rejects.toMatchObject({ code: 'DW_SOURCE_UNKNOWN' });
  });
});

test('other places than the exchange’s own keep its paths', () => {
  const exchange = new FakeExchange({});
  pointAt(exchange as never, { ws: 'ws://127.0.0.1:7/' });
  expect(exchange.urls.api).toEqual({ public: 'https://api.{hostname}/v1', ws: { spot: 'ws://127.0.0.1:7/v2', private: ['x'] } });
  pointAt(exchange as never, { rest: 'http://proxy/fake' });
  expect(exchange.urls.api.public).toBe('http://proxy/fake/v1');
});

test.each([['1', '1'], ['0.10', '0.10'], ['1e-8', '0.00000001'], ['1.25E2', '125'], ['1.25e1', '12.5'], ['12.50e-1', '1.25'], ['0e5', '0'], ['1.e3', '1000'], ['5e0', '5'], ['-1e5', '-1e5'], ['abc', 'abc']])('%s is %s', (text, plain) => {
  expect(plainDecimal(text)).toBe(plain);
});
