import { describe, expect, test } from 'vitest';
import { bybit, bybitInverse, bybitLinear } from '../dist/index.js';
import type { Channel, Exchange } from '../dist/index.js';
import { FakeHost, badReason } from './support/fake-host.js';

const NOW = Date.UTC(2026, 9, 1) * 1000;
const MS = NOW / 1000;

type Fields = Record<string, unknown>;
const ID = 'a9188a0a-82bc-50de-be60-03eedbe3cdd7';
const one = (fields: Fields = {}): Fields => ({ T: MS - 1, s: 'BTCUSDT', S: 'Sell', v: '0.004', p: '65114.20', L: 'MinusTick', i: ID, BT: false, seq: 1, ...fields });
const trades = (...all: unknown[]): string => JSON.stringify({ topic: 'publicTrade.BTCUSDT', type: 'snapshot', ts: MS, data: all });
const book = (type: string, u: unknown, fields: Fields = {}, frame: Fields = {}): string => JSON.stringify({
  topic: 'orderbook.200.BTCUSDT', type, ts: MS, data: { s: 'BTCUSDT', b: [['10.0', String(u)]], a: [['11.0', '1']], u, seq: 9, ...fields }, cts: MS - 2, ...frame,
});
const ticker = (type: string, fields: Fields, frame: Fields = {}): string =>
  JSON.stringify({ topic: 'tickers.BTCUSDT', type, data: { symbol: 'BTCUSDT', ...fields }, cs: 77, ts: MS, ...frame });
const top = (type: string, u: unknown, b: unknown, a: unknown): string =>
  JSON.stringify({ topic: 'orderbook.1.BTCUSDT', type, ts: MS, data: { s: 'BTCUSDT', b, a, u, seq: 9 }, cts: MS - 2 });
const SIDES = { bid1Price: '10', bid1Size: '1', ask1Price: '11', ask1Size: '2' };

function start(exchange: Exchange, channels: Channel[] = ['trades', 'book', 'quotes'], symbols = ['BTCUSDT']) {
  const host = new FakeHost();
  const session = exchange.newSession({ symbols, channels }, host);
  session.open();
  const sent = host.sent.map((text) => JSON.parse(text) as Fields);
  host.sent.length = 0;
  return { host, session, sent, frame: (text: string): string => badReason(() => session.frame(text, NOW)) };
}

const requests = (host: FakeHost): string[] => host.sent.splice(0).map((text) => {
  const { op, args } = JSON.parse(text) as { op: string; args?: string[] };
  return [op, ...(args ?? [])].join(' ');
});
const told = (host: FakeHost): string[] => host.takeEvents().map(({ kind, symbol, channel, detail }) => [kind, symbol, channel, detail].filter(Boolean).join(' '));

