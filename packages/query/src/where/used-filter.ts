/** A filter as one read uses it: what it looks at, and what the times of chunks and blocks say of it. */
import type { Clock, ClockRange, Field, Schema, SymbolDictionaryReader } from '@deepwater/core/engine';
import type { ChunkRef, Cut } from '../cut.js';
import type { OpenChunk } from '../open-chunk.js';
import type { ChunkFacts } from '../plan.js';
import { type RowTest, compileFilter } from './filter.js';
import { type Predicate, columnsOf } from './predicate.js';
import { type RangeOfColumn, type Verdict, asksForTimes, verdictOf } from './verdict.js';

/** A filter that is asked for. */
export interface WantedFilter {
  readonly predicate: Predicate;
  readonly symbols: SymbolDictionaryReader;
  /** Rows are not looked at: only what times rule out is left out. */
  readonly timesOnly?: boolean;
}

export interface UsedFilter {
  readonly predicate: Predicate;
  /** Fields that it looks at. */
  readonly fields: readonly Field[];
  /** undefined: rows are not looked at. */
  readonly test: RowTest | undefined;
  /** Whether ranges of times can say anything about it. */
  readonly asksForTimes: boolean;
}

/** Call it after the cut was taken: symbols of its rows are in the dictionary by then. */
export function useFilter({ predicate, symbols, timesOnly = false }: WantedFilter, schema: Schema): UsedFilter {
  return {
    predicate,
    fields: [...columnsOf(predicate)].map((column) => schema.columns[column] as Field),
    test: timesOnly ? undefined : compileFilter(predicate, schema, symbols),
    asksForTimes: asksForTimes(predicate, schema),
  };
}

/** What the catalog says of a chunk, which need not be opened for that. */
export function catalogVerdict({ predicate, asksForTimes: asks }: UsedFilter, cut: Cut, ref: ChunkRef, { clocks }: Schema): Verdict {
  return asks && ref.sealed ? verdictOf(predicate, catalogRanges(cut, ref, clocks)) : 'some';
}

function catalogRanges({ catalog }: Cut, ref: ChunkRef, clocks: readonly Clock[]): RangeOfColumn {
  return onClock(clocks, (clock, clockIndex) => catalog?.range(ref.index, clock, clockIndex));
}

/** What plans with a filter are made from, of a chunk that is open. */
export function clockRangesOf(asks: boolean, cut: Cut, ref: ChunkRef, chunk: OpenChunk, clocks: readonly Clock[]): Pick<ChunkFacts, 'rangeOf' | 'blockRangeOf'> {
  if (!asks) return {};
  return {
    rangeOf: ref.sealed ? catalogRanges(cut, ref, clocks) : onClock(clocks, (_clock, clockIndex) => chunk.facts(clockIndex, ref.to)?.range),
    blockRangeOf: (index) => onClock(clocks, (_clock, clockIndex) => chunk.blockFacts(index, clockIndex, ref.to)?.range),
  };
}

function onClock(clocks: readonly Clock[], range: (clock: Clock, clockIndex: number) => ClockRange | undefined): RangeOfColumn {
  return (column) => {
    const clockIndex = clocks.findIndex(({ fieldIndex }) => fieldIndex === column);
    return clockIndex < 0 ? undefined : range(clocks[clockIndex] as Clock, clockIndex);
  };
}
