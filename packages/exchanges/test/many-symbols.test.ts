/** Two hundred symbols on four connections, with all that can be wrong with some of them: the others have every record, and know nothing of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Platform } from 'deepwater';
import { afterEach, expect, test } from 'vitest';
import { Ingest, type RecordedEvent, bybitLinear, recordFeedName } from '../dist/index.js';
import { ManySymbols } from './support/many-symbols.js';
import { noRecordings, withRecordings } from './support/recorded-frames.js';

const ends: (() => unknown)[] = [];
afterEach(async () => { for (const end of ends.splice(0)) await end(); });

const SYMBOLS = Array.from({ length: 200 }, (_, at) => `COIN${String(at).padStart(3, '0')}USDT`);
const PER_CONNECTION = 50;
const STEPS = 90;
/** Of the first three connections some symbols get garbage, and one more cannot be written for a while. */
const GARBLED = SYMBOLS.filter((_, at) => at < 3 * PER_CONNECTION && at % 25 === 3);
const UNWRITABLE = SYMBOLS[10]!;
/** The fourth is closed again and again. */
const CUT = SYMBOLS.slice(3 * PER_CONNECTION);
const WELL = SYMBOLS.filter((symbol) => symbol !== UNWRITABLE && !GARBLED.includes(symbol) && !CUT.includes(symbol));

const soon = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

test.skipIf(noRecordings !== undefined)(withRecordings('what is wrong with one symbol, or one connection, harms no other'), async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-many-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  ends.push(async () => {
    await platform.close();
    rmSync(root, { recursive: true, force: true });
  });
  const server = await ManySymbols.start();
  ends.unshift(() => server.close());
  const events: RecordedEvent[] = [];
  const errors: unknown[] = [];
  const options = {
    source: bybitLinear, channels: ['trades', 'book'], symbolsPerConnection: PER_CONNECTION, urls: { ws: server.url }, backoff: { minMs: 20, maxMs: 100 },
    onEvent: (event: RecordedEvent) => { events.push(event); }, onError: (error: unknown) => { errors.push(error); },
  };
  // A feed that somebody else writes: the whole call is refused, and nothing is left open.
  const other = await Ingest.start(platform, { ...options, symbols: [SYMBOLS[7]!], urls: { ws: 'ws://127.0.0.1:9' } });
  await expect(Ingest.start(platform, { ...options, symbols: SYMBOLS })).rejects.toMatchObject({ code: 'DW_WRITER_EXISTS' });
  await other.stop();
  events.length = 0;

  const ingest = await Ingest.start(platform, { ...options, symbols: SYMBOLS });
  ends.unshift(() => ingest.stop());
  await expect.poll(() => server.subscribed, { timeout: 10_000 }).toBe(2 * SYMBOLS.length);
  const statusOf = (symbol: string) => ingest.status().symbols.find((status) => status.symbol === symbol)!;
  const records = (symbol: string) => statusOf(symbol).feeds.map(({ records: count }) => count);
  for (let step = 0; step < STEPS; step++) {
    server.step();
    if (step % 15 === 5) for (const symbol of GARBLED) server.garbage(symbol);
    if (step % 20 === 10) server.cut(CUT[0]!);
    if (step === 30) await (await platform.createWriter(recordFeedName(bybitLinear, UNWRITABLE, 'book'))).close();
    await soon(4);
  }
  // Whatever was disturbed comes back.
  const back = [...GARBLED, UNWRITABLE, ...CUT];
  await expect.poll(() => {
    server.step();
    return back.filter((symbol) => statusOf(symbol).state !== 'live');
  }, { timeout: 10_000 }).toEqual([]);
  const before = new Map(back.map((symbol) => [symbol, records(symbol)]));
  await expect.poll(() => {
    server.step();
    return back.filter((symbol) => records(symbol).some((count, at) => count <= before.get(symbol)![at]!));
  }, { timeout: 10_000, interval: 100 }).toEqual([]);
  await expect.poll(() => WELL.filter((symbol) => {
    const [trades, book] = records(symbol);
    const sent = server.sent.get(symbol)!;
    return trades !== sent.trades || book !== sent.levels;
  }), { timeout: 10_000 }).toEqual([]);

  const status = ingest.status();
  const { bad } = ingest.metrics();
  await ingest.stop();
  expect(status.connections.map(({ connects }) => connects > 1)).toEqual([false, false, false, true]);
  // Levels of a book that waits for its snapshot are not looked at, so not each of them is met.
  expect(Object.keys(bad)).toEqual(expect.arrayContaining(['not JSON', 'binary frame', 'price is not positive', 'data missing', 'asks is no list', 'time is implausible', 'type unknown',
    'update number is not a whole number', 'trade id is no text of 1 to 40 characters']));
  const told = (symbol: string, kind: string) => events.filter((event) => event.symbol === symbol && event.kind === kind);
  for (const symbol of WELL) {
    const { gaps, bad: badOnes, resyncs, failure } = status.symbols.find((each) => each.symbol === symbol)!;
    expect([symbol, gaps, badOnes, resyncs, failure]).toEqual([symbol, 0, 0, 0, undefined]);
    const reader = await platform.createReader(recordFeedName(bybitLinear, symbol, 'book'));
    expect((await reader.segments()).length, symbol).toBe(1);
    const updates = (await reader.range(0, 2 ** 52, { columns: ['last', 'flags'] }) as [number, number][]).filter(([, flags]) => (flags & 2) !== 0).map(([last]) => last);
    expect(updates, symbol).toEqual(Array.from({ length: updates.length }, (_, at) => 100 + at));
  }
  expect(events.filter(({ kind, symbol }) => kind === 'gap' && symbol === undefined)).toEqual([]);
  for (const symbol of GARBLED) {
    expect(told(symbol, 'gap').length, symbol).toBeGreaterThan(0);
    expect(told(symbol, 'resynced').length, symbol).toBeGreaterThan(0);
    const segments = await (await platform.createReader(recordFeedName(bybitLinear, symbol, 'book'))).segments();
    expect(segments.length, symbol).toBeGreaterThan(1);
  }
  // The writer that was closed: its symbol was set aside, with a boundary in its feeds, and taken up again. Nobody else was.
  expect(events.filter(({ kind }) => kind === 'failed').map(({ symbol }) => symbol)).toEqual([UNWRITABLE]);
  expect(errors).toMatchObject([{ code: 'DW_WRITER_CLOSED' }]);
  const segments = await (await platform.createReader(recordFeedName(bybitLinear, UNWRITABLE, 'trades'))).segments();
  expect(segments.map(({ reason }) => reason)).toContainEqual(expect.stringMatching(/^failed: .*is closed/));
}, 120_000);
