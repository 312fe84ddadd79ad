import { describe, expect, test } from 'vitest';
import { binance, binanceCoinm, binanceUsdm } from '../dist/index.js';
import type { Channel, Exchange } from '../dist/index.js';
import { FakeHost, badReason, settled } from './support/fake-host.js';

const NOW = Date.UTC(2026, 9, 1) * 1000;
const MS = NOW / 1000;

type Fields = Record<string, unknown>;
const wrapped = (stream: string, data: Fields): string => JSON.stringify({ stream, data });
const trade = (fields: Fields = {}): string =>
  wrapped('btcusdt@trade', { e: 'trade', E: MS, T: MS - 1, s: 'BTCUSDT', t: 7, p: '61800.30', q: '0.006', X: 'MARKET', m: false, ...fields });
const quote = (fields: Fields = {}): string =>
  wrapped('btcusdt@bookTicker', { e: 'bookTicker', u: 99, s: 'BTCUSDT', b: '61800.20', B: '2.507', a: '61800.30', A: '0.000', T: MS - 1, E: MS, ...fields });
const spotDepth = (first: number, last: number, fields: Fields = {}): string =>
  wrapped('btcusdt@depth@100ms', { e: 'depthUpdate', E: MS, s: 'BTCUSDT', U: first, u: last, b: [['10.0', String(last)]], a: [], ...fields });
const futuresDepth = (first: number, last: number, previous: number, fields: Fields = {}): string =>
  wrapped('btcusdt@depth@0ms', { e: 'depthUpdate', E: MS + 5, T: MS, s: 'BTCUSDT', U: first, u: last, pu: previous, b: [['10.0', String(last)]], a: [], ...fields });
const snapshot = (lastUpdateId: unknown, fields: Fields = {}): string => JSON.stringify({ lastUpdateId, bids: [['9.0', '1']], asks: [['11.0', '1']], ...fields });

function start(exchange: Exchange, channels: Channel[] = ['trades', 'book', 'quotes'], symbols = ['BTCUSDT']) {
  const host = new FakeHost();
  const session = exchange.newSession({ symbols, channels }, host);
  session.open();
  host.takeEvents();
  const frame = (text: string): string => badReason(() => session.frame(text, NOW));
  return { host, session, frame };
}

/** What is in the books, without times: `snapshot 5 5`, `change 6 7`. */
const covers = (host: FakeHost): string[] => host.books.filter((line) => / (snapshot|change) /.test(line)).map((line) => {
  const [, kind, , , first, last] = line.split(' ');
  return `${kind} ${first} ${last}`;
});

