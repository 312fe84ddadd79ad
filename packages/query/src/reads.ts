/** The reads of a feed, each as steps that the reader runs through at once or in slices. */
import { type Clock, DeepwaterError, type Field, UNITS_PER_SECOND, describeValue } from '@deepwater/core/engine';
import type { Partial } from './aggregate/partial.js';
import type { AggregateRequest } from './aggregate/request.js';
import { tableOf } from './arrow/arrow-table.js';
import type { BarsPart } from './bars/read-bars.js';
import { collectColumns, collectRaw, collectRecords } from './collect.js';
import { type Cut, chunkRefs, refOf, takeCut } from './cut.js';
import { objectDecoder } from './decode-object.js';
import { tupleDecoder } from './decode-tuple.js';
import type { DecodeHelpers } from './decode-values.js';
import type { FeedFiles } from './feed-files.js';
import { canMap, mapColumns } from './map-columns.js';
import { type Found, type Newest, greatestUpTo, newestUpTo } from './newest.js';
import { type Format, type Request, parseOptions } from './options.js';
import { countRows, endOf, sequenceOf } from './piece-source.js';
import type { SequenceRead } from './results.js';
import { segmentsOf } from './segments.js';
import { type Piece, type Wanted, select } from './select.js';
import type { Steps } from './slices.js';
import type { WantedFilter } from './where/used-filter.js';
import {
  type TimeBounds, WILD_SECONDS, boundsBetween, boundsOfRange, leastTime, timeOf,
} from './time-bounds.js';

/** What every read of one reader works with. */
export interface ReadContext {
  readonly files: FeedFiles;
  readonly helpers: DecodeHelpers;
  /** Told of records whose times lie further ahead than clocks differ. */
  readonly onWild: (clock: Clock, newest: Newest, limit: bigint) => void;
  /** Told of records that bars leave out, because a field they are made of is not a number. */
  readonly onUnusable: (records: number, fields: readonly string[]) => void;
  /** Where this one read has rows looked for; in the thread itself, where it is left out. */
  readonly elsewhere?: Elsewhere;
}

/** Rows wanted by a read. */
export interface RowsWanted extends Wanted {
  /** Only the newest so many, in place of `from`. */
  readonly last?: number;
  /** The columns become part of the result without a copy, so that they may be larger than memory. */
  readonly mapped?: boolean;
}

export interface FoundRows {
  readonly found: readonly Piece[];
  /** The head of the feed, as the read saw it. */
  readonly head: number;
}

/** The parts of a read that look for rows, done by another thread: all of one read see one cut. */
export interface Elsewhere {
  rows(wanted: RowsWanted): Steps<FoundRows>;
  newest(clockIndex: number, limit: bigint): Steps<Newest | undefined>;
  greatest(clockIndex: number, limit: bigint): Steps<Found | undefined>;
  /** What `aggregate` gathers of a range, in order. @param fields those that it needs besides those of its filter */
  partials(request: AggregateRequest, bounds: TimeBounds, fields: readonly Field[]): Steps<readonly Partial[]>;
  /** Bars of a range, in parts that follow one another. @param options what `bars` was called with, checked */
  bars(options: unknown, bounds: TimeBounds): Steps<readonly BarsPart[]>;
}

const TRIES_MAX = 16;

export function* readRange(context: ReadContext, start: unknown, end: unknown, options: unknown): Steps<unknown> {
  const request = parseOptions(context.files.schema, options, ['format', 'columns', 'limit', 'by', 'where']);
  return yield* readBounds(context, request, boundsOfRange(context.files.schema, request.clockIndex, start, end));
}

export function* readLatest(context: ReadContext, seconds: unknown, options: unknown): Steps<unknown> {
  const { schema } = context.files;
  const request = parseOptions(schema, options, ['format', 'columns', 'limit', 'by', 'now', 'where']);
  const clock = schema.clocks[request.clockIndex] as Clock;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) {
    throw new DeepwaterError('DW_OPTION_INVALID', `latest takes a number of seconds above 0, not ${describeValue(seconds)}.`, { values: { seconds } });
  }
  const span = BigInt(Math.round(seconds * UNITS_PER_SECOND[clock.unit]));
  const now = (options as { now?: unknown } | undefined)?.now;
  if (now !== undefined) {
    const end = timeOf(now, clock, 'now');
    return yield* readBounds(context, request, boundsBetween(schema, request.clockIndex, end - span, end));
  }
  const { cut, newest } = yield* newestSteps(context, request.clockIndex);
  if (newest === undefined) return yield* give(context, request, []);
  return yield* readBounds(context, request, boundsBetween(schema, request.clockIndex, newest.time - span, newest.time), cut);
}

