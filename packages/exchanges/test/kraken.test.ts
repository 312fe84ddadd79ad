import { beforeEach, describe, expect, test } from 'vitest';
import { kraken, type Channel, type ExchangeSession } from '../dist/index.js';
import { decimalText, hasLongNumber, quoteNumbers } from '../dist/kraken-numbers.js';
import { PlainBook } from './support/plain-book.js';
import { microsecondsOf, noRecordings, recording, withRecordings } from './support/recorded-frames.js';
import { ScriptedHost, type Written } from './support/scripted-host.js';

const all: Channel[] = ['trades', 'book', 'quotes', 'heartbeats'];
const TIME = '2023-10-06T17:35:55.440295Z';
const TS = microsecondsOf(TIME);
const RECEIVED = TS + 20_000;

/** The instruments of some pairs, with fields of the docs that nobody asks for. */
const instruments = (pairs: Record<string, [price: number, size: number]>) => ({
  channel: 'instrument', type: 'snapshot',
  data: { assets: [{ id: 'USD', precision: 4 }], pairs: Object.entries(pairs).map(([symbol, [price, size]]) => ({ symbol, base: 'X', quote: 'Y', status: 'online', qty_precision: size, qty_increment: 1e-8, price_precision: price })) },
});

describe('a session of Kraken v2', () => {
  let host: ScriptedHost;
  let session: ExchangeSession;
  beforeEach(() => {
    host = new ScriptedHost();
    session = kraken.newSession({ symbols: ['BTC/USD'], channels: all }, host);
    session.open();
  });
  const send = (frame: unknown): void => host.feed(session, frame, RECEIVED);
  /** As they stand on the wire: with the zeros that JSON.stringify would not write. */
  const levels = (list: [string, string][]) => `[${list.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join(',')}]`;
  const bookText = (type: string, bids: [string, string][], asks: [string, string][], checksum: number | string, more = '') =>
    `{"channel":"book","type":"${type}","data":[{"symbol":"BTC/USD","bids":${levels(bids)},"asks":${levels(asks)},"checksum":${checksum}${more}}]}`;

  // The example of docs.kraken.com/exchange/guides/websockets/book-checksum-v2.
  const BIDS: [string, string][] = [['45283.5', '0.10000000'], ['45283.4', '1.54582015'], ['45282.1', '0.10000000'], ['45281.0', '0.10000000'], ['45280.3', '1.54592586'],
    ['45279.0', '0.07990000'], ['45277.6', '0.03310103'], ['45277.5', '0.30000000'], ['45277.3', '1.54602737'], ['45276.6', '0.15445238']];
  const ASKS: [string, string][] = [['45285.2', '0.00100000'], ['45286.4', '1.54571953'], ['45286.6', '1.54571109'], ['45289.6', '1.54560911'], ['45290.2', '0.15890660'],
    ['45291.8', '1.54553491'], ['45294.7', '0.04454749'], ['45296.1', '0.35380000'], ['45297.5', '0.09945542'], ['45299.5', '0.18772827']];
  const CHECKSUM = 3310070434;

  test('asks for instruments first, and for books when they have come', () => {
    const params = { symbol: ['BTC/USD'] };
    const trade = { method: 'subscribe', params: { channel: 'trade', ...params, snapshot: true } };
    expect(host.sent).toEqual([trade, { method: 'subscribe', params: { channel: 'instrument' } }, { method: 'subscribe', params: { channel: 'ticker', ...params, event_trigger: 'bbo' } }]);
    host.sent.length = 0;
    session.subscribe({ symbols: ['ETH/USD', 'FOO/BAR'], channels: ['book'] });
    expect(host.sent).toEqual([]);
    send(instruments({ 'BTC/USD': [1, 8], 'ETH/USD': [2, 8], 'SOL/USD': [2, 8] }));
    expect(host.sent).toEqual([{ method: 'subscribe', params: { channel: 'book', symbol: ['BTC/USD', 'ETH/USD'], depth: 1000 } }]);
    expect(host.events).toEqual([{ kind: 'refused', symbol: 'FOO/BAR', channel: 'book', detail: 'no instrument of Kraken' }]);
    session.subscribe({ symbols: ['SOL/USD'], channels: ['book'] });
    session.unsubscribe({ symbols: ['ETH/USD'], channels: ['book'] });
    expect(host.sent.slice(1)).toEqual([{ method: 'subscribe', params: { channel: 'book', symbol: ['SOL/USD'], depth: 1000 } }, { method: 'unsubscribe', params: { channel: 'book', symbol: ['ETH/USD'], depth: 1000 } }]);
    host.advance(30_000);
    expect([host.restarts, host.sent.at(-1)]).toEqual([[], { method: 'ping' }]);
  });

  test('a connection whose instruments do not come is given up', () => {
    host.advance(16_000);
    expect(host.restarts).toEqual(['no instruments in 15 s']);
  });

  test('the checksum of Kraken’s own example is right; zeros of the wire or not', () => {
    send(instruments({ 'BTC/USD': [1, 8] }));
    const strip = (list: [string, string][]): [string, string][] => list.map(([price, size]) => [String(Number(price)), String(Number(size))]);
    for (const [bids, asks] of [[BIDS, ASKS], [strip(BIDS), strip(ASKS)]] as const) {
      send(bookText('snapshot', bids, asks, CHECKSUM));
      expect(host.taken()).toEqual([['beginBook', 'BTC/USD', RECEIVED, RECEIVED, true, 0, 0],
        ...bids.map(([price, size]): Written => ['level', 'BTC/USD', 'B', Number(price), Number(size)]), ...asks.map(([price, size]): Written => ['level', 'BTC/USD', 'A', Number(price), Number(size)]), ['endBook', 'BTC/USD']]);
    }
    expect([host.events, host.bad]).toEqual([[], []]);
  });

  test('a wrong checksum: the book is dropped, asked for, and begins again from its snapshot', () => {
    send(instruments({ 'BTC/USD': [1, 8] }));
    send(bookText('snapshot', BIDS, ASKS, CHECKSUM));
    host.sent.length = 0;
    host.taken();
    send(bookText('update', [['45283.5', '0.10000001']], [], CHECKSUM, `,"timestamp":"${TIME}"`));
    expect(host.events).toEqual([{ kind: 'checksum', symbol: 'BTC/USD', channel: 'book', expected: CHECKSUM, found: expect.any(Number) as number }]);
    expect(host.taken()[0]).toEqual(['beginBook', 'BTC/USD', TS, RECEIVED, false, 0, 0]);
    expect(host.sent.map((request) => (request as { method: string }).method)).toEqual(['unsubscribe', 'subscribe']);
    send(bookText('update', [['45283.5', '0.10000000']], [], CHECKSUM));
    expect(host.taken()).toEqual([]);
    host.told();
    send(bookText('snapshot', BIDS, ASKS, CHECKSUM));
    expect(host.told()).toEqual(['resynced']);
    send(bookText('update', [['45283.5', '0.1'], ['45283.5', '0.10000000']], [], CHECKSUM));
    expect([host.told(), host.taken().length]).toEqual([[], 12 + 10 + 4]);
    host.advance(20_000);
    expect(host.restarts).toEqual([]);
  });

  test('sizes with more digits than a float64 holds come out to the last one, and so do their checksums', () => {
    send(instruments({ 'BTC/USD': [1, 8] }));
    const size = '1234567890123.12345678';
    const plain = new PlainBook();
    for (const [price, qty] of [...BIDS, ['45200.0', '2.50000000'] as const]) plain.set('B', price, qty);
    for (const [price, qty] of ASKS) plain.set('A', price, qty);
    plain.set('B', '45283.5', size);
    expect(Number(size).toFixed(8)).not.toBe(size);
    send(bookText('snapshot', [...BIDS.slice(1), ['45283.5', size], ['45200.0', '2.5']], ASKS, plain.checksum()));
    expect(host.written.filter((record) => record[3] === '45283.5')).toEqual([['level', 'BTC/USD', 'B', '45283.5', size]]);
    send(bookText('update', [['45283.5', '0.00000000']], [], (plain.set('B', '45283.5', '0'), plain.checksum())));
    expect([host.events, host.bad]).toEqual([[], []]);
  });

  const trade = (id: unknown, more: object = {}) => ({ symbol: 'BTC/USD', side: 'sell', price: 0.5147, qty: 1e-7, ord_type: 'limit', trade_id: id, timestamp: TIME, ...more });
  const trades = (type: string, ...data: unknown[]) => send({ channel: 'trade', type, data });

  test('trades: the taker’s side, the first list is history, holes are gaps, each is written once', () => {
    trades('snapshot', trade(7), trade(8), trade(9));
    trades('update', trade(9), trade(10, { side: 'buy' }), trade(12));
    trades('snapshot', trade(10), trade(11), trade(12), trade(13));
    expect(host.written.map((record) => [record[4], record[5]])).toEqual([[10, 'B'], [12, 'S'], [11, 'S'], [13, 'S']]);
    expect(host.written[0]).toEqual(['trade', 'BTC/USD', TS, RECEIVED, 10, 'B', 0.5147, 1e-7]);
    expect(host.events).toEqual([{ kind: 'gap', symbol: 'BTC/USD', channel: 'trades', expected: 11, found: 12 }]);
  });

  test('what earlier connections have not written of the list of recent trades is written', () => {
    const again = new ScriptedHost();
    again.lastTrades.set('BTC/USD', 8);
    const other = kraken.newSession({ symbols: ['BTC/USD'], channels: ['trades'] }, again);
    other.open();
    again.feed(other, { channel: 'trade', type: 'snapshot', data: [trade(7), trade(8), trade(9), trade(10)] }, RECEIVED);
    expect([again.written.map((record) => record[4]), again.events]).toEqual([[9, 10], []]);
  });

  test('quotes, heartbeats, acknowledgements, refusals, status', () => {
    send({ channel: 'ticker', type: 'snapshot', data: [{ symbol: 'BTC/USD', bid: 0.10025, bid_qty: 740, ask: 0.10036, ask_qty: 1361.44813783, last: 0.10035, volume: 997038.98383185 }] });
    send({ channel: 'ticker', type: 'update', data: [{ symbol: 'BTC/USD', bid: 1, bid_qty: 0, ask: 2, ask_qty: 3, timestamp: TIME }] });
    send({ channel: 'heartbeat' });
    expect(host.written).toEqual([['quote', 'BTC/USD', RECEIVED, RECEIVED, 0, 0.10025, 740, 0.10036, 1361.44813783], ['quote', 'BTC/USD', TS, RECEIVED, 0, 1, 0, 2, 3], ['heartbeat', 'BTC/USD', RECEIVED, RECEIVED, 0]]);
    send('{"channel":"status","type":"update","data":[{"api_version":"v2","connection_id":13834774380200032777,"system":"online","version":"2.0.0"}]}');
    send({ channel: 'status', type: 'update', data: [{ system: 'maintenance' }] });
    send({ method: 'subscribe', result: { channel: 'book', depth: 1000, snapshot: true, symbol: 'BTC/USD' }, success: true, time_in: TIME, time_out: TIME });
    send({ method: 'subscribe', result: { channel: 'instrument', snapshot: true }, success: true });
    send({ method: 'unsubscribe', result: { channel: 'ticker', symbol: 'BTC/USD' }, success: true });
    send({ error: 'Currency pair not supported FOO/BAR', method: 'subscribe', success: false, symbol: 'FOO/BAR', time_in: TIME });
    send({ method: 'pong', time_in: TIME, time_out: TIME });
    send({ method: 'add_order', success: true });
    send({ channel: 'level3', type: 'snapshot', data: [] });
    expect(host.events).toEqual([
      { kind: 'refused', detail: 'system maintenance' }, { kind: 'subscribed', symbol: 'BTC/USD', channel: 'book' }, { kind: 'unsubscribed', symbol: 'BTC/USD', channel: 'quotes' },
      { kind: 'refused', detail: 'FOO/BAR: Currency pair not supported FOO/BAR' }, { kind: 'unknown', detail: 'method add_order' }, { kind: 'unknown', detail: 'channel level3' }]);
    expect(host.bad).toEqual([]);
  });

  test('what cannot be read is told by a reason, and the rest of its frame is taken', () => {
    let id = 1;
    const good = () => trade(id++);
    const cases: [string, () => void][] = [
      ['not JSON', () => send('{')], ['not an object', () => send([])], ['type unknown', () => trades('replaced', trade(1))],
      ['price missing', () => trades('update', trade(1, { price: undefined }), good())], ['price is not positive', () => trades('update', trade(1, { price: 0 }), good())],
      ['price is not positive', () => trades('update', trade(1, { price: -5 }), good())], ['price is not a number', () => trades('update', trade(1, { price: true }), good())],
      ['size is not positive', () => trades('update', trade(1, { qty: -1 }), good())], ['size is not positive', () => trades('update', trade(1, { qty: 0 }), good())],
      ['time is implausible', () => trades('update', trade(1, { timestamp: '1970-01-01T00:00:00.000000Z' }), good())], ['time is implausible', () => trades('update', trade(1, { timestamp: '2024-10-06T17:35:55Z' }), good())],
      ['time is not a time', () => trades('update', trade(1, { timestamp: 1.5 }), good())], ['side unknown', () => trades('update', trade(1, { side: 'b' }), good())],
      ['trade id is not a whole number', () => trades('update', trade('a'), good())], ['symbol unknown', () => trades('update', trade(1, { symbol: 'ETH/USD' }), good())],
      ['entry is not an object', () => trades('update', null, good())], ['data missing', () => send({ channel: 'trade', type: 'update' })],
      ['data missing', () => send({ channel: 'instrument', type: 'snapshot' })], ['price precision missing', () => send({ channel: 'instrument', type: 'update', data: { pairs: [{ symbol: 'A/B' }] } })],
      ['precision too large', () => send(instruments({ 'A/B': [99, 1], 'BTC/USD': [1, 8] }))],
      ['book update before its snapshot', () => send(bookText('update', [], [], 1))],
      ['price is not positive', () => send(bookText('snapshot', [...BIDS, ['0.0', '1.0'], ['-1.0', '1.0']], [...ASKS], CHECKSUM))],
      ['size is negative', () => send(bookText('update', [['45283.5', '-0.1']], [], CHECKSUM))],
      ['checksum missing', () => send({ channel: 'book', type: 'update', data: [{ symbol: 'BTC/USD', bids: [], asks: [] }] })],
    ];
    for (const [reason, feed] of cases) {
      if (/size is negative|checksum/.test(reason)) send(bookText('snapshot', BIDS, ASKS, CHECKSUM));
      feed();
      expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
    }
    expect(host.written.filter(([kind]) => kind === 'trade').map((record) => record[4])).toEqual(Array.from({ length: 13 }, (_, at) => at + 1));
    // Each book of which something could not be read is told, and asked for again.
    expect(host.events.map(({ kind }) => kind)).toEqual(['gap', 'gap', 'resynced', 'gap', 'resynced', 'gap']);
  });

  test('symbols as people type them', () => {
    expect(['xbt/usd', 'BTC-USD', 'xdg_eur', 'PEPE/USD'].map((typed) => kraken.symbolOf(typed))).toEqual(['BTC/USD', 'BTC/USD', 'DOGE/EUR', 'PEPE/USD']);
    expect(() => kraken.symbolOf('BTCUSD')).toThrow(expect.objectContaining({ code: 'DW_SYMBOL_UNKNOWN' }) as Error);
  });
});

