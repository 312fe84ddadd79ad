import { DeepwaterError } from '@deepwater/core/engine';
import { type IndexPoint, type TimeInput, checkKeys, countOf, timeOf, timeValue } from '@deepwater/query';
import { BookFeed, type BookFeedOptions, type BookReader } from './book-feed.js';
import { BookSampler } from './book-sampler.js';
import type { BookLevel, OrderBook } from './order-book.js';
import { everyIn, multipleFrom } from './sample-times.js';
import { type Ask, type Asking, ask } from './steps.js';

/** When books are wanted: at whole multiples of `every` since 1970 with start <= time < end, or at `times`. */
export interface BooksOptions extends BookFeedOptions {
  readonly start?: TimeInput | undefined;
  readonly end?: TimeInput | undefined;
  /** `'100ms'`, `'1s'`, `'1m'`, `'1h'`. */
  readonly every?: string | undefined;
  /** Times in order, in place of the other three: of trades, of orders. */
  readonly times?: Iterable<TimeInput> | undefined;
  /** Gives the best so many levels of each side as copies, to keep. */
  readonly depth?: number | undefined;
  /** Ends the loop, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The book of one time. */
export interface BookSample {
  readonly time: number | bigint;
  /** The same object each time: what is to be kept must be read from it before the next one. */
  readonly book: OrderBook;
  /** With `depth`: the best levels, as copies. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

/**
 * The book of a feed at many times, in one pass over its records: each is what `bookAt` gives for that time. A time without news has the book
 * there was, told as stale where it is; times before the first whole snapshot are left out.
 * @throws DeepwaterError as `bookAt`
 */
export async function* books(reader: BookReader, options: BooksOptions): AsyncGenerator<BookSample, void, void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const steps = samples(reader, options);
  for (let step = steps.next(); step.done !== true;) {
    const given: Ask<unknown> | BookSample = step.value;
    let answer: unknown;
    if ('later' in given) answer = await given.later();
    else yield given;
    signal?.throwIfAborted();
    step = steps.next(answer);
  }
}

/** As `books`, blocking its thread. */
export function* booksSync(reader: BookReader, options: BooksOptions): Generator<BookSample, void, void> {
  const steps = samples(reader, options);
  for (let step = steps.next(); step.done !== true;) {
    const given: Ask<unknown> | BookSample = step.value;
    let answer: unknown;
    if ('now' in given) answer = given.now();
    else yield given;
    step = steps.next(answer);
  }
}

const KEYS = ['start', 'end', 'every', 'times', 'depth', 'by', 'fields', 'signal'];

function* samples(reader: BookReader, options: BooksOptions): Asking<void, BookSample> {
  checkKeys(options, KEYS);
  const depth = countOf('depth', options.depth, 1) ?? 0;
  const feed = new BookFeed(reader, options);
  const wanted = wantedTimes(feed, options);
  const sampler = new BookSampler(feed);
  const points = yield* pointsWithin(feed, wanted.first, wanted.end);
  let passed = 0;
  let last = -1;
  for (const time of wanted.times) {
    // A later snapshot tells more than the records before it, and saves reading them.
    for (; passed < points.length && (points[passed] as Point).time <= time; passed++) last = Math.max(last, (points[passed] as Point).sequence);
    if (last > sampler.next) sampler.jump(last);
    const book = yield* sampler.at(time);
    if (book === undefined) continue;
    yield { time: timeValue(time, feed.clock), book, bids: depth === 0 ? [] : book.levels('B', depth), asks: depth === 0 ? [] : book.levels('A', depth) };
  }
}

interface WantedTimes {
  readonly first: bigint;
  readonly end: bigint;
  readonly times: Iterable<bigint>;
}

function wantedTimes({ clock }: BookFeed, { start, end, every, times }: BooksOptions): WantedTimes {
  if (times !== undefined) {
    if (start !== undefined || end !== undefined || every !== undefined) throw new DeepwaterError('DW_OPTION_INVALID', 'times says when books are wanted, and so do start, end and every; give one of the two.');
    const all = Array.from(times, (time) => timeOf(time, clock, 'times'));
    const back = all.findIndex((time, i) => i > 0 && time < (all[i - 1] as bigint));
    if (back > 0) throw new DeepwaterError('DW_RANGE_INVALID', `times goes back from ${all[back - 1]} to ${all[back]}; give them in order.`, { values: { before: all[back - 1], time: all[back] } });
    return { first: all[0] ?? 0n, end: (all.at(-1) ?? -1n) + 1n, times: all };
  }
  const step = everyIn(every, clock);
  const [from, to] = [timeOf(start, clock, 'start'), timeOf(end, clock, 'end')];
  if (to < from) throw new DeepwaterError('DW_RANGE_INVALID', `The range ends (${to}) before it starts (${from}); give start <= end.`, { values: { start: from, end: to } });
  return { first: from, end: to, times: grid(multipleFrom(from, step), to, step) };
}

function* grid(from: bigint, to: bigint, step: bigint): Generator<bigint, void, void> {
  for (let time = from; time < to; time += step) yield time;
}

interface Point {
  readonly time: bigint;
  readonly sequence: number;
}

/** Index points by their time. */
function* pointsWithin({ reader, byClock }: BookFeed, start: bigint, end: bigint): Asking<Point[], never> {
  if (end <= start) return [];
  const points = (yield* ask(() => reader.indexPointsSync(start, end, byClock), () => reader.indexPoints(start, end, byClock))) as IndexPoint[];
  return points.map(({ time, sequence }) => ({ time: BigInt(time), sequence })).sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}
