import { DeepwaterError, type Field, describeValue } from '@deepwater/core/engine';
import { is64 } from '../cell-kinds.js';
import { numberOrder, wideOrder } from '../where/cell-order.js';

/** Bins of one histogram. */
const BINS_MAX = 4096;

interface Edges {
  /** As they were given or worked out. */
  readonly shown: readonly (number | bigint | string)[];
  /** The first cell at or above each; those past every cell are left out. */
  readonly cells: readonly (number | bigint)[];
}

/** The edges of a histogram. @throws DeepwaterError DW_OPTION_INVALID */
export function edgesOf(field: Field, place: string, { edges, from, to, bins }: Record<string, unknown>): Edges {
  if (edges !== undefined && (from !== undefined || to !== undefined || bins !== undefined)) throw invalid(`${place} has edges and from, to or bins; give either.`, { place });
  const shown = edges === undefined ? evenEdges(field, place, from, to, bins) : edges;
  if (!Array.isArray(shown) || shown.length < 2 || shown.length > BINS_MAX + 1) {
    throw invalid(`${place}.edges is ${describeValue(shown)}; give a list of 2 to ${BINS_MAX + 1} edges.`, { place, edges: describeValue(shown), limit: BINS_MAX + 1 });
  }
  const order = is64(field) ? wideOrder(field, undefined) : numberOrder(field);
  const cells: (number | bigint)[] = [];
  let past = false;
  for (const edge of shown as (number | bigint | string)[]) {
    if (Number.isNaN(edge)) throw invalid(`${place}.edges has NaN, which lies nowhere.`, { place });
    const cell = order.from(edge, false, (takes) => { throw invalid(`${place} has the edge ${describeValue(edge)}; field ${field.name} is of type ${field.type}, and its edges are ${takes}.`, { place, edge: describeValue(edge), field: field.name, type: field.type }); });
    const last = cells.at(-1);
    if ((past && cell !== undefined) || (cell !== undefined && last !== undefined && cell < last)) throw invalid(`${place}.edges do not ascend: ${describeValue(edge)} comes after a greater one.`, { place, edge: describeValue(edge) });
    if (cell === undefined) past = true;
    else cells.push(cell);
  }
  return { shown: shown as Edges['shown'], cells };
}

/** Edges the same distance apart. */
function evenEdges(field: Field, place: string, from: unknown, to: unknown, bins: unknown): (number | bigint)[] {
  if (typeof bins !== 'number' || !Number.isInteger(bins) || bins < 1 || bins > BINS_MAX) throw invalid(`${place}.bins is ${describeValue(bins)}; give a whole number from 1 to ${BINS_MAX}, or edges.`, { place, bins: describeValue(bins), limit: BINS_MAX });
  if (field.type === 'int64' || field.type === 'uint64') {
    const [low, high] = [from, to].map((end) => (typeof end === 'bigint' ? end : Number.isSafeInteger(end) ? BigInt(end as number) : undefined));
    if (low !== undefined && high !== undefined && low < high) {
      const count = BigInt(bins);
      // Rounded up: no whole number lies between.
      return Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * BigInt(i) + count - 1n) / count);
    }
    throw invalid(`${place}: from is ${describeValue(from)}, to is ${describeValue(to)}; give two whole numbers, from < to.`, { place, from: describeValue(from), to: describeValue(to) });
  }
  if (typeof from !== 'number' || typeof to !== 'number' || !(from < to) || !Number.isFinite(to - from)) {
    throw invalid(`${place}: from is ${describeValue(from)}, to is ${describeValue(to)}; give two finite numbers, from < to.`, { place, from: describeValue(from), to: describeValue(to) });
  }
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? to : from + ((to - from) * i) / bins));
}

function invalid(message: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', message, { values });
}
