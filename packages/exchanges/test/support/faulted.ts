/** A capture recorded through a server that makes things go wrong, and what the store has of it afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Platform } from 'deepwater';
import { type Fault, type FaultRecord, type ReplayOptions, startReplayServer } from '@deepwater/replay-server';
import { type Exchange, Ingest, type RecordedEvent, recordFeedName } from '../../dist/index.js';
import { captureFile } from './captures.js';

export interface Venue {
  readonly exchange: Exchange;
  readonly venue: ReplayOptions['venue'];
  readonly captures: readonly string[];
  readonly symbols: readonly string[];
  /** Behind the server's address. */
  readonly below?: string;
}

export interface Level { readonly price: number; readonly size: number }

export interface Recorded {
  /** Ids of trades by symbol, in the order they were written. */
  readonly trades: Readonly<Record<string, readonly unknown[]>>;
  /** The last book of each symbol, the best levels first. */
  readonly books: Readonly<Record<string, { readonly bids: readonly Level[]; readonly asks: readonly Level[] }>>;
  readonly events: readonly RecordedEvent[];
  readonly struck: readonly FaultRecord[];
  /** Faults that never had an occasion. */
  readonly pending: number;
  readonly segments: Readonly<Record<string, number>>;
  /** Symbols whose book had records when a connection ended. */
  readonly interrupted: ReadonlySet<string>;
}

/** Silence that ends a connection, in tests. */
const SILENCE_MS = 2500;
/** Nothing new for so long after the end of the recording: everything has come. */
const QUIET_MS = 250;
/** And at so many looks, one after the other: what had no time to read its sockets has seen nothing new either. */
const QUIET_LOOKS = 12;

export async function record({ exchange, venue, captures, symbols, below = '' }: Venue, faults: readonly Fault[], seed = 1): Promise<Recorded> {
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-faults-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  const server = await startReplayServer({ venue, captures: captures.map(captureFile), faults, seed, startQuietMs: 100 });
  const events: RecordedEvent[] = [];
  const quick: Exchange = { ...exchange, limits: { ...exchange.limits, silenceMs: SILENCE_MS } };
  const errors: unknown[] = [];
  const read = async (symbol: string, channel: 'trades' | 'book') => platform.createReader(recordFeedName(exchange, symbol, channel));
  try {
    const ingest = await Ingest.start(platform, {
      source: quick, symbols, channels: ['trades', 'book'], urls: { ws: `${server.url.ws}${below}`, rest: server.url.rest }, backoff: { minMs: 10, maxMs: 40 },
      onEvent: (event) => { events.push(event); }, onError: (error) => { errors.push(error); },
    });
    try {
      await server.done;
      await settled(ingest, events, async () => (await Promise.all(symbols.map(async (symbol) => (await (await read(symbol, 'book')).segments()).at(-1)?.ended))).every((end) => end === 'open'));
    } finally {
      await ingest.stop();
    }
    if (errors.length > 0) throw errors[0];
    const trades: Record<string, unknown[]> = {};
    const books: Record<string, { bids: Level[]; asks: Level[] }> = {};
    const segments: Record<string, number> = {};
    const interrupted = new Set<string>();
    const ended = (await (await platform.createReader(`${exchange.name}.events`)).range(0, 2 ** 52, { columns: ['ts', 'kind'] }) as [number, string][]).filter(([, kind]) => kind === 'disconnected').map(([ts]) => ts);
    for (const symbol of symbols) {
      trades[symbol] = (await (await read(symbol, 'trades')).range(0, 2 ** 52, { columns: ['id'] }) as [unknown][]).map(([id]) => id);
      const book = await read(symbol, 'book');
      books[symbol] = lastBook(await book.range(0, 2 ** 52, { columns: ['side', 'flags', 'price', 'size'] }) as [string, number, string, string][]);
      segments[symbol] = (await book.segments()).length;
      const [first] = await book.range(0, 2 ** 52, { columns: ['recv'], limit: 1 }) as [number][];
      if (first !== undefined && ended.some((ts) => ts > first[0])) interrupted.add(symbol);
    }
    return { trades, books, events, struck: server.faults, pending: server.control.status().faults.length, segments, interrupted };
  } finally {
    await server.close();
    await platform.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Until connections are open, books are back, and nothing new comes. */
async function settled(ingest: Ingest, events: readonly RecordedEvent[], booksAreBack: () => Promise<boolean>): Promise<void> {
  let quietSince = performance.now();
  let looks = 0;
  let before = '';
  for (const endsMs = performance.now() + 20_000; performance.now() < endsMs;) {
    const { records, gaps, resyncs, reconnects } = ingest.metrics();
    // Heartbeats are no news, and after the end of a recording connections end for their silence again and again.
    const now = [records, gaps, resyncs, events.filter(({ kind }) => kind === 'refused').length].join();
    looks++;
    if (now !== before) {
      quietSince = performance.now();
      looks = 0;
    }
    before = now;
    const open = ingest.status().connections.every(({ state }) => state === 'open');
    if (looks >= QUIET_LOOKS && open && await booksAreBack() && performance.now() - quietSince >= QUIET_MS + (reconnects > 0 ? QUIET_MS : 0)) return;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  throw new Error(`it does not settle: ${JSON.stringify(ingest.status())}`);
}

/** The plainest way to a book: everything from the last snapshot on, sorted when somebody asks. */
function lastBook(records: readonly (readonly [side: string, flags: number, price: string, size: string])[]): { bids: Level[]; asks: Level[] } {
  const sides = { B: new Map<number, number>(), A: new Map<number, number>() };
  let inSnapshot = false;
  for (const [side, flags, price, size] of records) {
    const snapshot = (flags & 1) !== 0;
    if (snapshot && !inSnapshot) for (const levels of Object.values(sides)) levels.clear();
    inSnapshot = snapshot && (flags & 2) === 0;
    const levels = sides[side as 'A' | 'B'];
    if (Number(size) === 0) levels.delete(Number(price));
    else levels.set(Number(price), Number(size));
  }
  const sorted = (levels: Map<number, number>, sign: 1 | -1): Level[] => [...levels].map(([price, size]) => ({ price, size })).sort((a, b) => sign * (a.price - b.price));
  return { bids: sorted(sides.B, -1), asks: sorted(sides.A, 1) };
}
