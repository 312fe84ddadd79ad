/** Everything that may be wrong with a frame, at every exchange: it is counted by its reason, what is good is written, and the session goes on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadFrame, type Exchange, type ExchangeSession, SOURCES, bybitLinear, coinbase, coinbaseExchange, krakenV1 } from '../dist/index.js';
import { type Dialect, NOW_US, type Parts, dialects } from './support/dialects.js';
import { FakeHost, badReason, settled } from './support/fake-host.js';
import { noRecordings, recording, withRecordings } from './support/recorded-frames.js';

/** All that the recording has. */
const KRAKEN_SYMBOLS = ['ALGO/XBT', 'LSK/USD', 'XBT/USD', 'ICX/USD', 'AUD/USD', 'KAVA/USD', 'DASH/EUR', 'FIL/XBT', 'WAVES/ETH', 'USDC/GBP'];
const DAY_US = 86_400 * 1e6;
const HOSTILE: readonly unknown[] = ['\ud800', '', '-1', 'NaN', 'Infinity', '1e999', '0', '9'.repeat(400), '__proto__', 'constructor', null, true, -1, 0, 1e308, 2 ** 53, -0, 1e-320, 1.5, [], {}, [[]],
  { toString: 1 }, { length: 1e9 }, ['9', '1'], 'DEEP', 'LONG'];
const MUTATION = { how: fc.constantFrom('value', 'value', 'value', 'remove', 'add', 'cut', 'byte'), at: fc.nat(), value: fc.constantFrom(...HOSTILE), byte: fc.nat(0xffff) } as const;

async function begin(dialect: Dialect) {
  const host = new FakeHost();
  const session = dialect.exchange.newSession({ symbols: [dialect.symbol], channels: ['trades', 'book', 'quotes'] }, host);
  session.open();
  const reasons: string[] = [];
  const feed = (frame: unknown): string => {
    try {
      session.frame(typeof frame === 'string' ? frame : JSON.stringify(frame), NOW_US);
      return '';
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      reasons.push(error.reason);
      return error.reason;
    }
  };
  if (dialect.first !== undefined) feed(dialect.first);
  feed(dialect.trade({}));
  if (dialect.rest === true) host.advance(2000);
  await whole(dialect, host, feed);
  host.takeEvents();
  return { host, session, feed, reasons };
}

/** The book as the exchange has it now. */
async function whole(dialect: Dialect, host: FakeHost, feed: (frame: unknown) => string): Promise<void> {
  if (dialect.rest !== true) {
    expect(feed(dialect.snapshot())).toBe('');
    return;
  }
  for (let tries = 0; host.gets.length === 0 && tries < 10; tries++) {
    host.advance(1000);
    await settled();
  }
  await host.answer(JSON.stringify(dialect.snapshot()));
  host.advance(1000);
  await settled();
}

