import { type AnySpec, type ColumnsOf, DeepwaterError, type TimeUnit, UNITS_PER_SECOND, describeValue } from '@deepwater/core/engine';
import { signalOf, flagOf } from '../follow/follow-options.js';
import type { SubscriptionHandle } from '../follow/handle.js';
import { type FeedAccess, FeedPoint, type OpenPoint, accessOf, oneOf, rangeOn } from '../merge/feed-point.js';
import { factorOf, finestUnit } from '../merge/time-scale.js';
import { checkKeys } from '../options.js';
import type { FieldName, ObjectResult, Selection, TupleResult } from '../results.js';
import { type Steps, inSlices, runNow, runSliced } from '../slices.js';
import type { TimeInput } from '../time-bounds.js';
import type { Where } from '../where/where.js';
import { type AsOfRules, asOfBatches } from './as-of-engine.js';
import { type AsOfFormat, type AsOfForm, MATCHED, formOf } from './as-of-forms.js';

export type { AsOfFormat } from './as-of-forms.js';

export interface AsOfOptions<
  L extends AnySpec, R extends AnySpec, F extends AsOfFormat = AsOfFormat, C extends Selection<L> = Selection<L>,
  D extends Selection<R> = Selection<R>, P extends string = string,
> {
  /** Left records with start <= time < end, in the unit of the left clock; all of them where both are left out. */
  readonly start?: TimeInput;
  readonly end?: TimeInput;
  /** The clock of the left feed, and that of the right one; their timestamps where left out. */
  readonly by?: string;
  readonly rightBy?: string;
  /** A right record that is older than the left one by more than so many seconds is none. */
  readonly tolerance?: number;
  /** A right record of the same time is none: what stood just before. Default false. */
  readonly strict?: boolean;
  /** Only these fields of the left feed, and of the right one, in this order. */
  readonly columns?: C;
  readonly rightColumns?: D;
  /** Only left records with such values; of the right feed, only those prevail that have such values. */
  readonly where?: Where<L>;
  readonly rightWhere?: Where<R>;
  /** What goes before the names of right fields. Default: the right feed's name and an underscore. */
  readonly prefix?: P;
  /**
   * `tuple` (default): left values, then right ones. `object`: by name. `columns`: a typed array for each field, and `matched`, which
   * is 1 where there is a right record. Without one, right values are undefined; in columns 0, or NaN in float columns.
   */
  readonly format?: F;
  /** Ends it; the promise, or the loop, then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a join gives. */
export type AsOfResult<
  L extends AnySpec, R extends AnySpec, F extends AsOfFormat, C extends Selection<L>, D extends Selection<R>, P extends string,
> = F extends 'tuple' ? AsOfTuple<TupleResult<L, C>, TupleResult<R, D>>[]
  : F extends 'object' ? (ObjectResult<L, C> & Prefixed<OrUndefined<ObjectResult<R, D>>, P>)[]
    : Pick<ColumnsOf<L>, Named<L, C> & keyof ColumnsOf<L>> & Prefixed<Pick<ColumnsOf<R>, Named<R, D> & keyof ColumnsOf<R>>, P> & { readonly matched: Uint8Array };

type AsOfTuple<L, R> = L extends readonly unknown[] ? R extends readonly unknown[] ? [...L, ...OrUndefined<R>] : never : never;
type OrUndefined<T> = { [K in keyof T]: T[K] | undefined };
type Prefixed<T, P extends string> = { [K in keyof T & string as `${P}${K}`]: T[K] };
type Named<S extends AnySpec, C> = C extends readonly (infer N)[] ? N : FieldName<S>;

const KEYS = ['start', 'end', 'by', 'rightBy', 'tolerance', 'strict', 'columns', 'rightColumns', 'where', 'rightWhere', 'prefix', 'format', 'signal'];

/**
 * Each record of the left feed, in order of arrival, with the record of the right feed that prevailed at its time: the one with the
 * greatest time <= its own, of equal times the one that arrived last, which is what `at` on the right feed gives; with `strict`,
 * what `before` gives; with `rightWhere`, among the records that match. Exact whatever the units and the order of both clocks. Each way to go through it begins anew and sees both
 * feeds as they are at that moment. The sync ones block their thread.
 */
export class AsOfJoin<T = unknown> {
  readonly #left: FeedPoint;
  readonly #right: FeedPoint;
  readonly #names: readonly string[];
  readonly #unit: TimeUnit;
  readonly #low: bigint | undefined;
  readonly #high: bigint | undefined;
  readonly #strict: boolean;
  readonly #tolerance: bigint | undefined;
  readonly #format: AsOfFormat;
  readonly #signal: AbortSignal | undefined;

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_RANGE_INVALID */
  constructor(left: FeedAccess, right: FeedAccess, options: unknown) {
    const given = checkKeys(options, KEYS);
    this.#left = new FeedPoint(left, { columns: given['columns'], by: given['by'], where: given['where'] });
    this.#right = new FeedPoint(right, { columns: given['rightColumns'], by: given['rightBy'], where: given['rightWhere'] });
    this.#unit = finestUnit([this.#left.clock, this.#right.clock]);
    const { low, high } = rangeOn(this.#left.clock, given['start'], given['end']);
    const factor = BigInt(factorOf(this.#left.clock, this.#unit));
    this.#low = low === undefined ? undefined : low * factor;
    this.#high = high === undefined ? undefined : high * factor;
    this.#strict = flagOf('strict', given['strict']);
    this.#tolerance = toleranceOf(given['tolerance'], this.#unit);
    this.#format = oneOf<AsOfFormat>('format', given['format'], ['tuple', 'object', 'columns']);
    this.#signal = signalOf(given['signal']);
    this.#names = namesOf(this.#left, this.#right, given['prefix'], this.#format);
  }

  /** Names of what is given, in order. */
  get fieldNames(): readonly string[] {
    return this.#names;
  }

  /** All of it. @throws DeepwaterError DW_LIMIT_EXCEEDED where it is more than fits in memory: use `batches` */
  async all(): Promise<T> {
    return await runSliced(this.#collect(), () => { this.#check(); });
  }

  allSync(): T {
    return runNow(this.#collect());
  }

  /** In batches of up to a few thousand records, each in the format asked for. */
  async *batches(): AsyncGenerator<T, void, void> {
    for await (const batch of inSlices(this.#open().batches, () => { this.#check(); })) {
      yield batch as T;
      this.#check();
    }
  }

  *batchesSync(): Generator<T, void, void> {
    for (const batch of this.#open().batches) {
      if (batch === undefined) continue;
      yield batch as T;
      this.#check();
    }
  }

  *#collect(): Steps<T> {
    const { form, batches } = this.#open();
    const all: unknown[] = [];
    for (const batch of batches) {
      if (batch === undefined) yield;
      else all.push(batch);
    }
    return form.all(all) as T;
  }

  #open(): { form: AsOfForm; batches: FormedBatches } {
    this.#check();
    const left = this.#left.open(this.#unit, this.#low, this.#high);
    const right = this.#right.open(this.#unit, undefined, this.#high);
    const form = formOf(this.#format, left, right, this.#names);
    const rules = { unit: this.#unit, strict: this.#strict, tolerance: this.#tolerance };
    return { form, batches: formedBatches(form, left, right, rules) };
  }

  #check(): void {
    this.#signal?.throwIfAborted();
    this.#left.access.check();
    this.#right.access.check();
  }
}

type FormedBatches = Generator<object | undefined, void, void>;

function* formedBatches(form: AsOfForm, left: OpenPoint, right: OpenPoint, rules: AsOfRules): FormedBatches {
  try {
    for (const batch of asOfBatches(left.request, right.request, rules)) yield batch === undefined ? undefined : form.batch(batch);
  } finally {
    left.request.files.close();
    right.request.files.close();
  }
}

function toleranceOf(tolerance: unknown, unit: TimeUnit): bigint | undefined {
  if (tolerance === undefined) return undefined;
  const units = typeof tolerance === 'number' && tolerance >= 0 ? Math.round(tolerance * UNITS_PER_SECOND[unit]) : NaN;
  if (Number.isFinite(units)) return BigInt(units);
  throw new DeepwaterError('DW_OPTION_INVALID', `tolerance is ${describeValue(tolerance)}; give a number of seconds, 0 or more, or leave it out.`, { values: { tolerance } });
}

/** Names of left fields, then those of right ones with the prefix. @throws DeepwaterError DW_OPTION_INVALID where two are the same */
function namesOf(left: FeedPoint, right: FeedPoint, prefix: unknown, format: AsOfFormat): readonly string[] {
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw new DeepwaterError('DW_OPTION_INVALID', `prefix is ${describeValue(prefix)}; give a text to put before the names of ${right.name}'s fields.`, { values: { prefix: describeValue(prefix) } });
  }
  const before = prefix ?? `${right.name}_`;
  const names = [...left.fields.map(({ name }) => name), ...right.fields.map(({ name }) => `${before}${name}`)];
  const all = format === 'columns' ? [...names, MATCHED] : names;
  const twice = format === 'tuple' ? undefined : all.find((name, i) => all.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new DeepwaterError('DW_OPTION_INVALID', `The join would have two fields called ${twice}. Give another prefix, or choose columns and rightColumns.`, {
    values: { field: twice, prefix: before, left: left.name, right: right.name },
  });
}

/**
 * Joins the feeds of two handles, in any thread: `platform.asOf` for workers.
 * @throws DeepwaterError DW_HANDLE_INVALID, DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_RANGE_INVALID
 */
export function asOf<
  L extends AnySpec, R extends AnySpec, const F extends AsOfFormat = 'tuple', const C extends Selection<L> = undefined,
  const D extends Selection<R> = undefined, const P extends string = `${Extract<R['name'], string>}_`,
>(left: SubscriptionHandle<L>, right: SubscriptionHandle<R>, options?: AsOfOptions<L, R, F, C, D, P>): AsOfJoin<AsOfResult<L, R, F, C, D, P>> {
  return new AsOfJoin(accessOf(left as unknown as SubscriptionHandle), accessOf(right as unknown as SubscriptionHandle), options);
}
