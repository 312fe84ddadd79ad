import type { DeepwaterError } from '@deepwater/core';
import { beforeEach, expect, test } from 'vitest';
import { coinbase, type Channel, type ExchangeSession } from '../dist/index.js';
import { ScriptedHost } from './support/scripted-host.js';

const TIME = '2026-08-09T21:05:48.228568804Z';
const TS = 1786309548228568;
const RECEIVED = TS + 30_000;
const all: Channel[] = ['trades', 'book', 'quotes', 'heartbeats'];

let host: ScriptedHost;
let session: ExchangeSession;
let sequence: number;

beforeEach(() => {
  host = new ScriptedHost();
  session = coinbase.newSession({ symbols: ['BTC-USD', 'ETH-USD'], channels: all }, host);
  sequence = 0;
  session.open();
  host.sent.length = 0;
});

const send = (channel: string, ...events: unknown[]): void => host.feed(session, { channel, timestamp: TIME, sequence_num: sequence++, events }, RECEIVED);
const trade = (id: unknown, more: object = {}) => ({ product_id: 'BTC-USD', trade_id: id, price: '100.5', size: '2', time: TIME, side: 'BUY', ...more });
const trades = (...list: unknown[]): void => send('market_trades', { type: 'update', trades: list });
const level = (price: unknown, size: unknown, more: object = {}) => ({ side: 'bid', event_time: TIME, price_level: price, new_quantity: size, ...more });
const book = (type: string, ...updates: unknown[]): void => send('l2_data', { type, product_id: 'BTC-USD', updates });
const quote = { product_id: 'BTC-USD', best_bid: '1', best_bid_quantity: '2', best_ask: '3', best_ask_quantity: '4' };

test('each trade is written once, the oldest of an event first, with the taker’s side', () => {
  trades(trade('12', { side: 'SELL' }), trade('11'), trade('10'));
  trades(trade('12'), trade('13'), trade('11'));
  expect(host.written).toEqual([
    ['trade', 'BTC-USD', TS, RECEIVED, 10, 'S', '100.5', '2'], ['trade', 'BTC-USD', TS, RECEIVED, 11, 'S', '100.5', '2'],
    ['trade', 'BTC-USD', TS, RECEIVED, 12, 'B', '100.5', '2'], ['trade', 'BTC-USD', TS, RECEIVED, 13, 'S', '100.5', '2']]);
  trades(trade('16'));
  expect(host.events).toEqual([{ kind: 'gap', symbol: 'BTC-USD', channel: 'trades', expected: 14, found: 16 }]);
});

test('a change of the book at two times is two changes; a snapshot without times has that of its message', () => {
  book('snapshot', level('100', '1', { event_time: '1970-01-01T00:00:00Z' }), level('101', '1', { side: 'offer', event_time: '1970-01-01T00:00:00Z' }));
  book('update', level('100', '2'), level('99', '0', { event_time: '2026-08-09T21:05:48.3Z' }), level('98', '5', { event_time: '2026-08-09T21:05:48.3Z' }));
  send('l2_data', { type: 'snapshot', product_id: 'ETH-USD', updates: [] });
  expect(host.written.map(([kind, symbol, ...values]) => [kind, symbol, ...values].join(' '))).toEqual([
    `beginBook BTC-USD ${TS} ${RECEIVED} true 0 0`, 'level BTC-USD B 100 1', 'level BTC-USD A 101 1', 'endBook BTC-USD',
    `beginBook BTC-USD ${TS} ${RECEIVED} false 0 0`, 'level BTC-USD B 100 2', 'endBook BTC-USD',
    `beginBook BTC-USD ${TS + 71_432} ${RECEIVED} false 0 0`, 'level BTC-USD B 99 0', 'level BTC-USD B 98 5', 'endBook BTC-USD',
    `beginBook ETH-USD ${TS} ${RECEIVED} true 0 0`, 'endBook ETH-USD']);
  expect(host.bad).toEqual([]);
});

