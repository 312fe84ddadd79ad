import type { FieldInput, FeedSpecInput } from './spec-input.js';
import type { FeedSpec } from './spec.js';
import type { TimeUnit } from './field-types.js';

/** What the types of records can be inferred from: a spec `as const`, in either spelling. */
export type AnySpec = FeedSpecInput | FeedSpec;

// --- Clocks -----------------------------------------------------------------------------------------------------

type TimestampName<S> = S extends { readonly timestamp: infer T extends string }
  ? T
  : S extends { readonly ts_col: infer T extends string }
    ? T
    : never;

type OtherClockNames<S> = S extends { readonly clocks: readonly (infer T extends string)[] } ? T : never;

/** Names of the fields that are clocks. */
export type ClockNameOf<S> = TimestampName<S> | OtherClockNames<S>;

/** The unit of the feed: said by the spec, or by its timestamp field, or microseconds. */
type FeedUnit<S extends AnySpec> = S extends { readonly timestampUnit: infer U extends TimeUnit }
  ? U
  : S extends { readonly timestamp_unit: infer U extends TimeUnit }
    ? U
    : OwnUnit<Extract<S['fields'][number], { readonly name: TimestampName<S> }>, 'us'>;

type OwnUnit<F, Otherwise> = F extends { readonly unit: infer U extends TimeUnit } ? U : Otherwise;

// --- One value --------------------------------------------------------------------------------------------------

type Padding = { readonly type: `_${string}` };
type Wide = { readonly type: 'int64' | 'uint64' };

type WideValue<F extends FieldInput, S extends AnySpec> = F extends { readonly as: 'number' }
  ? number
  : F extends { readonly as: 'bigint' }
    ? bigint
    : F['name'] extends TimestampName<S> | OtherClockNames<S>
      ? OwnUnit<F, FeedUnit<S>> extends 'ns'
        ? bigint
        : number
      : bigint;

type DecimalValue<F> = F extends { readonly as: 'number' } ? number : F extends { readonly as: 'bigint' } ? bigint : string;

type ValueOf<F extends FieldInput, S extends AnySpec> = F extends Wide
  ? WideValue<F, S>
  : F extends { readonly type: 'decimal' }
    ? DecimalValue<F>
    : F extends { readonly type: 'bool' }
      ? boolean
      : F extends { readonly type: 'char' | 'string' | 'symbol' }
        ? string
        : number;

type ValueInputOf<F extends FieldInput> = F extends Wide
  ? number | bigint
  : F extends { readonly type: 'decimal' }
    ? string | number | bigint
    : F extends { readonly type: 'bool' }
      ? boolean
      : F extends { readonly type: 'char' | 'string' | 'symbol' }
        ? string
        : number;

interface ColumnTypes {
  char: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float32: Float32Array;
  float64: Float64Array;
  bool: Uint8Array;
  decimal: BigInt64Array;
  string: Uint8Array;
  symbol: Uint32Array;
}

type ColumnOf<F extends FieldInput> = F['type'] extends keyof ColumnTypes ? ColumnTypes[F['type']] : never;

// --- Records ----------------------------------------------------------------------------------------------------

type ValueField<F> = F extends Padding ? never : F;

/** Tail-recursive, so that 256 fields stay within the compiler's limits. */
type ReadTuple<Fs extends readonly FieldInput[], S extends AnySpec, Out extends unknown[] = []> = Fs extends readonly [
  infer F extends FieldInput,
  ...infer Rest extends readonly FieldInput[],
]
  ? ReadTuple<Rest, S, F extends Padding ? Out : [...Out, ValueOf<F, S>]>
  : Fs extends readonly []
    ? Out
    : ValueOf<ValueField<Fs[number]>, S>[];

type WriteTuple<Fs extends readonly FieldInput[], Out extends unknown[] = []> = Fs extends readonly [
  infer F extends FieldInput,
  ...infer Rest extends readonly FieldInput[],
]
  ? WriteTuple<Rest, F extends Padding ? Out : [...Out, ValueInputOf<F>]>
  : Fs extends readonly []
    ? Out
    : ValueInputOf<ValueField<Fs[number]>>[];

/**
 * A record as an object. `char`, `string` and `symbol` are strings; floats and integers to 32 bits are numbers; clocks
 * in us and ms are numbers and in ns bigints; other 64-bit integers are bigints and decimals strings, unless their
 * field says `as` what else. Padding does not appear.
 */
export type RecordOf<S extends AnySpec> = {
  [F in ValueField<S['fields'][number]> as F['name']]: ValueOf<F, S>;
};

/** A record as a tuple in field order; values as in {@link RecordOf}. */
export type TupleOf<S extends AnySpec> = ReadTuple<S['fields'], S>;

/** Columns by name: always the typed array of the stored type. A string column has `bytes` bytes a row. */
export type ColumnsOf<S extends AnySpec> = {
  [F in ValueField<S['fields'][number]> as F['name']]: ColumnOf<F>;
};

/**
 * A record to write, as an object. Any 64-bit integer may be a number (a whole one within 2^53) or a bigint; a decimal
 * a text, a number, or a bigint that counts units of 10^-scale.
 */
export type RecordInputOf<S extends AnySpec> = {
  readonly [F in ValueField<S['fields'][number]> as F['name']]: ValueInputOf<F>;
};

/** A record to write, as a tuple in field order; values as in {@link RecordInputOf}. */
export type TupleInputOf<S extends AnySpec> = Readonly<WriteTuple<S['fields']>>;
