import { beforeEach, describe, expect, test } from 'vitest';
import { krakenV1, type Channel, type ExchangeSession } from '../dist/index.js';
import { PlainBook } from './support/plain-book.js';
import { noRecordings, recording, withRecordings } from './support/recorded-frames.js';
import { ScriptedHost, type Written } from './support/scripted-host.js';

const microseconds = (time: string): number => Number(time.replace('.', ''));
type Level = [price: string, size: string, time: string, republished?: 'r'];

describe.skipIf(noRecordings !== undefined)(withRecordings('the recorded connections to Kraken of 2021'), () => {
  const symbols = ['ALGO/XBT', 'LSK/USD', 'USDC/GBP', 'FIL/XBT', 'WAVES/ETH', 'ICX/USD', 'AUD/USD', 'KAVA/USD', 'DASH/EUR', 'XBT/USD'];
  const load = (name: string) => (noRecordings === undefined ? recording(name) : { sent: [], frames: [] });
  const run = (name: string, channels: Channel[]): ScriptedHost => {
    const { frames } = load(name);
    const host = new ScriptedHost();
    const session = krakenV1.newSession({ symbols, channels }, host);
    session.open();
    for (const { receivedUs, text } of frames) host.feed(session, text, receivedUs);
    return host;
  };

  test('requests are those that Kraken answered then', () => {
    expect(run('KRAKEN-c197c0.0.gz', ['book']).sent).toEqual(load('KRAKEN-c197c0.0.gz').sent);
    expect(run('KRAKEN-82ac16.0.gz', ['trades']).sent).toEqual(load('KRAKEN-82ac16.0.gz').sent);
    expect(run('KRAKEN-4b7396.0.gz', ['quotes']).sent).toEqual(load('KRAKEN-4b7396.0.gz').sent);
  });

  test('every trade, quote and heartbeat is written, in order', () => {
    const trades: Written[] = [];
    const quotes: Written[] = [];
    for (const { receivedUs, text } of load('KRAKEN-82ac16.0.gz').frames) {
      const frame = JSON.parse(text) as [number, string[][], string, string];
      if (Array.isArray(frame)) for (const [price, size, time, side] of frame[1]) trades.push(['trade', frame[3], microseconds(time!), receivedUs, 0, side!.toUpperCase(), price, size]);
    }
    for (const { receivedUs, text } of load('KRAKEN-4b7396.0.gz').frames) {
      const frame = JSON.parse(text) as [number, { a: string[]; b: string[] }, string, string];
      if (Array.isArray(frame)) quotes.push(['quote', frame[3], receivedUs, receivedUs, 0, frame[1].b[0], frame[1].b[2], frame[1].a[0], frame[1].a[2]]);
    }
    const traded = run('KRAKEN-82ac16.0.gz', ['trades', 'heartbeats']);
    expect(traded.written.filter(([kind]) => kind === 'trade')).toEqual(trades);
    expect(traded.written.filter(([kind]) => kind === 'heartbeat')).toHaveLength(119 * 10);
    const quoted = run('KRAKEN-4b7396.0.gz', ['quotes']);
    expect(quoted.written).toEqual(quotes);
    expect([trades.length, quotes.length, traded.bad, quoted.bad]).toEqual([28, 22, [], []]);
    expect(new Set([...traded.events, ...quoted.events].map(({ kind }) => kind))).toEqual(new Set(['subscribed']));
    expect(traded.events.map(({ symbol, channel }) => `${symbol} ${channel}`)).toEqual(symbols.map((symbol) => `${symbol} trades`));
  });

  test('every level is written, with what falls out of the depth, and all 14,496 checksums are right', () => {
    const expected: Written[] = [];
    const books = new Map(symbols.map((symbol) => [symbol, new PlainBook()]));
    let checksums = 0;
    for (const { receivedUs, text } of load('KRAKEN-c197c0.0.gz').frames) {
      const frame = JSON.parse(text) as unknown[];
      if (!Array.isArray(frame)) continue;
      const symbol = frame.at(-1) as string;
      const parts = frame.slice(1, -2) as { a?: Level[]; b?: Level[]; as?: Level[]; bs?: Level[]; c?: string }[];
      const times = parts.flatMap(({ a = [], b = [], as = [], bs = [] }) => [...a, ...b, ...as, ...bs]).map(([, , time]) => microseconds(time));
      const book = books.get(symbol)!;
      expected.push(['beginBook', symbol, Math.max(...times), receivedUs, parts[0]!.as !== undefined, 0, 0]);
      for (const { a = [], b = [], as = [], bs = [] } of parts) {
        for (const [side, levels] of [['B', bs], ['A', as], ['B', b], ['A', a]] as const) {
          for (const [price, size] of levels) {
            book.set(side, price, size);
            expected.push(['level', symbol, side, price, size]);
          }
        }
      }
      for (const side of ['B', 'A'] as const) for (const price of book.cut(side, 1000)) expected.push(['level', symbol, side, price, '0']);
      expected.push(['endBook', symbol]);
      const theirs = parts.at(-1)!.c;
      if (theirs === undefined) continue;
      // Sorting a thousand levels for every frame takes long: of the deepest book every fifth is held against the plain one as well.
      if (book.asks.size < 900 || checksums % 5 === 0) expect(book.checksum()).toBe(Number(theirs));
      checksums++;
    }
    const host = run('KRAKEN-c197c0.0.gz', ['book']);
    expect(checksums).toBe(14_496);
    expect(host.written).toEqual(expected);
    expect(host.written.filter((record) => record[0] === 'level' && record[4] === '0').length).toBeGreaterThan(500);
    expect(host.events.filter(({ kind }) => kind !== 'subscribed')).toEqual([]);
    expect(host.bad).toEqual([]);
  });

  test('one digit of a top level wrong is told by the next checksum, and by no other; after the new snapshot all are right again', () => {
    const { frames } = load('KRAKEN-c197c0.0.gz');
    const host = new ScriptedHost();
    const session = krakenV1.newSession({ symbols, channels: ['book'] }, host);
    session.open();
    const book = new PlainBook();
    let corrupted: number | undefined;
    let restored = false;
    host.sent.length = 0;
    frames.forEach(({ receivedUs, text }, at) => {
      const ours = text.endsWith('"book-1000","XBT/USD"]');
      // The first size of a change, where it is one of the ten best bids.
      const change = /"b":\[\["([\d.]+)","(\d+\.\d{7})(\d)"/.exec(text);
      if (ours && at > 2000 && corrupted === undefined && change !== null && Number(change[2]) > 0 && Number(change[1]) >= Number(book.sorted('B')[5]![0])) {
        corrupted = at;
        host.events.length = 0;
        host.feed(session, text.replace(change[0], change[0].replace(/\d"$/, `${(Number(change[3]) + 1) % 10}"`)), receivedUs);
        expect(host.told()).toEqual(['checksum']);
        expect(host.sent).toEqual([{ event: 'unsubscribe', pair: ['XBT/USD'], subscription: { name: 'book', depth: 1000 } }, { event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'book', depth: 1000 } }]);
        host.taken();
      } else {
        host.feed(session, text, receivedUs);
      }
      if (ours) {
        for (const part of (JSON.parse(text) as Record<string, Level[]>[]).slice(1, -2)) {
          for (const [price, size] of [...(part['bs'] ?? []), ...(part['b'] ?? [])]) book.set('B', price, size);
          for (const [price, size] of [...(part['as'] ?? []), ...(part['a'] ?? [])]) book.set('A', price, size);
        }
        for (const side of ['B', 'A'] as const) book.cut(side, 1000);
      }
      if (corrupted !== undefined && at === corrupted + 200) {
        // Until its snapshot comes nothing is written of the book, which other books do not mind.
        const meanwhile = host.taken();
        expect(meanwhile.filter(([, symbol]) => symbol === 'XBT/USD')).toEqual([]);
        expect(meanwhile.length).toBeGreaterThan(50);
        const levels = (side: 'B' | 'A') => book.sorted(side).map(([price, size]) => [price, size, '1617666461.000000']);
        host.feed(session, [320, { as: levels('A'), bs: levels('B') }, 'book-1000', 'XBT/USD'], receivedUs);
        expect(host.told()).toEqual(['resynced']);
        restored = true;
      }
    });
    expect(restored).toBe(true);
    expect([host.events, host.restarts]).toEqual([[], []]);
    expect(host.taken().filter(([kind, symbol]) => kind === 'beginBook' && symbol === 'XBT/USD').length).toBeGreaterThan(1000);
  });
});

describe('a session of Kraken v1', () => {
  const TIME = '1617666461.465618';
  const TS = 1617666461465618;
  let host: ScriptedHost;
  let session: ExchangeSession;
  beforeEach(() => {
    host = new ScriptedHost();
    session = krakenV1.newSession({ symbols: ['XBT/USD'], channels: ['trades', 'book', 'quotes', 'heartbeats'] }, host);
    session.open();
    host.sent.length = 0;
  });
  const send = (frame: unknown): void => host.feed(session, frame, TS);
  const book = (part: object): void => send([320, part, 'book-10', 'XBT/USD']);

  // The example of docs.kraken.com/exchange/guides/websockets/book-checksum-v1.
  const DOCS_ASKS = ['0.05005', '0.05010', '0.05015', '0.05020', '0.05025', '0.05030', '0.05035', '0.05040', '0.05045', '0.05050'];
  const DOCS_BIDS = ['0.05000', '0.04995', '0.04990', '0.04980', '0.04975', '0.04970', '0.04965', '0.04960', '0.04955', '0.04950'];
  const at = (price: string, size = '0.00000500') => [price, size, TIME];

  test('the checksum of Kraken’s own example is right, in a frame of five elements; the depth is the channel’s', () => {
    book({ as: [...DOCS_ASKS.slice(1), '0.05055'].map((price) => at(price)), bs: DOCS_BIDS.map((price) => at(price)) });
    host.taken();
    send([320, { a: [at('0.05005')] }, { b: [at('0.04940')], c: '974947235' }, 'book-10', 'XBT/USD']);
    expect(host.written.map((record) => record.slice(2).join(' '))).toEqual([`${TS} ${TS} false 0 0`, 'A 0.05005 0.00000500', 'B 0.04940 0.00000500', 'B 0.04940 0', 'A 0.05055 0', '']);
    expect([host.events, host.bad]).toEqual([[], []]);
    book({ b: [at('0.05000', '0.00000501')], c: '974947235' });
    expect(host.events).toEqual([expect.objectContaining({ kind: 'checksum', symbol: 'XBT/USD', expected: 974947235 })]);
  });

  test('a book that stays wrong is asked for again less and less often, and so is one that does not come', () => {
    const wrong = () => { book({ as: [], bs: [at('1')] }); book({ b: [at('2')], c: '1' }); };
    const waits: number[] = [];
    for (const name of ['trade', 'ticker']) send({ event: 'subscriptionStatus', status: 'subscribed', pair: 'XBT/USD', subscription: { name } });
    host.events.length = 0;
    wrong();
    for (let round = 0; round < 8; round++) {
      expect(host.sent.filter((request) => (request as { event: string }).event !== 'ping').length).toBe(2 * (round + 1));
      wrong();
      let waited = 0;
      while (host.sent.filter((request) => (request as { event: string }).event !== 'ping').length < 2 * (round + 2) && waited < 120) {
        host.advance(1000);
        waited++;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(host.restarts).toEqual([]);
    expect(new Set(host.told())).toEqual(new Set(['checksum', 'resynced']));
    const asked = host.sent.length;
    host.advance(16_000);
    expect([host.restarts, host.told().includes('refused'), host.sent.length > asked]).toEqual([[], true, true]);
  });

  test('status, refusals, pings and kinds that are not known', () => {
    send({ event: 'systemStatus', status: 'online', version: '1.9.2', connectionID: 1 });
    send({ event: 'systemStatus', status: 'maintenance' });
    send({ event: 'subscriptionStatus', status: 'error', pair: 'FOO/BAR', subscription: { name: 'trade' }, errorMessage: 'Currency pair not supported FOO/BAR' });
    send({ event: 'subscriptionStatus', status: 'unsubscribed', pair: 'XBT/USD', channelName: 'book-1000', subscription: { name: 'book', depth: 1000 } });
    send({ event: 'error', errorMessage: 'Malformed request' });
    send({ event: 'pong' });
    send({ event: 'news' });
    send([1, {}, 'ohlc-5', 'XBT/USD']);
    expect(host.events).toEqual([
      { kind: 'refused', detail: 'system maintenance' }, { kind: 'refused', channel: 'trades', detail: 'FOO/BAR: Currency pair not supported FOO/BAR' },
      { kind: 'unsubscribed', symbol: 'XBT/USD', channel: 'book' }, { kind: 'refused', symbol: 'XBT/USD', channel: 'trades', detail: 'Malformed request' },
      { kind: 'unknown', detail: 'event news' }, { kind: 'unknown', detail: 'channel ohlc-5' }]);
    host.advance(65_000);
    expect(host.sent.filter((request) => (request as { event: string }).event === 'ping')).toEqual([{ event: 'ping' }, { event: 'ping' }]);
    expect(host.bad).toEqual([]);
  });

  test('what cannot be read is told by a reason, and the rest of its frame is taken', () => {
    const trade = ['100.0', '2.0', TIME, 'b', 'm', ''];
    const trades = (...list: unknown[]) => [321, list, 'trade', 'XBT/USD'];
    book({ as: [], bs: [] });
    host.taken();
    const cases: [string, unknown][] = [
      ['not JSON', '[1,'], ['neither a list nor an object', '5'], ['list too short', [1, 'trade', 'XBT/USD']], ['channel missing', [1, [], 5, 'XBT/USD']],
      ['symbol unknown', [1, [trade], 'trade', 'ETH/USD']], ['symbol missing', [1, [trade], 'trade', null]], ['trades is no list', [1, {}, 'trade', 'XBT/USD']],
      ['price is not positive', trades(['0.0', '1', TIME, 'b'], trade)], ['price is not a number', trades([TIME, '1', TIME, 'b'].fill('x', 0, 1), trade)],
      ['size is not positive', trades(['1', '0', TIME, 'b'], trade)], ['size is not positive', trades(['1', '-2', TIME, 'b'], trade)],
      ['time is implausible', trades(['1', '1', '0.000001', 'b'], trade)], ['time is implausible', trades(['1', '1', '9999999999.0', 'b'], trade)],
      ['time is not a time', trades(['1', '1', 1617666461.4, 'b'], trade)], ['side unknown', trades(['1', '1', TIME, 'x'], trade)], ['trade missing', trades(undefined, trade)],
      ['bid missing', [1, { a: ['1', 1, '1'] }, 'ticker', 'XBT/USD']], ['ticker is not an object', [1, [], 'ticker', 'XBT/USD']],
      ['price is not positive', [1, { a: ['0', 1, '1'], b: ['1', 1, '1'] }, 'ticker', 'XBT/USD']],
      ['book is not an object', [1, [], 'book-10', 'XBT/USD']], ['levels is no list', [1, { b: {}, c: '0' }, 'book-10', 'XBT/USD']],
    ];
    for (const [reason, frame] of cases) {
      book({ as: [], bs: [] });
      send(frame);
      expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
    }
    expect(host.taken().filter(([kind]) => kind === 'trade' || kind === 'quote')).toEqual(Array.from({ length: 9 }, () => ['trade', 'XBT/USD', TS, TS, 0, 'B', '100.0', '2.0']));
  });

  test('a book of which something cannot be read begins again, whatever its checksum says', () => {
    const cases: [string, object, string[]][] = [
      ['price is not a number', { b: [at('97.0', '1.0'), at('x', '1.0'), at('96.0', '1.0')], c: '0' }, ['97.0']], ['size is negative', { b: [at('97.0', '-1.0')], c: '0' }, []],
      ['price too large', { b: [at('31', '1.0')], c: '0' }, []], ['checksum missing', { b: [at('95.0', '1.0')] }, []], ['levels is no list', { b: 'x', c: '0' }, []],
      ['price is not positive', { as: [at('101.0', '1.0'), at('0.0', '1.0'), 'x'], bs: [] }, ['101.0']],
    ];
    host.tooLarge.add('31');
    for (const [reason, part, written] of cases) {
      book({ as: [], bs: [at('99.0', '1.0')] });
      host.advance(61_000);
      host.events.length = host.sent.length = 0;
      host.taken();
      book(part);
      expect([reason, host.bad.splice(0)]).toEqual([reason, [reason]]);
      expect(host.taken().flatMap(([kind, , , price]) => (kind === 'level' ? [price] : kind === 'endBook' ? ['end'] : [])), reason).toEqual(written);
      expect(host.events, reason).toEqual([{ kind: 'gap', symbol: 'XBT/USD', channel: 'book', detail: expect.stringContaining(`cannot be read: ${reason}`) as string }]);
      expect(host.sent.length, reason).toBe(2);
    }
    // A time that cannot be read is told, but its level is taken: the book is the exchange's.
    book({ as: [], bs: [at('99.0', '1.0'), ['98.0', '1.0', '1.0']] });
    expect([host.bad, host.events.at(-1)?.kind]).toEqual([['time is implausible'], 'resynced']);
  });

  test('symbols as people type them', () => {
    expect(['btc/usd', 'XBT/USD', 'doge-eur', 'eth_xbt'].map((typed) => krakenV1.symbolOf(typed))).toEqual(['XBT/USD', 'XBT/USD', 'XDG/EUR', 'ETH/XBT']);
    for (const typed of ['', 'XBTUSD', 'XBT/', 'A/B/C', 'X T/USD']) expect(() => krakenV1.symbolOf(typed), typed).toThrow(expect.objectContaining({ code: 'DW_SYMBOL_UNKNOWN' }) as Error);
  });
});