test('what cannot be read is told by a reason, and the rest of its frame is taken', () => {
  const cases: [string, () => void][] = [
    ['not JSON', () => host.feed(session, '{"channel":', RECEIVED)],
    ['not an object', () => host.feed(session, '[1]', RECEIVED)],
    ['not an object', () => host.feed(session, 'null', RECEIVED)],
    ['price missing', () => trades(trade('2'), trade('1', { price: undefined }))],
    ['price is not a number', () => trades(trade('4', { price: '1e5' }), trade('3'))],
    ['price is not positive', () => trades(trade('6', { price: '0.00' }), trade('5'))],
    ['price is not positive', () => trades(trade('7'), trade('6', { price: '-1' }))],
    ['size is not positive', () => trades(trade('9'), trade('8', { size: '0' }))],
    ['size is not a number', () => trades(trade('11'), trade('10', { size: 'lots' }))],
    ['time is not a time', () => trades(trade('13'), trade('12', { time: 'now' }))],
    ['time is implausible', () => trades(trade('15'), trade('14', { time: '1970-01-01T00:00:00Z' }))],
    ['time is implausible', () => trades(trade('17'), trade('16', { time: '2099-01-01T00:00:00Z' }))],
    ['time missing', () => trades(trade('19'), trade('18', { time: null }))],
    ['side unknown', () => trades(trade('21'), trade('20', { side: 'BOTH' }))],
    ['trade id is not a whole number', () => trades(trade('23'), trade('x'))],
    ['symbol unknown', () => trades(trade('25'), trade('24', { product_id: 'DOGE-USD' }))],
    ['symbol missing', () => trades(trade('27'), trade('26', { product_id: undefined }))],
    ['trade is not an object', () => trades(trade('29'), null)],
    ['price too large', () => { host.tooLarge.add('31'); trades(trade('31'), trade('30', { price: '31' })); }],
    ['trades missing', () => send('market_trades', { type: 'update' }, { type: 'update', trades: [trade('33')] })],
    ['event is not an object', () => send('market_trades', 7, { type: 'update', trades: [trade('35')] })],
  ];
  for (const [reason, feed] of cases) {
    feed();
    expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
  }
  expect(host.written.map((record) => record[4])).toEqual([2, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35]);
});

test('a book of which something cannot be read begins again: what was written of the message has no end, and it is told', () => {
  send('l2_data', { type: 'snapshot', product_id: 'ETH-USD', updates: [] });
  const cases: [string, string[], () => void][] = [
    ['price is not positive', ['100'], () => book('update', level('100', '2'), level('0', '1'), level('99', '3'))],
    ['size is negative', [], () => book('update', level('99', '-1'))], ['size missing', [], () => book('update', level('98', undefined))],
    ['time missing', ['95'], () => book('update', level('95', '1'), null)], ['side unknown', [], () => book('update', level('97', '1', { side: 'ask' }))],
    ['time is implausible', ['95'], () => book('update', level('95', '0'), level('100', '3', { event_time: '2099-01-01T00:00:00Z' }))],
    ['type unknown', [], () => book('replaced', level('1', '1'))], ['updates missing', [], () => send('l2_data', { type: 'update', product_id: 'BTC-USD' })],
    ['price too large', ['1'], () => { host.tooLarge.add('31'); book('update', level('1', '1'), level('31', '1'), level('2', '1')); }],
    ['book update before its snapshot', [], () => { session.unsubscribe({ symbols: ['BTC-USD'], channels: ['book'] }); session.subscribe({ symbols: ['BTC-USD'], channels: ['book'] }); book('update', level('1', '1')); }],
  ];
  for (const [reason, written, feed] of cases) {
    book('snapshot', level('100', '1'));
    // Right for so long that it is asked for at once when it is not.
    host.advance(61_000);
    host.events.length = host.sent.length = 0;
    host.taken();
    feed();
    expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
    const records = host.taken();
    expect(records.filter(([kind]) => kind === 'level').map(([, , , price]) => price), reason).toEqual(written);
    // A part with a time of its own has come to its end before.
    expect(records.filter(([kind]) => kind === 'endBook').length, reason).toBe(reason.startsWith('time') ? 1 : 0);
    expect(host.events, reason).toEqual([{ kind: 'gap', symbol: 'BTC-USD', channel: 'book', detail: expect.stringContaining(`cannot be read: ${reason}`) as string }]);
    expect(host.sent.slice(-2), reason).toEqual([{ type: 'unsubscribe', product_ids: ['BTC-USD'], channel: 'level2' }, { type: 'subscribe', product_ids: ['BTC-USD'], channel: 'level2' }]);
    // Nothing more is taken of it, and the other book goes on.
    book('update', level('90', '1'));
    expect(host.taken()).toEqual([]);
    send('l2_data', { type: 'update', product_id: 'ETH-USD', updates: [level('5', '1')] });
    expect(host.taken().map(([kind, symbol]) => `${kind} ${symbol}`)).toEqual(['beginBook ETH-USD', 'level ETH-USD', 'endBook ETH-USD']);
  }
  book('snapshot', level('100', '1'), level('0', '1'));
  expect(host.events.at(-1)?.kind).toBe('gap');
  book('snapshot', level('100', '1'));
  expect(host.events.at(-1)?.kind).toBe('resynced');
  expect(host.restarts).toEqual([]);
});

