/** What times alone say about a filter, without looking at rows. Pure. */
import type { ClockRange, Schema } from '@deepwater/core/engine';
import type { CellTest, Predicate } from './predicate.js';

/** Of the rows in question `none`, `all`, or perhaps `some` match. */
export type Verdict = 'none' | 'some' | 'all';

/** Times of some rows on a clock, by the position of its column; undefined where they are not known. */
export type RangeOfColumn = (column: number) => ClockRange | undefined;

export function verdictOf(predicate: Predicate, rangeOf: RangeOfColumn): Verdict {
  switch (predicate.op) {
    case 'test':
      return verdictOfTest(predicate.test, rangeOf(predicate.column));
    case 'not':
      return CONTRARY[verdictOf(predicate.of, rangeOf)];
    default: {
      const deciding = predicate.op === 'and' ? 'none' : 'all';
      let verdict: Verdict = CONTRARY[deciding];
      for (const each of predicate.of) {
        const next = verdictOf(each, rangeOf);
        if (next === deciding) return deciding;
        if (next === 'some') verdict = 'some';
      }
      return verdict;
    }
  }
}

const CONTRARY = { none: 'all', some: 'some', all: 'none' } as const;

function verdictOfTest(test: CellTest, range: ClockRange | undefined): Verdict {
  if (test.how === 'never') return 'none';
  if (range === undefined) return 'some';
  if (test.how === 'wide') {
    if (range.max < test.low || range.min > test.high) return 'none';
    return range.min >= test.low && range.max <= test.high ? 'all' : 'some';
  }
  if (test.how !== 'wides') return 'some';
  const inside = test.of.filter((each) => each >= range.min && each <= range.max);
  return inside.length === 0 ? 'none' : range.min === range.max ? 'all' : 'some';
}

/** Whether a filter asks for times, so that ranges can say anything about it. */
export function asksForTimes(predicate: Predicate, schema: Schema): boolean {
  if (predicate.op === 'test') return predicate.test.how === 'never' || schema.clocks.some(({ fieldIndex }) => fieldIndex === predicate.column);
  return (predicate.op === 'not' ? [predicate.of] : predicate.of).some((each) => asksForTimes(each, schema));
}
