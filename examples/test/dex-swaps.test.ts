/** The source of an example, run as it would be, at an indexer of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConnectionEvent, FeedSink, newLink, recordFeedName, recordFeedSpec } from '@deepwater/exchanges';
import { Platform } from 'deepwater';
import { expect, onTestFinished, test } from 'vitest';
import { dexSwaps } from '../dist/venues/dex-swaps.js';

const swap = (n: number, amount0: string, amount1: string) => ({ n, ms: 1_731_000_000_000 + n, amount0, amount1 });

test('swaps of a DEX become trades, each once, whatever happens to the indexer', async () => {
  const swaps = [
    swap(1, '-1500000000000000000', '4650000000'), // 1.5 WETH bought for 4650 USDC
    swap(2, '250000000000000000', '-774999999'), // 0.25 sold
    swap(3, '0', '5'), // nothing
    swap(4, '-123456789012345678901', '382716045938'), // more digits than a number has
    swap(5, '-1', '1'), // of the smallest units: the price of a whole token is more than a record holds
  ];
  const asked: string[] = [];
  const indexer = createServer((request, response) => {
    const url = new URL(request.url as string, 'http://indexer');
    asked.push(url.search);
    const after = Number(url.searchParams.get('after'));
    // It fails once, says something strange once, and gives two swaps at a time.
    if (asked.length === 2) response.writeHead(503).end();
    else response.end(asked.length === 3 ? '<html>' : JSON.stringify(swaps.filter(({ n }) => n > after).slice(0, 2)));
  }).listen(0, '127.0.0.1');
  await once(indexer, 'listening');
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-dex-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  const source = dexSwaps(`http://127.0.0.1:${(indexer.address() as AddressInfo).port}`, [{ symbol: 'WETH-USDC', decimals0: 18, decimals1: 6 }], 5);
  const name = recordFeedName(source, 'WETH-USDC', 'trades');
  await platform.createFeed(recordFeedSpec(source, 'WETH-USDC', 'trades'));
  const trades = await platform.createWriter(name);
  const events: ConnectionEvent[] = [];
  const bad: [reason: string, text: string][] = [];
  const link = newLink(source, { symbols: ['WETH-USDC'], channels: ['trades'] }, {
    records: new FeedSink(() => ({ trades })), backoff: { minMs: 5 }, onEvent: (event) => { events.push(event); }, onBad: ({ reason }, text) => { bad.push([reason, text.slice(0, 20)]); },
  });
  onTestFinished(async () => {
    await link.close();
    await platform.close();
    indexer.close();
    indexer.closeAllConnections();
    rmSync(root, { recursive: true, force: true });
  });
  link.open();
  await expect.poll(() => asked.filter((search) => search.endsWith('after=5')).length).toBeGreaterThan(1);
  await trades.flush();
  const records = (await platform.createReader(name)).rangeSync(0, 2 ** 52) as unknown[][];
  expect(records.map(([ts, , ...rest]) => [ts, ...rest])).toEqual([
    [1_731_000_000_001_000, 1, 'B', '3100.00000000', '1.50000000'],
    [1_731_000_000_002_000, 2, 'S', '3099.99999600', '0.25000000'],
    [1_731_000_000_004_000, 4, 'B', '3099.99999999', '123.45678901'],
  ]);
  expect(bad).toEqual([['cannot be read', '<html>'], ['a swap of nothing, or for nothing', '{"n":3,"ms":17310000'], ['a value that does not fit', '{"n":5,"ms":17310000']]);
  expect(events.map((event) => (event.kind === 'disconnected' ? event.detail : event.kind))).toEqual(['connected', 'the indexer answered 503', 'connected']);
  expect(asked.slice(0, 3)).toEqual(['?pool=WETH-USDC&after=0', '?pool=WETH-USDC&after=2', '?pool=WETH-USDC&after=2']);
  expect(await source.products?.()).toEqual([{ symbol: 'WETH-USDC', base: 'WETH', quote: 'USDC' }]);
});
