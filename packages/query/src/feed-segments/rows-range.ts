import { type Clock, type ClockRange, DeepwaterError, type Field } from '@deepwater/core/engine';
import type { OpenChunk } from '../open-chunk.js';
import { OpenBlock } from '../open-block.js';

/** Least and greatest of both. */
export function joined(a: ClockRange | undefined, b: ClockRange): ClockRange {
  return a === undefined ? b : { min: b.min < a.min ? b.min : a.min, max: b.max > a.max ? b.max : a.max };
}

/** Times of rows [from, to); there must be one. */
export function rangeOfRows(words: Int32Array, clock: Clock, from: number, to: number): ClockRange {
  return new OpenBlock(clock, from).facts(words, to).range;
}

/**
 * Times of rows [from, to) of a chunk: by block descriptors, and of blocks that lie in it in part, or whose descriptor is damaged, by rows.
 * @param rows the rows of the chunk that the reader sees
 */
export function* rangesInChunk(chunk: OpenChunk, field: Field, clockIndex: number, clock: Clock, from: number, to: number, rows: number): Generator<ClockRange, void, void> {
  const { blockRows } = chunk.geometry;
  if (to > rows) throw new DeepwaterError('DW_FILE_CORRUPT', `${chunk.path} holds ${rows} rows, not ${to}. Run \`deepwater repair\`.`, { values: { path: chunk.path, rows, expected: to } });
  for (let at = from; at < to;) {
    const index = Math.floor(at / blockRows);
    const end = Math.min(to, (index + 1) * blockRows);
    const whole = at === index * blockRows && end === Math.min(rows, (index + 1) * blockRows);
    const facts = whole ? chunk.blockFacts(index, clockIndex, rows) : undefined;
    yield facts?.range ?? rangeOfRows(chunk.words(field), clock, at, end);
    at = end;
  }
}
