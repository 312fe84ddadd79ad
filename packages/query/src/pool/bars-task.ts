/** Bars in the pool: the first task cuts the range into parts, or does it all where it is short; each part is a task. */
import type { Field } from '@deepwater/core/engine';
import { parseBars } from '../bars/bars-request.js';
import { type BarsPart, readBarsPart } from '../bars/read-bars.js';
import { splitBars } from '../bars/split-bars.js';
import { takeCut } from '../cut.js';
import { boundsBetween } from '../time-bounds.js';
import { columnsOf } from '../where/predicate.js';
import { runWatched } from './run-watched.js';
import type { TaskHelper } from './task-control.js';
import { handOver } from './task-result.js';
import { type WorkerFeed, feedOf } from './worker-feeds.js';

/** First and last time, both included. */
export interface BarsSpan {
  readonly low: bigint;
  readonly high: bigint;
}

export interface BarsPayload extends BarsSpan {
  /** The ReaderSource as JSON. */
  readonly source: string;
  /** Only records before this number. */
  readonly head?: number | undefined;
  /** What `bars` was called with. */
  readonly options: unknown;
  /** About as many bytes a part. */
  readonly morselBytes?: number | undefined;
  /** This is a part, of about so many rows; it is not cut any more. */
  readonly rows?: number;
}

export interface BarsAnswer {
  /** Where the feed was: the bars are of the records before it. */
  readonly head: number;
  /** The bars, or, in place of them, the parts that are to be asked for, with about as many rows in each. */
  readonly made?: BarsPart;
  readonly parts?: readonly BarsSpan[];
  readonly rows?: number;
}

/** Bars are made of a row in a nanosecond or two: a part is some milliseconds of work. */
const BARS_MORSEL_BYTES = 32 * 2 ** 20;

export function makeBars({ source, head: given, options, low, high, morselBytes = BARS_MORSEL_BYTES, rows: ofPart }: BarsPayload, helper: TaskHelper): BarsAnswer {
  const feed = feedOf(source);
  const { files, schema } = feed;
  const request = parseBars(files.source.spec.name, schema, options);
  const bounds = boundsBetween(schema, request.clockIndex, low, high);
  const cut = takeCut(files, given);
  const { head } = cut;
  let rows = ofPart;
  if (rows === undefined && request.kind.by === 'time') {
    const split = splitBars(files, cut, bounds, request.kind.grid, Math.ceil(morselBytes / bytesOfRow(request, feed)));
    if (split.parts.length > 1) return { head, parts: split.parts.map((part) => ({ low: part.low, high: part.high })), rows: Math.ceil(split.rows / split.parts.length) };
    rows = split.rows + head - cut.ringFrom;
  }
  const of = rows ?? 0;
  let done = 0;
  const onRows = (more: number): void => {
    done += more;
    helper.progress(done, of);
  };
  const context = { files, helpers: feed.helpers, onWild: () => {}, onUnusable: () => {} };
  const made = runWatched(readBarsPart(context, request, { bounds, head, onRows }), helper);
  return handOver({ head, made }, Object.values(made.bars).flatMap((column) => (ArrayBuffer.isView(column) ? [column.buffer as ArrayBuffer] : [])));
}

/** Bytes that are looked at for each row. */
function bytesOfRow({ fields, clock, where }: ReturnType<typeof parseBars>, { schema }: WorkerFeed): number {
  const columns = new Set([fields.price.index, clock.fieldIndex, ...(where === undefined ? [] : columnsOf(where))]);
  for (const field of [fields.size, fields.side?.field]) if (field !== undefined) columns.add(field.index);
  return [...columns].reduce((sum, column) => sum + (schema.columns[column] as Field).width, 0);
}
