import type { AnySpec, ClockNameOf } from '@deepwater/core/engine';
import type {
  Bool, Decimal, Dictionary, Float32, Float64, Int16, Int32, Int64, Int8, Timestamp, TypeMap, Uint16, Uint32, Uint64, Uint8, Utf8,
} from 'apache-arrow';
import type { Selection } from '../results.js';

interface ArrowTypes {
  char: Dictionary<Utf8, Uint8>;
  int8: Int8;
  int16: Int16;
  int32: Int32;
  int64: Int64;
  uint8: Uint8;
  uint16: Uint16;
  uint32: Uint32;
  uint64: Uint64;
  float32: Float32;
  float64: Float64;
  bool: Bool;
  decimal: Decimal;
  string: Utf8;
  symbol: Dictionary<Utf8, Uint32>;
}

type ValueField<F> = F extends { readonly type: `_${string}` } ? never : F;

type ArrowTypeOf<F extends { readonly name: string; readonly type: string }, S extends AnySpec> = F['name'] extends ClockNameOf<S>
  ? Timestamp
  : F['type'] extends keyof ArrowTypes ? ArrowTypes[F['type']] : never;

/** The Arrow type of each field; open where the fields are known at run time only. */
export type ArrowTypesOf<S extends AnySpec> = string extends S['fields'][number]['name']
  ? TypeMap
  : { [F in ValueField<S['fields'][number]> as F['name']]: ArrowTypeOf<F, S> };

/** The Arrow types of the selected fields. */
export type ArrowResult<S extends AnySpec, C extends Selection<S>> = Checked<
  C extends readonly (infer N)[] ? { [K in N & keyof ArrowTypesOf<S>]: ArrowTypesOf<S>[K] } : ArrowTypesOf<S>
>;

/** What the compiler cannot see of types that depend on a spec. */
type Checked<T> = T extends TypeMap ? T : never;
