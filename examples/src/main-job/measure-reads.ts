import type { Reader } from 'deepwater';
import { allocateColumns, storedValue, type Columns } from '../sources/columns.js';
import type { TickSource } from '../sources/tick-source.js';
import { Digest } from './digest.js';
import { MismatchError } from './verify.js';
import type { Window } from './windows.js';

const REPEATS = 3;

/** Records read per second, by format; the median of some rounds. */
export interface ReadRates {
  readonly tuple: number;
  readonly object: number;
  readonly columns: number;
  readonly segments: number;
}

/**
 * Reads a whole feed in each format. Tuples and objects are read window by window, for a million kept records would
 * measure the garbage collector; columns and segments are read in one range. What comes back is digested outside the
 * measured time and must be what was loaded.
 *
 * @throws MismatchError when it is not
 */
export async function measureReads(reader: Reader, source: TickSource, windows: readonly Window[], digest: string): Promise<ReadRates> {
  const whole = { start: windows[0].start, end: windows[windows.length - 1].end };
  const rows = windows.reduce((sum, window) => sum + window.rows, 0);
  const scratch = allocateColumns(source.fields, Math.max(...windows.map((window) => window.rows)));
  const names = source.fields.map((field) => field.name);

  const rate = async (format: string, round: (into: Digest) => Promise<number>): Promise<number> => {
    const seconds: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const found = new Digest(source.fields);
      seconds.push(await round(found));
      if (found.value !== digest) {
        throw new MismatchError(`feed ${source.name} read as ${format}: its digest is ${found.value}, that of the files ${digest}`);
      }
    }
    return rows / seconds.sort((a, b) => a - b)[REPEATS >> 1];
  };

  return {
    tuple: await rate('tuple', (found) => overWindows(windows, found, async ({ start, end }) => {
      const tuples: readonly (readonly unknown[])[] = await reader.range(start, end, { format: 'tuple' });
      return () => intoColumns(source, scratch, tuples.length, (row, index) => tuples[row][index]);
    })),
    object: await rate('object', (found) => overWindows(windows, found, async ({ start, end }) => {
      const objects = (await reader.range(start, end, { format: 'object' })) as readonly Record<string, unknown>[];
      return () => intoColumns(source, scratch, objects.length, (row, index) => objects[row][names[index]]);
    })),
    columns: await rate('columns', (found) => overWindows([whole], found, async ({ start, end }) => {
      const columns = await reader.range(start, end, { format: 'columns' });
      return () => [[columns, columns[names[0]].length]];
    })),
    segments: await rate('segments', (found) => overWindows([whole], found, async ({ start, end }) => {
      const segments = await reader.range(start, end, { format: 'segments' });
      return () => segments.map((columns) => [columns, columns[names[0]].length]);
    })),
  };
}

type Digested = readonly (readonly [columns: Readonly<Record<string, ArrayLike<unknown>>>, rows: number])[];

/** Seconds that the reads took. What each gives is digested after its clock has stopped. */
async function overWindows(
  windows: readonly Pick<Window, 'start' | 'end'>[], found: Digest,
  read: (window: Pick<Window, 'start' | 'end'>) => Promise<() => Digested>,
): Promise<number> {
  let ms = 0;
  for (const window of windows) {
    const startedMs = performance.now();
    const take = await read(window);
    ms += performance.now() - startedMs;
    for (const [columns, rows] of take()) found.update(columns, rows);
  }
  return ms / 1000;
}

/** Puts records that are tuples or objects back into columns. */
function intoColumns(source: TickSource, scratch: Columns, rows: number, valueAt: (row: number, index: number) => unknown): Digested {
  source.fields.forEach((field, index) => {
    const column = scratch[field.name] as Float64Array;
    for (let row = 0; row < Math.min(rows, column.length); row++) column[row] = storedValue(field, valueAt(row, index)) as number;
  });
  return [[scratch, rows]];
}