/** What is wrong, and the reason it is counted by; the amounts as the exchange writes them. */
function wrongParts(dialect: Dialect, of: 'trade' | 'quote' | 'change'): [Parts, string][] {
  const { amount, time } = dialect;
  const timed = dialect.untimed?.includes(of as 'quote') !== true;
  const sizes: [unknown, string][] = of === 'trade' ? [[amount(0), 'size is not positive'], [amount(-1), 'size is not positive']] : [[amount(-1), 'size is negative']];
  return [
    ...([[null, 'missing'], [amount(0), 'is not positive'], [amount(-5), 'is not positive'], ['abc', 'is not a number'], ['NaN', 'is not a number'], ['', 'is not a number'], [[], 'is not a number'],
      ['1e5', 'is not a number'], ['9'.repeat(41), 'is not a number'], [{ toString: 1 }, 'is not a number'], ['\ud800', 'is not a number'], [true, 'is not a number']] as [unknown, string][])
      // A side of a Bybit ticker that is an empty text is not there.
      .filter(([price]) => !(price === '' && of === 'quote' && dialect.exchange.name.startsWith('bybit-')))
      .map(([price, reason]): [Parts, string] => [{ price }, `price ${reason}`]),
    ...([...sizes, ['lots', 'size is not a number']] as [unknown, string][]).map(([size, reason]): [Parts, string] => [{ size }, reason]),
    ...(timed ? ([[time(0), 'implausible'], [time(NOW_US + 2 * DAY_US), 'implausible'], ['yesterday', 'not a time'], [{}, 'not a time'], [null, 'missing']] as [unknown, string][])
      // A quote of Binance that has no time has the one when it came.
      .filter(([when]) => !(when === null && of === 'quote' && dialect.rest === true))
      .map(([when, reason]): [Parts, string] => [{ time: when }, reason === 'missing' ? 'time missing' : `time is ${reason === 'implausible' ? reason : 'not a time'}`]) : []),
    [{ symbol: 'NOPE' }, 'symbol unknown'], [{ symbol: {} }, 'symbol unknown'],
    ...(of === 'trade' ? [[{ side: 'up' }, 'side unknown'] as [Parts, string]] : []),
    ...(of === 'trade' && dialect.textIds !== true && dialect.noIds !== true ? [[{ id: 'x' }, 'trade id is not a whole number'], [{ id: -1 }, 'trade id is not a whole number'], [{ id: null }, 'trade id missing'], [{ id: 2 ** 60 }, 'trade id is not a whole number']] as [Parts, string][] : []),
  ];
}

test('there is a dialect for every exchange', () => {
  // Those with aggregated trades have the sessions of the others.
  expect(dialects().map(({ exchange }) => exchange.name)).toEqual(SOURCES.map(({ name }) => name).filter((name) => !name.endsWith('-agg')));
});

