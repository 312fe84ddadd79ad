// Records that check themselves: every cell follows from the sequence number.
import { compileSchema, parseFeedSpec } from '@deepwater/core';

export const schema = compileSchema(parseFeedSpec({
  name: 'checked', timestamp: 'ts', persist: false,
  fields: [{ name: 'hash', type: 'uint32' }, { name: 'third', type: 'float64' }, { name: 'letter', type: 'char' }, { name: 'ts', type: 'uint64' }],
}));

export const hashOf = (s) => Math.imul(s | 0, 0x9e3779b1) >>> 0;
export const thirdOf = (s) => s / 3;
export const letterOf = (s) => 32 + (s % 90);

/** Cells of `count` records from sequence number `from` on, column by column. */
export function columnsFrom(from, count) {
  const columns = { hash: new Uint32Array(count), third: new Float64Array(count), letter: new Uint8Array(count), ts: new Float64Array(count) };
  for (let i = 0; i < count; i++) {
    const s = from + i;
    columns.hash[i] = hashOf(s);
    columns.third[i] = thirdOf(s);
    columns.letter[i] = letterOf(s);
    columns.ts[i] = s;
  }
  return columns;
}
