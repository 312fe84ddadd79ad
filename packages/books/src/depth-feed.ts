/** Feeds of the best levels of a book at regular times, one record a time: what vendors call book snapshots. */
import { DeepwaterError, FEED_LIMITS, type FeedSpec, type FeedSpecInput, type FieldInput, describeValue } from '@deepwater/core/engine';
import { checkKeys } from '@deepwater/query';
import type { BookFieldNames } from './book-fields.js';
import type { OrderBook } from './order-book.js';

export interface DepthFeedOptions {
  /** Levels of each side. */
  readonly depth: number;
  /** How often: `'100ms'`, `'1s'`, `'1m'`. Records are at whole multiples of it since 1970. */
  readonly every: string;
  /** Name of the feed; the book feed's with its last part in place of `book`: `kraken.BTC-USD.depth10-1s`. */
  readonly name?: string | undefined;
  readonly retentionHours?: number | undefined;
  /** Names of the book feed's fields, where they are not `side`, `price`, `size` and `flags`. */
  readonly fields?: BookFieldNames | undefined;
}

/** Fields before the levels: the time, the newest message's time and number, what is there, and whether it can be relied on. */
const FIELDS_BEFORE = 6;
/** Price and size of both sides. */
const FIELDS_A_LEVEL = 4;
const DEPTH_MAX = Math.floor((FEED_LIMITS.fieldsMax - FIELDS_BEFORE) / FIELDS_A_LEVEL);

type BookSpec = Pick<FeedSpec, 'name' | 'fields' | 'timestamp'> & { readonly timestampUnit?: FeedSpec['timestampUnit']; readonly instrument?: FeedSpec['instrument'] };

/**
 * The spec of a feed for `recordDepth`: `ts` (the time of the sample), `bookTs` and `sequence` (of the last record in the book), `stale`, `bidCount`
 * and `askCount` (how many of the levels there are), then `bid0Price`, `bid0Size`, `ask0Price`, `ask0Size`, `bid1Price` and so on, the best first. Levels that there are not are 0.
 * @param book the spec of the book feed, as `platform.feedInfo(name).spec` gives it
 * @throws DeepwaterError DW_OPTION_INVALID
 */
export function depthFeedSpec(book: BookSpec, options: DepthFeedOptions): FeedSpecInput {
  checkKeys(options, ['depth', 'every', 'name', 'retentionHours', 'fields']);
  const { depth, every, retentionHours } = options;
  if (!Number.isInteger(depth) || depth < 1 || depth > DEPTH_MAX) {
    throw new DeepwaterError('DW_OPTION_INVALID', `depth is ${describeValue(depth)}; give 1 to ${DEPTH_MAX} levels, as many as the fields of a feed hold.`, { values: { depth, limit: DEPTH_MAX } });
  }
  const price = amountOf(book, options.fields?.price ?? 'price');
  const size = amountOf(book, options.fields?.size ?? 'size');
  const unit = book.timestampUnit ?? 'us';
  const fields: FieldInput[] = [
    { name: 'ts', type: 'uint64', desc: 'time of the sample' },
    { name: 'bookTs', type: 'uint64', as: unit === 'ns' ? 'bigint' : 'number', desc: 'time of the newest message in the book' },
    { name: 'sequence', type: 'uint64', as: 'number', desc: 'number of the newest record in the book' },
    { name: 'stale', type: 'bool', desc: 'something is missing between the book’s snapshot and this time' },
    { name: 'bidCount', type: 'uint16', desc: 'bids below' },
    { name: 'askCount', type: 'uint16', desc: 'asks below' },
  ];
  for (let i = 0; i < depth; i++) {
    for (const side of ['bid', 'ask']) fields.push({ ...price, name: `${side}${i}Price` }, { ...size, name: `${side}${i}Size` });
  }
  return {
    name: options.name ?? `${book.name.replace(/\.book$/, '')}.depth${depth}-${every}`,
    fields, timestamp: 'ts', timestampUnit: unit, ...(retentionHours === undefined ? {} : { retentionHours }),
    ...(book.instrument === undefined ? {} : { instrument: { ...book.instrument, tickType: 'depth' } }),
  };
}

function amountOf({ name, fields }: BookSpec, wanted: string): FieldInput {
  const found = fields.find((field) => field.name === wanted);
  if (found?.type === 'decimal') return { name: wanted, type: 'decimal', scale: found.scale };
  if (found?.type === 'float64') return { name: wanted, type: 'float64' };
  if (found?.type === 'int64') return { name: wanted, type: 'decimal', scale: 0 };
  throw new DeepwaterError('DW_OPTION_INVALID', `Feed ${name} has no ${wanted} that is a decimal or a number, so it is no book.`, { values: { feed: name, field: wanted } });
}

/** How many levels a depth feed has: what its spec says. @throws DeepwaterError DW_OPTION_INVALID for a feed that is none */
export function depthOf({ name, fields }: Pick<FeedSpec, 'name' | 'fields'>): number {
  const depth = (fields.length - FIELDS_BEFORE) / FIELDS_A_LEVEL;
  if (Number.isInteger(depth) && depth > 0 && fields[2]?.name === 'sequence' && fields.at(-1)?.name === `ask${depth - 1}Size`) return depth;
  throw new DeepwaterError('DW_OPTION_INVALID', `Feed ${name} is not made as depthFeedSpec says. Create it with that.`, { values: { feed: name } });
}

/** The values of a sample's record, in field order. */
export function depthRecord(time: number | bigint, book: OrderBook, depth: number): unknown[] {
  const bids = book.exactLevels('B', depth);
  const asks = book.exactLevels('A', depth);
  const values: unknown[] = [time, book.ts, book.sequence, book.stale !== undefined, bids.length, asks.length];
  for (let i = 0; i < depth; i++) values.push(bids[i]?.price ?? 0, bids[i]?.size ?? 0, asks[i]?.price ?? 0, asks[i]?.size ?? 0);
  return values;
}
