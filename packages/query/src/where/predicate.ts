/**
 * A filter in its normal form: plain data, that can be printed and sent to other threads. Every comparison has become one of
 * two things: the cell lies between two others, both included, or it is one of a list. So `price > 100` on floats is "from the
 * next float above 100 to infinity", `'100.005' <=` on a decimal with two digits "from 10001 units on", and `side != 'B'` the
 * contrary of "from 66 to 66". NaN lies between no two floats, which is how comparisons with it come out as IEEE 754 wants them.
 */
export type CellTest =
  /** No cell holds it. */
  | { readonly how: 'never' }
  /** Cells of up to 32 bits, and floats. */
  | { readonly how: 'number'; readonly low: number; readonly high: number }
  /** Cells of 64 bits. */
  | { readonly how: 'wide'; readonly low: bigint; readonly high: bigint }
  /** Texts filled up with zeros to the width of the field, in the order of their bytes. */
  | { readonly how: 'bytes'; readonly low: Uint8Array; readonly high: Uint8Array }
  | { readonly how: 'numbers'; readonly of: readonly number[] }
  | { readonly how: 'wides'; readonly of: readonly bigint[] }
  | { readonly how: 'texts'; readonly of: readonly Uint8Array[] }
  /** Codes are looked up when the filter is used: the dictionary grows. */
  | { readonly how: 'symbols'; readonly of: readonly string[] };

export interface Condition {
  readonly op: 'test';
  readonly field: string;
  /** Position among the columns. */
  readonly column: number;
  readonly test: CellTest;
  /** As it is printed: `price >= 100`. */
  readonly text: string;
}

export type Predicate =
  | Condition
  | { readonly op: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly op: 'not'; readonly of: Predicate };

/** A filter as text: `side = "B" and (price < 10 or not size >= 5)`. */
export function predicateText(predicate: Predicate): string {
  if (predicate.op === 'test') return predicate.text;
  if (predicate.op === 'not') return `not ${inBrackets(predicate.of)}`;
  if (predicate.of.length === 0) return predicate.op === 'and' ? 'everything' : 'nothing';
  return predicate.of.map((each) => (predicate.of.length > 1 ? inBrackets(each) : predicateText(each))).join(` ${predicate.op} `);
}

function inBrackets(predicate: Predicate): string {
  const text = predicateText(predicate);
  return predicate.op === 'test' && !text.includes(' and ') ? text : `(${text})`;
}

/** Positions of the columns that a filter looks at. */
export function columnsOf(predicate: Predicate, into = new Set<number>()): Set<number> {
  if (predicate.op === 'test') into.add(predicate.column);
  else if (predicate.op === 'not') columnsOf(predicate.of, into);
  else for (const each of predicate.of) columnsOf(each, into);
  return into;
}