describe('what is asked for', () => {
  test.each<[Exchange, string]>([
    [binance, '/stream?streams=btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker'],
    [binanceUsdm, '/public/stream?streams=btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker'],
    [binanceCoinm, '/stream?streams=btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker'],
  ])('%o: the address has the streams', (exchange, path) => {
    const host = new FakeHost();
    const session = exchange.newSession({ symbols: ['btcusdt', 'BTCUSDT', 'BTC-USDT'], channels: ['trades', 'book', 'quotes', 'heartbeats'] }, host);
    expect(session.path).toBe(path);
    session.open();
    expect(host.sent).toEqual([]);
    expect(host.events.map(({ kind, symbol, channel }) => `${kind} ${symbol!} ${channel!}`))
      .toEqual(['subscribed BTCUSDT trades', 'subscribed BTCUSDT book', 'subscribed BTCUSDT quotes']);
  });

  test('what an address has no room for is subscribed in requests, and no more streams than a connection carries', () => {
    const host = new FakeHost();
    const symbols = Array.from({ length: 70 }, (_, i) => `COIN${i}USDT`);
    const session = binanceUsdm.newSession({ symbols, channels: ['trades', 'book', 'quotes'] }, host);
    expect(host.events).toEqual(Array.from({ length: 10 }, () => expect.objectContaining({ kind: 'refused', detail: '200 streams a connection at most' })));
    session.open();
    const sent = host.sent.map((text) => JSON.parse(text) as { method: string; params: string[]; id: number });
    expect(sent.map(({ method, id }) => [method, id])).toEqual([['SUBSCRIBE', 1]]);
    const streams = [...session.path.split('streams=')[1].split('/'), ...sent.flatMap(({ params }) => params)];
    expect(new Set(streams).size).toBe(200);
    expect(session.path.length).toBeLessThan(3100);
    expect(binanceUsdm.limits.symbolsMax * 3).toBeLessThanOrEqual(200);
    expect(binance.limits.symbolsMax * 3).toBeLessThanOrEqual(1024);
  });

  test('the symbol as frames write it', () => {
    expect(['btcusdt', 'BTC/USDT', ' btc-usdt ', 'btcusd_perp', 'BTCUSDT_250926', '1000satsusdt', '币安人生usdt'].map(binance.symbolOf))
      .toEqual(['BTCUSDT', 'BTCUSDT', 'BTCUSDT', 'BTCUSD_PERP', 'BTCUSDT_250926', '1000SATSUSDT', '币安人生USDT']);
    for (const wrong of ['', 'B', 'BTC USDT', 'btcusdt@trade', 'a/b?c', '_PERP']) {
      expect(() => binance.symbolOf(wrong)).toThrow(expect.objectContaining({ code: 'DW_SYMBOL_UNKNOWN' }));
    }
    const { path } = binanceUsdm.newSession({ symbols: ['币安人生usdt'], channels: ['trades'] }, new FakeHost());
    expect(decodeURI(path)).toBe('/public/stream?streams=币安人生usdt@trade');
    expect(path).toMatch(/^[\x21-\x7e]+$/);
  });

  test('subscriptions on the open connection: acknowledged, refused, taken back', () => {
    const { host, session, frame } = start(binance, ['trades'], ['BTCUSDT']);
    session.subscribe({ symbols: ['ethusdt', 'btcusdt'], channels: ['trades', 'quotes'] });
    expect(host.sent).toEqual(['{"method":"SUBSCRIBE","params":["ethusdt@trade","ethusdt@bookTicker","btcusdt@bookTicker"],"id":1}']);
    expect(frame('{"result":null,"id":1}')).toBe('');
    expect(host.takeEvents().map(({ kind, symbol, channel }) => `${kind} ${symbol!} ${channel!}`))
      .toEqual(['subscribed ETHUSDT trades', 'subscribed ETHUSDT quotes', 'subscribed BTCUSDT quotes']);

    session.subscribe({ symbols: ['FOOUSDT'], channels: ['trades', 'book'] });
    frame('{"error":{"code":2,"msg":"Invalid request: no such stream"},"id":2}');
    // Which of them is meant is not said: each half is asked for again.
    expect(host.sent.slice(-2)).toEqual(['{"method":"SUBSCRIBE","params":["foousdt@trade"],"id":3}', '{"method":"SUBSCRIBE","params":["foousdt@depth@100ms"],"id":4}']);
    for (const id of [3, 4]) frame(`{"error":{"code":2,"msg":"Invalid request: no such stream"},"id":${id}}`);
    expect(host.takeEvents()).toEqual(['trades', 'book'].map((channel) => ({ kind: 'refused', symbol: 'FOOUSDT', channel, detail: 'Invalid request: no such stream' })));
    expect(frame(trade({ s: 'FOOUSDT' }))).toBe('not subscribed');
    frame('{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}');
    expect(host.takeEvents()).toEqual([{ kind: 'refused', detail: 'Invalid JSON: expected value at line 1 column 1' }]);

    frame(trade());
    session.unsubscribe({ symbols: ['BTCUSDT', 'XRPUSDT'], channels: ['trades'] });
    expect(host.sent.at(-1)).toBe('{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":5}');
    expect(frame(trade({ t: 8 }))).toBe('');
    frame('{"result":null,"id":5}');
    expect(host.takeEvents()).toEqual([{ kind: 'unsubscribed', symbol: 'BTCUSDT', channel: 'trades' }]);
    expect(frame(trade({ t: 9 }))).toBe('not subscribed');
    // Subscribed anew, ids begin anew: what came between was not wanted, and is no gap.
    session.subscribe({ symbols: ['BTCUSDT'], channels: ['trades'] });
    frame('{"result":null,"id":6}');
    expect(frame(trade({ t: 20 }))).toBe('');
    expect(host.trades.map((line) => line.split(' ')[3])).toEqual(['7', '8', '20']);
    expect(host.takeEvents().map(({ kind }) => kind)).toEqual(['subscribed']);
    frame('{"result":null,"id":77}');
    frame('{"result":null,"id":6}');
    expect(host.takeEvents().map(({ detail }) => detail)).toEqual(['reply 77', 'reply 6']);
  });

  test('a quiet connection is asked for an answer, a busy one is not', () => {
    const { host, frame } = start(binance);
    host.advance(19_000);
    frame(quote());
    host.advance(1_500);
    expect(host.sent).toEqual([]);
    host.advance(20_000);
    expect(host.sent).toEqual(['{"method":"LIST_SUBSCRIPTIONS","id":1}']);
    expect(frame('{"result":["btcusdt@trade"],"id":1}')).toBe('');
    expect(host.takeEvents()).toEqual([]);
    expect(2 * 20_000).toBeLessThan(binance.limits.silenceMs);
  });

  test('an exchange that is about to end the connection gets another one', () => {
    const { host, frame } = start(binance);
    frame(`{"e":"serverShutdown","E":${MS}}`);
    expect(host.restarts).toEqual(['the exchange is about to end this connection']);
  });
});