/** The newest record on a clock, wild times left out where there are others. @param now the wall clock, in the clock's unit. */
export function findNewest(context: ReadContext, clockIndex: number, now: unknown): { cut: Cut; newest: Newest | undefined } {
  const limit = wildLimit(context, clockIndex, now);
  const result = newestUpTo(context.files, clockIndex, limit);
  tellWild(context, clockIndex, result.newest, limit);
  return result;
}

function* newestSteps(context: ReadContext, clockIndex: number): Steps<{ cut?: Cut; newest: Newest | undefined }> {
  if (context.elsewhere === undefined) return findNewest(context, clockIndex, undefined);
  const limit = wildLimit(context, clockIndex, undefined);
  const newest = yield* context.elsewhere.newest(clockIndex, limit);
  tellWild(context, clockIndex, newest, limit);
  return { newest };
}

/** Times after it are mistakes. */
function wildLimit({ files }: ReadContext, clockIndex: number, now: unknown): bigint {
  const clock = files.schema.clocks[clockIndex] as Clock;
  return timeOf(now ?? new Date(), clock, 'now') + BigInt(WILD_SECONDS * UNITS_PER_SECOND[clock.unit]);
}

function tellWild(context: ReadContext, clockIndex: number, newest: Newest | undefined, limit: bigint): void {
  if (newest !== undefined && newest.beyond > 0) context.onWild(context.files.schema.clocks[clockIndex] as Clock, newest, limit);
}

export function* readLast(context: ReadContext, count: unknown, options: unknown): Steps<unknown> {
  const { files } = context;
  const request = parseOptions(files.schema, options, ['format', 'columns']);
  const wanted = wholeNumber('last', count);
  const { found } = yield* findRows(context, { last: wanted, limit: wanted, fields: neededFields(files, request), mapped: isMapped(request) });
  return yield* give(context, request, found);
}

/** Looks for the rows that a read is about. */
function* findRows(context: ReadContext, wanted: RowsWanted): Steps<FoundRows> {
  if (context.elsewhere !== undefined) return yield* context.elsewhere.rows(wanted);
  const { files } = context;
  const cut = wanted.cut ?? takeCut(files);
  const from = wanted.last === undefined ? wanted.from : sequenceOfLast(files, cut, wanted.last);
  return { found: yield* select(files, { ...wanted, cut, from }), head: cut.head };
}

const isMapped = ({ format }: Request): boolean => format === 'columns' || format === 'segments';

/** The sequence number from which on a cut has `count` rows. */
export function sequenceOfLast(files: FeedFiles, cut: Cut, count: number): number {
  let left = count - (cut.head - cut.ringFrom);
  if (left <= 0) return cut.head - count;
  let from = cut.ringFrom;
  const first = cut.catalog?.view.firstLive ?? 0;
  for (let index = cut.count - 1; index >= first && left > 0; index--) {
    const ref = refOf(files, cut, index);
    if (ref === undefined) continue;
    from = ref.firstSequence + Math.max(0, ref.to - left);
    left -= ref.to;
  }
  return from;
}