describe.each(dialects().map((dialect, at) => [dialect.exchange.name, at] as const))('%s', (_, at) => {
  const fresh = (): Dialect => dialects()[at]!;

  test('trades and quotes: what is wrong is counted once by its reason, and the good ones are all written', async () => {
    const dialect = fresh();
    const { host, feed, reasons } = await begin(dialect);
    const expected: string[] = [];
    for (const of of ['trade', 'quote'] as const) {
      const written = of === 'trade' ? host.trades : host.quotes;
      expect(feed(dialect[of]({}))).toBe('');
      for (const [parts, reason] of wrongParts(dialect, of)) {
        const before = written.length;
        expect([parts, feed(dialect[of](parts))]).toEqual([parts, reason]);
        expect(written.length).toBe(before);
        expect(feed(dialect[of]({}))).toBe('');
        expect([parts, written.length]).toEqual([parts, before + 1]);
        expected.push(reason);
      }
    }
    expect(reasons).toEqual(expected);
    expect(host.restarts).toEqual([]);
  });

  test('the book: what is wrong is told as a gap, nothing half is shown as whole, and it begins again', async () => {
    const dialect = fresh();
    const { host, feed } = await begin(dialect);
    let ends = 0;
    host.onBook = () => { ends += 1; };
    for (const [parts, reason] of wrongParts(dialect, 'change')) {
      if ('symbol' in parts) continue;
      expect(feed(dialect.change({}))).toBe('');
      expect(ends).toBe(1);
      expect([parts, feed(dialect.change(parts))]).toEqual([parts, reason]);
      expect([parts, host.takeEvents().map(({ kind, channel }) => `${kind} ${channel}`), ends]).toEqual([parts, ['gap book'], 1]);
      await whole(dialect, host, feed);
      expect(host.takeEvents().map(({ kind }) => kind)).toEqual(['resynced']);
      // Long enough for it to count as right again.
      host.advance(61_000);
      await settled();
      host.takeEvents();
      ends = 0;
    }
    expect(host.restarts).toEqual([]);
  });

  test('frames that are none: huge, deep, of no kind, of nobody', async () => {
    const dialect = fresh();
    const { host, feed } = await begin(dialect);
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const good = JSON.stringify(dialect.trade({}));
    const object = good.startsWith('{');
    const frames = ['', ' ', '{', '[', 'null', 'true', '17', '"x"', '[]', '{}', '\0', '\ud800', deep, `{"a":${deep}}`, good.slice(0, -3), `${good}x`, JSON.stringify('x'.repeat(10 << 20)), `{"channel":"${'x'.repeat(1 << 20)}"}`,
      '{"__proto__":{"channel":"trade"}}', '{"type":{"toString":1}}', '{"channel":{"toString":1},"sequence_num":1}', '{"topic":{"toString":1}}', '{"stream":{"toString":1},"data":{}}', '{"e":{"toString":1}}', '{"event":{"toString":1}}',
      '{"method":{"toString":1}}', '{"error":{"msg":{"toString":1}},"id":1}', '{"success":false,"ret_msg":{"toString":1}}', '{"type":"error","message":{"toString":1}}', `{"topic":${deep}}`, `{"channel":${deep}}`, `{"event":"error","errorMessage":${deep}}`];
    for (const frame of frames) {
      feed(frame);
      // Coinbase's next message has the number after the last that could be read.
      expect([frame.slice(0, 40), object && dialect.exchange.name === 'coinbase' ? '' : feed(dialect.trade({}))]).toEqual([frame.slice(0, 40), '']);
    }
    const events = host.takeEvents();
    expect(events.every(({ detail = '', symbol }) => detail.length <= 300 && (symbol === undefined || symbol === dialect.symbol))).toBe(true);
    const before = host.trades.length;
    expect(feed(dialect.trade({}))).toBe('');
    expect(host.trades.length).toBe(before + 1);
    expect(host.restarts).toEqual([]);
  }, 30_000);

  test('frames spoiled in any way, give records that hold the rules or a BadFrame, and nothing else', async () => {
    const started = performance.now();
    const mutation = fc.record({ of: fc.constantFrom('trade', 'quote', 'change', 'snapshot'), ...MUTATION });
    await fc.assert(fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 12 }), async (mutations) => {
      const dialect = fresh();
      const { host, session, feed } = await begin(dialect);
      for (const { of, how, at: where, value, byte } of mutations) {
        const frame = of === 'snapshot' ? dialect.snapshot() : dialect[of]({});
        feed(mutated(frame, how, where, value, byte));
      }
      holdsTheRules(host);
      await finishes(session, host);
    }), { numRuns: 150, seed: 7 });
    expect(performance.now() - started).toBeLessThan(20_000);
  }, 30_000);
});

describe.skipIf(noRecordings !== undefined)(withRecordings('real frames, spoiled in any way'), () => {
  test.each<[Exchange, string, string[]]>([
    [coinbase, 'COINBASE.jsonl.zst', ['BTC-USD', 'ETH-USD']], [bybitLinear, 'BYBIT.jsonl.zst', ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'DOGEUSDT']],
    [krakenV1, 'KRAKEN-c197c0.0.gz', KRAKEN_SYMBOLS], [coinbaseExchange, 'COINBASE.ws.28.0.products-A.gz', ['SKL-USD', 'BAND-BTC']],
  ])('%o', (exchange, name, symbols) => {
    const all = recording(name).frames;
    // Snapshots of whole books, some of megabytes, are among the first, which are taken as they are.
    const first = all.slice(0, 60);
    const frames = all.filter(({ text }) => text.length < 20_000);
    let taken = 0;
    fc.assert(fc.property(fc.nat(frames.length - 1), fc.array(fc.record(MUTATION), { minLength: 20, maxLength: 100 }), (from, mutations) => {
      const host = new FakeHost();
      const session = exchange.newSession({ symbols, channels: ['trades', 'book', 'quotes'] }, host);
      session.open();
      for (const { text, receivedUs } of first) badReason(() => { session.frame(text, receivedUs); });
      const before = host.trades.length + host.quotes.length + host.books.length;
      mutations.forEach(({ how, at, value, byte }, index) => {
        const frame = frames[(from + index) % frames.length]!;
        const text = index % 3 === 0 ? frame.text : mutated(JSON.parse(frame.text), how, at, value, byte);
        const started = performance.now();
        badReason(() => { session.frame(text, frame.receivedUs); });
        expect(performance.now() - started).toBeLessThan(2000);
      });
      holdsTheRules(host);
      taken += host.trades.length + host.quotes.length + host.books.length - before;
      session.close();
    }), { numRuns: 10, seed: 11 });
    // Not dead after the first of them: how much is taken depends on which numbers are hit.
    expect(taken).toBeGreaterThan(0);
  }, 30_000);
});

