import { type Clock, DeepwaterError } from '@deepwater/core/engine';
import type { BarFields } from './bar-fields.js';
import { type BarData, newBarData } from './bar-table.js';
import { SUMS } from './exact-cells.js';
import { EvenGrid, type Grid, type Span } from './grid.js';

/** Bars that a call gives at most where it fills gaps: some 1 GiB. */
const FILLED_BARS_MAX = 2 ** 23;

/**
 * Bars with the spans between them filled: prices are the close before, sums are 0.
 * @param limit bars that are wanted
 * @throws DeepwaterError DW_LIMIT_EXCEEDED
 */
export function fillBars(data: BarData, grid: Grid, clock: Clock, fields: BarFields, limit: number): BarData {
  const sources: number[] = [];
  const gaps: Span[] = [];
  for (let row = 0; row < data.rows && sources.length < limit; row++) {
    sources.push(row);
    gaps.push(EMPTY);
    if (row + 1 === data.rows) break;
    const next = data.start[row + 1] as bigint;
    // Told before they are made, where they can be counted.
    const room = BigInt(FILLED_BARS_MAX - sources.length);
    if (grid instanceof EvenGrid && limit > FILLED_BARS_MAX && (next - (data.end[row] as bigint)) / grid.width > room) throw tooMany(data, row);
    for (let time = data.end[row] as bigint; time < next && sources.length < limit; ) {
      const span = grid.at(time);
      time = span.end;
      if (!span.isBar) continue;
      if (sources.length >= FILLED_BARS_MAX) throw tooMany(data, row);
      sources.push(row);
      gaps.push(span);
    }
  }
  return sources.length === data.rows ? data : laidOut(data, sources, gaps, clock, fields);
}

/** Stands for a bar that was there. */
const EMPTY: Span = { start: 0n, end: 0n, isBar: false };

function laidOut(data: BarData, sources: readonly number[], gaps: readonly Span[], clock: Clock, fields: BarFields): BarData {
  const filled = newBarData(clock, fields, sources.length);
  filled.rows = sources.length;
  sources.forEach((from, to) => {
    const span = gaps[to] as Span;
    filled.start[to] = span.isBar ? span.start : data.start[from] as bigint;
    filled.end[to] = span.isBar ? span.end : data.end[from] as bigint;
    filled.open[to] = (span.isBar ? data.close : data.open)[from] as number;
    filled.high[to] = (span.isBar ? data.close : data.high)[from] as number;
    filled.low[to] = (span.isBar ? data.close : data.low)[from] as number;
    filled.close[to] = data.close[from] as number;
    filled.count[to] = span.isBar ? 0 : data.count[from] as number;
    for (const name of SUMS) {
      const column = data[name];
      if (Array.isArray(column)) filled[name][to] = span.isBar || column.length === 0 ? 0n : column[from] as bigint;
      else if (column.length > 0) filled[name][to] = span.isBar ? 0 : column[from] as number;
    }
  });
  return filled;
}

function tooMany(data: BarData, row: number): DeepwaterError {
  return new DeepwaterError('DW_LIMIT_EXCEEDED', `With its gaps filled the range has more than ${FILLED_BARS_MAX} bars: after the one that ends at ${data.end[row]} the next begins at ${data.start[row + 1]}. Ask for a shorter range, longer bars, a limit, or leave fill out.`, {
    values: { limit: FILLED_BARS_MAX, end: data.end[row], next: data.start[row + 1] },
  });
}
