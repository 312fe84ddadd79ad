import { BOOK_FLAGS, OrderBook, type Platform, bookAt, bookAtSync } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, line } from '../lib/benchmark.js';
import { BOOK_SCALE, type BookRows, readBookCapture } from '../lib/book-capture.js';
import { asGiven, race, timed, timedAsync } from '../lib/queries/race.js';
import { withStore } from '../lib/stores.js';

/** A book of maps, as most people write it: the best price is looked for among all levels. */
class MapBook {
  readonly bids = new Map<number, number>();
  readonly asks = new Map<number, number>();

  set(side: number, price: number, size: number): void {
    const levels = side === 66 ? this.bids : this.asks;
    if (size === 0) levels.delete(price);
    else levels.set(price, size);
  }

  get bestBid(): number {
    let best = -Infinity;
    for (const price of this.bids.keys()) if (price > best) best = price;
    return best;
  }

  get bestAsk(): number {
    let best = Infinity;
    for (const price of this.asks.keys()) if (price < best) best = price;
    return best;
  }
}

const SCALE = 10 ** BOOK_SCALE;

/** Rows behind which each message ends. */
function messageEnds({ rows, flags }: BookRows): number[] {
  const ends: number[] = [];
  for (let i = 0; i < rows; i++) if (((flags[i] as number) & BOOK_FLAGS.LAST) !== 0) ends.push(i + 1);
  return ends;
}

/** The sum of the best prices behind every message. */
function bestOfOurs(given: BookRows, ends: readonly number[]): number {
  const book = new OrderBook({ priceScale: BOOK_SCALE, sizeScale: BOOK_SCALE });
  let from = 0;
  let sum = 0;
  for (const end of ends) {
    book.applyColumns(given, from, end);
    from = end;
    sum += (book.bestBid?.price ?? 0) + (book.bestAsk?.price ?? 0);
  }
  return sum;
}

/** @param looks whether the best prices are looked for behind every message, or behind the last */
function bestOfMaps({ side, price, size }: BookRows, ends: readonly number[], looks: boolean): number {
  const book = new MapBook();
  let from = 0;
  let sum = 0;
  for (const end of ends) {
    for (let i = from; i < end; i++) book.set(side[i] as number, Number(price[i]), Number(size[i]));
    from = end;
    if (looks) sum += book.bestBid / SCALE + book.bestAsk / SCALE;
  }
  return looks ? sum : book.bestBid / SCALE + book.bestAsk / SCALE;
}

async function applying(context: BenchContext, capture: BookRows): Promise<Line> {
  context.progress('books-apply');
  const ends = messageEnds(capture);
  const last = [bestOfMaps(capture, ends, false)];
  const result = await race({ rounds: context.pick(7, 2), rows: capture.rows, expected: [bestOfMaps(capture, ends, true)] },
    { name: 'OrderBook', ask: timed(() => [bestOfOurs(capture, ends)], asGiven) },
    { name: 'Maps, best prices looked for', ask: timed(() => [bestOfMaps(capture, ends, true)], asGiven) },
    { name: 'Maps, nobody asks', ask: timed(() => [bestOfMaps(capture, ends, false)], asGiven), expected: last },
  );
  return line({ id: 'books-apply', what: `levels of a recording of Binance USD-M applied, best prices asked for behind each of ${ends.length.toLocaleString('en')} messages`, unit: 'M levels/s', ...result });
}

/** Fills a feed with the recording over and over, behind one snapshot. @returns how many rows, and the last time */
async function fill(platform: Platform, given: BookRows, times: number): Promise<{ rows: number; end: number }> {
  await platform.createFeed({
    name: 'book', mode: 'IF', timestamp: 'ts', fields: [
      { name: 'ts', type: 'uint64' }, { name: 'side', type: 'char' }, { name: 'flags', type: 'uint8' },
      { name: 'price', type: 'decimal', scale: BOOK_SCALE }, { name: 'size', type: 'decimal', scale: BOOK_SCALE },
    ],
  });
  const writer = await platform.createWriter('book');
  const length = (given.ts[given.rows - 1] as number) - (given.ts[0] as number);
  let rows = 0;
  for (let turn = 0; turn < times; turn++) {
    const first = turn === 0 ? 0 : given.flags.findIndex((flags) => (flags & BOOK_FLAGS.SNAPSHOT) === 0);
    for (let i = first; i < given.rows; i++) {
      if (turn === 0 && i === 0) writer.markIndex();
      writer.writeValues((given.ts[i] as number) + turn * length, String.fromCharCode(given.side[i] as number), given.flags[i] as number, given.price[i] as bigint, given.size[i] as bigint);
      rows++;
    }
  }
  await writer.flush();
  return { rows, end: (given.ts[given.rows - 1] as number) + (times - 1) * length };
}

async function atATime(context: BenchContext, platform: Platform, capture: BookRows): Promise<Line> {
  const { rows, end } = await fill(platform, capture, context.pick(16, 1));
  context.progress(`books-at: ${rows} rows`);
  const reader = await platform.createReader('book');
  const best = (book: OrderBook | undefined): number[] => [book?.bestBid?.price ?? 0, book?.bestAsk?.price ?? 0];
  const ofObjects = (): number[] => {
    const book = new MapBook();
    for (let from = 0; from < rows;) {
      const { records, next } = reader.readFromSync(from, 65_536, 'object');
      for (const { side, price, size } of records as unknown as readonly { side: string; price: string; size: string }[]) book.set(side.charCodeAt(0), Number(price), Number(size));
      from = next;
    }
    return [book.bestBid, book.bestAsk];
  };
  const result = await race({ rounds: context.pick(5, 2), rows, expected: ofObjects() },
    { name: 'bookAtSync', ask: timed(() => bookAtSync(reader, end), best) },
    { name: 'bookAt, the event loop free', ask: timedAsync(() => bookAt(reader, end), best) },
    { name: 'records as objects into Maps', ask: timed(ofObjects, asGiven) },
  );
  return line({
    id: 'books-at', what: `the book at a time, ${rows.toLocaleString('en')} levels behind its snapshot`, unit: 'M levels/s', ...result,
    notes: [`${((rows / result.sample.median) / 1000).toFixed(0)} ms for ${((end - (capture.ts[0] as number)) / 3.6e9).toFixed(1)} hours of changes`],
  });
}

export const books: Benchmark = {
  name: 'books',
  title: 'order books: levels applied, and the book at a time',
  run: (context) => withStore(context.directory, async (platform) => {
    const capture = readBookCapture();
    if (capture === undefined) {
      context.progress('there are no recordings beside the repository: books are left out');
      return [];
    }
    return [await applying(context, capture), await atATime(context, platform, capture)];
  }),
};
