import { describe, expect, test } from 'vitest';
import { coinbase, type Channel } from '../dist/index.js';
import { microsecondsOf, noRecordings, recording, withRecordings } from './support/recorded-frames.js';
import { ScriptedHost, type Written } from './support/scripted-host.js';

interface Trade { product_id: string; trade_id: string; price: string; size: string; time: string; side: string }
interface Message {
  channel: string; timestamp: string; sequence_num: number;
  events: { type: string; product_id: string; trades: Trade[]; tickers: Record<string, string>[]; heartbeat_counter: number;
    updates: { side: string; event_time: string; price_level: string; new_quantity: string }[] }[];
}

const wanted = { symbols: ['BTC-USD', 'ETH-USD'], channels: ['trades', 'book', 'quotes', 'heartbeats'] as Channel[] };

/** The recording in the words of records, parsed without anything of the adapter. */
function expected(messages: { receivedUs: number; message: Message }[], tradesAfter: ReadonlyMap<string, number>): Written[] {
  const written: Written[] = [];
  for (const { receivedUs, message } of messages) {
    for (const event of message.events) {
      if (message.channel === 'market_trades') {
        for (const trade of event.trades.toReversed()) {
          if (Number(trade.trade_id) <= tradesAfter.get(trade.product_id)!) continue;
          written.push(['trade', trade.product_id, microsecondsOf(trade.time), receivedUs, Number(trade.trade_id), trade.side === 'BUY' ? 'S' : 'B', trade.price, trade.size]);
        }
      } else if (message.channel === 'l2_data') {
        written.push(['beginBook', event.product_id, microsecondsOf(event.updates[0]!.event_time), receivedUs, event.type === 'snapshot', 0, 0]);
        for (const update of event.updates) written.push(['level', event.product_id, update.side === 'bid' ? 'B' : 'A', update.price_level, update.new_quantity]);
        written.push(['endBook', event.product_id]);
      } else if (message.channel === 'ticker') {
        for (const ticker of event.tickers) {
          written.push(['quote', ticker['product_id']!, microsecondsOf(message.timestamp), receivedUs, 0, ticker['best_bid'], ticker['best_bid_quantity'], ticker['best_ask'], ticker['best_ask_quantity']]);
        }
      } else if (message.channel === 'heartbeats') {
        for (const symbol of wanted.symbols) written.push(['heartbeat', symbol, microsecondsOf(message.timestamp), receivedUs, event.heartbeat_counter]);
      }
    }
  }
  return written;
}

