/** What becomes of a subscription that an exchange refuses, or does not answer. */
import { expect, test } from 'vitest';
import { coinbase, kraken } from '../dist/index.js';
import { ScriptedHost } from './support/scripted-host.js';

const TS = 1_700_000_000_000_000;
const asks = (host: ScriptedHost): string[] => host.sent.splice(0).map((request) => {
  const { type, channel, product_ids } = request as { type: string; channel: string; product_ids: string[] };
  return `${type} ${channel} ${product_ids.join(',')}`;
});

test('a request that is refused as a whole is asked for again in halves, until the bad symbol is alone; that one is asked for ever less often', () => {
  const host = new ScriptedHost();
  const session = coinbase.newSession({ symbols: ['A-USD', 'B-USD', 'BAD-USD', 'C-USD', 'D-USD'], channels: ['trades'] }, host);
  session.open();
  const good = new Set<string>();
  let sequence = 0;
  /** As the exchange answers, request by request, heartbeats besides. */
  const answer = (): string[] => {
    const all: string[] = [];
    for (let pending = asks(host); pending.length > 0; pending = asks(host)) {
      for (const request of pending) {
        const [, channel, list] = request.split(' ') as [string, string, string];
        if (channel === 'heartbeats') continue;
        all.push(list);
        if (list.split(',').includes('BAD-USD')) host.feed(session, { type: 'error', message: 'BAD-USD is not a valid product' }, TS);
        else {
          for (const symbol of list.split(',')) good.add(symbol);
          host.feed(session, { channel: 'subscriptions', sequence_num: sequence++, events: [{ subscriptions: { market_trades: [...good] } }] }, TS);
        }
      }
    }
    return all;
  };
  expect(answer()).toEqual(['A-USD,B-USD,BAD-USD,C-USD,D-USD', 'A-USD,B-USD,BAD-USD', 'C-USD,D-USD', 'A-USD,B-USD', 'BAD-USD']);
  expect([...good].sort()).toEqual(['A-USD', 'B-USD', 'C-USD', 'D-USD']);
  expect(host.events.filter(({ kind, symbol }) => kind === 'refused' && symbol !== undefined)).toEqual([{ kind: 'refused', symbol: 'BAD-USD', channel: 'trades', detail: 'BAD-USD is not a valid product' }]);
  const waits: number[] = [];
  for (let round = 0; round < 12; round++) {
    let waited = 0;
    while (!host.sent.some((request) => (request as { channel: string }).channel === 'market_trades')) {
      host.advance(1000);
      waited += 1;
    }
    waits.push(waited);
    expect(answer()).toEqual(['BAD-USD']);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
  // Once nobody wants it any more it is not asked for again.
  session.unsubscribe({ symbols: ['BAD-USD'], channels: ['trades'] });
  asks(host);
  host.advance(2_000_000);
  expect(asks(host).filter((request) => request.includes('market_trades'))).toEqual([]);
});

test('what is refused for a moment is there after the next attempt', () => {
  const host = new ScriptedHost();
  const session = coinbase.newSession({ symbols: ['A-USD'], channels: ['book'] }, host);
  session.open();
  asks(host);
  host.feed(session, { type: 'error', message: 'rate limit exceeded' }, TS);
  host.advance(1000);
  expect(asks(host)).toEqual(['subscribe level2 A-USD']);
  host.feed(session, { channel: 'subscriptions', sequence_num: 0, events: [{ subscriptions: { level2: ['A-USD'], heartbeats: ['A-USD'] } }] }, TS);
  host.advance(3_000_000);
  expect(asks(host)).toEqual([]);
});

test('a subscription that nobody answers is told, and asked for again, without harm to the others', () => {
  const host = new ScriptedHost();
  const session = kraken.newSession({ symbols: ['BTC/USD', 'FOO/USD'], channels: ['trades'] }, host);
  session.open();
  host.feed(session, { method: 'subscribe', success: true, result: { channel: 'trade', symbol: 'BTC/USD' } }, TS);
  host.sent.length = 0;
  host.advance(29_000);
  expect(host.told()).toEqual(['subscribed']);
  host.advance(2500);
  expect(host.events.at(-1)).toEqual({ kind: 'refused', symbol: 'FOO/USD', channel: 'trades', detail: 'not acknowledged in 30 s' });
  expect(host.sent.filter((request) => (request as { method: string }).method === 'subscribe')).toEqual([{ method: 'subscribe', params: { channel: 'trade', symbol: ['FOO/USD'], snapshot: true } }]);
  expect(host.restarts).toEqual([]);
});