test('numbers longer than a float64 are found wherever they stand, and quoted without touching texts', () => {
  for (let before = 0; before < 40; before++) {
    const pad = '{'.repeat(before);
    expect([hasLongNumber(`${pad}123456789.1234567`), hasLongNumber(`${pad}12345678.1234567,"x"`)]).toEqual([true, false]);
  }
  const text = '{"a":[1,-2.5,{"b":1e-08,"c":"x:1,\\"2,"}],"d" : 0.10 ,"e":-0}';
  expect(JSON.parse(quoteNumbers(text))).toEqual({ a: ['1', '-2.5', { b: 1e-8, c: 'x:1,"2,' }], d: '0.10', e: '-0' });
  expect([decimalText(0.1, 8), decimalText('0.1', 8), decimalText('5', 2), decimalText('5', 0), decimalText(1e-8, 8), decimalText('0.123', 2)]).toEqual(['0.10000000', '0.10000000', '5.00', '5', '0.00000001', '0.123']);
});

describe.skipIf(noRecordings !== undefined)(withRecordings('the books that Kraken sent in 2021, said in the words of v2'), () => {
  test('every level is written, what falls out of the depth too, and every checksum by the rule of v2 is right', () => {
    const { frames } = noRecordings === undefined ? recording('KRAKEN-c197c0.0.gz') : { frames: [] };
    const parsed = frames.map(({ receivedUs, text }) => ({ receivedUs, frame: JSON.parse(text) as unknown[] })).filter(({ frame }) => Array.isArray(frame));
    const levelsOf = (frame: unknown[], key: string) => (frame.slice(1, -2) as Record<string, [string, string, string][]>[]).flatMap((part) => part[key] ?? []);
    // As many decimals of prices as the pair uses, as v2 has it (1 of XBT/USD, where v1 writes 5).
    const decimals = new Map<string, number>();
    for (const { frame } of parsed) {
      const symbol = frame.at(-1) as string;
      for (const key of ['a', 'b', 'as', 'bs']) for (const [price] of levelsOf(frame, key)) decimals.set(symbol, Math.max(decimals.get(symbol) ?? 0, price.split('.')[1]!.replace(/0+$/, '').length));
    }
    const host = new ScriptedHost();
    const session = kraken.newSession({ symbols: [...decimals.keys()], channels: ['book'] }, host);
    session.open();
    host.feed(session, instruments(Object.fromEntries([...decimals].map(([symbol, price]) => [symbol, [price, 8] as [number, number]]))), 0);
    const expected: Written[] = [];
    const books = new Map([...decimals.keys()].map((symbol) => [symbol, new PlainBook()]));
    let verified = 0;
    for (const { receivedUs, frame } of parsed) {
      const symbol = frame.at(-1) as string;
      const book = books.get(symbol)!;
      const snapshot = levelsOf(frame, 'as').length > 0;
      // Of the deepest book only the first changes: its checksums take the plain book a long time.
      if (book.asks.size > 900 && verified > 4000) continue;
      const price = (text: string): string => Number(text).toFixed(decimals.get(symbol));
      const bids = [...levelsOf(frame, 'bs'), ...levelsOf(frame, 'b')];
      const asks = [...levelsOf(frame, 'as'), ...levelsOf(frame, 'a')];
      const time = new Date(receivedUs / 1000).toISOString().replace('Z', '123Z');
      expected.push(['beginBook', symbol, microsecondsOf(time), receivedUs, snapshot, 0, 0]);
      for (const [side, levels] of [['B', bids], ['A', asks]] as const) {
        for (const [at, size] of levels) {
          book.set(side, price(at), size);
          expected.push(['level', symbol, side, Number(at), Number(size)]);
        }
      }
      for (const side of ['B', 'A'] as const) for (const at of book.cut(side, 1000)) expected.push(['level', symbol, side, at, '0']);
      expected.push(['endBook', symbol]);
      const json = (levels: [string, string, string][]) => `[${levels.map(([at, size]) => `{"price":${price(at)},"qty":${size}}`).join(',')}]`;
      host.feed(session, `{"channel":"book","type":"${snapshot ? 'snapshot' : 'update'}","data":[{"symbol":"${symbol}","bids":${json(bids)},"asks":${json(asks)},"checksum":${book.checksum()},"timestamp":"${time}"}]}`, receivedUs);
      verified++;
    }
    const quoted = host.written.filter((record) => record[0] === 'level' && typeof record[3] === 'string' && record[4] !== '0').length;
    // Frames with a number too long for a float64 came out as texts: worth the same here, where no size has more digits than it holds.
    expect(host.written.map((record) => (record[0] === 'level' && record[4] !== '0' ? [...record.slice(0, 3), Number(record[3]), Number(record[4])] : record))).toEqual(expected);
    expect([host.events, host.bad]).toEqual([[], []]);
    expect(verified).toBeGreaterThan(8000);
    expect(quoted).toBeLessThan(expected.length / 10);
  });
});