describe('trades and quotes', () => {
  test('the taker sold where the buyer was the maker; frames without a wrapper are the same; times may be microseconds', () => {
    const { host, frame } = start(binanceUsdm);
    frame(trade());
    frame(JSON.stringify((JSON.parse(trade({ t: 8, m: true })) as { data: Fields }).data));
    frame(trade({ t: 9, T: NOW - 123 }));
    expect(host.trades).toEqual([
      `BTCUSDT ${NOW - 1000} ${NOW} 7 B 61800.30 0.006`, `BTCUSDT ${NOW - 1000} ${NOW} 8 S 61800.30 0.006`, `BTCUSDT ${NOW - 123} ${NOW} 9 B 61800.30 0.006`,
    ]);
    frame(quote());
    frame(wrapped('btcusdt@bookTicker', { u: 100, s: 'BTCUSDT', b: '1.0', B: '2.0', a: '3.0', A: '4.0' }));
    expect(host.quotes).toEqual([`BTCUSDT ${NOW - 1000} ${NOW} 99 61800.20 2.507 61800.30 0.000`, `BTCUSDT ${NOW} ${NOW} 100 1.0 2.0 3.0 4.0`]);
  });

  test('ids that jump are a gap; ids that were passed are not written again', () => {
    const { host, frame } = start(binance);
    expect([5, 6, 6, 9, 7, 10].map((t) => frame(trade({ t })))).toEqual(['', '', 'trade id not new', '', 'trade id not new', '']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'trades', expected: 7, found: 9 }]);
    expect(host.trades.map((line) => line.split(' ')[3])).toEqual(['5', '6', '9', '10']);
  });

  test('an id that is far too large does not make all that comes after it old', () => {
    const { host, frame } = start(binance);
    frame(trade({ t: 5 }));
    frame(trade({ t: 9_000_000_000 }));
    expect(Array.from({ length: 11 }, (_, i) => frame(trade({ t: 6 + i })))).toEqual([...Array.from({ length: 9 }, () => 'trade id not new'), '', '']);
    expect(host.takeEvents().map(({ expected, found }) => [expected, found])).toEqual([[6, 9_000_000_000], [9_000_000_001, 15]]);
  });

  test('aggregated trades have numbers of their own', () => {
    const { host, frame } = start(binance);
    const aggregate = (a: number): string => trade({ e: 'aggTrade', t: undefined, a, f: 1, l: 3, m: true });
    expect([frame(trade({ t: 5 })), frame(aggregate(100)), frame(aggregate(101)), frame(aggregate(103)), frame(trade({ t: 6 }))]).toEqual(['', '', '', '', '']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'trades', expected: 102, found: 103 }]);
    expect(host.trades[1]).toBe(`BTCUSDT ${NOW - 1000} ${NOW} 100 S 61800.30 0.006`);
  });

  test('a trade that cannot be read has come all the same: its id is no gap', () => {
    const { host, frame } = start(binanceUsdm);
    expect([frame(trade({ t: 1 })), frame(trade({ t: 2, p: '0', q: '0', X: 'NA' })), frame(trade({ t: 3 }))]).toEqual(['', 'price is not positive', '']);
    expect(host.takeEvents()).toEqual([]);
    expect(host.trades.length).toBe(2);
  });

  test.each<[string, string, string]>([
    ['no JSON', '{"stream":"btcusdt@trade","data":{"e":"tr', 'not JSON'], ['empty', '', 'not JSON'], ['a number', '17', 'not an object'],
    ['null', 'null', 'not an object'], ['an array', '[]', 'not an object'], ['no data', '{"stream":"btcusdt@trade"}', 'data missing'],
    ['data is text', '{"stream":"btcusdt@trade","data":"x"}', 'data missing'],
    ['another symbol', trade({ s: 'ETHUSDT' }), 'symbol unknown'], ['no symbol', trade({ s: undefined }), 'symbol missing'],
    ['no id', trade({ t: undefined }), 'trade id missing'], ['a word as id', trade({ t: 'x7' }), 'trade id is not a whole number'], ['a negative id', trade({ t: -1 }), 'trade id is not a whole number'],
    ['half an id', trade({ t: 7.5 }), 'trade id is not a whole number'], ['an id that a number cannot hold', trade().replace('"t":7', '"t":9007199254740993'), 'trade id is not a whole number'],
    ['no price', trade({ p: undefined }), 'price missing'], ['price 0', trade({ p: '0.00' }), 'price is not positive'], ['a negative price', trade({ p: '-1.0' }), 'price is not positive'],
    ['a word as price', trade({ p: 'abc' }), 'price is not a number'], ['an empty price', trade({ p: '' }), 'price is not a number'], ['two points', trade({ p: '1.2.3' }), 'price is not a number'],
    ['a point only', trade({ p: '.' }), 'price is not a number'], ['no digit before the point', trade({ p: '.5' }), 'price is not a number'],
    ['no digit behind the point', trade({ p: '5.' }), 'price is not a number'], ['a dash between digits', trade({ p: '1-5' }), 'price is not a number'], ['an exponent', trade({ p: '1e3' }), 'price is not a number'], ['a number as price', trade({ p: 61800.3 }), 'price is not a text'],
    ['spaces', trade({ p: ' 1' }), 'price is not a number'], ['NaN', trade({ p: 'NaN' }), 'price is not a number'], ['a very long price', trade({ p: '1'.repeat(41) }), 'price is not a number'],
    ['no size', trade({ q: undefined }), 'size missing'], ['size 0', trade({ q: '0.000' }), 'size is not positive'], ['a negative size', trade({ q: '-0.5' }), 'size is not positive'],
    ['no side', trade({ m: undefined }), 'side unknown'], ['a text as side', trade({ m: 'true' }), 'side unknown'],
    ['no time', trade({ T: undefined }), 'time missing'], ['1970', trade({ T: 0 }), 'time is implausible'], ['seconds', trade({ T: Math.floor(MS / 1000) }), 'time is implausible'],
    ['two days ahead', trade({ T: MS + 2 * 86_400_000 }), 'time is implausible'], ['a text as time', trade({ T: String(MS) }), 'time is not a time'], ['half a millisecond', trade({ T: MS - 0.5 }), 'time is not a time'],
    ['no update number', quote({ u: undefined }), 'update number missing'], ['price 0 of a side', quote({ b: '0' }), 'price is not positive'],
    ['a negative size of a side', quote({ A: '-1' }), 'size is negative'], ['a side without a size', quote({ B: undefined }), 'size missing'], ['a quote in 1970', quote({ T: 1 }), 'time is implausible'],
    ['no numbers', spotDepth(1, 2, { U: undefined }), 'update number missing'], ['no levels', spotDepth(1, 2, { b: undefined }), 'bids missing'],
    ['levels that are text', spotDepth(1, 2, { a: 'x' }), 'asks is no list'], ['a level that is null', spotDepth(1, 2, { a: [null] }), 'level is no list'],
    ['a level without a size', spotDepth(1, 2, { a: [['1']] }), 'size missing'], ['a level of a negative size', spotDepth(1, 2, { a: [['1', '-1']] }), 'size is negative'],
    ['an update in 1970', spotDepth(1, 2, { E: 5 }), 'time is implausible'],
  ])('%s is kept aside, and the stream goes on', (_, text, reason) => {
    const { host, frame } = start(binance);
    expect(frame(text)).toBe(reason);
    expect(host.trades.length + host.quotes.length + host.books.length).toBe(0);
    expect([frame(trade({ t: 100 })), frame(quote())]).toEqual(['', '']);
    expect([host.trades.length, host.quotes.length]).toEqual([1, 1]);
  });

  test('a kind that is not known is told, not thrown away in silence', () => {
    const { host, frame } = start(binanceUsdm);
    frame(wrapped('btcusdt@markPrice@1s', { e: 'markPriceUpdate', s: 'BTCUSDT' }));
    frame('{"e":"listenKeyExpired"}');
    frame('{"hello":1}');
    frame(wrapped('btcusdt@depth20@100ms', { e: 'depthUpdate', E: MS, T: MS, s: 'BTCUSDT', U: 1, u: 2, pu: 0, b: [], a: [] }));
    expect(host.takeEvents().map(({ kind, detail }) => `${kind} ${detail!}`))
      .toEqual(['unknown btcusdt@markPrice@1s', 'unknown "listenKeyExpired"', 'unknown missing', 'unknown btcusdt@depth20@100ms']);
    expect(host.gets).toEqual([]);
  });
});

