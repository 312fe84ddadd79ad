/**
 * Everything that can go wrong between an exchange and us, alone and in pairs: ingest goes on, books are right again afterwards, and what is missing is on
 * record. `FAULTS=all` (npm run soak -- exchange-faults) goes through all pairs at all venues; else each fault is met at one venue, and some pairs.
 */
import type { Fault } from '@deepwater/replay-server';
import { describe, expect, test } from 'vitest';
import { binance, binanceUsdm, bybitLinear, coinbase, coinbaseExchange, kraken, krakenV1 } from '../dist/index.js';
import { noCaptures, withCaptures } from './support/captures.js';
import { type Recorded, type Venue, record } from './support/faulted.js';

const KRAKEN = ['c197c0', '82ac16'].map((id) => `exchanges-raw-ws/KRAKEN-${id}.0.gz`);
/** @see Venue; `middle`: a frame of a connection when its books are there and much is still to come */
const VENUES: readonly (Venue & { readonly middle: number })[] = [
  { exchange: binanceUsdm, venue: 'binance', captures: ['binance-raw-ws/usdm-btcusdt_20240718.gz'], symbols: ['BTCUSDT'], middle: 2000 },
  { exchange: coinbase, venue: 'coinbase', captures: ['exchanges-raw-ws/COINBASE.jsonl.zst'], symbols: ['BTC-USD', 'ETH-USD'], middle: 300 },
  { exchange: kraken, venue: 'kraken', captures: KRAKEN, symbols: ['ALGO/BTC', 'LSK/USD'], below: '/v2', middle: 100 },
  { exchange: bybitLinear, venue: 'bybit', captures: ['exchanges-raw-ws/BYBIT.jsonl.zst'], symbols: ['BTCUSDT', 'ETHUSDT'], below: '/v5/public/linear', middle: 400 },
  { exchange: krakenV1, venue: 'kraken-v1', captures: KRAKEN, symbols: ['ALGO/XBT', 'LSK/USD'], middle: 100 },
  { exchange: binance, venue: 'binance', captures: ['binance-raw-ws/spot-btcusdt_20240808.gz'], symbols: ['BTCUSDT'], middle: 4000 },
  { exchange: coinbaseExchange, venue: 'coinbase-exchange', captures: ['exchanges-raw-ws/COINBASE.ws.28.0.products-A.gz'], symbols: ['SKL-USD', 'BAND-BTC'], middle: 100 },
];

/** Of each fault, a form that strikes in the middle of each capture: `at` is counted from there. */
const FAULTS: readonly Fault[] = [
  { kind: 'drop', at: 20, frames: 3 },
  { kind: 'drop', chance: 0.02 },
  { kind: 'duplicate', chance: 0.05 },
  { kind: 'reorder', chance: 0.05 },
  { kind: 'stall', at: 50, ms: 200 },
  { kind: 'half-open', at: 40 },
  { kind: 'garbage', chance: 0.05, form: 'json' },
  { kind: 'garbage', chance: 0.05, form: 'binary' },
  { kind: 'garbage', chance: 0.02, form: 'truncated' },
  { kind: 'close', at: 30, code: 1006 },
  { kind: 'close', at: 10, times: 3, code: 1012, reason: 'restart' },
  { kind: 'refuse-subscriptions', times: 2 },
  { kind: 'refuse-connections', times: 2, status: 429 },
  { kind: 'rest-status', status: 503, times: 2 },
  { kind: 'rest-slow', ms: 300, times: 2 },
  { kind: 'rest-stale', times: 1 },
];

const nameOf = (fault: Fault): string => Object.values(fault).join(' ');
/** Faults that only REST requests meet, and only Binance's books come from there. */
const isRest = ({ kind }: Fault): boolean => kind.startsWith('rest-');

const calm = new Map<Venue, Promise<Recorded>>();
/** What the same recording gives where nothing goes wrong. */
function undisturbed(venue: Venue): Promise<Recorded> {
  let run = calm.get(venue);
  if (run === undefined) calm.set(venue, (run = record(venue, [])));
  return run;
}

/** Levels that every snapshot has: those of Binance end after 1000. */
const TOP = 50;
const top = ({ books }: Recorded): string[] => Object.entries(books).flatMap(([symbol, sides]) => (['bids', 'asks'] as const)
  .map((side) => `${symbol} ${side} ${sides[side].slice(0, TOP).map(({ price, size }) => `${price}:${size}`).join(' ')}`));

