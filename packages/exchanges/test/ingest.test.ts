/** Ingest as users run it, against a server that plays real captures. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Platform } from 'deepwater';
import { afterEach, describe, expect, test } from 'vitest';
import { type ReplayOptions, type ReplayServer, startReplayServer } from '@deepwater/replay-server';
import { readCaptures } from '@deepwater/captures';
import { Ingest, type IngestOptions, type RecordedEvent, binanceUsdm, coinbase, recordFeedName } from '../dist/index.js';
import { captureFile as capture, noCaptures, withCaptures as named } from './support/captures.js';

const withCaptures = (name: string, run: () => Promise<void>, ms = 60_000): void => { test.skipIf(noCaptures !== undefined)(named(name), run, ms); };

const ends: (() => unknown)[] = [];
afterEach(async () => { for (const end of ends.splice(0)) await end(); });

async function store() {
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-ingest-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  ends.push(async () => {
    await platform.close();
    rmSync(root, { recursive: true, force: true });
  });
  return { platform, root };
}

async function started(replay: ReplayOptions, options: Omit<IngestOptions, 'urls'>) {
  const { platform, root } = await store();
  const server = await startReplayServer(replay);
  ends.unshift(() => server.close());
  const events: RecordedEvent[] = [];
  const ingest = await Ingest.start(platform, { backoff: { minMs: 20, maxMs: 50 }, onEvent: (event) => { events.push(event); }, ...withPath(root, options), urls: server.url });
  ends.unshift(() => ingest.stop());
  const read = async (feed: string) => (await platform.createReader(feed)).rangeSync(0, 2 ** 52) as unknown[][];
  return { platform, root, server, ingest, events, read };
}

/** Files that options name lie in the test's own folder. */
const withPath = (root: string, options: Omit<IngestOptions, 'urls'>) => ({
  ...options,
  ...(options.recordRaw === undefined ? {} : { recordRaw: path.join(root, options.recordRaw) }), ...(options.recordBad === undefined ? {} : { recordBad: path.join(root, options.recordBad) }),
});

/** Until all has been played, and has come. */
async function played(server: ReplayServer, ingest: Ingest): Promise<void> {
  await server.done;
  for (let before = -1; ;) {
    const { frames } = ingest.metrics();
    if (frames === before) return;
    before = frames;
    await new Promise((resolve) => { setTimeout(resolve, 300); });
  }
}

const COINBASE = { venue: 'coinbase', captures: ['exchanges-raw-ws/COINBASE.jsonl.zst'].map((name) => (noCaptures === undefined ? capture(name) : name)) } as const;
const USDM = { venue: 'binance', captures: ['binance-raw-ws/usdm-btcusdt_20240718.gz'].map((name) => (noCaptures === undefined ? capture(name) : name)) } as const;
const ALL = ['trades', 'book', 'quotes'];