describe('what is asked for', () => {
  test.each<[Exchange, string, string]>([
    [bybit, 'wss://stream.bybit.com/v5/public/spot', 'orderbook.1.BTCUSDT'],
    [bybitLinear, 'wss://stream.bybit.com/v5/public/linear', 'tickers.BTCUSDT'],
    [bybitInverse, 'wss://stream.bybit.com/v5/public/inverse', 'tickers.BTCUSDT'],
  ])('%o', (exchange, ws, quotes) => {
    const { session, sent } = start(exchange, ['trades', 'book', 'quotes', 'heartbeats'], ['btcusdt']);
    expect([exchange.endpoints.ws, session.path]).toEqual([ws, '']);
    expect(sent).toEqual([{ req_id: '1', op: 'subscribe', args: ['publicTrade.BTCUSDT', 'orderbook.200.BTCUSDT', quotes] }]);
  });

  test('10 topics a request on spot, and no more than a connection carries', () => {
    const symbols = Array.from({ length: 8 }, (_, i) => `COIN${i}USDT`);
    expect(start(bybit, undefined, symbols).sent.map(({ args }) => (args as string[]).length)).toEqual([10, 10, 4]);
    expect(start(bybitLinear, undefined, symbols).sent.map(({ args }) => (args as string[]).length)).toEqual([24]);
    const many = start(bybitLinear, undefined, Array.from({ length: 400 }, (_, i) => `LONGCOINNAME${i}USDT`));
    expect(many.sent.flatMap(({ args }) => args as string[]).join('').length).toBeLessThanOrEqual(21_000);
    expect(told(many.host).every((line) => /^refused LONGCOINNAME\d+USDT \w+ topics of 21000 characters a connection at most$/.test(line))).toBe(true);
  });

  test('the symbol as frames write it', () => {
    expect(['btcusdt', 'BTC/USDT', 'btc-usdt', 'BTCPERP', 'btc-26sep25', 'BTCUSDT-26SEP25', 'BTCUSDU26'].map(bybitLinear.symbolOf))
      .toEqual(['BTCUSDT', 'BTCUSDT', 'BTCUSDT', 'BTCPERP', 'BTC-26SEP25', 'BTCUSDT-26SEP25', 'BTCUSDU26']);
    for (const wrong of ['', 'B', 'BTC USDT', 'tickers.BTCUSDT']) expect(() => bybit.symbolOf(wrong)).toThrow(expect.objectContaining({ code: 'DW_SYMBOL_UNKNOWN' }));
  });

  test('acknowledged with the number of the request, or in its order', () => {
    const { host, session, frame } = start(bybitLinear, ['trades']);
    session.subscribe({ symbols: ['ETHUSDT', 'BTCUSDT'], channels: ['trades'] });
    expect(requests(host)).toEqual(['subscribe publicTrade.ETHUSDT']);
    frame('{"success":true,"ret_msg":"","conn_id":"x","req_id":"2","op":"subscribe"}');
    frame('{"success":true,"ret_msg":"","conn_id":"x","req_id":"","op":"subscribe"}');
    expect(told(host)).toEqual(['subscribed ETHUSDT trades', 'subscribed BTCUSDT trades']);
    session.unsubscribe({ symbols: ['BTCUSDT', 'XRPUSDT'], channels: ['trades'] });
    expect(requests(host)).toEqual(['unsubscribe publicTrade.BTCUSDT']);
    expect(frame(trades(one()))).toBe('');
    frame('{"success":true,"ret_msg":"","conn_id":"x","op":"unsubscribe"}');
    expect(told(host)).toEqual(['unsubscribed BTCUSDT trades']);
    expect(frame(trades(one()))).toBe('not subscribed');
    frame('{"success":true,"op":"subscribe"}');
    frame('{"success":false,"ret_msg":"Invalid JSON","op":""}');
    frame('{"hello":1}');
    expect(told(host)).toEqual(['unknown subscribe', 'refused Invalid JSON', 'unknown a frame without a topic']);
  });

  test('a topic that is refused does not take the others along', () => {
    const { host, frame } = start(bybit, ['trades'], ['BTCUSDT', 'FOOUSDT', 'ETHUSDT']);
    frame('{"success":false,"ret_msg":"Invalid symbol :[publicTrade.FOOUSDT]","conn_id":"x","req_id":"1","op":"subscribe"}');
    expect(told(host)).toEqual([]);
    expect(requests(host)).toEqual(['subscribe publicTrade.BTCUSDT', 'subscribe publicTrade.FOOUSDT', 'subscribe publicTrade.ETHUSDT']);
    frame('{"success":true,"ret_msg":"subscribe","req_id":"2","op":"subscribe"}');
    frame('{"success":false,"ret_msg":"Invalid symbol :[publicTrade.FOOUSDT]","req_id":"3","op":"subscribe"}');
    frame('{"success":false,"ret_msg":"error:already subscribed,topic:publicTrade.ETHUSDT","req_id":"4","op":"subscribe"}');
    expect(told(host)).toEqual(['subscribed BTCUSDT trades', 'refused FOOUSDT trades Invalid symbol :[publicTrade.FOOUSDT]', 'subscribed ETHUSDT trades']);
    expect(frame(trades(one()).replaceAll('BTCUSDT', 'FOOUSDT'))).toBe('not subscribed');
    expect(frame(trades(one()))).toBe('');
  });

  test('a ping every 20 seconds; both kinds of pong are nothing to tell', () => {
    const { host, frame } = start(bybitLinear);
    host.advance(60_000);
    expect(host.sent).toEqual(Array.from({ length: 3 }, () => '{"req_id":"ping","op":"ping"}'));
    frame('{"success":true,"ret_msg":"pong","conn_id":"x","req_id":"ping","op":"ping"}');
    frame('{"req_id":"ping","op":"pong","args":["1790812800000"],"conn_id":"x"}');
    expect(host.takeEvents()).toEqual([]);
  });
});