/** The record with the greatest time at (`inclusive`) or before a time. */
export function* readAt(context: ReadContext, time: unknown, inclusive: boolean, options: unknown): Steps<unknown> {
  const { files } = context;
  const request = parseOptions(files.schema, options, ['format', 'columns', 'by']);
  const decoder = recordDecoder(request, inclusive ? 'at' : 'before');
  const clock = files.schema.clocks[request.clockIndex] as Clock;
  const limit = timeOf(time, clock, 'time') - (inclusive ? 0n : 1n);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { elsewhere } = context;
    const { cut, found } = elsewhere === undefined
      ? greatestUpTo(files, request.clockIndex, limit)
      : { cut: undefined, found: yield* elsewhere.greatest(request.clockIndex, limit) };
    if (found === undefined) return undefined;
    const { found: pieces } = yield* findRows(context, { cut, from: found.sequence, limit: 1, fields: request.fields });
    const piece = pieces[0];
    // Retention, or the writer of a memory feed, can take the record away between finding and reading it.
    if (piece === undefined || sequenceOf(piece, piece.runs[0] as number) !== found.sequence) continue;
    const records = yield* collectRecords(files, pieces, request.fields, decoder, context.helpers);
    if (records.length === 1) return records[0];
  }
  throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The record wanted of feed ${files.source.spec.name} was removed ${TRIES_MAX} times while it was read. Raise retentionHours or ringRecords.`, {
    values: { feed: files.source.spec.name, tries: TRIES_MAX },
  });
}

/** Records by sequence number. @param form a format, or options */
export function* readFrom(context: ReadContext, sequence: unknown, max: unknown, form: unknown): Steps<SequenceRead<unknown>> {
  const { files } = context;
  const request = parseOptions(files.schema, typeof form === 'object' ? form : { format: form }, ['format', 'columns', 'marks']);
  const from = wholeNumber('sequence', sequence);
  const limit = wholeNumber('max', max);
  const { found, head } = yield* findRows(context, { from, limit, fields: neededFields(files, request), mapped: isMapped(request) });
  const count = countRows(found);
  const next = count < limit ? Math.max(from, head) : count === 0 ? from : endOf(found.at(-1) as Piece);
  const first = found.length === 0 ? next : sequenceOf(found[0] as Piece, found[0]?.runs[0] as number);
  return { records: yield* give(context, request, found), count, first, next };
}

/** The first record there is, and the number of the next to come. */
export function sequenceBounds(files: FeedFiles): { first: number; next: number } {
  const cut = takeCut(files);
  for (const ref of chunkRefs(files, cut, 0)) return { first: ref.firstSequence + ref.from, next: cut.head };
  return { first: cut.ringFrom, next: cut.head };
}

/** The filter of a read, with what it needs to know symbols by. */
export function filterOf({ symbols }: DecodeHelpers, { where }: Pick<Request, 'where'>): WantedFilter | undefined {
  return where === undefined ? undefined : { predicate: where, symbols };
}

function* readBounds(context: ReadContext, request: Request, bounds: TimeBounds, cut?: Cut): Steps<unknown> {
  const { files, helpers } = context;
  const where = filterOf(helpers, request);
  const { found } = yield* findRows(context, { bounds, limit: request.limit, cut, fields: neededFields(files, request, bounds), mapped: isMapped(request), where });
  return yield* give(context, request, found);
}

/** The columns that a read needs: what it gives, and the clock it asks by. */
export function neededFields(files: FeedFiles, { fields }: Pick<Request, 'fields'>, bounds?: TimeBounds): readonly Field[] {
  if (bounds === undefined) return fields;
  const clock = files.schema.fields[bounds.clock.fieldIndex] as Field;
  return fields.includes(clock) ? fields : [...fields, clock];
}

/** What was found, in the form that was asked for. */
function* give(context: ReadContext, request: Request, found: readonly Piece[]): Steps<unknown> {
  const { files, helpers } = context;
  switch (request.format) {
    case 'tuple':
    case 'object':
      return yield* collectRecords(files, found, request.fields, recordDecoder(request, 'this'), helpers);
    case 'columns':
      return yield* (canMap(found, request.fields) ? mapColumns : collectColumns)(files, found, request.fields);
    case 'segments':
      return yield* segmentsOf(files, found, request.fields);
    case 'raw':
      return yield* collectRaw(files, found);
    case 'arrow':
      return yield* tableOf(context, found, request.fields);
  }
}

/** The decoder of a form that gives records one by one. @throws DeepwaterError DW_FORMAT_UNKNOWN */
export function recordDecoder(request: Request, what: string): ReturnType<typeof tupleDecoder> {
  if (request.format === 'tuple') return tupleDecoder(request.fields);
  if (request.format === 'object') return objectDecoder(request.fields);
  throw new DeepwaterError('DW_FORMAT_UNKNOWN', `${what} gives records one by one and takes the formats tuple and object, not ${request.format satisfies Format}.`, {
    values: { format: request.format },
  });
}

function wholeNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new DeepwaterError('DW_RANGE_INVALID', `${name} takes a whole number of 0 or more, not ${describeValue(value)}.`, { values: { [name]: value } });
}

/** The least time of a clock and one past its greatest stand for a range without start or end. */
export function openBounds(files: FeedFiles, clockIndex: number, start: unknown, end: unknown): TimeBounds {
  const clock = files.schema.clocks[clockIndex] as Clock;
  const from = start ?? leastTime(clock);
  return boundsOfRange(files.schema, clockIndex, from, end ?? 2n ** 64n);
}
