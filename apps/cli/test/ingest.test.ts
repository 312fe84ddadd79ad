import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReplayServer, startReplayServer } from '@deepwater/replay-server';
import { afterEach, describe, expect, test } from 'vitest';
import { NO_DATA, hasSharedData, shared } from '../../../test/support/recordings.js';
import { Running, deepwater, temporaryDirectory } from './support.js';

const servers: ReplayServer[] = [];
afterEach(async () => { for (const server of servers.splice(0)) await server.close(); });

async function replay(options: { readonly faults?: Parameters<typeof startReplayServer>[0]['faults'] } = {}): Promise<ReplayServer> {
  const server = await startReplayServer({ venue: 'coinbase', captures: [shared('exchanges-raw-ws/COINBASE.jsonl.zst')], pace: 'fast', ...options });
  servers.push(server);
  return server;
}

const at = (server: ReplayServer): string[] => ['--url', server.url.ws, '--rest-url', server.url.rest];

describe.skipIf(!hasSharedData)(`deepwater ingest${NO_DATA}`, () => {
  test('records until it is told to stop, and answers what is typed', async () => {
    const server = await replay();
    const directory = temporaryDirectory();
    const ingest = new Running(['ingest', 'coinbase', 'btc-usd', '--channels', 'trades,level2', '-b', join(directory, 'data'), '--record-raw', join(directory, 'raw'), ...at(server), '--json']);
    await ingest.line(/"event":"subscribed".*"channel":"book"/);
    await server.done;
    ingest.type('subscribe ETH-USD nonsense!');
    expect(JSON.parse(await ingest.line(/"error"/))).toMatchObject({ error: { code: 'DW_SYMBOL_UNKNOWN' } });
    ingest.type('subscribe ETH-USD');
    expect(JSON.parse(await ingest.line(/"command":"subscribe"/))).toEqual({ command: 'subscribe', source: 'coinbase', symbols: ['ETH-USD'] });
    await ingest.line(/"event":"subscribed".*"symbol":"ETH-USD".*"channel":"book"/);
    ingest.type('products eth-usd');
    const { products } = JSON.parse(await ingest.line(/"command":"products"/)) as { products: { symbol: string }[] };
    expect(products.map(({ symbol }) => symbol)).toContain('ETH-USD');
    ingest.type('status');
    const { coinbase } = JSON.parse(await ingest.line(/"command":"status"/)) as { coinbase: { symbols: { symbol: string; feeds: { channel: string; records: number }[] }[]; raw: { recording: boolean } } };
    expect(coinbase.symbols.map(({ symbol }) => symbol)).toEqual(['BTC-USD', 'ETH-USD']);
    expect(coinbase.raw.recording).toBe(true);
    ingest.type('unsubscribe BTC-USD');
    await ingest.line(/"command":"unsubscribe"/);
    ingest.type('metrics');
    expect(JSON.parse(await ingest.line(/"command":"metrics"/))).toMatchObject({ coinbase: { gaps: 0, bad: {} } });
    ingest.type('stop');
    const { code, stderr } = await ingest.ended;
    expect([code, stderr]).toEqual([0, '']);
    const trades = JSON.parse((await deepwater(['query', 'coinbase.BTC-USD.trades', '-b', join(directory, 'data'), '--json'])).stdout) as unknown[];
    expect(trades.length).toBe(coinbase.symbols[0]?.feeds.find(({ channel }) => channel === 'trades')?.records);
    expect(trades.length).toBeGreaterThan(0);
    expect(readdirSync(join(directory, 'raw'))).toHaveLength(1);
  }, 60_000);

  test('SIGTERM ends it in order; the end of standard input does not', async () => {
    const server = await replay({ faults: [{ kind: 'garbage', at: 40, form: 'json' }] });
    const directory = temporaryDirectory();
    const ingest = new Running(['ingest', 'coinbase', 'BTC-USD', '-b', join(directory, 'data'), '--record-bad', join(directory, 'bad.jsonl'), ...at(server)]);
    await ingest.line(/subscribed BTC-USD book/);
    ingest.child.stdin!.end();
    await server.done;
    await ingest.line(/! bad .*not JSON/);
    ingest.child.kill('SIGTERM');
    expect(await ingest.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(readFileSync(join(directory, 'bad.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
    const events = JSON.parse((await deepwater(['query', 'coinbase.events', '-b', join(directory, 'data'), '--json'])).stdout) as { kind: string }[];
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['started', 'connected', 'subscribed', 'bad', 'stopped']));
  }, 60_000);

  test('a file may have it all, of several sources', async () => {
    const server = await replay();
    const directory = temporaryDirectory();
    const file = join(directory, 'sources.json');
    const source = (name: string, symbol: string) => ({ source: name, symbols: [symbol], channels: ['trades'], url: server.url.ws });
    writeFileSync(file, JSON.stringify({ basePath: join(directory, 'data'), sources: [source('coinbase', 'BTC-USD'), source('kraken', 'BTC/USD')] }));
    const ingest = new Running(['ingest', '--config', file, '--json']);
    await ingest.line(/"event":"subscribed","time":"[^"]*","source":"coinbase"/);
    ingest.type('subscribe ETH-USD');
    expect(JSON.parse(await ingest.line(/"error"/))).toMatchObject({ error: { code: 'DW_OPTION_INVALID', message: expect.stringMatching(/subscribe coinbase\|kraken/) as string } });
    ingest.type('subscribe coinbase ETH-USD');
    await ingest.line(/"command":"subscribe","source":"coinbase"/);
    ingest.child.kill('SIGINT');
    expect((await ingest.ended).code).toBe(0);
    expect(existsSync(join(directory, 'data', 'manifest.json'))).toBe(true);
  }, 60_000);
});

test('what cannot begin is refused with its reason', async () => {
  const directory = temporaryDirectory();
  const base = ['-b', join(directory, 'data')];
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await deepwater(['ingest', ...args, ...base]);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  };
  await refused([], /DW_OPTION_INVALID: Name a source/);
  await refused(['coinbsae', 'BTC-USD'], /DW_SOURCE_UNKNOWN.*coinbase/);
  await refused(['coinbase', 'BTC-USD', '--channels', 'candles'], /DW_OPTION_INVALID.*candles.*trades/);
  await refused(['coinbase', 'B T C'], /DW_SYMBOL_UNKNOWN/);
  await refused(['--config', join(directory, 'nowhere.json')], /DW_OPTION_INVALID.*nowhere.json cannot be read/);
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify({ source: 'coinbase', symbols: ['BTC-USD'], chanels: ['trades'] }));
  await refused(['--config', file], /DW_OPTION_INVALID.*chanels/);
  await refused(['coinbase', 'BTC-USD', '--config', file], /leave coinbase BTC-USD away/);
  writeFileSync(file, JSON.stringify({ sources: [{ source: 'coinbase', symbols: 'BTC-USD' }] }));
  await refused(['--config', file], /sources\.0\.symbols/);
  writeFileSync(file, JSON.stringify({ sources: [{ source: 'coinbase', symbols: [] }, { source: 'coinbase', symbols: [] }] }));
  await refused(['--config', file], /coinbase is there twice/);
});

test('deepwater replay-server has its own options, help and exit codes', async () => {
  const help = await deepwater(['replay-server', '--help']);
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/--venue NAME +.*binance.*kraken/);
  const wrong = await deepwater(['replay-server', '--venue', 'nowhere', '--capture', 'x']);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/DW_OPTION_INVALID/)]);
});

test.skipIf(!hasSharedData)(`deepwater replay-server plays until it is interrupted, or all is played${NO_DATA}`, async () => {
  const server = new Running(['replay-server', '--venue', 'coinbase', '--capture', shared('exchanges-raw-ws/COINBASE.jsonl.zst'), '--speed', 'fast', '--end', 'close', '--json']);
  const { ws } = JSON.parse(await server.line(/"listening"/)) as { ws: string };
  const directory = temporaryDirectory();
  const ingest = new Running(['ingest', 'coinbase', 'BTC-USD', '--channels', 'trades', '-b', join(directory, 'data'), '--url', ws]);
  expect((await server.ended).code).toBe(0);
  await ingest.line(/! disconnected #1/);
  ingest.type('stop');
  expect((await ingest.ended).code).toBe(0);
}, 30_000);
