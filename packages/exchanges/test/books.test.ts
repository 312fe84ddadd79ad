/** Books of feeds, made of recordings of real exchanges and held against what the same exchanges said beside them: quotes, checksums, shallower books. */
import { describe, expect, test } from 'vitest';
import { type OrderBook, type Platform, bookAt, books } from 'deepwater';
import { openPlatform } from '../../../test/support/platforms.js';
import { type Exchange, FeedSink, type RecordSink, binanceCoinm, binanceUsdm, bybitLinear, coinbase, krakenV1, recordFeedName, recordFeedSpec } from '../dist/index.js';
import { captureLines, noCaptures, withCaptures } from './support/captures.js';
import { FakeHost } from './support/fake-host.js';
import { PlainBook } from './support/plain-book.js';
import { recording } from './support/recorded-frames.js';

type Raw = Record<string, unknown>;
type Pairs = [string, string][];
type Reader = Awaited<ReturnType<Platform['createReader']>>;

/** A host whose records go into feeds. */
class StoreHost extends FakeHost {
  constructor(override readonly records: RecordSink) {
    super();
  }
}

/** A store with the book feeds of some symbols; `fill` plays the recording. */
async function booksOf(exchange: Exchange, symbols: readonly string[], fill: (host: StoreHost, session: ReturnType<Exchange['newSession']>) => Promise<void> | void): Promise<Map<string, Reader>> {
  const platform = await openPlatform(undefined, { logLevel: 'silent' });
  const writers = new Map<string, Awaited<ReturnType<Platform['createWriter']>>>();
  for (const symbol of symbols) {
    await platform.createFeed(recordFeedSpec(exchange, symbol, 'book'));
    writers.set(symbol, await platform.createWriter(recordFeedName(exchange, symbol, 'book')));
  }
  const host = new StoreHost(new FeedSink((symbol) => ({ book: writers.get(symbol)! })));
  const session = exchange.newSession({ symbols: [...symbols], channels: ['book'] }, host);
  session.open();
  await fill(host, session);
  const readers = new Map<string, Reader>();
  for (const [symbol, writer] of writers) {
    await writer.flush();
    readers.set(symbol, await platform.createReader(recordFeedName(exchange, symbol, 'book')));
  }
  return readers;
}

/** Every so many of the values, and the last. */
const some = <T>(values: readonly T[], count: number): T[] => values.filter((_, i) => i % Math.ceil(values.length / count) === 0 || i === values.length - 1);
/** Only those after which time goes on: else it is not told which of them a time means. */
const whereTimeGoesOn = <T extends { readonly received: number }>(values: readonly T[]): T[] => values.filter(({ received }, i) => (values[i + 1]?.received ?? Infinity) > received);
const plainLevels = (book: OrderBook, side: 'B' | 'A', depth?: number) => book.exactLevels(side, depth).map(({ price, size }) => [Number(price), Number(size)]);
const numbersOf = (plain: PlainBook, side: 'B' | 'A', depth = Infinity) => plain.sorted(side).slice(0, depth).map(([price, size]) => [Number(price), Number(size)]);

interface BinanceStep {
  readonly received: number;
  readonly text: string;
  readonly data: Raw | undefined;
  readonly raw: Raw;
}

const binanceSteps = (files: readonly string[]): BinanceStep[] => files.flatMap((file) => captureLines(`binance-raw-ws/${file}`)).map((line) => {
  const text = line.slice(line.indexOf(' ') + 1);
  const raw = JSON.parse(text) as Raw;
  return { received: Number(line.slice(0, 16)), text, raw, data: raw['data'] as Raw | undefined };
});

