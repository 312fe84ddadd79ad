import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeepwaterError } from '@deepwater/core';
import { type AddressInfo, WebSocketServer } from 'ws';
import { afterAll, describe, expect, test } from 'vitest';
import { BadFrame, type ConnectionEvent, type MessageHost, type RecordSink, type SocketDefinition, type SourceDefinition, type Wanted, SOURCES, defineSource, findSource, isStreamSource, kraken, loadSource, newLink, recordFeedName } from '../dist/index.js';
import { ScriptedHost } from './support/scripted-host.js';
import { KeptRecords } from './support/stream-run.js';

const folder = mkdtempSync(path.join(tmpdir(), 'deepwater-sources-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const run = async (): Promise<void> => { await Promise.resolve(); };
const socket: SocketDefinition = { name: 'dex', url: 'wss://dex.example', subscribe: () => [], message: () => undefined };
const errorOf = (define: () => unknown): DeepwaterError => {
  try {
    define();
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error)) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('a definition', () => {
  test('has defaults for all but its name and its transport', () => {
    const stream = defineSource({ name: 'node-7', run });
    expect(stream).toMatchObject({ name: 'node-7', title: 'node-7', market: 'spot', channels: ['trades'], tradeIds: 'none', limits: { symbolsMax: 100 } });
    expect(isStreamSource(stream)).toBe(true);
    expect('products' in stream).toBe(false);
    const exchange = defineSource({ ...socket, rest: 'https://dex.example/api', limits: { silenceMs: 500, symbolsMax: undefined }, title: 'The Dex' });
    expect(exchange).toMatchObject({ title: 'The Dex', endpoints: { ws: 'wss://dex.example', rest: 'https://dex.example/api' }, limits: { symbolsMax: 50, sendsPerSecond: 5, silenceMs: 500 } });
    for (const part of [stream, stream.limits, stream.channels, exchange, exchange.endpoints]) expect(Object.isFrozen(part)).toBe(true);
  });

  const wrong: [what: string, definition: unknown, key: string | undefined, says: RegExp][] = [
    ['no object', 7, undefined, /defined by an object, not by 7/],
    ['nothing', {}, 'name', /needs name \(1 to 40 of a-z 0-9 -, beginning with a letter\), url .*subscribe \(a function\), message \(a function\)\. A source has `run`, or/],
    ['a name that no feed can begin with', { name: 'My Dex', run }, 'name', /name of the source is "My Dex"; give 1 to 40 of/],
    ['a run that is none', { name: 'dex', run: 'later' }, 'run', /run of the source is "later"; give a function/],
    ['a key with a mistake in it', { name: 'dex', run, chanels: ['trades'] }, 'chanels', /has no "chanels" \(did you mean channels\?\)/],
    ['a socket key of a source that has none', { name: 'dex', run, ping: {} }, 'ping', /with `run` has no "ping"/],
    ['a channel that there is not', { name: 'dex', run, channels: ['swaps'] }, 'channels', /give a list of some of trades, book, quotes, heartbeats/],
    ['a channel twice', { name: 'dex', run, channels: ['book', 'book'] }, 'channels', /each once/],
    ['no channel', { name: 'dex', run, channels: [] }, 'channels', /channels/],
    ['a limit that there is not', { name: 'dex', run, limits: { sendsPerSecond: 3 } }, 'limits.sendsPerSecond', /has no "limits.sendsPerSecond"/],
    ['a limit of nothing', { name: 'dex', run, limits: { symbolsMax: 0 } }, 'limits.symbolsMax', /limits.symbolsMax of the source is 0; give a whole number from 1/],
    ['a limit that is no number', { ...socket, limits: { silenceMs: '60s' } }, 'limits.silenceMs', /is "60s"; give a whole number/],
    ['limits that are none', { name: 'dex', run, limits: 5 }, 'limits', /give an object/],
    ['an address of another kind', { ...socket, url: 'https://dex.example' }, 'url', /give a URL that begins with wss:\/\/ or ws:\/\//],
    ['ids of another kind', { ...socket, tradeIds: 'uuid' }, 'tradeIds', /give one of number, text, none/],
    ['a ping without a frame', { ...socket, ping: { everyMs: 1000 } }, 'ping', /\{ everyMs, frame \}/],
    ['a session without an address', { name: 'dex', newSession: run }, 'url', /needs url/],
    ['no message', { name: 'dex', url: 'ws://x', subscribe: run }, 'message', /needs message/],
    ['a title that would break a line', { ...socket, title: 'a\nb' }, 'title', /text of 1 to 64/],
  ];
  test.each(wrong)('with %s is refused, with the key and what to give', (_what, definition, key, says) => {
    const error = errorOf(() => defineSource(definition as SourceDefinition));
    expect([error.code, error.values['key']]).toEqual(['DW_SOURCE_INVALID', key]);
    expect(error.message).toMatch(says);
  });

  test('names symbols as feeds can be named, or as it says', () => {
    const plain = defineSource({ name: 'dex', run });
    expect([plain.symbolOf(' weth/usdc '), plain.symbolOf('btc-usd')]).toEqual(['WETH/USDC', 'BTC-USD']);
    expect(recordFeedName(plain, 'WETH/USDC', 'trades')).toBe('dex.WETH-USDC.trades');
    for (const typed of ['', ' ', 'a b', '-x', '€', '../x', 'x'.repeat(60)]) expect(errorOf(() => plain.symbolOf(typed)).code, typed).toBe('DW_SYMBOL_UNKNOWN');
    const own = defineSource({ name: 'dex', run, symbolOf: (typed) => {
      if (!/^0x[0-9a-f]{40}$/i.test(typed)) throw new Error('a pool is 0x and 40 hex digits');
      return typed.toLowerCase();
    } });
    const pool = `0xAB${'0'.repeat(38)}`;
    expect(own.symbolOf(pool)).toBe(pool.toLowerCase());
    const error = errorOf(() => own.symbolOf('weth'));
    expect([error.code, error.message]).toEqual(['DW_SYMBOL_UNKNOWN', '"weth" cannot be a symbol of dex: a pool is 0x and 40 hex digits']);
    // 40 + 42 + the channel: no feed can be called that.
    expect(errorOf(() => defineSource({ name: 'a'.repeat(40), run, symbolOf: (typed) => typed }).symbolOf(pool)).code).toBe('DW_SYMBOL_UNKNOWN');
  });

  test('whose products are none says so', async () => {
    const listing = (products: unknown) => defineSource({ name: 'dex', run, products: () => Promise.resolve(products as never) });
    expect(await listing([{ symbol: 'A' }]).products?.()).toEqual([{ symbol: 'A' }]);
    for (const products of [undefined, [1], [null], { symbol: 'A' }]) await expect(listing(products).products?.()).rejects.toMatchObject({ code: 'DW_EXCHANGE_REST' });
  });
});

describe('a WebSocket in one file', () => {
  interface Swap { readonly pair: string; readonly ms: number; readonly price: number; readonly amount: string; readonly sell: boolean }
  const dex: SocketDefinition = {
    ...socket,
    channels: ['trades', 'book'],
    ping: { everyMs: 1000, frame: 'ping' },
    subscribe: ({ symbols }) => symbols.map((pair) => ({ op: 'subscribe', pair })),
    message(swap: Swap, records, host) {
      if (swap.pair === undefined) throw new BadFrame('no pair');
      records.of(swap.pair).trade(swap.ms * 1000, host.receivedUs, 0, swap.sell ? 'S' : 'B', swap.price, swap.amount.trim());
    },
  };
  const swap = { pair: 'A', ms: 5, price: 0.1, amount: '7', sell: true };

  function session(definition: SocketDefinition = dex) {
    const host = new ScriptedHost();
    const made = defineSource(definition).newSession({ symbols: ['A', 'B'], channels: ['trades'] }, host);
    made.open();
    return { host, session: made };
  }

  test('asks for what is wanted, pings, and makes records of messages', () => {
    const { host, session: made } = session({ ...dex, ping: { everyMs: 1000, frame: { op: 'ping' } } });
    made.subscribe({ symbols: ['C'], channels: ['trades'] });
    host.feed(made, swap, 77);
    host.feed(made, { ...swap, pair: 'C' }, 78);
    host.advance(2500);
    expect(host.sent).toEqual([...'ABC'].map((pair) => ({ op: 'subscribe', pair })).concat([{ op: 'ping' }, { op: 'ping' }] as never));
    expect(host.taken()).toEqual([['trade', 'A', 5000, 77, 0, 'S', 0.1, '7'], ['trade', 'C', 5000, 78, 0, 'S', 0.1, '7']]);
    expect([host.bad, host.restarts]).toEqual([[], []]);
  });

  test('a message that it cannot read is the message’s fault, and told by its reason', () => {
    const { host, session: made } = session();
    host.feed(made, '{', 1);
    host.feed(made, {}, 1);
    host.feed(made, { pair: 'A' }, 1);
    host.feed(made, { ...swap, pair: 'Z' }, 1);
    host.tooLarge.add('8');
    host.feed(made, { ...swap, amount: '8' }, 1);
    expect(host.bad).toEqual(['not JSON', 'no pair', 'cannot be read', 'symbol unknown', 'price too large']);
    expect(host.taken()).toEqual([]);
  });

  describe('a book', () => {
    interface Message { pair: string; all?: boolean; levels: [price: string, size: string][]; half?: boolean }
    const book: SocketDefinition = {
      ...socket,
      channels: ['trades', 'book'],
      unsubscribe: (wanted) => [{ op: 'unsubscribe', ...wanted }],
      subscribe: (wanted) => [{ op: 'subscribe', ...wanted }],
      message({ pair, all = false, levels, half = false }: Message, records, host) {
        const sink = records.of(pair);
        sink.beginBook(host.receivedUs, host.receivedUs, all, 0, 0);
        for (const [price, size] of levels) sink.level('B', price, size);
        if (half) throw new BadFrame('no asks');
        sink.endBook();
      },
    };
    const begun = (definition: SocketDefinition, channels: Wanted['channels'] = ['book']) => {
      const host = new ScriptedHost();
      const made = defineSource(definition).newSession({ symbols: ['A', 'B'], channels }, host);
      made.open();
      host.tooLarge.add('1e99');
      host.sent.length = 0;
      const feed = (message: Message): void => { host.feed(made, message, 7); };
      return { host, made, feed, asked: () => host.sent.splice(0).map((frame) => `${(frame as { op: string }).op} ${(frame as Wanted).symbols.join()} ${(frame as Wanted).channels.join()}`) };
    };
    const gap = (symbol: string, why: string) => ({ kind: 'gap', symbol, channel: 'book', detail: `cannot be read: ${why}` });
    const AGAIN = ['unsubscribe A book', 'subscribe A book'];

    test('that could not be read or written wholly is told as lost, and asked for again', () => {
      const { host, made, feed, asked } = begun(book);
      feed({ pair: 'A', all: true, levels: [['1', '1']] });
      feed({ pair: 'A', levels: [['2', '1']], half: true });
      feed({ pair: 'A', levels: [['1e99', '1']] });
      expect([host.events.splice(0), asked()]).toEqual([[gap('A', 'no asks')], []]);
      host.advance(0);
      expect(asked()).toEqual(AGAIN);
      feed({ pair: 'A', all: true, levels: [['1e99', '1'], ['3', '1']] });
      expect(host.events.splice(0)).toEqual([gap('A', 'price too large')]);
      host.advance(999);
      expect(asked()).toEqual([]);
      host.advance(1);
      expect(asked()).toEqual(AGAIN);
      feed({ pair: 'A', all: true, levels: [['3', '1']] });
      feed({ pair: 'B', all: true, levels: [['3', '1']] });
      expect(host.events.splice(0)).toEqual([{ kind: 'resynced', symbol: 'A', channel: 'book' }]);
      host.advance(60_000);
      feed({ pair: 'A', levels: [], half: true });
      host.advance(0);
      expect(asked()).toEqual(AGAIN);
      expect(host.bad).toEqual(['no asks', 'price too large', 'price too large', 'no asks']);
      // Nobody asks for what is not wanted any more.
      feed({ pair: 'A', all: true, levels: [] });
      feed({ pair: 'B', levels: [], half: true });
      made.unsubscribe({ symbols: ['B'], channels: ['book'] });
      expect(asked()).toEqual(['unsubscribe B book']);
      host.advance(100_000);
      expect(asked()).toEqual([]);
    });

    test('that has come is not asked for again, and one that does not come is', () => {
      const { host, feed, asked } = begun(book);
      const refused = { kind: 'refused', symbol: 'A', channel: 'book', detail: 'no snapshot in 15 s' };
      feed({ pair: 'A', levels: [], half: true });
      feed({ pair: 'A', all: true, levels: [['1', '1']] });
      host.advance(100_000);
      expect([host.told(), asked()]).toEqual([['gap', 'resynced'], []]);
      feed({ pair: 'A', levels: [], half: true });
      host.advance(0);
      expect(asked()).toEqual(AGAIN);
      feed({ pair: 'A', all: true, levels: [], half: true });
      feed({ pair: 'A', all: true, levels: [['1', '1']] });
      host.advance(100_000);
      expect([host.told(), asked()]).toEqual([['gap', 'gap', 'resynced'], []]);
      feed({ pair: 'A', levels: [], half: true });
      host.advance(14_999);
      expect([host.told(), asked()]).toEqual([['gap'], AGAIN]);
      host.advance(1);
      expect(host.events.splice(0)).toEqual([refused]);
      host.advance(1000);
      expect(asked()).toEqual(AGAIN);
      host.advance(15_000);
      expect(host.events.splice(0)).toEqual([refused]);
      host.advance(2000);
      expect(asked()).toEqual(AGAIN);
      feed({ pair: 'A', all: true, levels: [['1', '1']] });
      host.advance(100_000);
      expect([host.told(), asked()]).toEqual([['resynced'], []]);
    });

    test('of a symbol that is wanted again begins anew', () => {
      const { host, made, feed, asked } = begun(book);
      feed({ pair: 'A', levels: [], half: true });
      made.unsubscribe({ symbols: ['A'], channels: ['book'] });
      made.subscribe({ symbols: ['A'], channels: ['book'] });
      feed({ pair: 'A', all: true, levels: [['1', '1']] });
      feed({ pair: 'A', levels: [], half: true });
      expect(host.told()).toEqual(['gap', 'gap']);
      host.advance(0);
      expect(asked()).toEqual([...AGAIN, ...AGAIN]);
    });

    test('of a symbol that whoever is told does not want any more is not asked for', () => {
      const { host, made, feed, asked } = begun(book);
      host.event = () => { made.unsubscribe({ symbols: ['A'], channels: ['book'] }); };
      feed({ pair: 'A', levels: [], half: true });
      host.advance(100_000);
      expect(asked()).toEqual(['unsubscribe A book']);
      // Nor is one of which he is told that no snapshot has come.
      const later = begun(book);
      later.host.event = ({ kind }) => { if (kind === 'refused') later.made.unsubscribe({ symbols: ['A'], channels: ['book'] }); };
      later.feed({ pair: 'A', levels: [], half: true });
      later.host.advance(100_000);
      expect(later.asked()).toEqual([...AGAIN, 'unsubscribe A book']);
    });

    test('is told as lost, where nothing can be asked for again; one that nobody wants is not', () => {
      const { unsubscribe: _none, ...definition } = book;
      const { host, feed, asked } = begun(definition);
      feed({ pair: 'A', levels: [], half: true });
      host.advance(100_000);
      expect([host.events, asked()]).toEqual([[gap('A', 'no asks')], []]);
      const other = begun(book, ['trades']);
      other.feed({ pair: 'A', levels: [], half: true });
      other.host.advance(100_000);
      expect([other.host.events, other.asked(), other.host.bad]).toEqual([[], [], ['no asks']]);
    });
  });

  test('what cannot be written is not', () => {
    const broken: RecordSink = { of: () => { throw new DeepwaterError('DW_WRITER_CLOSED', 'closed'); } };
    const full = new Error('no space left');
    const host = new ScriptedHost();
    const made = defineSource(dex).newSession({ symbols: ['A'], channels: [] }, { ...host, get: () => Promise.reject(full), send: () => undefined, after: () => () => undefined, restart: () => undefined, event: () => undefined, records: broken });
    expect(() => { made.frame(JSON.stringify(swap), 1); }).toThrow('closed');
    const failing: RecordSink = { of: () => ({ trade: () => { throw full; } }) as never };
    const other = defineSource(dex).newSession({ symbols: ['A'], channels: [] }, Object.assign(new ScriptedHost(), { records: failing }));
    expect(() => { other.frame(JSON.stringify(swap), 1); }).toThrow(full);
    // Also where the source catches it; and only for the message that it was of.
    const careless: SocketDefinition = { ...dex, message: (message: Swap, records, its) => { try { dex.message(message, records, its); } catch { /* as careless sources do */ } } };
    const careful = defineSource(careless).newSession({ symbols: ['A'], channels: [] }, Object.assign(new ScriptedHost(), { records: failing }));
    expect(() => { careful.frame(JSON.stringify(swap), 1); }).toThrow(full);
    expect(() => { careful.frame('{}', 1); }).not.toThrow();
  });

  test('what nobody wants any more is dropped, whether or not it can be asked for', () => {
    const plain = session();
    plain.session.unsubscribe({ symbols: ['A'], channels: ['trades'] });
    plain.host.feed(plain.session, swap, 1);
    expect(plain.host.taken()).toEqual([]);
    const told = session({ ...dex, unsubscribe: ({ symbols }) => [`-${JSON.stringify(symbols)}`.slice(1)] });
    told.host.sent.length = 0;
    told.session.unsubscribe({ symbols: ['A'], channels: ['trades'] });
    expect(told.host.sent).toEqual([['A']]);
  });

  test('texts come as they are, with what else a message may ask for', async () => {
    const seen: [unknown, MessageHost][] = [];
    const { host, session: made } = session({ ...dex, format: 'text', message: (text, _records, its) => { seen.push([text, its]); } });
    host.lastTrades.set('A', 9);
    host.feed(made, 'T|A|0.10', 4);
    const [text, its] = seen[0]!;
    its.send('{"pong":1}');
    its.event({ kind: 'gap', symbol: 'A' });
    its.restart('new keys');
    expect([text, its.receivedUs, its.lastTrade?.('A'), host.sent.at(-1), host.events, host.restarts]).toEqual(['T|A|0.10', 4, 9, { pong: 1 }, [{ kind: 'gap', symbol: 'A' }], ['new keys']]);
    await expect(its.get('/book')).rejects.toThrow('/book');
  });

  test.each([
    ['throws', () => { throw new Error('no such pair'); }, 'subscribe of dex: no such pair'],
    ['gives no list', () => 'subscribe' as never, 'subscribe of dex: it gave "subscribe", not a list of texts and objects'],
    ['gives a list of what cannot be sent', () => [1] as never, 'subscribe of dex: it gave an array of 1, not a list of texts and objects'],
  ])('a subscription that %s ends the connection, with the reason', (_what, subscribe, reason) => {
    expect(session({ ...dex, subscribe }).host.restarts).toEqual([reason]);
  });

  test('runs over a socket', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const said: string[] = [];
    server.on('connection', (client) => client.on('message', (data) => {
      said.push((data as Buffer).toString());
      client.send(JSON.stringify({ ...swap, pair: (JSON.parse((data as Buffer).toString()) as Swap).pair }));
    }));
    const records = new KeptRecords();
    const events: ConnectionEvent[] = [];
    const link = newLink(defineSource({ ...dex, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }), { symbols: ['A', 'B'], channels: ['trades'] }, { records, onEvent: (event) => { events.push(event); } });
    link.open();
    await expect.poll(() => records.written.length).toBe(2);
    await link.close();
    server.close();
    expect(said).toEqual(['{"op":"subscribe","pair":"A"}', '{"op":"subscribe","pair":"B"}']);
    expect(records.written.map(([, symbol, ts, , , side]) => [symbol, ts, side])).toEqual([['A', 5000, 'S'], ['B', 5000, 'S']]);
    expect(events.map(({ kind }) => kind)).toEqual(['connected']);
  });
});

describe('sources by name', () => {
  test('are ours, each name once and fit for feeds', async () => {
    const names = SOURCES.map(({ name }) => name);
    expect([...new Set(names)]).toEqual(names);
    expect(names).toEqual(expect.arrayContaining(['binance', 'bybit', 'coinbase', 'kraken']));
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]{0,39}$/);
    expect(await findSource('kraken')).toBe(kraken);
  });

  test('that are none are told with the nearest, and with all there are', async () => {
    await expect(findSource('krakn')).rejects.toMatchObject({ code: 'DW_SOURCE_UNKNOWN', message: expect.stringMatching(/^There is no source "krakn" \(did you mean kraken\?\)\. There are binance, /) as string });
    await expect(findSource('')).rejects.toMatchObject({ code: 'DW_SOURCE_UNKNOWN' });
  });

  let files = 0;
  const file = (text: string, extension = 'mjs'): string => {
    const name = path.join(folder, `source-${++files}.${extension}`);
    writeFileSync(name, text);
    return name;
  };
  const plain = `{ name: 'mine', run: async () => {} }`;

  test('may be files of one’s own: a default export or `source`, defined or to be defined', async () => {
    for (const text of [`export default ${plain}`, `export const source = ${plain}`]) {
      const source = await findSource(file(text));
      expect([source.name, source.limits.symbolsMax, Object.isFrozen(source)]).toEqual(['mine', 100, true]);
    }
    const index = pathToFileURL(path.resolve(import.meta.dirname, '../dist/index.js')).href;
    const defined = file(`import { defineSource } from '${index}';\nexport default defineSource({ name: 'dex', url: 'ws://x.example', subscribe: () => [], message: () => {} });`);
    // What is defined already is taken as it is: the same each time.
    expect(await loadSource(pathToFileURL(defined).href)).toBe(await loadSource(defined));
    expect((await findSource(path.relative(process.cwd(), defined))).name).toBe('dex');
  });

  test.each([
    ['is not there', () => path.join(folder, 'nowhere.mjs'), 'DW_SOURCE_UNUSABLE', /nowhere\.mjs/],
    ['imports what is not there', () => file(`import './gone.mjs'`), 'DW_SOURCE_UNUSABLE', /gone\.mjs/],
    ['throws', () => file(`throw new Error('no API key')`), 'DW_SOURCE_UNUSABLE', /no API key/],
    ['is no JavaScript', () => file(`export default {`), 'DW_SOURCE_UNUSABLE', /Unexpected/],
    ['exports nothing', () => file(`export const other = 1`), 'DW_SOURCE_UNUSABLE', /no default export, and none named `source`/],
    ['is TypeScript', () => file('', 'ts'), 'DW_SOURCE_UNUSABLE', /compile it/],
    ['exports something else', () => file(`export default { name: 'x' }`), 'DW_SOURCE_INVALID', /source-\d+\.mjs: A source needs url/],
  ])('a file that %s is told with its path and the reason', async (_what, make, code, says) => {
    const named = make();
    const error = await findSource(named).then(() => undefined, (thrown: unknown) => thrown) as DeepwaterError;
    expect([error.code, error.values['file']]).toEqual([code, named]);
    expect(error.message).toMatch(says);
  });
});
