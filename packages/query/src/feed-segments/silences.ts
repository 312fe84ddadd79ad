/** Stretches of time without a record inside a segment. */
import type { Clock, ClockRange } from '@deepwater/core/engine';
import type { FeedFiles } from '../feed-files.js';
import type { Steps } from '../slices.js';
import { timeAt } from '../clock-cells.js';
import { type FeedMoment, clockField, knownRange, lookInto } from './feed-stretches.js';
import { chunksWithin } from './feed-segments.js';
import { rangesInChunk } from './rows-range.js';
import { type Span, united } from './windows.js';

/**
 * The times between two records, next to each other in time, of rows [first, next) that lie further apart than `threshold` units of the
 * clock. Chunks and blocks whose times lie closer together than that are not looked into.
 * @returns undefined where a chunk was deleted meanwhile
 */
export function* silencesIn(files: FeedFiles, moment: FeedMoment, clockIndex: number, first: number, next: number, threshold: bigint): Steps<Span[] | undefined> {
  const field = clockField(files, clockIndex);
  const clock = files.schema.clocks[clockIndex] as Clock;
  /** Times that have no silence between them, from the first of them to one past the last. */
  const runs: Span[] = [];
  const add = ({ min, max }: ClockRange): void => { runs.push({ start: min, end: max + 1n }); };
  const addRows = (words: Int32Array, from: number, to: number): void => { for (const run of runsOfRows(words, clock, from, to, threshold)) add(run); };
  for (const [chunk, from, to] of chunksWithin(moment, first, next)) {
    const known = knownRange(moment, chunk, clock, clockIndex, from, to);
    if (known !== undefined && known.max - known.min <= threshold) {
      add(known);
      continue;
    }
    const looked = lookInto(files, moment, chunk, (open, rows) => {
      const { blockRows } = open.geometry;
      let at = from;
      for (const range of rangesInChunk(open, field, clockIndex, clock, from, to, rows)) {
        const end = Math.min(to, (Math.floor(at / blockRows) + 1) * blockRows);
        if (range.max - range.min <= threshold) add(range);
        else addRows(open.words(field), at, end);
        at = end;
      }
      return true;
    });
    if (looked === undefined) return undefined;
    yield;
  }
  for (const block of moment.blocks) {
    const [from, to] = [Math.max(0, first - block.firstSequence), Math.min(block.capacityRows, next - block.firstSequence)];
    if (from < to) addRows(block.words(field), from, to);
  }
  // An end is one past a time, so what lies between two runs is shorter by that one.
  const alive = united(runs, threshold - 1n);
  return alive.slice(1).map(({ start }, i) => ({ start: (alive[i] as Span).end, end: start }));
}

/** Runs of times of rows [from, to), in order of time, that lie no further apart than the threshold. */
function runsOfRows(words: Int32Array, { signed }: Clock, from: number, to: number, threshold: bigint): ClockRange[] {
  const times = signed ? new BigInt64Array(to - from) : new BigUint64Array(to - from);
  for (let row = from; row < to; row++) times[row - from] = timeAt(words, row, signed);
  times.sort();
  const runs: ClockRange[] = [];
  let min = times[0] as bigint;
  let last = min;
  for (const time of times) {
    if (time - last > threshold) {
      runs.push({ min, max: last });
      min = time;
    }
    last = time;
  }
  runs.push({ min, max: last });
  return runs;
}
