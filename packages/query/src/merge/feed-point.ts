/** A feed that a merge or a join reads: opened for it alone, closed with it. */
import {
  type Clock, DeepwaterError, type Field, type Schema, type TimeUnit, compileSchema, describeValue,
} from '@deepwater/core/engine';
import { DecodeHelpers } from '../decode-values.js';
import { FeedFiles } from '../feed-files.js';
import { type SubscriptionHandle, openHandle } from '../follow/handle.js';
import { parseOptions } from '../options.js';
import type { ReaderSource } from '../reader-source.js';
import { type TimeBounds, boundsOnClock, greatestTime, leastTime, timeOf } from '../time-bounds.js';
import type { Predicate } from '../where/predicate.js';
import type { FeedRequest } from './stretches.js';
import { factorOf } from './time-scale.js';

/** Where a feed is, and what tells (by throwing) that it may not be read any more. */
export interface FeedAccess {
  readonly source: ReaderSource;
  readonly check: () => void;
}

/** @throws DeepwaterError DW_HANDLE_INVALID, DW_FEED_UNKNOWN */
export function accessOf(handle: SubscriptionHandle): FeedAccess {
  const { source, stopWord, ownerWord } = openHandle(handle);
  return {
    source,
    check: () => {
      if (Atomics.load(stopWord, 0) !== 0 || Atomics.load(ownerWord, 0) !== 0) openHandle(handle);
    },
  };
}

/** What is wanted of a feed, as users give it. */
export interface FeedWishes {
  readonly columns?: unknown;
  readonly by?: unknown;
  readonly where?: unknown;
}

/** What of a feed is wanted, checked. */
export class FeedPoint {
  readonly schema: Schema;
  readonly name: string;
  readonly clockIndex: number;
  readonly clock: Clock;
  readonly fields: readonly Field[];
  readonly where: Predicate | undefined;

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID */
  constructor(
    readonly access: FeedAccess,
    options: FeedWishes,
  ) {
    this.name = access.source.spec.name;
    this.schema = compileSchema(access.source.spec);
    const { columns, by, where } = options;
    const { fields, clockIndex, where: predicate } = parseOptions(this.schema, { columns, by, where }, ['columns', 'by', 'where']);
    this.fields = fields;
    this.where = predicate;
    this.clockIndex = clockIndex;
    this.clock = this.schema.clocks[clockIndex] as Clock;
  }

  /** Opens its files. Times are those of [low, high) in `unit`. */
  open(unit: TimeUnit, low: bigint | undefined, high: bigint | undefined): OpenPoint {
    const { clock, clockIndex, fields, schema, where, access: { source } } = this;
    const factor = BigInt(factorOf(clock, unit));
    const bounds = boundsOnClock(clock, clockIndex,
      low === undefined ? leastTime(clock) : ceilOf(low, factor), high === undefined ? greatestTime(clock) : ceilOf(high, factor) - 1n);
    const files = new FeedFiles(source, schema);
    const clockField = schema.fields[clock.fieldIndex] as Field;
    const helpers = DecodeHelpers.ofFeed(files);
    const wanted = {
      bounds, fields: fields.includes(clockField) ? fields : [...fields, clockField],
      ...(where === undefined ? {} : { where: { predicate: where, symbols: helpers.symbols } }),
    };
    return { point: this, request: { files, wanted, fields }, helpers };
  }
}

export interface OpenPoint {
  readonly point: FeedPoint;
  readonly request: FeedRequest & { readonly wanted: { readonly bounds: TimeBounds } };
  readonly helpers: DecodeHelpers;
}

/** The least whole number of `divisor`s that reaches `value`. */
export function ceilOf(value: bigint, divisor: bigint): bigint {
  const whole = value / divisor;
  return whole * divisor < value ? whole + 1n : whole;
}

/** Both ends of [start, end), in the unit of a clock; undefined where they were left out. @throws DeepwaterError DW_RANGE_INVALID */
export function rangeOn(clock: Clock, start: unknown, end: unknown): { low: bigint | undefined; high: bigint | undefined } {
  const low = start === undefined ? undefined : timeOf(start, clock, 'start');
  const high = end === undefined ? undefined : timeOf(end, clock, 'end');
  if (low === undefined || high === undefined || low <= high) return { low, high };
  throw new DeepwaterError('DW_RANGE_INVALID', `The range ends (${high}) before it starts (${low}); give start <= end, both in ${clock.unit}.`, {
    values: { start: low, end: high, unit: clock.unit },
  });
}

/** One of a few names. @throws DeepwaterError DW_OPTION_INVALID */
export function oneOf<T extends string>(name: string, value: unknown, known: readonly T[]): T {
  if (value === undefined) return known[0] as T;
  if ((known as readonly unknown[]).includes(value)) return value as T;
  throw new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(value)}; give one of ${known.join(', ')}.`, { values: { [name]: value, known } });
}