test('quotes and heartbeats that cannot be read are left out, the others are written', () => {
  send('ticker', { tickers: [{ ...quote, best_bid: '' }, { ...quote, best_ask: '0' }, { ...quote, best_ask_quantity: '-4' }, quote, 5] });
  send('ticker', {});
  send('heartbeats', { heartbeat_counter: 'x' });
  expect(host.bad).toEqual(['price is not a number', 'tickers missing', 'heartbeat counter is not a whole number']);
  expect(host.taken()).toEqual([['quote', 'BTC-USD', TS, RECEIVED, 0, '1', '2', '3', '4']]);
  send('heartbeats', { current_time: 'x', heartbeat_counter: '3049' });
  expect(host.taken().slice(-2)).toEqual([['heartbeat', 'BTC-USD', TS, RECEIVED, 3049], ['heartbeat', 'ETH-USD', TS, RECEIVED, 3049]]);
  host.tooLarge.add(3050);
  host.bad.length = 0;
  send('heartbeats', { heartbeat_counter: 3050 });
  expect([host.bad, host.taken()]).toEqual([['price too large'], []]);
});

test('a snapshot that is always bad is asked for ever less often; one that does not come is asked for again, and nothing else is disturbed', () => {
  const asked = () => host.sent.filter((request) => JSON.stringify(request) === '{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}').length;
  const waits: number[] = [];
  for (let round = 0; round < 9; round++) {
    const before = asked();
    book('snapshot', level('0', '1'));
    let waited = 0;
    for (; asked() === before; waited += 500) host.advance(500);
    waits.push(waited);
  }
  expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  host.events.length = 0;
  const before = asked();
  host.advance(76_000);
  expect(asked()).toBeGreaterThan(before);
  expect(host.events).toContainEqual({ kind: 'refused', symbol: 'BTC-USD', channel: 'book', detail: 'no snapshot in 15 s' });
  expect(host.restarts).toEqual([]);
});

test('a sequence number that is far too large does not make all messages after it old', () => {
  trades(trade('1'));
  host.feed(session, { channel: 'market_trades', timestamp: TIME, sequence_num: 9_000_000_000, events: [{ type: 'update', trades: [] }] }, RECEIVED);
  for (let id = 2; id < 14; id++) trades(trade(String(id)));
  expect(host.bad).toEqual(Array.from({ length: 9 }, () => 'sequence number from before'));
  expect(host.written.map((record) => record[4])).toEqual([1, 11, 12, 13]);
  // The numbers of the connection are counted anew, and the ids tell what is missing.
  expect(host.events.map(({ channel, expected, found }) => [channel, expected, found])).toEqual([[undefined, 1, 9_000_000_000], [undefined, 9_000_000_001, 10], ['trades', 2, 11]]);
});

test('a message without its number, or one from before, is not taken; a count that begins again is a gap', () => {
  trades(trade('1'));
  host.feed(session, { channel: 'market_trades', timestamp: TIME, events: [{ type: 'update', trades: [trade('2')] }] }, RECEIVED);
  trades(trade('2'));
  host.feed(session, { channel: 'market_trades', timestamp: TIME, sequence_num: 1, events: [{ type: 'update', trades: [trade('3')] }] }, RECEIVED);
  expect(host.bad).toEqual(['sequence number missing', 'sequence number from before']);
  expect(host.events).toEqual([]);
  sequence = 0;
  trades(trade('3'));
  trades(trade('4'));
  expect(host.events).toEqual([{ kind: 'gap', expected: 2, found: 0, detail: 'sequence_num of the connection' }]);
  expect(host.written.map((record) => record[4])).toEqual([1, 2, 3, 4]);
});

test('a second hole while books are awaited asks for nothing more of them; their snapshots end it, and changes count again', () => {
  book('snapshot', level('100', '1'));
  sequence += 2;
  book('update', level('100', '2'));
  sequence += 3;
  book('update', level('100', '3'));
  expect(host.told()).toEqual(['gap', 'gap']);
  expect(host.sent.filter((request) => (request as { channel: string }).channel === 'level2')).toHaveLength(2);
  host.taken();
  book('snapshot', level('100', '4'));
  book('update', level('100', '5'));
  expect(host.events).toEqual([{ kind: 'resynced', symbol: 'BTC-USD', channel: 'book' }]);
  expect(host.taken().filter(([kind]) => kind === 'level')).toEqual([['level', 'BTC-USD', 'B', '100', '4'], ['level', 'BTC-USD', 'B', '100', '5']]);
  send('l2_data', { type: 'snapshot', product_id: 'ETH-USD', updates: [] });
  host.advance(120_000);
  expect(host.restarts).toEqual([]);
});