describe('trades', () => {
  test('the taker’s side, ids that are texts, many in a frame', () => {
    const { host, frame } = start(bybit);
    frame(trades(one(), one({ i: '2290000001189048105', S: 'Buy' })));
    expect(host.trades).toEqual([`BTCUSDT ${NOW - 1000} ${NOW} ${ID} S 65114.20 0.004`, `BTCUSDT ${NOW - 1000} ${NOW} 2290000001189048105 B 65114.20 0.004`]);
  });

  test.each<[string, unknown, string]>([
    ['null', null, 'symbol missing'], ['another symbol', one({ s: 'ETHUSDT' }), 'symbol unknown'], ['no id', one({ i: undefined }), 'trade id missing'],
    ['a number as id', one({ i: 17 }), 'trade id is no text of 1 to 40 characters'], ['an empty id', one({ i: '' }), 'trade id is no text of 1 to 40 characters'], ['a long id', one({ i: 'x'.repeat(41) }), 'trade id is no text of 1 to 40 characters'],
    ['no side', one({ S: undefined }), 'side unknown'], ['a side in small letters', one({ S: 'buy' }), 'side unknown'], ['price 0', one({ p: '0' }), 'price is not positive'],
    ['a negative price', one({ p: '-5' }), 'price is not positive'], ['no price', one({ p: undefined }), 'price missing'], ['size 0', one({ v: '0' }), 'size is not positive'],
    ['a negative size', one({ v: '-1' }), 'size is not positive'], ['1970', one({ T: 0 }), 'time is implausible'], ['two days ahead', one({ T: MS + 2 * 86_400_000 }), 'time is implausible'],
  ])('%s: the others of the frame are taken', (_, wrong, reason) => {
    const { host, frame } = start(bybit);
    expect(frame(trades(one({ i: 'before' }), wrong, one({ i: 'behind' })))).toBe(reason);
    expect(host.trades.map((line) => line.split(' ')[3])).toEqual(['before', 'behind']);
  });

  test.each<[string, string, string]>([
    ['no JSON', '{"topic":', 'not JSON'], ['an array', '[1]', 'not an object'], ['no data', '{"topic":"publicTrade.BTCUSDT","ts":1}', 'data missing'],
    ['data that is no list', '{"topic":"publicTrade.BTCUSDT","data":{}}', 'data is no list'], ['another symbol', trades(one()).replaceAll('BTC', 'ETH'), 'not subscribed'],
  ])('%s', (_, text, reason) => {
    const { host, frame } = start(bybitLinear);
    expect(frame(text)).toBe(reason);
    expect([host.trades, host.takeEvents()]).toEqual([[], []]);
  });

  test('topics that are not known are told', () => {
    const { host, frame } = start(bybitLinear);
    frame('{"topic":"kline.1.BTCUSDT","type":"snapshot","data":[]}');
    expect(told(host)).toEqual(['unknown kline.1.BTCUSDT']);
  });
});

