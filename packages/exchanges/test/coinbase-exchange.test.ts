import { beforeEach, describe, expect, test } from 'vitest';
import { coinbaseExchange, type Channel, type ExchangeSession } from '../dist/index.js';
import { microsecondsOf, noRecordings, recording, withRecordings } from './support/recorded-frames.js';
import { ScriptedHost, type Written } from './support/scripted-host.js';

const all: Channel[] = ['trades', 'book', 'quotes', 'heartbeats'];

describe.skipIf(noRecordings !== undefined)(withRecordings('the recorded session of Coinbase Exchange of 2021'), () => {
  const { frames } = noRecordings === undefined ? recording('COINBASE.ws.28.0.products-A.gz') : { frames: [] };
  const symbols = ['SKL-USD', 'SKL-BTC', 'BAND-BTC', 'NU-GBP', 'CRV-EUR'];
  type Message = Record<string, string> & { bids: string[][]; asks: string[][]; changes: string[][] };
  const messages = frames.map(({ receivedUs, text }) => ({ receivedUs, message: JSON.parse(text) as Message }));

  const run = (host: ScriptedHost, skip?: (message: Message, at: number) => boolean): ScriptedHost => {
    const session = coinbaseExchange.newSession({ symbols, channels: all }, host);
    session.open();
    frames.forEach(({ receivedUs, text }, at) => {
      if (skip?.(messages[at]!.message, at) !== true) host.feed(session, text, receivedUs);
    });
    return host;
  };

  test('every match, level and ticker is written, in order; last_match is none of them', () => {
    const expected: Written[] = [];
    for (const { receivedUs, message: m } of messages) {
      const symbol = m['product_id']!;
      const changes = m.changes ?? [];
      if (m['type'] === 'match') expected.push(['trade', symbol, microsecondsOf(m['time']!), receivedUs, Number(m['trade_id']), m['side'] === 'sell' ? 'B' : 'S', m['price'], m['size']]);
      if (m['type'] === 'ticker') expected.push(['quote', symbol, microsecondsOf(m['time']!), receivedUs, Number(m['sequence']), m['best_bid'], '0', m['best_ask'], '0']);
      if (m['type'] === 'snapshot') {
        expected.push(['beginBook', symbol, receivedUs, receivedUs, true, 0, 0]);
        for (const [price, size] of m.bids) expected.push(['level', symbol, 'B', price, size]);
        for (const [price, size] of m.asks) expected.push(['level', symbol, 'A', price, size]);
        expected.push(['endBook', symbol]);
      }
      if (m['type'] === 'l2update') {
        expected.push(['beginBook', symbol, microsecondsOf(m['time']!), receivedUs, false, 0, 0]);
        for (const [side, price, size] of changes) expected.push(['level', symbol, side === 'buy' ? 'B' : 'A', price, size]);
        expected.push(['endBook', symbol]);
      }
    }
    const host = run(new ScriptedHost());
    expect(host.written).toEqual(expected);
    const count = (kind: string) => expected.filter(([which]) => which === kind).length;
    expect([count('trade'), count('quote'), count('beginBook')]).toEqual([69, 74, 5887]);
    expect(host.bad).toEqual([]);
    // The exchange named all ten products of the recorder, of which five were asked for here, for three channels.
    expect([host.events.length, new Set(host.events.map(({ kind }) => kind))]).toEqual([15, new Set(['subscribed'])]);
  });

  test('a taker’s trade is on the side that takes: its price is at the best of the other side in the ticker that follows', () => {
    const sides = messages.flatMap(({ message }, at) => {
      const ticker = messages.slice(at + 1, at + 4).find(({ message: next }) => next['type'] === 'ticker' && next['trade_id'] === message['trade_id'])?.message;
      return message['type'] === 'match' && ticker !== undefined ? [[message['side'], ticker['side']]] : [];
    });
    expect(sides.length).toBeGreaterThan(50);
    // The ticker's side is the taker's.
    expect(sides.filter(([maker, taker]) => maker === taker)).toEqual([]);
  });

  test('a match left out is a gap with its number', () => {
    const lost = messages.filter(({ message }) => message['type'] === 'match' && message['product_id'] === 'SKL-USD')[5]!.message;
    const host = run(new ScriptedHost(), (message) => message === lost);
    const id = Number(lost['trade_id']);
    expect(host.events.filter(({ kind }) => kind === 'gap')).toEqual([{ kind: 'gap', symbol: 'SKL-USD', channel: 'trades', expected: id, found: id + 1 }]);
  });

  test('after a reconnect last_match is written where it was missed', () => {
    const host = new ScriptedHost();
    for (const { message } of messages) if (message['type'] === 'last_match') host.lastTrades.set(message['product_id']!, Number(message['trade_id']) - (message['product_id'] === 'NU-GBP' ? 1 : 0));
    const trades = run(host).written.filter(([kind]) => kind === 'trade');
    expect(trades).toHaveLength(70);
    expect(trades[0]!.slice(0, 6)).toEqual(['trade', 'NU-GBP', 1618677798435588, 1618677817081764, 563678, 'B']);
  });
});

