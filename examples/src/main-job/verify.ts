import { shownValue, type TickField } from '../sources/columns.js';
import type { TickSource } from '../sources/tick-source.js';
import type { Progress } from './progress.js';
import type { Window } from './windows.js';

/** A record that is not what its source file says. */
export class MismatchError extends Error {
  override readonly name = 'MismatchError';
}

type Tuple = readonly unknown[];

/** The part of the engine's reader that comparing needs. */
export interface RangeReader {
  range(start: number | bigint, end: number | bigint): Promise<readonly Tuple[]>;
}

/**
 * Reads the source files once more and compares every field of every record with what `range()` gives, window by window.
 *
 * @returns how many records were compared
 * @throws MismatchError at the first difference, naming file, line, field and both values; also where the feed has
 *   fewer or more records than the files
 */
export async function verifyFeed(reader: RangeReader, source: TickSource, windows: readonly Window[], progress: Progress): Promise<number> {
  const total = windows.reduce((sum, window) => sum + window.rows, 0);
  const task = progress.start(`verify ${source.name}`, total);
  let tuples: readonly Tuple[] = [];
  let at = 0;
  let nextWindow = 0;
  let compared = 0;
  for await (const { file, rows, lines, columns } of source.batches()) {
    for (let row = 0; row < rows; row++) {
      while (at === tuples.length) {
        if (nextWindow === windows.length) {
          throw new MismatchError(`${file}:${lines[row]}: feed ${source.name} ends before this record, after ${compared}`);
        }
        const { start, end } = windows[nextWindow++];
        tuples = await reader.range(start, end);
        at = 0;
      }
      const tuple = tuples[at++];
      for (let index = 0; index < source.fields.length; index++) {
        const field = source.fields[index];
        const expected = shownValue(field, columns[field.name][row]);
        if (tuple[index] !== expected) throw mismatch(`${file}:${lines[row]}`, source, field, expected, tuple);
      }
      compared++;
    }
    task.advance(rows);
  }
  if (at < tuples.length || nextWindow < windows.length) {
    throw new MismatchError(`feed ${source.name} has more records than its files: the files end after ${compared}`);
  }
  task.finish();
  return compared;
}

function mismatch(where: string, source: TickSource, field: TickField, expected: unknown, tuple: Tuple): MismatchError {
  const read = tuple[source.fields.indexOf(field)];
  return new MismatchError(
    `${where}: ${field.name} of feed ${source.name} is ${show(expected)} in the file and ${show(read)} in the feed; the record read is [${tuple.map(show).join(', ')}]`,
  );
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
