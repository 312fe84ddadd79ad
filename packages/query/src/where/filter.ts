/** A filter at work: it finds the rows of a strip, as a mask. */
import type { Field, Schema, SymbolDictionaryReader } from '@deepwater/core/engine';
import { isFloat } from '../cell-kinds.js';
import { andMask, countMask, fillMask, notMask, orMask, runsOfMask } from '../kernels/masks.js';
import type { ScanSource } from '../kernels/scan-source.js';
import { SCRATCH } from '../kernels/scratch.js';
import { type Strip, maskOfRuns, stripsOf } from '../kernels/strips.js';
import type { RunList } from '../run-list.js';
import { listTest } from './list-test.js';
import type { CellTest, Condition, Predicate } from './predicate.js';
import { symbolCodes, unknownSymbol } from './symbol-codes.js';

/** Writes the mask of rows [from, from + n) to a slot; the slots after it are free to use. */
export type RowTest = (source: ScanSource, from: number, n: number, slot: number) => void;

/** Lists of more stretches than this are looked up instead of compared. */
const STRETCHES_MAX = 8;

/**
 * Makes a filter ready for use. Symbols get their codes here, so the cut that is read must have been taken before.
 * @throws DeepwaterError DW_FILE_CORRUPT where the dictionary is damaged
 */
export function compileFilter(predicate: Predicate, schema: Schema, symbols: SymbolDictionaryReader): RowTest {
  switch (predicate.op) {
    case 'test':
      return compileCondition(predicate, schema.columns[predicate.column] as Field, symbols);
    case 'not': {
      const test = compileFilter(predicate.of, schema, symbols);
      return (source, from, n, slot) => {
        test(source, from, n, slot);
        notMask(source.mask(slot), n);
      };
    }
    default:
      return combine(predicate.op, predicate.of.map((each) => compileFilter(each, schema, symbols)));
  }
}

function combine(op: 'and' | 'or', tests: readonly RowTest[]): RowTest {
  const [first, ...others] = tests;
  if (first === undefined) return constant(op === 'and');
  return (source, from, n, slot) => {
    first(source, from, n, slot);
    for (const test of others) {
      test(source, from, n, slot + 1);
      if (op === 'or') orMask(source.mask(slot), source.mask(slot + 1), n);
      else if (!andMask(source.mask(slot), source.mask(slot + 1), n)) return;
    }
  };
}

const constant = (value: boolean): RowTest => (source, _from, n, slot) => { fillMask(source.mask(slot), value, n); };

function compileCondition({ test }: Condition, field: Field, symbols: SymbolDictionaryReader): RowTest {
  switch (test.how) {
    case 'never':
      return constant(false);
    case 'symbols':
      return symbolTest(field, symbols, test.of);
    case 'numbers':
      return numbersTest(field, test.of);
    case 'wides':
      return test.of.length > STRETCHES_MAX ? listTest(field, test) : combine('or', test.of.map((each) => within(field, { how: 'wide', low: each, high: each })));
    case 'texts':
      return test.of.length > STRETCHES_MAX ? listTest(field, test) : combine('or', test.of.map((each) => within(field, { how: 'bytes', low: each, high: each })));
    default:
      return within(field, test);
  }
}

/**
 * A text that the dictionary does not have is in no record, unless the dictionary has lost it: then records have codes that it does not
 * have either. @throws DeepwaterError DW_FILE_CORRUPT where there is such a record
 */
function symbolTest(field: Field, symbols: SymbolDictionaryReader, wanted: readonly string[]): RowTest {
  const codes = symbolCodes(symbols, field.index, wanted);
  const test = numbersTest(field, codes);
  // A text that was lost, and came again later, has another code by now.
  const lost = symbols.lost(field.index);
  if (codes.length === wanted.length && lost.length === 0) return test;
  const beyond = within(field, { how: 'number', low: symbols.texts(field.index).length, high: 2 ** 32 - 1 });
  const unknown = lost.length === 0 ? beyond : combine('or', [beyond, numbersTest(field, lost)]);
  return (source, from, n, slot) => {
    unknown(source, from, n, slot);
    if (countMask(source.mask(slot), n) > 0) throw unknownSymbol(field, symbols);
    test(source, from, n, slot);
  };
}

/** Numbers side by side are one stretch, where the cells are whole. @param numbers ascending */
function numbersTest(field: Field, numbers: readonly number[]): RowTest {
  const stretches: [number, number][] = [];
  for (const each of numbers) {
    const last = stretches.at(-1);
    if (!isFloat(field) && last !== undefined && each === last[1] + 1) last[1] = each;
    else stretches.push([each, each]);
  }
  if (stretches.length > STRETCHES_MAX) return listTest(field, { how: 'numbers', of: numbers });
  return combine('or', stretches.map(([low, high]) => within(field, { how: 'number', low, high })));
}

const KERNEL = {
  f64: 'withinF64', f32: 'withinF32', i8: 'within8', u8: 'within8', i16: 'within16', u16: 'within16', i32: 'within32', u32: 'within32',
} as const;

function within(field: Field, test: Extract<CellTest, { low: unknown }>): RowTest {
  if (test.how === 'bytes') {
    const { low, high } = test;
    return (source, from, n, slot) => {
      const at = source.scratchAt(SCRATCH.CELLS);
      source.memory.u8(at, field.width).set(low);
      source.memory.u8(at + field.width, field.width).set(high);
      source.kernels.withinBytes(source.cellAt(field, from), n, field.width, at, at + field.width, source.maskAt(slot));
    };
  }
  if (test.how === 'wide') {
    const { low, high } = test;
    return (source, from, n, slot) => { source.kernels.within64(source.cellAt(field, from), n, low, high, source.maskAt(slot)); };
  }
  const { low, high } = test;
  const kernel = KERNEL[field.cell as keyof typeof KERNEL];
  return (source, from, n, slot) => { source.kernels[kernel](source.cellAt(field, from), n, low, high, source.maskAt(slot)); };
}

/** Adds those rows of some runs that a filter finds, strip by strip, with a place to pause after each. */
export function* filteredRuns(test: RowTest, source: ScanSource, pairs: Int32Array, limit: number, runs: RunList): Generator<undefined, void, void> {
  for (const strip of stripsOf(pairs)) {
    maskStrip(source, pairs, strip, test);
    runsOfMask(source.mask(0), strip.n, strip.from, runs);
    if (runs.rows >= limit) return;
    yield;
  }
}

/** Writes which rows of a strip of some runs are in these, and are found by a filter, to slot 0. @param test undefined: there is no filter */
export function maskStrip(source: ScanSource, pairs: Int32Array, strip: Strip, test: RowTest | undefined): void {
  const { from, n, whole } = strip;
  if (test === undefined) {
    maskOfRuns(pairs, strip, source.mask(0));
    return;
  }
  test(source, from, n, 0);
  if (whole) return;
  maskOfRuns(pairs, strip, source.mask(1));
  andMask(source.mask(0), source.mask(1), n);
}