describe('a session of Coinbase Exchange', () => {
  const TIME = '2021-04-17T16:43:37.089723Z';
  const TS = 1618677817089723;
  let host: ScriptedHost;
  let session: ExchangeSession;
  beforeEach(() => {
    host = new ScriptedHost();
    session = coinbaseExchange.newSession({ symbols: ['BTC-USD'], channels: all }, host);
    session.open();
  });
  const send = (frame: object | string): void => host.feed(session, frame, TS);
  const match = (id: unknown, more: object = {}) => ({ type: 'match', trade_id: id, side: 'sell', size: '2', price: '100', product_id: 'BTC-USD', sequence: 50, time: TIME, ...more });
  const beat = (last: number, more: object = {}) => ({ type: 'heartbeat', sequence: 90, last_trade_id: last, product_id: 'BTC-USD', time: TIME, ...more });

  test('asks with one request a channel, of the book the batches, which need no key', () => {
    const ids = { type: 'subscribe', product_ids: ['BTC-USD'] };
    expect(host.sent).toEqual([{ ...ids, channels: ['matches'] }, { ...ids, channels: ['level2_batch'] }, { ...ids, channels: ['ticker'] }, { ...ids, channels: ['heartbeat'] }]);
    send({ type: 'subscriptions', channels: [{ name: 'matches', product_ids: ['BTC-USD'] }, { name: 'status' }, 5] });
    send({ type: 'error', message: 'Failed to subscribe', reason: 'XYZ-USD is not a valid product' });
    send({ type: 'status' });
    expect(host.events).toEqual([{ kind: 'subscribed', symbol: 'BTC-USD', channel: 'trades' },
      { kind: 'refused', symbol: 'BTC-USD', channel: 'book', detail: 'Failed to subscribe: XYZ-USD is not a valid product' }, { kind: 'unknown', detail: 'type status' }]);
  });

  test('a trade that a heartbeat knows is missing when it has not come by the next, and new when it comes after all', () => {
    send(match(10));
    send(beat(11));
    send(match(11));
    send(beat(13));
    expect(host.events).toEqual([]);
    send(beat(13));
    expect(host.events).toEqual([{ kind: 'gap', symbol: 'BTC-USD', channel: 'trades', expected: 12, found: 14, detail: 'last_trade_id of a heartbeat' }]);
    send(match(12));
    send(match(12));
    send(match(14));
    send(beat(14));
    expect(host.written.filter(([kind]) => kind === 'trade').map((record) => record[4])).toEqual([10, 11, 12, 14]);
    expect(host.written.filter(([kind]) => kind === 'heartbeat')).toEqual(Array.from({ length: 4 }, () => ['heartbeat', 'BTC-USD', TS, TS, 90]));
    expect([host.events.length, host.bad]).toEqual([1, []]);
  });

  test('a quote has the sizes of today’s tickers', () => {
    send({ type: 'ticker', sequence: 5, product_id: 'BTC-USD', best_bid: '1', best_bid_size: '2', best_ask: '3', best_ask_size: '4', time: TIME });
    send({ type: 'ticker', sequence: 6, product_id: 'BTC-USD', best_bid: '1', best_bid_size: '2', best_ask: '3', best_ask_size: '4' });
    expect(host.written).toEqual([['quote', 'BTC-USD', TS, TS, 5, '1', '2', '3', '4'], ['quote', 'BTC-USD', TS, TS, 6, '1', '2', '3', '4']]);
  });

  test('what cannot be read is told by a reason, and the rest of its frame is taken', () => {
    const cases: [string, object | string][] = [
      ['not JSON', 'ping'], ['not an object', '"x"'],
      ['time is implausible', match(1, { time: '2031-01-01T00:00:00Z' })],
      ['time missing', match(1, { time: undefined })],
      ['symbol unknown', match(1, { product_id: 'ETH-USD' })],
      ['price is not a number', match(1, { price: 'NaN' })],
      ['size is not positive', match(1, { size: '0.00' })],
      ['trade id missing', match(undefined)],
      ['side unknown', match(1, { side: 'B' })],
      ['last trade id missing', { ...beat(1), last_trade_id: undefined }],
      ['price missing', { type: 'ticker', product_id: 'BTC-USD', time: TIME, sequence: 1, best_bid: '1' }],
    ];
    for (const [reason, frame] of cases) {
      send(frame);
      expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
    }
    expect(host.written.filter(([kind]) => kind === 'trade' || kind === 'quote' || kind === 'heartbeat')).toEqual([]);
  });

  test('a book of which something cannot be read begins again, also where a change of it is no JSON', () => {
    const update = (changes: unknown, more: object = {}) => ({ type: 'l2update', product_id: 'BTC-USD', changes, time: TIME, ...more });
    const snapshot = (asks: unknown) => ({ type: 'snapshot', product_id: 'BTC-USD', bids: [['100', '1']], asks });
    const cases: [string, object | string, string[]][] = [
      ['price is not positive', update([['buy', '100', '2'], ['buy', '0', '1'], ['buy', '99', '1']]), ['100']],
      ['level is no list', update([['buy', '100', '2'], 'sell', ['sell', '101', '0']]), ['100']],
      ['size is negative', update([['buy', '100', '-2'], ['buy', '99', '3']]), []], ['side unknown', update([['bid', '100', '2'], ['buy', '98', '3']]), []],
      ['price missing', update([['buy'], ['buy', '97', '3']]), []], ['changes is no list', update({}), []], ['time missing', update([['buy', '1', '1']], { time: undefined }), []],
      ['time is implausible', update([['buy', '1', '1']], { time: '1970-01-01T00:00:00.000000Z' }), []],
      ['not JSON', JSON.stringify(update([['buy', '1', '1']])).slice(0, -9), []],
      ['size is not a number', snapshot([['101', '1'], ['102', 'x']]), ['100', '101']], ['bids missing', { type: 'snapshot', product_id: 'BTC-USD' }, []],
    ];
    for (const [reason, frame, written] of cases) {
      send(snapshot([]));
      host.advance(61_000);
      host.events.length = host.sent.length = 0;
      host.taken();
      send(frame);
      expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
      expect(host.taken().flatMap(([kind, , , price]) => (kind === 'level' ? [price] : kind === 'endBook' ? ['end'] : [])), reason).toEqual(written);
      expect(host.events, reason).toEqual([{ kind: 'gap', symbol: 'BTC-USD', channel: 'book', detail: expect.stringContaining(`cannot be read: ${reason}`) as string }]);
      expect(host.sent.length, reason).toBe(2);
      send(update([['buy', '90', '1']]));
      expect(host.taken(), reason).toEqual([]);
    }
    // What is no JSON and may be anything is nobody's.
    send(snapshot([]));
    host.events.length = 0;
    send('{"type":"match","product_id":"BTC-USD"');
    send('{"type":"l2update"');
    expect([host.bad, host.events]).toEqual([['not JSON', 'not JSON'], []]);
  });
});