async function survives(venue: (typeof VENUES)[number], faults: readonly Fault[], seed: number): Promise<void> {
  const expected = await undisturbed(venue);
  const found = await record(venue, faults.map((fault) => ('at' in fault ? { ...fault, at: (fault.at ?? 0) + venue.middle } : fault)), seed);
  // Books without numbers (Coinbase Exchange: their delivery is said to be guaranteed) cannot show that a message of an open connection was lost, or came late.
  const unseen = venue.exchange === coinbaseExchange && found.struck.some(({ kind, topic }) => (kind === 'drop' || kind === 'reorder') && /l2|level2/.test(topic));
  if (!unseen) expect(top(found)).toEqual(top(expected));
  const told = (...kinds: string[]): boolean => found.events.some(({ kind }) => kinds.includes(kind));
  for (const symbol of venue.symbols) {
    const ids = found.trades[symbol] as unknown[];
    const all = new Set(expected.trades[symbol]);
    if (venue.exchange.tradeIds === 'none') {
      // Trades without ids that are equal are different ones: what comes twice is written twice, and a frame has some dozens at most.
      const twice = found.struck.filter(({ kind }) => kind === 'duplicate').length;
      expect(ids.length, symbol).toBeLessThanOrEqual((expected.trades[symbol] as unknown[]).length + 50 * twice);
      continue;
    }
    // Those of an earlier connection that a list of recent trades has are no strangers either.
    expect(new Set(ids).size, `${symbol}: no trade twice`).toBe(ids.length);
    const missing = [...all].filter((id) => !ids.includes(id)) as number[];
    if (missing.length === 0) continue;
    // Where ids do not count, nobody can know that one was lost on an open connection; a connection that ended is told.
    if (venue.exchange.tradeIds === 'text') expect(found.struck.some(({ lost }) => lost) || told('disconnected', 'bad', 'refused')).toBe(true);
    else {
      const gaps = found.events.filter((event) => event.kind === 'gap' && event.symbol === symbol && event.channel === 'trades');
      const first = Math.min(...(ids as number[]), Infinity);
      const last = Math.max(...(ids as number[]), -Infinity);
      // What was lost before the first trade, or behind the last, has nothing beside it that could tell.
      const within = missing.filter((id) => id > first && id < last);
      expect(within.filter((id) => !gaps.some(({ expected: from = 0, found: to = 0 }) => id >= from && id < to)), `${symbol}: every missing trade lies in a gap`).toEqual([]);
    }
  }
  // What a connection lost is on record: as a gap, as its end, as a checksum that is wrong, or as the bad frame it became.
  if (!unseen && found.struck.some(({ lost, topic }) => lost && /depth|book|l2|level2/i.test(topic))) expect(told('gap', 'disconnected', 'checksum', 'bad')).toBe(true);
  for (const symbol of found.interrupted) expect(found.segments[symbol], `${symbol}: a segment boundary`).toBeGreaterThan(1);
}

const all = process.env['FAULTS'] === 'all';
const seed = Number(process.env['SEED'] ?? 1);
const fits = (venue: Venue, fault: Fault): boolean => !isRest(fault) || venue.venue === 'binance';
/** The venue whose turn it is, of those that the faults can strike at. */
function venuesFor(faults: readonly Fault[], turn: number): (typeof VENUES)[number][] {
  const fit = VENUES.filter((venue) => faults.every((fault) => fits(venue, fault)));
  return all ? fit : [fit[turn % fit.length] as (typeof VENUES)[number]];
}

// Most of their time they wait.
describe.skipIf(noCaptures !== undefined)(withCaptures(`faults between an exchange and the store (seed ${seed})`), { concurrent: !all }, () => {
  FAULTS.forEach((fault, turn) => {
    for (const venue of venuesFor([fault], turn)) {
      test(`${venue.exchange.name}: ${nameOf(fault)}`, () => survives(venue, [fault], seed), 120_000);
    }
  });
  const pairs = FAULTS.flatMap((one, at) => FAULTS.slice(at + 1).map((other) => [one, other] as const));
  const chosen = all ? pairs : pairs.filter((_, at) => at % 20 === seed % 20);
  chosen.forEach(([one, other], turn) => {
    for (const venue of venuesFor([one, other], turn)) {
      test(`${venue.exchange.name}: ${nameOf(one)} and ${nameOf(other)}`, () => survives(venue, [one, other], seed), 120_000);
    }
  });
});