describe('the book', () => {
  test('a snapshot, deltas one after another, and a snapshot at any time', () => {
    const { host, frame } = start(bybitLinear, ['book']);
    expect([frame(book('snapshot', 5)), frame(book('delta', 6, { a: [] })), frame(book('delta', 7, { b: [['10.0', '0']], a: [] }))]).toEqual(['', '', '']);
    expect(host.books).toEqual([
      `BTCUSDT snapshot ${NOW - 2000} ${NOW} 5 5`, 'BTCUSDT B 10.0 5', 'BTCUSDT A 11.0 1',
      `BTCUSDT change ${NOW - 2000} ${NOW} 6 6`, 'BTCUSDT B 10.0 6', `BTCUSDT change ${NOW - 2000} ${NOW} 7 7`, 'BTCUSDT B 10.0 0',
    ]);
    expect(host.takeEvents()).toEqual([]);
    expect([frame(book('snapshot', 1)), frame(book('delta', 2))]).toEqual(['', '']);
    expect(host.takeEvents()).toEqual([{ kind: 'resynced', symbol: 'BTCUSDT', channel: 'book', found: 1 }]);
    // A restarted service begins at 1 again, whatever the message calls itself.
    expect([frame(book('delta', 1)), frame(book('delta', 2))]).toEqual(['', '']);
    expect(host.books.filter((line) => / (snapshot|change) /.test(line)).map((line) => line.split(' ')[1])).toEqual(['snapshot', 'change', 'change', 'snapshot', 'change', 'snapshot', 'change']);
    expect(host.takeEvents().map(({ kind }) => kind)).toEqual(['resynced']);
  });

  test('a gap: told once, subscribed anew, again where no snapshot comes, and nothing written until one does', () => {
    const { host, frame } = start(bybit, ['book']);
    frame('{"success":true,"req_id":"1","op":"subscribe"}');
    frame(book('snapshot', 5));
    host.takeEvents();
    expect([frame(book('delta', 7)), frame(book('delta', 8))]).toEqual(['', '']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', expected: 6, found: 7 }]);
    const anew = ['unsubscribe orderbook.200.BTCUSDT', 'subscribe orderbook.200.BTCUSDT'];
    expect(requests(host)).toEqual(anew);
    frame('{"success":true,"req_id":"2","op":"unsubscribe"}');
    frame('{"success":true,"req_id":"3","op":"subscribe"}');
    expect(host.takeEvents()).toEqual([]);
    const waits: number[] = [];
    for (let at = 0; waits.length < 6; at += 5) {
      host.advance(5000);
      if (requests(host).includes(anew[1])) waits.push(at + 5);
    }
    expect(waits).toEqual([10, 30, 70, 150, 310, 470]);
    expect(host.books.length).toBe(3);
    frame(book('snapshot', 20));
    frame(book('delta', 21));
    expect(host.takeEvents()).toEqual([{ kind: 'resynced', symbol: 'BTCUSDT', channel: 'book', found: 20 }]);
    host.advance(400_000);
    expect(requests(host)).not.toContain(anew[1]);
    expect(host.books.length).toBe(9);
    // The next time it begins with the shortest wait.
    frame(book('delta', 30));
    expect(requests(host)).toContain(anew[1]);
    host.advance(10_000);
    expect(requests(host)).toContain(anew[1]);
  });

  test('a delta before any snapshot, and one that was passed', () => {
    const { host, frame } = start(bybit, ['book']);
    expect(frame(book('delta', 7))).toBe('');
    expect(told(host)).toEqual(['gap BTCUSDT book']);
    frame(book('snapshot', 8));
    expect([frame(book('delta', 8)), frame(book('delta', 6)), frame(book('delta', 9))]).toEqual(['book update not new', 'book update not new', '']);
    expect(host.books.filter((line) => / (snapshot|change) /.test(line)).length).toBe(2);
  });

  test.each<[string, string, string]>([
    ['no number', book('delta', undefined), 'update number missing'], ['a number that is a word', book('delta', 'x'), 'update number is not a whole number'], ['no side', book('delta', 6, { a: null }), 'asks missing'],
    ['another symbol', book('delta', 6, { s: 'ETHUSDT' }), 'symbol unknown'], ['neither snapshot nor delta', book('x', 6), 'type unknown'],
    ['1970', book('delta', 6, {}, { cts: 5 }), 'time is implausible'], ['no time', book('delta', 6, {}, { cts: undefined, ts: undefined }), 'time missing'],
  ])('%s', (_, text, reason) => {
    const { host, frame } = start(bybitLinear, ['book']);
    frame(book('snapshot', 5));
    requests(host);
    expect(frame(text)).toBe(reason);
    expect(host.books.length).toBe(3);
    // One of somebody else is no message of this book.
    const others = reason === 'symbol unknown';
    expect(requests(host)).toEqual(others ? [] : ['unsubscribe orderbook.200.BTCUSDT', 'subscribe orderbook.200.BTCUSDT']);
    expect(host.takeEvents().map(({ kind }) => kind)).toEqual(others ? [] : ['gap']);
    expect(frame(book('delta', 6))).toBe('');
    expect(frame(book('snapshot', 9))).toBe('');
    expect(host.books.length).toBe(others ? 9 : 6);
  });

  test('a level that cannot be read, or that the record cannot hold: the message stays without its end, and the book is asked for ever less often', () => {
    const { host, frame } = start(bybitLinear, ['book']);
    host.unholdable.add('14.0');
    const bad = [book('snapshot', 5, { b: [['9.0', '1'], ['0', '1'], ['8.0', '1']] }), book('snapshot', 6, { b: [], a: [['14.0', '1'], ['15.0', '0']] })];
    const waits: number[] = [];
    for (let round = 0; round < 9; round++) {
      expect(frame(bad[round % 2]!)).toBe(round % 2 === 0 ? 'price is not positive' : 'does not fit');
      let waited = 0;
      const asked = () => requests(host).filter((line) => line !== 'ping');
      for (let sent = asked(); sent.length === 0; sent = asked(), waited += 500) host.advance(500);
      waits.push(waited);
      expect(frame(book('delta', 7))).toBe('');
    }
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(host.books.filter((line) => / [AB] /.test(line))).toEqual(Array.from({ length: 5 }, () => 'BTCUSDT B 9.0 1'));
    expect(host.takeEvents().map(({ kind }) => kind)).toEqual(Array.from({ length: 9 }, () => 'gap'));
    frame(book('snapshot', 20));
    frame(book('delta', 21));
    expect(told(host)).toEqual(['resynced BTCUSDT book']);
    expect(host.books.length).toBe(9 + 5 + 6);
    host.advance(60_000);
    frame(bad[0]!);
    expect(requests(host).filter((line) => line !== 'ping')).toEqual(['unsubscribe orderbook.200.BTCUSDT', 'subscribe orderbook.200.BTCUSDT']);
  });

  test('a number that is far too large does not make all that comes after it old', () => {
    const { host, frame } = start(bybitLinear, ['book']);
    frame(book('snapshot', 9_000_000_000));
    expect(Array.from({ length: 10 }, (_, i) => frame(book('delta', 6 + i)))).toEqual([...Array.from({ length: 9 }, () => 'book update not new'), '']);
    expect(host.takeEvents().map(({ kind, found }) => `${kind} ${found}`)).toEqual(['gap 15']);
    frame(book('snapshot', 20));
    expect(frame(book('delta', 21))).toBe('');
  });

  test('without `cts` the time is that of the message; after the end nothing is asked', () => {
    const { host, session, frame } = start(bybitLinear, ['book']);
    frame(book('snapshot', 5, {}, { cts: undefined }));
    expect(host.books[0]).toBe(`BTCUSDT snapshot ${NOW} ${NOW} 5 5`);
    frame(book('delta', 9));
    host.sent.length = 0;
    session.close();
    host.advance(300_000);
    expect(requests(host).filter((line) => line !== 'ping')).toEqual([]);
  });
});

describe('quotes', () => {
  test('contracts: tickers leave out what has not changed', () => {
    const { host, frame } = start(bybitInverse, ['quotes']);
    frame(ticker('delta', { ask1Price: '12' }));
    frame(ticker('snapshot', SIDES));
    frame(ticker('delta', { lastPrice: '10.5' }));
    frame(ticker('delta', { ask1Size: '3' }, { cs: 78 }));
    frame(ticker('delta', { bid1Price: '', bid1Size: '' }));
    frame(ticker('delta', { bid1Price: '9', bid1Size: '4' }, { cs: undefined }));
    frame(ticker('snapshot', { bid1Price: '8', bid1Size: '1' }));
    expect(host.quotes).toEqual([[77, 10, 1, 11, 2], [78, 10, 1, 11, 3], [0, 9, 4, 11, 3]].map((values) => `BTCUSDT ${NOW} ${NOW} ${values.join(' ')}`));
  });

  test.each<[string, string, string]>([
    ['price 0', ticker('delta', { bid1Price: '0' }), 'price is not positive'], ['a negative size', ticker('delta', { ask1Size: '-2' }), 'size is negative'], ['a number', ticker('delta', { ask1Price: 11 }), 'price is not a text'],
    ['1970', ticker('delta', { ask1Size: '7' }, { ts: 1 }), 'time is implausible'], ['another symbol', ticker('delta', { symbol: 'X', ask1Size: '7' }), 'symbol unknown'],
    ['a wrong number', ticker('delta', { ask1Size: '7' }, { cs: -1 }), 'update number is not a whole number'], ['a type of its own', ticker('x', { ask1Size: '7' }), 'type unknown'],
  ])('after tickers with %s there is no quote until all of it has been told anew', (_, text, reason) => {
    const { host, frame } = start(bybitLinear, ['quotes']);
    frame(ticker('snapshot', SIDES));
    expect(frame(text)).toBe(reason);
    // A ticker of somebody else has changed nothing here.
    const others = reason === 'symbol unknown';
    frame(ticker('delta', { bid1Size: '5' }));
    frame(ticker('delta', { ...SIDES, bid1Size: '6' }));
    expect(host.quotes.map((line) => line.split(' ')[5])).toEqual(others ? ['1', '5', '6'] : ['1', '6']);
  });

  test('spot: the first level of the book; what is sent again is no news', () => {
    const { host, frame } = start(bybit, ['quotes']);
    frame(top('snapshot', 5, [['10', '1']], [['11', '2']]));
    frame(top('snapshot', 5, [['10', '1']], [['11', '2']]));
    frame(top('delta', 6, [['10', '0'], ['9', '3']], []));
    frame(top('snapshot', 7, [], [['11', '2']]));
    frame(top('delta', 8, [['8', '1']], [['12', '1'], ['11', '0']]));
    frame(top('snapshot', 1, [['7', '1']], [['13', '1']]));
    expect(host.quotes).toEqual([[5, 10, 1, 11, 2], [6, 9, 3, 11, 2], [8, 8, 1, 12, 1], [1, 7, 1, 13, 1]].map((values) => `BTCUSDT ${NOW - 2000} ${NOW} ${values.join(' ')}`));
    expect([frame(top('snapshot', undefined, [], [])), frame(top('snapshot', 9, 1, [])), frame(top('snapshot', 9, [['x', '1']], [])), frame(top('x', 9, [], []))])
      .toEqual(['update number missing', 'bids is no list', 'price is not a number', 'type unknown']);
    expect(host.quotes.length).toBe(4);
  });
});