describe('the book', () => {
  test.each<[Exchange, Fields]>([[binance, {}], [binanceUsdm, { E: MS, T: MS - 9 }]])('%o: a snapshot that comes before any frame is taken, at the time that it is then', async (exchange, fields) => {
    const { host } = start(exchange);
    host.advance(1000);
    const before = Date.now() * 1000;
    await host.answer(snapshot(7, { ...fields, ...(fields['T'] === undefined ? {} : { T: Date.now() - 9 }) }));
    expect(host.takeEvents()).toEqual([]);
    const [, kind, ts, received] = host.books[0]!.split(' ');
    expect(kind).toBe('snapshot');
    for (const time of [ts, received]) expect(Math.abs(Number(time) - before)).toBeLessThan(60e6);
  });

  const begin = async (exchange: Exchange, frames: string[], id: number, fields: Fields = {}) => {
    const all = start(exchange, ['book']);
    for (const text of frames) all.frame(text);
    const path = await all.host.answer(snapshot(id, fields));
    return { ...all, path };
  };

  test('spot: what the snapshot has is dropped, the first kept update spans it, each next one follows', async () => {
    const { host, frame, path } = await begin(binance, [spotDepth(1, 3), spotDepth(4, 6), spotDepth(7, 9), spotDepth(10, 10)], 7);
    expect(path).toBe('/api/v3/depth?symbol=BTCUSDT&limit=1000');
    expect(frame(spotDepth(11, 15))).toBe('');
    expect(covers(host)).toEqual(['snapshot 7 7', 'change 7 9', 'change 10 10', 'change 11 15']);
    expect(host.books[0]).toBe(`BTCUSDT snapshot ${NOW} ${NOW} 7 7`);
    expect(host.books.slice(1, 5)).toEqual(['BTCUSDT B 9.0 1', 'BTCUSDT A 11.0 1', `BTCUSDT change ${NOW} ${NOW} 7 9`, 'BTCUSDT B 10.0 9']);
    expect(host.takeEvents()).toEqual([]);
  });

  test('futures: `u` equal to the snapshot is kept, `pu` links the updates, and numbers may be left out between them', async () => {
    const { host, frame, path } = await begin(binanceUsdm, [futuresDepth(1, 3, 0), futuresDepth(5, 7, 3), futuresDepth(10, 12, 7)], 7, { E: MS, T: MS - 9 });
    expect(path).toBe('/fapi/v1/depth?symbol=BTCUSDT&limit=1000');
    expect(frame(futuresDepth(20, 22, 12))).toBe('');
    expect(covers(host)).toEqual(['snapshot 7 7', 'change 5 7', 'change 10 12', 'change 20 22']);
    expect(host.books[0]).toBe(`BTCUSDT snapshot ${NOW - 9000} ${NOW} 7 7`);
    // The snapshot was made between two updates, where no update has its number.
    const between = await begin(binanceCoinm, [futuresDepth(10, 12, 7), futuresDepth(20, 22, 12)], 15);
    expect(between.path).toBe('/dapi/v1/depth?symbol=BTCUSDT&limit=1000');
    expect(covers(between.host)).toEqual(['snapshot 15 15', 'change 20 22']);
    expect(between.host.takeEvents()).toEqual([]);
  });

  test.each<[string, Exchange, string[], string[]]>([
    ['spot', binance, [spotDepth(5, 6), spotDepth(7, 8)], [spotDepth(9, 20), spotDepth(15, 21), spotDepth(22, 22)]],
    ['futures', binanceUsdm, [futuresDepth(5, 6, 4), futuresDepth(7, 8, 6)], [futuresDepth(9, 14, 8), futuresDepth(15, 21, 14), futuresDepth(22, 22, 21)]],
  ])('%s: a snapshot newer than all that was kept waits for the update that spans it', async (_, exchange, before, after) => {
    const { host, frame } = await begin(exchange, before, 20);
    expect(after.map(frame)).toEqual(['', '', '']);
    expect(covers(host)).toEqual(['snapshot 20 20', 'change 15 21', 'change 22 22']);
    expect(host.books.find((line) => line.includes('change'))).toBe(`BTCUSDT change ${NOW} ${NOW} 15 21`);
    expect(host.takeEvents()).toEqual([]);
  });

  test('a book of a connection that nothing has come on has a time all the same', async () => {
    const { host } = start(binance, ['book']);
    host.advance(1000);
    await host.answer(snapshot(7));
    expect(Number(host.books[0]!.split(' ')[2])).toBeGreaterThan(Date.UTC(2025, 0) * 1000);
  });

  test('a snapshot older than the updates is asked for again, later and later', async () => {
    const { host, frame } = start(binance, ['book']);
    frame(spotDepth(100, 101));
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      await host.answer(snapshot(50));
      let wait = 0;
      for (; host.gets.length === 0; wait += 100) {
        host.advance(100);
        await settled();
      }
      waits.push(wait);
    }
    // Requests are 600 ms apart at least.
    expect(waits).toEqual([600, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(host.takeEvents().every(({ kind, detail }) => kind === 'refused' && detail === 'snapshot: older than the updates: 50')).toBe(true);
    expect(host.books).toEqual([]);
    await host.answer(snapshot(99));
    expect(covers(host)).toEqual(['snapshot 99 99', 'change 100 101']);
    // The next time it begins with the shortest wait.
    host.advance(1000);
    frame(spotDepth(200, 201));
    await host.answer(new Error('busy'));
    host.advance(600);
    await settled();
    expect(host.gets.length).toBe(1);
  });

  test('a futures snapshot older than the updates, by `pu`', async () => {
    const { host } = await begin(binanceUsdm, [futuresDepth(10, 12, 7)], 6);
    expect(host.books).toEqual([]);
    host.advance(1000);
    await host.answer(snapshot(7));
    expect(covers(host)).toEqual(['snapshot 7 7', 'change 10 12']);
  });

  test.each<[string, Error | string, string]>([
    ['a request that fails', new Error('429 Too Many Requests'), '429 Too Many Requests'],
    ['no JSON', '<html>', 'not JSON'], ['an error', '{"code":-1121,"msg":"Invalid symbol."}', 'bids missing'],
    ['no number', snapshot(undefined), 'update number missing'], ['no asks', snapshot(7, { asks: 1 }), 'asks is no list'],
    ['a price that is none', snapshot(7, { asks: [['x', '1']] }), 'price is not a number'], ['a time that is none', snapshot(7, { T: 3 }), 'time is implausible'],
  ])('%s for a snapshot is told, and the next is asked for', async (_, body, detail) => {
    const { host, frame } = start(binance, ['book']);
    frame(spotDepth(7, 8));
    await host.answer(body);
    expect(host.takeEvents()).toEqual([{ kind: 'refused', symbol: 'BTCUSDT', channel: 'book', detail: expect.stringContaining(`snapshot: ${detail}`) as string }]);
    expect(host.books).toEqual([]);
    host.advance(600);
    await host.answer(snapshot(7));
    expect(covers(host)).toEqual(['snapshot 7 7', 'change 7 8']);
  });

  test.each<[string, Exchange, string[], string, string[], number, number, string[]]>([
    ['spot', binance, [spotDepth(8, 9)], spotDepth(12, 13), [spotDepth(14, 15), spotDepth(16, 16)], 10, 12, ['snapshot 14 14', 'change 14 15', 'change 16 16']],
    ['futures', binanceUsdm, [futuresDepth(7, 9, 6)], futuresDepth(12, 13, 11), [futuresDepth(14, 15, 13), futuresDepth(17, 18, 15)], 9, 11, ['snapshot 14 14', 'change 14 15', 'change 17 18']],
  ])('%s: a gap is told once, nothing is written until a fresh snapshot, then the book goes on', async (_, exchange, before, jump, after, expected, found, written) => {
    const { host, frame } = await begin(exchange, before, 7);
    host.advance(1000);
    const count = host.books.length;
    expect([frame(jump), ...after.map(frame)]).toEqual(['', '', '']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', expected, found }]);
    expect([host.books.length, host.gets.length]).toEqual([count, 1]);
    await host.answer(snapshot(14));
    expect(host.takeEvents()).toEqual([{ kind: 'resynced', symbol: 'BTCUSDT', channel: 'book', found: 14 }]);
    expect(covers(host).slice(-3)).toEqual(written);
  });

  test('a gap within what was kept, and between the snapshot and the next update', async () => {
    const kept = await begin(binance, [spotDepth(7, 8), spotDepth(12, 13)], 7);
    expect(covers(kept.host)).toEqual(['snapshot 7 7', 'change 7 8']);
    expect(kept.host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', expected: 9, found: 12 }]);
    kept.host.advance(1000);
    await kept.host.answer(snapshot(13));
    expect(kept.host.takeEvents().map(({ kind }) => kind)).toEqual(['resynced']);
    kept.frame(spotDepth(14, 14));
    expect(covers(kept.host).slice(2)).toEqual(['snapshot 13 13', 'change 14 14']);

    const behind = await begin(binanceUsdm, [futuresDepth(5, 6, 4)], 8);
    behind.frame(futuresDepth(12, 13, 11));
    expect(behind.host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', expected: 8, found: 11 }]);
  });

  test.each<[string, Exchange, string[]]>([
    ['spot', binance, [spotDepth(7, 9), spotDepth(10, 11)]], ['futures', binanceUsdm, [futuresDepth(7, 9, 6), futuresDepth(10, 11, 9)]],
  ])('%s: an update that was passed is not written again, and is no gap', async (_, exchange, updates) => {
    const { host, frame } = await begin(exchange, updates, 7);
    const count = host.books.length;
    expect(updates.map(frame)).toEqual(['book update not new', 'book update not new']);
    expect([host.books.length, host.takeEvents()]).toEqual([count, []]);
  });

  test('a level that cannot be read, or held: the change stays without its end, and the book begins again from a snapshot', async () => {
    const { host, frame } = await begin(binance, [spotDepth(7, 8)], 7);
    host.advance(1000);
    expect(frame(spotDepth(9, 9, { b: [['8.0', '2'], ['x', '1'], ['7.0', '2']], a: [['12.0', '3']] }))).toBe('price is not a number');
    expect(host.books.slice(-2)).toEqual([`BTCUSDT change ${NOW} ${NOW} 9 9`, 'BTCUSDT B 8.0 2']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', detail: 'cannot be read: price is not a number: "x"' }]);
    // What comes meanwhile is kept, and the snapshot must have all of what could not be read.
    expect(frame(spotDepth(10, 10))).toBe('');
    await host.answer(snapshot(8));
    expect(host.takeEvents()).toEqual([{ kind: 'refused', symbol: 'BTCUSDT', channel: 'book', detail: 'snapshot: older than the updates: 8' }]);
    host.advance(1000);
    await host.answer(snapshot(9));
    expect(covers(host).slice(-2)).toEqual(['snapshot 9 9', 'change 10 10']);
    expect(host.takeEvents()).toEqual([{ kind: 'resynced', symbol: 'BTCUSDT', channel: 'book', found: 9 }]);
    // What the record cannot hold, in an update, a snapshot, and an update that was kept.
    host.unholdable.add('14.0');
    expect(frame(spotDepth(11, 11, { a: [['14.0', '1'], ['15.0', '1']] }))).toBe('does not fit');
    expect(host.takeEvents().map(({ kind }) => kind)).toEqual(['gap']);
    frame(spotDepth(12, 12, { a: [['14.0', '1']] }));
    frame(spotDepth(13, 13));
    host.advance(1000);
    await host.answer(snapshot(11));
    expect(host.takeEvents().map(({ kind, detail }) => `${kind} ${detail ?? ''}`.trim())).toEqual(['resynced', 'gap cannot be read: does not fit']);
    host.advance(2000);
    await host.answer(snapshot(13, { asks: [['14.0', '1']] }));
    expect(host.takeEvents().map(({ kind, detail }) => `${kind} ${detail ?? ''}`.trim())).toEqual(['gap cannot be read: does not fit']);
    host.advance(4000);
    await host.answer(snapshot(13));
    expect(host.takeEvents().map(({ kind }) => kind)).toEqual(['resynced']);
  });

  test('an exchange that always sends something bad is asked ever less often, and soon again when it has been right for a minute', async () => {
    const { host, frame } = await begin(binance, [spotDepth(7, 8)], 7);
    let u = 8;
    const waits: number[] = [];
    for (let round = 0; round < 10; round++) {
      host.advance(600);
      expect(frame(spotDepth(u + 1, u + 1, { b: [['x', '1']] }))).toBe('price is not a number');
      u += 1;
      let waited = 0;
      for (; host.gets.length === 0; waited += 100) host.advance(100);
      waits.push(waited);
      await host.answer(snapshot(u));
    }
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    host.advance(60_000);
    frame(spotDepth(u + 1, u + 1, { b: [['x', '1']] }));
    expect(host.gets.length).toBe(1);
    expect(host.takeEvents().filter(({ kind }) => kind === 'gap').length).toBe(11);
  });

  test.each<[string, Fields]>([['no numbers', { u: undefined }], ['no levels', { a: 5 }], ['a time of 1970', { E: 5 }]])('an update with %s is one that is missing', async (_, fields) => {
    const { host, frame } = await begin(binance, [spotDepth(7, 8)], 7);
    host.advance(600);
    expect(frame(spotDepth(9, 9, fields))).not.toBe('');
    expect([host.takeEvents().map(({ kind }) => kind), host.gets.length]).toEqual([['gap'], 1]);
  });

  test('a number that is far too large does not make all that comes after it old', async () => {
    const { host, frame } = await begin(binance, [spotDepth(7, 8)], 7);
    host.advance(600);
    expect(frame(spotDepth(9, 9_000_000_000))).toBe('');
    const old = Array.from({ length: 10 }, (_, i) => frame(spotDepth(10 + i, 10 + i)));
    expect(old).toEqual([...Array.from({ length: 9 }, () => 'book update not new'), '']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', expected: 9_000_000_001, found: 19 }]);
    await host.answer(snapshot(18));
    expect(frame(spotDepth(20, 20))).toBe('');
    expect(covers(host).slice(-3)).toEqual(['snapshot 18 18', 'change 19 19', 'change 20 20']);
    // So does a snapshot with such a number: nothing that comes seems to be behind it.
    const wrong = await begin(binance, [spotDepth(7, 8)], 9_000_000_000);
    wrong.host.advance(600);
    for (let u = 9; u < 9 + 1000; u++) wrong.frame(spotDepth(u, u));
    expect([wrong.host.takeEvents().map(({ kind }) => kind), wrong.host.gets.length]).toEqual([['gap'], 1]);
  });

  test('snapshots of many symbols come one after another', async () => {
    const symbols = ['AAAUSDT', 'BBBUSDT', 'CCCUSDT'];
    const { host, frame } = start(binance, ['book'], symbols);
    for (const s of symbols) frame(spotDepth(7, 8, { s }));
    const asked: string[] = [];
    for (let i = 0; i < 3; i++) {
      expect(host.gets.length).toBe(1);
      asked.push((await host.answer(snapshot(7))).split(/[=&]/)[1]);
      expect(host.gets.length).toBe(0);
      host.advance(600);
      await settled();
    }
    expect(asked).toEqual(symbols);
    expect(host.books.filter((line) => line.includes('snapshot')).length).toBe(3);
  });

  test('updates that wait for a snapshot do not fill the memory', async () => {
    const { host, frame } = start(binance, ['book']);
    for (let u = 1; u <= 25_000; u++) frame(spotDepth(u, u));
    await host.answer(snapshot(1));
    expect(host.takeEvents().map(({ detail }) => detail)).toEqual(['snapshot: older than the updates: 1']);
    host.advance(600);
    await host.answer(snapshot(24_998));
    expect(covers(host)).toEqual(['snapshot 24998 24998', 'change 24999 24999', 'change 25000 25000']);
  });

  test('after the end nothing is written, and nothing is asked', async () => {
    const { host, session, frame } = start(binance, ['book']);
    frame(spotDepth(7, 8));
    session.close();
    await host.answer(snapshot(7));
    host.advance(10_000);
    expect([host.books, host.gets, host.takeEvents()]).toEqual([[], [], []]);
    const failing = start(binance, ['book']);
    failing.frame(spotDepth(7, 8));
    failing.session.close();
    await failing.host.answer(new Error('gone'));
    failing.host.advance(10_000);
    expect([failing.host.gets, failing.host.takeEvents()]).toEqual([[], []]);
  });

  test('a book that is no longer wanted is not asked for', async () => {
    const { host, session, frame } = start(binance, ['book'], ['AAAUSDT', 'BBBUSDT']);
    frame(spotDepth(7, 8, { s: 'AAAUSDT' }));
    frame(spotDepth(7, 8, { s: 'BBBUSDT' }));
    session.unsubscribe({ symbols: ['BBBUSDT'], channels: ['book'] });
    frame('{"result":null,"id":1}');
    await host.answer(snapshot(7));
    host.advance(600);
    await settled();
    expect(host.gets).toEqual([]);
    expect(frame(spotDepth(9, 9, { s: 'BBBUSDT' }))).toBe('not subscribed');
    // Wanted again, it begins anew.
    session.subscribe({ symbols: ['BBBUSDT'], channels: ['book'] });
    frame(spotDepth(50, 51, { s: 'BBBUSDT' }));
    await host.answer(snapshot(50));
    expect(covers(host).slice(-2)).toEqual(['snapshot 50 50', 'change 50 51']);
  });
});