/** A seeded series of numbers below 1. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

describe.skipIf(noCaptures !== undefined)(withCaptures('books of recordings'), () => {
  for (const { files, exchange, symbol, quotes } of [
    { files: ['usdm-btcusdt_20240718.gz', 'usdm-btcusdt_20240719.gz'], exchange: binanceUsdm, symbol: 'BTCUSDT', quotes: 600 },
    { files: ['usdm-btcusdt_20230404.dat.gz', 'usdm-btcusdt_20230405.dat.gz'], exchange: binanceUsdm, symbol: 'BTCUSDT', quotes: 1500 },
    { files: ['cm-btcusd_perp_20240808.gz'], exchange: binanceCoinm, symbol: 'BTCUSD_PERP', quotes: 1100 },
  ]) {
    test(`${files.join(', ')}: best prices behind an update are those of the quote with its number, and any time is that of a plain replay`, async () => {
      const steps = binanceSteps(files);
      let snapshot: { raw: Raw; received: number } | undefined;
      const reader = (await booksOf(exchange, [symbol], async (host, session) => {
        let reply: BinanceStep | undefined;
        for (const step of steps) {
          if (step.data === undefined) reply = step;
          else if (step.data['e'] === 'depthUpdate') session.frame(step.text, step.received);
          // An answer waits until its question has come.
          if (snapshot !== undefined || reply === undefined || host.gets.length === 0) continue;
          snapshot = { raw: reply.raw, received: step.received };
          await host.answer(reply.text);
        }
      })).get(symbol)!;

      // The messages as the rules of the exchange have them: the snapshot, then what is newer.
      const id = Number(snapshot!.raw['lastUpdateId']);
      const updates = steps.flatMap(({ data, received }) => (data?.['e'] === 'depthUpdate' && Number(data['u']) >= id ? [{ data, received: Math.max(received, snapshot!.received), update: Number(data['u']) }] : []));
      // Updates that waited for the snapshot keep the time at which they came; comparisons begin behind it.
      const later = updates.filter((each, i) => each.received > snapshot!.received && i > 0);

      const quoted = new Map(steps.filter(({ data }) => String(data?.['e'] ?? '') === 'bookTicker').map(({ data }) => [Number(data!['u']), data!]));
      const both = whereTimeGoesOn(later).filter(({ update }) => quoted.has(update));
      expect(both.length).toBeGreaterThan(quotes);
      let at = 0;
      for await (const { book, time } of books(reader, { times: both.map(({ received }) => received), by: 'recv' })) {
        const { update, received } = both[at++]!;
        expect(time).toBe(received);
        const quote = quoted.get(update)!;
        expect([book.bestBid?.price, book.bestAsk?.price], `update ${update}`).toEqual([Number(quote['b']), Number(quote['a'])]);
        expect([book.bestBid?.size, book.bestAsk?.size], `update ${update}`).toEqual([Number(quote['B']), Number(quote['A'])]);
        expect([book.whole, book.crossed, book.locked, book.stale]).toEqual([true, false, false, undefined]);
      }
      expect(at).toBe(both.length);

      // Times at random, told by a replay of the frames alone.
      const random = chance(42);
      const [first, last] = [later[0]!.received, later.at(-1)!.received];
      const times = Array.from({ length: 40 }, () => Math.floor(first + random() * (last - first))).sort((a, b) => a - b);
      const plain = new PlainBook();
      for (const [side, pairs] of [['B', snapshot!.raw['bids']], ['A', snapshot!.raw['asks']]] as ['B' | 'A', Pairs][]) for (const [price, size] of pairs) plain.set(side, price, size);
      let done = 0;
      for (const [i, time] of times.entries()) {
        for (; done < updates.length && updates[done]!.received <= time; done++) {
          const { data } = updates[done]!;
          for (const [side, pairs] of [['B', data['b']], ['A', data['a']]] as ['B' | 'A', Pairs][]) for (const [price, size] of pairs) plain.set(side, price, size);
        }
        if (i % 4 !== 0) continue;
        const book = await bookAt(reader, time, { by: 'recv' });
        for (const side of ['B', 'A'] as const) expect(plainLevels(book!, side), `${side} at ${time}`).toEqual(numbersOf(plain, side));
      }
    }, 120_000);
  }

  test('KRAKEN-c197c0.0.gz: the book at the time of a frame has the checksum that the frame has', async () => {
    const frames = recording('KRAKEN-c197c0.0.gz').frames.map(({ receivedUs, text }) => ({ received: receivedUs, text, raw: JSON.parse(text) as unknown })).filter(({ raw }) => Array.isArray(raw)) as { received: number; text: string; raw: unknown[] }[];
    const pairs = [...new Set(frames.map(({ raw }) => String(raw.at(-1))))];
    const readers = await booksOf(krakenV1, pairs, (_, session) => {
      for (const { text, received } of frames) session.frame(text, received);
    });
    let compared = 0;
    for (const pair of pairs) {
      const own = frames.filter(({ raw }) => raw.at(-1) === pair);
      const snapshot = own[0]!.raw[1] as { as: [string, string][] };
      const decimals = { price: snapshot.as[0]![0].split('.')[1]!.length, size: snapshot.as[0]![1].split('.')[1]!.length };
      const wanted = whereTimeGoesOn(own).flatMap((frame) => {
        const sum = frame.raw.slice(1, -2).map((part) => (part as Raw)['c']).find((value) => value !== undefined);
        return sum === undefined ? [] : [{ ...frame, sum: Number(sum) }];
      });
      const checksum = (book: OrderBook): number => {
        const plain = new PlainBook();
        for (const side of ['B', 'A'] as const) for (const { price, size } of book.exactLevels(side, 10)) plain.set(side, String(price), String(size));
        // Feeds keep 8 decimals; the exchange writes as many as the pair has.
        return plain.checksum((amount, isPrice) => {
          const [whole, fraction] = amount.split('.') as [string, string];
          const wanted = isPrice ? decimals.price : decimals.size;
          return `${whole}.${fraction.slice(0, wanted).padEnd(wanted, '0')}`;
        });
      };
      const reader = readers.get(pair)!;
      let at = 0;
      for await (const { book } of books(reader, { times: wanted.map(({ received }) => received), by: 'recv' })) {
        const { sum, received } = wanted[at++]!;
        if (checksum(book) !== sum) expect.fail(`${pair} at ${received}`);
      }
      expect(at).toBe(wanted.length);
      compared += at;
      for (const { received, sum } of some(wanted, 5)) expect(checksum((await bookAt(reader, received, { by: 'recv' }))!)).toBe(sum);
    }
    expect(compared).toBeGreaterThan(13_000);
  }, 120_000);

  test('BYBIT.jsonl.zst: the best prices of tickers are those of the deep book around the same number', async () => {
    const lines = captureLines('exchanges-raw-ws/BYBIT.jsonl.zst').map((line) => JSON.parse(line) as { t: string; conn: string; ts: number; data: string }).filter(({ t, conn }) => t === 'recv' && conn === 'BYBIT.ws.2');
    const steps = lines.map(({ ts, data }) => ({ received: Math.round(ts * 1e6), text: data, raw: JSON.parse(data) as Raw }));
    const ofTopic = (topic: string) => steps.filter(({ raw }) => raw['topic'] === topic);
    const symbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'DOGEUSDT'];
    const readers = await booksOf(bybitLinear, symbols, (_, session) => {
      for (const { raw, text, received } of steps) if (String(raw['topic']).startsWith('orderbook.200.')) session.frame(text, received);
    });
    for (const symbol of symbols) {
      const messages = whereTimeGoesOn(ofTopic(`orderbook.200.${symbol}`));
      const states = await bestsAt(readers.get(symbol)!, messages.map(({ received }) => received));
      const numbers = messages.map(({ raw }) => Number((raw['data'] as Raw)['seq']));
      const quote: Raw = {};
      let compared = 0;
      const unlike: string[] = [];
      for (const { raw } of ofTopic(`tickers.${symbol}`)) {
        Object.assign(quote, raw['data']);
        const after = numbers.findIndex((number) => number > Number(raw['cs']));
        if (after < 1) continue;
        compared++;
        // The book comes every 20 ms: the ticker's moment lies between two of its messages.
        const near = states.slice(after - 1, after + 1);
        const [bid, ask] = [Number(quote['bid1Price']), Number(quote['ask1Price'])];
        if (!near.some((state) => state.bid === bid) || !near.some((state) => state.ask === ask)) unlike.push(`${raw['cs']} ${bid} ${ask}`);
      }
      expect(compared, symbol).toBeGreaterThan(100);
      expect(unlike, symbol).toEqual([]);
    }
  }, 60_000);

  test('COINBASE.jsonl.zst: the best prices of tickers are those of the book about the same time', async () => {
    const frames = recording('COINBASE.jsonl.zst').frames.map(({ receivedUs, text }) => ({ received: receivedUs, text, raw: JSON.parse(text) as { channel: string; events: Raw[] } }));
    const symbols = ['BTC-USD', 'ETH-USD'];
    const readers = await booksOf(coinbase, symbols, (host, session) => {
      for (const { text, received } of frames) session.frame(text, received);
      expect(host.restarts).toEqual([]);
    });
    for (const symbol of symbols) {
      const times = whereTimeGoesOn(frames.filter(({ raw }) => raw.channel === 'l2_data' && raw.events.some((event) => event['product_id'] === symbol))).map(({ received }) => received);
      const states = await bestsAt(readers.get(symbol)!, times);
      const tickers = frames.filter(({ raw }) => raw.channel === 'ticker').flatMap(({ received, raw }) =>
        raw.events.flatMap((event) => (event['tickers'] as Record<string, string>[]).filter((ticker) => ticker['product_id'] === symbol).map((ticker) => ({ received, ticker })))).filter(({ received }) => received > states[0]!.time);
      const unlike = tickers.filter(({ received, ticker }) => {
        const near = states.filter(({ time }, i) => Math.abs(time - received) < 250_000 || (states[i + 1]?.time ?? 0) > received - 250_000 && time < received);
        return !near.some(({ bid, ask }) => bid === Number(ticker['best_bid']) && ask === Number(ticker['best_ask']));
      });
      expect(tickers.length).toBeGreaterThan(50);
      expect(unlike, symbol).toEqual([]);
    }
  }, 60_000);
});

/** Best prices at some times by this machine's clock. */
async function bestsAt(reader: Reader, times: readonly number[]): Promise<{ time: number; bid: number; ask: number }[]> {
  const found: { time: number; bid: number; ask: number }[] = [];
  for await (const { time, book } of books(reader, { times, by: 'recv' })) {
    expect([book.stale, book.crossed]).toEqual([undefined, false]);
    found.push({ time: Number(time), bid: book.bestBid!.price, ask: book.bestAsk!.price });
  }
  expect(found.length).toBe(times.length);
  return found;
}