test('refusals and kinds that are not known are events; one kind is told once', () => {
  host.feed(session, { type: 'error', message: 'channel level3 is not supported' }, RECEIVED);
  for (let at = 0; at < 3; at++) send('status', { type: 'snapshot', products: [] });
  host.feed(session, { type: 'hello' }, RECEIVED);
  expect(host.events).toEqual([
    { kind: 'refused', channel: 'trades', detail: 'channel level3 is not supported' }, { kind: 'unknown', detail: 'channel status' }, { kind: 'unknown', detail: 'frame without channel, type hello' }]);
  expect(host.bad).toEqual([]);
});

test('what is asked for, and what is acknowledged, is what is new', () => {
  send('subscriptions', { subscriptions: { market_trades: ['BTC-USD', 'ETH-USD'], candles: ['BTC-USD'] } });
  send('subscriptions', { subscriptions: { market_trades: ['ETH-USD', 'BTC-USD'], level2: ['BTC-USD'] } });
  session.subscribe({ symbols: ['SOL-USD', 'BTC-USD'], channels: ['trades'] });
  session.unsubscribe({ symbols: ['ETH-USD'], channels: ['book', 'quotes', 'heartbeats'] });
  session.unsubscribe({ symbols: ['ETH-USD'], channels: ['trades'] });
  expect(host.sent).toEqual([
    { type: 'subscribe', product_ids: ['SOL-USD'], channel: 'market_trades' }, { type: 'subscribe', product_ids: ['SOL-USD'], channel: 'heartbeats' },
    { type: 'unsubscribe', product_ids: ['ETH-USD'], channel: 'level2' }, { type: 'unsubscribe', product_ids: ['ETH-USD'], channel: 'ticker' },
    // Heartbeats stay as long as anything is wanted of any product: they keep the connection open, and end for all at once.
    { type: 'unsubscribe', product_ids: ['ETH-USD'], channel: 'market_trades' }]);
  host.sent.length = 0;
  session.unsubscribe({ symbols: ['SOL-USD', 'BTC-USD'], channels: all });
  expect(host.sent.at(-1)).toEqual({ type: 'unsubscribe', product_ids: ['SOL-USD', 'BTC-USD'], channel: 'heartbeats' });
  send('subscriptions', { subscriptions: { market_trades: ['BTC-USD', 'SOL-USD'], level2: ['BTC-USD'] } });
  expect(host.events.map(({ kind, channel, symbol }) => `${kind} ${channel} ${symbol}`)).toEqual([
    'subscribed trades BTC-USD', 'subscribed trades ETH-USD', 'subscribed book BTC-USD', 'subscribed trades SOL-USD', 'unsubscribed trades ETH-USD']);
  // What is still on its way of a symbol that is not wanted any more is no fault.
  trades(trade('5', { product_id: 'ETH-USD' }));
  send('ticker', { tickers: [{ ...quote, product_id: 'ETH-USD' }] });
  expect([host.written, host.bad]).toEqual([[], []]);
});

test('only what is wanted is written, and heartbeats are asked for all the same', () => {
  const quiet = new ScriptedHost();
  const other = coinbase.newSession({ symbols: ['BTC-USD'], channels: ['quotes'] }, quiet);
  other.open();
  expect(quiet.sent).toEqual([{ type: 'subscribe', product_ids: ['BTC-USD'], channel: 'ticker' }, { type: 'subscribe', product_ids: ['BTC-USD'], channel: 'heartbeats' }]);
  quiet.feed(other, { channel: 'heartbeats', timestamp: TIME, sequence_num: 0, events: [{ heartbeat_counter: 1 }] }, RECEIVED);
  quiet.feed(other, { channel: 'ticker', timestamp: TIME, sequence_num: 1, events: [{ tickers: [quote] }] }, RECEIVED);
  expect(quiet.written.map(([kind]) => kind)).toEqual(['quote']);
});

test('symbols as people type them', () => {
  expect(['btc-usd', 'BTC/USD', ' eth_eur ', 'BTC-USDC', 'USDT-USDC', 'BTC-PERP-INTX'].map((typed) => coinbase.symbolOf(typed))).toEqual(['BTC-USD', 'BTC-USD', 'ETH-EUR', 'BTC-USD', 'USDT-USDC', 'BTC-PERP-INTX']);
  for (const typed of ['', 'BTCUSD', 'BTC-', '-USD', 'BTC USD', 'BTC-ÜSD', `${'A'.repeat(40)}-USD`]) {
    expect(() => coinbase.symbolOf(typed), typed).toThrow(expect.objectContaining({ code: 'DW_SYMBOL_UNKNOWN' }) as DeepwaterError);
  }
});