/** A frame with something wrong in it, as text. */
function mutated(frame: unknown, how: string, at: number, value: unknown, byte: number): string {
  const copy = structuredClone(frame) as object;
  const text = JSON.stringify(copy);
  if (how === 'cut') return text.slice(0, at % text.length);
  if (how === 'byte') return `${text.slice(0, at % text.length)}${String.fromCharCode(byte)}${text.slice(at % text.length + 1)}`;
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const look = (holder: object): void => {
    for (const [key, inner] of Object.entries(holder)) {
      places.push([holder as Record<string, unknown>, key]);
      if (typeof inner === 'object' && inner !== null) look(inner as object);
    }
  };
  look(copy);
  const [holder, key] = places[at % places.length]!;
  if (how === 'remove') Reflect.deleteProperty(holder, key);
  else holder[how === 'add' ? `${key}x` : key] = value;
  return JSON.stringify(copy).replaceAll('"DEEP"', () => `${'['.repeat(10_000)}${']'.repeat(10_000)}`).replaceAll('"LONG"', () => `"${'x'.repeat(1 << 20)}"`);
}

/** Every record is one that could be true. */
function holdsTheRules(host: FakeHost): void {
  const plausible = (ts: string): boolean => Number(ts) >= Date.UTC(2009, 0, 3) * 1000 && Number(ts) <= NOW_US + DAY_US;
  const positive = (amount: string): boolean => Number(amount) > 0 && Number(amount) < Infinity;
  const held = (amount: string): boolean => amount !== '' && Number(amount) >= 0 && Number(amount) < Infinity;
  for (const line of host.trades) {
    const fields = line.split(' ');
    const [price, size] = fields.slice(-2) as [string, string];
    expect([line.slice(0, 200), plausible(fields[1]!), /^[BS]$/.test(fields.at(-3)!), positive(price), positive(size)]).toEqual([line.slice(0, 200), true, true, true, true]);
  }
  for (const line of host.quotes) {
    const [, ts, , , bid, bidSize, ask, askSize] = line.split(' ') as string[];
    expect([line.slice(0, 200), plausible(ts!), positive(bid!), held(bidSize!), positive(ask!), held(askSize!)]).toEqual([line.slice(0, 200), true, true, true, true, true]);
  }
  for (const line of host.books) {
    const fields = line.split(' ') as string[];
    if (fields[1] === 'snapshot' || fields[1] === 'change') expect([line, plausible(fields[2]!)]).toEqual([line, true]);
    else expect([line.slice(0, 200), /^[AB]$/.test(fields[1]!), positive(fields[2]!), held(fields[3]!)]).toEqual([line.slice(0, 200), true, true, true]);
  }
}

/** The timers of a session that has been fed garbage do nothing odd either. */
async function finishes(session: ExchangeSession, host: FakeHost): Promise<void> {
  host.advance(100_000);
  await settled();
  session.close();
  for (const event of host.takeEvents()) expect(event.detail?.length ?? 0).toBeLessThanOrEqual(300);
}