describe('an ingest', () => {
  withCaptures('shares symbols out over connections, and every record is in its feed', async () => {
    const { server, ingest, events, read } = await started({ ...COINBASE, startQuietMs: 300 }, { source: coinbase, symbols: ['btc-usd', 'ETH-USD', 'BTC-USD'], channels: ['market_trades', 'level2', 'quotes', 'heartbeats'], symbolsPerConnection: 1 });
    await played(server, ingest);
    const status = ingest.status();
    expect(status.connections.map(({ id, state, symbols, connects }) => [id, state, symbols, connects])).toEqual([[1, 'open', 1, 1], [2, 'open', 1, 1]]);
    expect(status.symbols.map(({ symbol, connection, state, gaps }) => [symbol, connection, state, gaps])).toEqual([['BTC-USD', 1, 'live', 0], ['ETH-USD', 2, 'live', 0]]);
    const metrics = ingest.metrics();
    expect(metrics).toMatchObject({ gaps: 0, missing: 0, reconnects: 0, checksums: 0, refusals: 0, bad: {} });
    expect(metrics.channels.find(({ channel }) => channel === 'trades')?.records).toBe(79);
    expect(metrics.channels.find(({ channel }) => channel === 'quotes')?.records).toBe(160);
    expect(metrics.channels.find(({ channel }) => channel === 'trades')?.latency?.samples).toBe(79);
    await ingest.stop();
    const records = await Promise.all(status.symbols.flatMap(({ feeds }) => feeds).map(async ({ feed, records: count }) => [(await read(feed)).length, count]));
    for (const [there, count] of records) expect(there).toBe(count);
    expect(records.reduce((sum, [there]) => sum + (there as number), 0)).toBe(metrics.records);
    expect((await read('coinbase.events')).map(([, kind, connection]) => `${String(kind)} ${String(connection)}`)).toEqual(events.map(({ kind, connection }) => `${kind} ${connection}`));
    expect(events[0]?.kind).toBe('started');
    expect(events.at(-1)?.kind).toBe('stopped');
    expect(ingest.status().state).toBe('stopped');
  });

  withCaptures('has a boundary in its feeds, and an event with the time before it, where a connection ended', async () => {
    const { server, ingest, read, platform } = await started({ ...USDM, faults: [{ kind: 'close', at: 3000, code: 1012 }] }, { source: binanceUsdm, symbols: ['btcusdt'], channels: ALL });
    await played(server, ingest);
    expect(ingest.metrics()).toMatchObject({ reconnects: 1 });
    await ingest.stop();
    const events = await read('binance-usdm.events');
    const ended = events.find(([, kind]) => kind === 'disconnected') as [number, string, number, string, string, number, number, number, string];
    expect(ended[8]).toMatch(/1012/);
    const back = events.filter(([, kind]) => kind === 'connected')[1] as typeof ended;
    // Both tell when the last frame before the hole came.
    expect(ended[7]).toBe(back[7]);
    expect(ended[7]).toBeGreaterThan(0);
    expect(ended[7]).toBeLessThanOrEqual(ended[0]);
    for (const channel of ALL) {
      const reader = await platform.createReader(recordFeedName(binanceUsdm, 'BTCUSDT', channel as 'trades'));
      const segments = await reader.segments();
      expect(segments.length, channel).toBe(2);
      expect(segments[0]?.reason, channel).toMatch(/^disconnected: .*1012/);
    }
  });

  withCaptures('takes more symbols and fewer while it runs', async () => {
    const { server, ingest, read } = await started({ ...COINBASE, start: 'manual' }, { source: coinbase, symbols: ['BTC-USD'], channels: ['trades', 'book'] });
    await expect.poll(() => ingest.status().symbols[0]?.state).toBe('live');
    server.control.step(200);
    expect(await ingest.subscribe(['eth-usd', 'BTC-USD'])).toEqual(['ETH-USD']);
    await expect.poll(() => ingest.status().symbols[1]?.state).toBe('live');
    server.control.step(300);
    await expect.poll(() => ingest.status().symbols[1]?.feeds[1]?.records).toBeGreaterThan(0);
    expect(await ingest.unsubscribe(['ETH-USD', 'DOGE-USD'])).toEqual(['ETH-USD']);
    expect(ingest.status().symbols.map(({ symbol }) => symbol)).toEqual(['BTC-USD']);
    const before = (await read('coinbase.ETH-USD.book')).length;
    server.control.step(100);
    await ingest.subscribe(['ETH-USD']);
    await expect.poll(() => ingest.status().symbols[1]?.feeds[1]?.records).toBeGreaterThan(0);
    server.control.step(100_000);
    await played(server, ingest);
    expect(ingest.metrics()).toMatchObject({ gaps: 0, bad: {} });
    await ingest.stop();
    const after = await read('coinbase.ETH-USD.book');
    // The book begins anew with a snapshot where it was taken up again.
    expect((after[before] as unknown[])[5]).toBe(1);
    await expect(ingest.subscribe(['BTC-USD'])).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
  });

  withCaptures('records raw frames that can be played again, and keeps what it cannot read', async () => {
    const { server, ingest, root, events } = await started({ ...COINBASE, faults: [{ kind: 'garbage', at: 50, form: 'json' }, { kind: 'garbage', at: 60, form: 'binary' }, { kind: 'garbage', at: 70, form: 'json' }] },
      { source: coinbase, symbols: ['BTC-USD', 'ETH-USD'], recordRaw: 'raw', recordBad: 'bad.jsonl' });
    await played(server, ingest);
    const { frames, bad } = ingest.metrics();
    await ingest.stop();
    expect(Object.values(bad).reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(events.filter(({ kind }) => kind === 'bad').length).toBe(2);
    const kept = readFileSync(path.join(root, 'bad.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { reason: string; source: string });
    expect(kept.map(({ reason }) => reason)).toEqual(['not JSON', 'binary frame', 'not JSON']);
    const files = readdirSync(path.join(root, 'raw'));
    expect(files).toHaveLength(1);
    const captured = readCaptures(files.map((file) => path.join(root, 'raw', file)));
    expect(captured.received.length).toBe(frames);
    expect(captured.connections).toHaveLength(1);
    expect(captured.sent.length).toBeGreaterThan(0);
    expect(captured.received.every(({ us }, i) => i === 0 || us >= (captured.received[i - 1] as { us: number }).us)).toBe(true);
  });

  withCaptures('knows what trades are missing since the process before', async () => {
    const { platform, server, ingest, read } = await started({ ...USDM, start: 'manual' }, { source: binanceUsdm, symbols: ['BTCUSDT'], channels: ['trades'] });
    await expect.poll(() => ingest.status().connections[0]?.state).toBe('open');
    server.control.step(4000);
    await expect.poll(() => ingest.metrics().records).toBeGreaterThan(10);
    await ingest.stop();
    const before = (await read('binance-usdm.BTCUSDT.trades')).map(([, , id]) => id as number);
    // Nobody listens.
    server.control.step(3000);
    const later = await Ingest.start(platform, { source: binanceUsdm, symbols: ['BTCUSDT'], channels: ['trades'], urls: server.url });
    ends.unshift(() => later.stop());
    await expect.poll(() => later.status().connections[0]?.state).toBe('open');
    server.control.step(100_000);
    await played(server, later);
    expect(later.metrics()).toMatchObject({ gaps: 1 });
    await later.stop();
    const ids = (await read('binance-usdm.BTCUSDT.trades')).map(([, , id]) => id as number);
    const next = ids[before.length] as number;
    expect(next).toBeGreaterThan((before.at(-1) as number) + 1);
    const gap = (await read('binance-usdm.events')).find(([, kind]) => kind === 'gap') as unknown[];
    expect([gap[3], gap[4], gap[5], gap[6]]).toEqual(['BTCUSDT', 'trades', (before.at(-1) as number) + 1, next]);
    expect(later.metrics().missing).toBe(next - (before.at(-1) as number) - 1);
  });

  withCaptures('goes on where one product is refused', async () => {
    const { server, ingest } = await started(COINBASE, { source: coinbase, symbols: ['BTC-USD', 'NOPE-USD'], channels: ['trades', 'book'] });
    await played(server, ingest);
    expect(ingest.status().symbols.map(({ symbol, feeds }) => [symbol, feeds.every(({ records }) => records > 0)])).toEqual([['BTC-USD', true], ['NOPE-USD', false]]);
    expect(ingest.metrics().refusals).toBeGreaterThan(0);
    expect(ingest.metrics().gaps).toBe(0);
  });
});

test('what is wrong in the call is refused, and nothing is left open', async () => {
  const { platform } = await store();
  const refused = async (options: Partial<IngestOptions>, code: string): Promise<void> => {
    await expect(Ingest.start(platform, { source: coinbase, symbols: ['BTC-USD'], urls: { ws: 'ws://127.0.0.1:9' }, ...options })).rejects.toMatchObject({ code });
  };
  await refused({ channels: ['candles'] }, 'DW_OPTION_INVALID');
  await refused({ channels: [] }, 'DW_OPTION_INVALID');
  await refused({ symbols: ['../BTC'] }, 'DW_SYMBOL_UNKNOWN');
  await refused({ symbolsPerConnection: 0 }, 'DW_OPTION_INVALID');
  await refused({ recordBad: '/nowhere/at/all' }, 'DW_OUTPUT_FAILED');
  const first = await Ingest.start(platform, { source: coinbase, symbols: ['BTC-USD'], urls: { ws: 'ws://127.0.0.1:9' } });
  await refused({}, 'DW_WRITER_EXISTS');
  const second = await Ingest.start(platform, { source: coinbase, symbols: ['ETH-USD'], urls: { ws: 'ws://127.0.0.1:9' } });
  expect([first, second].map((ingest) => ingest.status().eventsFeed)).toEqual(['coinbase.events', 'coinbase.events-2']);
  await Promise.all([first.stop(), second.stop(), first.stop()]);
  const again = await Ingest.start(platform, { source: coinbase, symbols: ['BTC-USD'], urls: { ws: 'ws://127.0.0.1:9' } });
  await again.stop();
});