describe.skipIf(noRecordings !== undefined)(withRecordings('the recorded session of Coinbase Advanced Trade'), () => {
  const { sent, frames } = noRecordings === undefined ? recording('COINBASE.jsonl.zst') : { sent: [], frames: [] };
  const messages = frames.map(({ receivedUs, text }) => ({ receivedUs, message: JSON.parse(text) as Message }));
  const snapshotEnds = new Map(messages.filter(({ message }) => message.channel === 'market_trades' && message.events[0]!.type === 'snapshot')
    .map(({ message }) => [message.events[0]!.trades[0]!.product_id, Number(message.events[0]!.trades[0]!.trade_id)]));

  const run = (host: ScriptedHost): ScriptedHost => {
    const session = coinbase.newSession(wanted, host);
    session.open();
    for (const { receivedUs, text } of frames) host.feed(session, text, receivedUs);
    return host;
  };

  test('the requests are those that the exchange answered then, without candles', () => {
    const host = run(new ScriptedHost());
    const sorted = (requests: unknown[]) => requests.map((request) => JSON.stringify(request)).sort();
    expect(sorted(host.sent)).toEqual(sorted(sent.filter((request) => (request as { channel: string }).channel !== 'candles')));
  });

  test('every trade after the snapshots, every level, quote and heartbeat is written, in order', () => {
    const host = run(new ScriptedHost());
    const all = expected(messages, snapshotEnds);
    expect(host.written).toEqual(all);
    expect(host.bad).toEqual([]);
    const count = (kind: string) => all.filter(([which]) => which === kind).length;
    expect([count('trade'), count('level'), count('quote'), count('heartbeat')]).toEqual([79, 74_193, 160, 50]);
    expect(host.events.filter(({ kind }) => kind === 'unknown')).toEqual([{ kind: 'unknown', detail: 'channel candles' }]);
    expect(host.events.filter(({ kind }) => kind === 'subscribed').map(({ channel, symbol }) => `${channel} ${symbol}`).sort()).toEqual([
      'book BTC-USD', 'book ETH-USD', 'quotes BTC-USD', 'quotes ETH-USD', 'trades BTC-USD', 'trades ETH-USD']);
    expect(host.events.filter(({ kind }) => kind !== 'unknown' && kind !== 'subscribed')).toEqual([]);
  });

  test('after a reconnect the trades of the snapshot that were missed are written, the others not again', () => {
    const host = new ScriptedHost();
    const after = new Map([...snapshotEnds].map(([symbol, id]) => [symbol, id - 30]));
    for (const [symbol, id] of after) host.lastTrades.set(symbol, id);
    expect(run(host).written).toEqual(expected(messages, after));
    expect(host.written.filter(([kind]) => kind === 'trade')).toHaveLength(79 + 60);
    expect(host.events.filter(({ kind }) => kind === 'gap')).toEqual([]);
  });

  test('a reconnect after longer than the snapshot reaches back is a gap', () => {
    const host = new ScriptedHost();
    const oldest = snapshotEnds.get('BTC-USD')! - 99;
    host.lastTrades.set('BTC-USD', oldest - 11);
    run(host);
    expect(host.events.filter(({ kind }) => kind === 'gap')).toEqual([{ kind: 'gap', symbol: 'BTC-USD', channel: 'trades', expected: oldest - 10, found: oldest }]);
    expect(host.written.filter(([kind, symbol]) => kind === 'trade' && symbol === 'BTC-USD')[0]![4]).toBe(oldest);
  });

  test('the book that is written is the exchange’s: tickers have its best prices, and a taker’s trade is at the other side’s best', () => {
    const host = run(new ScriptedHost());
    const books = new Map(wanted.symbols.map((symbol) => [symbol, { B: new Set<number>(), A: new Set<number>() }]));
    const trades = { taker: 0, maker: 0, inside: 0 };
    const quotes = { best: 0, near: 0 };
    for (const [kind, symbol, ...values] of host.written) {
      const { B: bids, A: asks } = books.get(symbol)!;
      if (kind === 'level') {
        const levels = values[0] === 'B' ? bids : asks;
        if (Number(values[2]) === 0) levels.delete(Number(values[1]));
        else levels.add(Number(values[1]));
      }
      if (bids.size === 0 || (kind !== 'trade' && kind !== 'quote')) continue;
      const [bid, ask] = [Math.max(...bids), Math.min(...asks)];
      if (kind === 'quote') quotes[Number(values[3]) === bid && Number(values[5]) === ask ? 'best' : 'near']++;
      else if (Number(values[4]) > bid && Number(values[4]) < ask) trades.inside++;
      else trades[(values[3] === 'B') === (Number(values[4]) >= ask) ? 'taker' : 'maker']++;
    }
    expect(trades).toEqual({ taker: 71, maker: 0, inside: 7 });
    // Channels are sent on their own: some tickers tell of a moment before or after the last change of the book that has come.
    expect(quotes).toEqual({ best: 132, near: 22 });
  });

  test('frames left out are gaps; books are dropped, asked for and taken again, and lost trades come with the snapshot', () => {
    const host = new ScriptedHost();
    const session = coinbase.newSession(wanted, host);
    session.open();
    const cut = frames.findIndex((_, at) => at > 400 && messages[at]!.message.channel === 'market_trades' && messages[at]!.message.events[0]!.trades[0]!.product_id === 'BTC-USD');
    frames.slice(0, cut).forEach(({ receivedUs, text }) => host.feed(session, text, receivedUs));
    host.taken();
    host.sent.length = 0;
    host.told();
    const next = messages.findIndex(({ message }, at) => at > cut && message.channel === 'market_trades' && message.events[0]!.trades[0]!.product_id === 'BTC-USD');
    frames.slice(cut + 1, next + 1).forEach(({ receivedUs, text }) => host.feed(session, text, receivedUs));
    const lost = messages[cut]!.message.events[0]!.trades;
    expect(host.events.map(({ detail: _, ...event }) => event)).toEqual([
      { kind: 'gap', expected: messages[cut]!.message.sequence_num, found: messages[cut]!.message.sequence_num + 1 },
      { kind: 'gap', symbol: 'BTC-USD', channel: 'trades', expected: Number(lost.at(-1)!.trade_id), found: Number(lost[0]!.trade_id) + 1 },
    ]);
    expect(host.sent).toEqual([
      { type: 'unsubscribe', product_ids: wanted.symbols, channel: 'level2' }, { type: 'subscribe', product_ids: wanted.symbols, channel: 'level2' },
      { type: 'unsubscribe', product_ids: wanted.symbols, channel: 'market_trades' }, { type: 'subscribe', product_ids: wanted.symbols, channel: 'market_trades' },
    ]);
    expect(host.taken().filter(([kind]) => kind === 'beginBook')).toEqual([]);
    // The exchange's answer: snapshots of the books and of the recent trades.
    const sequence = messages[next]!.message.sequence_num;
    const received = frames[next]!.receivedUs;
    const recent = [...messages[next]!.message.events[0]!.trades, ...lost];
    host.feed(session, { channel: 'market_trades', timestamp: messages[next]!.message.timestamp, sequence_num: sequence + 1, events: [{ type: 'snapshot', trades: recent }] }, received);
    expect(host.taken().map(([, , , , id]) => id)).toEqual(lost.toReversed().map(({ trade_id }) => Number(trade_id)));
    const snapshot = messages.find(({ message }) => message.channel === 'l2_data' && message.events[0]!.product_id === 'ETH-USD')!.message;
    host.events.length = 0;
    host.feed(session, { ...snapshot, sequence_num: sequence + 2 }, received);
    expect(host.events).toEqual([{ kind: 'resynced', symbol: 'ETH-USD', channel: 'book' }]);
    expect(host.taken()).toHaveLength(snapshot.events[0]!.updates.length + 2);
    host.events.length = 0;
    host.advance(15_000);
    expect(host.events).toContainEqual({ kind: 'refused', symbol: 'BTC-USD', channel: 'book', detail: 'no snapshot in 15 s' });
    expect(host.restarts).toEqual([]);
  });
});
