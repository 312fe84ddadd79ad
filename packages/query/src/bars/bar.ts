/** What a bar is, and what bars are asked for with. */
import type { AnySpec } from '@deepwater/core/engine';
import type { TimeInput } from '../time-bounds.js';
import type { UntypedWhere, Where } from '../where/where.js';
import type { SessionRule } from './session-rule.js';

/**
 * What the records of one bar say. Sums are made in the order in which records arrive, so their digits depend on the records
 * alone: live and history, one chunk or many, give the same. Of decimals (and 64-bit integers) all of it is exact, and the
 * numbers here are the exact values, each rounded once.
 */
export interface Bar {
  readonly feed: string;
  /** What kind of bar: `'1m'`, `'session'`, `'500 ticks'`, `'1000 volume'`, `'1000000 dollar'`, `'50 ticks imbalance'`. */
  readonly resolution: string;
  /**
   * Time bars: records with start <= time < end are in it. Other bars: the times of the first and of the last record, both in it.
   * In the unit of the feed's clock: a number for us and ms, a bigint for ns.
   */
  readonly start: number | bigint;
  readonly end: number | bigint;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Records. */
  readonly count: number;
  /** Sum of sizes. */
  readonly volume?: number;
  /** Sum of price times size. */
  readonly value?: number;
  /** `value` over `volume`; undefined also where the volume is 0. */
  readonly vwap?: number;
  /** Sum of the sizes of records whose side says that the buyer was the taker. Only where there is a side. */
  readonly buyVolume?: number;
  /** The same of sells. Sizes of records with neither side are in `volume` alone. */
  readonly sellVolume?: number;
}

/** A bar whose decimals are texts with every digit (`exact: true`). Fields that are no decimals or integers stay numbers. */
export type ExactBar = { readonly [K in keyof Bar]: K extends 'open' | 'high' | 'low' | 'close' | 'volume' | 'value' | 'buyVolume' | 'sellVolume'
  ? Bar[K] | string : Bar[K] };

/**
 * Bars as columns, one element a bar. Prices and volumes of decimals are `BigInt64Array`s of the stored integers (the value
 * times 10^scale), as in the columns of the feed; value and vwap are numbers, rounded once. A vwap that there is not is NaN.
 */
export interface BarColumns {
  /** How many bars. */
  readonly rows: number;
  readonly start: BigInt64Array | BigUint64Array;
  readonly end: BigInt64Array | BigUint64Array;
  readonly open: PriceColumn;
  readonly high: PriceColumn;
  readonly low: PriceColumn;
  readonly close: PriceColumn;
  readonly count: Float64Array;
  readonly volume?: PriceColumn;
  readonly value?: Float64Array;
  readonly vwap?: Float64Array;
  readonly buyVolume?: PriceColumn;
  readonly sellVolume?: PriceColumn;
}

export type PriceColumn = Float64Array | BigInt64Array | BigUint64Array;

/** Which values of a field mean that the taker bought, and which that he sold. */
export interface SideOption {
  /** A field of type char, bool, symbol, or an integer of up to 32 bits. */
  readonly field: string;
  readonly buy: SideValue | readonly SideValue[];
  readonly sell: SideValue | readonly SideValue[];
}
export type SideValue = string | number | boolean;

/** The fields that bars are made of. */
export interface BarFieldOptions {
  /** The field that has the price. Default `price`. */
  readonly price?: string;
  /** The field that has the size. Default `size` where the feed has one; without it there is no volume and no vwap. */
  readonly size?: string;
  /** Default: a field `side` of type char, where there is one; `B` and `b` are buys, `S` and `s` sells. */
  readonly side?: string | SideOption;
}

/**
 * An imbalance bar ends with the record at which the sum of signed ticks, sizes or values reaches the threshold, up or down:
 * |sum of b(i) * x(i)| >= threshold, where x is 1, size, or price times size. The sum begins anew with each bar.
 *
 * After M. Lopez de Prado, Advances in Financial Machine Learning (Wiley 2018), 2.3.2.1 and 2.3.2.2. There the threshold is an
 * expectation, moved along by exponentially weighted means of earlier bars; those depend on where the first bar begins, and run
 * away. Here it is given, so that the bars of a day are the same whatever came before it.
 *
 * b(i) is +1 for buys, -1 for sells and 0 for others where there is a side. Without one it is the tick rule: the sign of the
 * price's change against the record before, or, where it did not change, b(i-1); 0 before the first change.
 */
export interface ImbalanceOption {
  readonly of: 'ticks' | 'volume' | 'dollar';
  /** Above 0. */
  readonly threshold: Amount;
}

/** An amount of sizes or values: a number, or the exact decimal as a text. */
export type Amount = number | bigint | string;

/** Sessions as a daily rule, or as times [open, close), in order and without overlap: whatever calendar they come from. */
export type SessionOption = SessionRule | readonly (readonly [open: TimeInput, close: TimeInput])[];

/**
 * Exactly one of `resolution`, `ticks`, `volume`, `dollar` and `imbalance`. The async form takes `signal`, `timeoutMs` and `onProgress`
 * as well (`CallLimits`).
 * @typeParam W `Where` of the feed's spec
 */
export interface BarsOptions<W = UntypedWhere> extends BarFieldOptions {
  /**
   * Length of a time bar: `'100ms'`, `'1s'`, `'1m'`, `'1h'`, `'1d'`. Bars begin at whole multiples of it since 1970, UTC; with
   * `session` at whole multiples since the session's opening, and the last of a session ends with it. `'session'` is one bar a
   * session.
   */
  readonly resolution?: string;
  /** Bars of so many records. */
  readonly ticks?: number;
  /** Bars that end with the record at which their volume reaches this. */
  readonly volume?: Amount;
  /** Bars that end with the record at which their value (price times size) reaches this. */
  readonly dollar?: Amount;
  readonly imbalance?: ImbalanceOption;
  /** With `resolution`: bars are made of what lies in sessions, and other records are left out. */
  readonly session?: SessionOption;
  /** Bars are made of records with such values only. */
  readonly where?: W;
  /** The clock to go by; the feed's timestamp where it is left out. */
  readonly by?: string;
  /**
   * With `resolution`. `previous`: spans without records between the first bar and the last have a bar too, with the close before
   * them for all its prices, and sums of 0. Default `none`.
   */
  readonly fill?: 'none' | 'previous';
  /** At most this many bars, the first. */
  readonly limit?: number;
  /** Default `object`. */
  readonly format?: BarFormat;
  /** `object` only: decimals as texts with every digit. */
  readonly exact?: boolean;
}

/** The options as a reader of a feed of this spec takes them: what decides the form of the result is inferred. */
export interface TypedBarsOptions<S extends AnySpec, F extends BarFormat, E extends boolean> extends BarsOptions<Where<S>> {
  readonly format?: F;
  readonly exact?: E;
}

export const BAR_FORMATS = ['object', 'columns'] as const;
export type BarFormat = (typeof BAR_FORMATS)[number];

/** What bars come as, by the options. */
export type BarsResult<O extends Pick<BarsOptions, 'format' | 'exact'> | undefined> = O extends { readonly format: 'columns' } ? BarColumns : O extends { readonly exact: true } ? ExactBar[] : Bar[];
