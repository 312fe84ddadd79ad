import type { AnySpec, FieldInput } from '@deepwater/core/engine';

/** Comparisons that every field takes. */
interface Equality<V> {
  readonly eq?: V;
  readonly ne?: V;
  readonly in?: readonly V[];
  readonly notIn?: readonly V[];
}

/** Comparisons by order; all that are named must hold. */
interface Ordering<V> extends Equality<V> {
  readonly lt?: V;
  readonly lte?: V;
  readonly gt?: V;
  readonly gte?: V;
  /** Both ends included. */
  readonly between?: readonly [V, V];
}

type ClockName<S> =
  | (S extends { readonly timestamp: infer T extends string } ? T : never)
  | (S extends { readonly ts_col: infer T extends string } ? T : never)
  | (S extends { readonly clocks: readonly (infer T extends string)[] } ? T : never);

type Wide<F extends FieldInput, S> = F['name'] extends ClockName<S> ? number | bigint | Date : number | bigint;

/** What is asked of one field: a value that it must equal, or comparisons. */
type Asked<F extends FieldInput, S> = F extends { readonly type: 'bool' }
  ? boolean | Equality<boolean>
  : F extends { readonly type: 'symbol' }
    ? string | Equality<string>
    : F extends { readonly type: 'char' | 'string' }
      ? string | Ordering<string>
      : F extends { readonly type: 'decimal' }
        ? string | number | bigint | Ordering<string | number | bigint>
        : F extends { readonly type: 'int64' | 'uint64' }
          ? Wide<F, S> | Ordering<Wide<F, S>>
          : number | Ordering<number>;

type Asking<F, S> = F extends FieldInput ? (F extends { readonly type: `_${string}` } ? never : F['name'] extends Combinator ? never : { readonly name: F['name']; readonly asked: Asked<F, S> }) : never;
type Combinator = 'and' | 'or' | 'not';

interface Combined<W> {
  /** All of these hold. */
  readonly and?: readonly W[];
  /** One of these holds. */
  readonly or?: readonly W[];
  /** This does not hold. */
  readonly not?: W;
}

type TypedWhere<S extends AnySpec> = { readonly [A in Asking<S['fields'][number], S> as A['name']]?: A['asked'] } & Combined<TypedWhere<S>>;

/** What a filter may compare with, where the fields of a feed are not known to the compiler. */
export type WhereValue = string | number | bigint | boolean | Date;

/** A filter for a feed whose spec the compiler does not know. */
export interface UntypedWhere {
  readonly [field: string]: WhereValue | Ordering<WhereValue> | readonly UntypedWhere[] | UntypedWhere | undefined;
}

/**
 * Which records are wanted, by their values. All entries of the object must hold; a value that stands alone must be equaled.
 * `{ side: 'B', price: { gte: 100, lt: 200 }, or: [{ venue: 'XNAS' }, { size: { between: [1, 5] } }] }`
 *
 * Values are a field's own: decimals as text, number, or bigint that counts 10^-scale, and compared exactly; times as numbers,
 * bigints or Dates. Texts are in the order of their UTF-8 bytes; symbols have none. Comparisons with NaN hold for `ne` and
 * `notIn` only.
 */
export type Where<S extends AnySpec> = string extends S['fields'][number]['name'] ? UntypedWhere : TypedWhere<S>;
