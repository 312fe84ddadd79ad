/** Long lists: cells are looked up one by one, in the same way whatever the rows lie in. */
import type { Field } from '@deepwater/core/engine';
import type { ScanSource } from '../kernels/scan-source.js';
import { wordsOf } from '../row-source.js';
import type { RowTest } from './filter.js';
import type { CellTest } from './predicate.js';

type List = Extract<CellTest, { how: 'numbers' | 'wides' | 'texts' }>;
/** Whether the cell of a row is in the list. */
type Lookup = (row: number) => boolean;

export function listTest(field: Field, list: List): RowTest {
  const lookup = lookupFor(field, list);
  return (source, from, n, slot) => {
    const has = lookup(source);
    const mask = source.mask(slot);
    for (let w = 0, row = 0; row < n; w++) {
      const end = Math.min(n, row + 32);
      let word = 0;
      for (let bit = 1; row < end; row++, bit <<= 1) if (has(from + row)) word |= bit;
      mask[w] = word;
    }
  };
}

function lookupFor(field: Field, list: List): (source: ScanSource) => Lookup {
  if (list.how === 'numbers') {
    const numbers = new Set(list.of);
    return (source) => {
      const cells = source.column(field) as Float64Array;
      return (row) => numbers.has(cells[row] as number);
    };
  }
  if (list.how === 'wides') {
    // Low words with the high words that go with them: no bigint is made for a row.
    const highs = new Map<number, Set<number>>();
    for (const each of list.of) {
      const low = Number(BigInt.asIntN(32, each));
      const known = highs.get(low) ?? new Set();
      highs.set(low, known.add(Number(BigInt.asIntN(32, each >> 32n))));
    }
    return (source) => {
      const words = wordsOf(source.source, field);
      return (row) => highs.get(words[2 * row] as number)?.has(words[2 * row + 1] as number) === true;
    };
  }
  const texts = new Set(list.of.map((cell) => Buffer.from(cell).toString('latin1')));
  return (source) => {
    const { buffer, byteOffset, byteLength } = source.column(field);
    const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    return (row) => texts.has(bytes.toString('latin1', row * field.width, (row + 1) * field.width));
  };
}
