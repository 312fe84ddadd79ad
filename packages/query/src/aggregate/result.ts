/** From what was gathered to what callers get. */
import { DeepwaterError, type Field, type Schema, decimalToNumber, formatDecimal } from '@deepwater/core/engine';
import { is64, isFloat } from '../cell-kinds.js';
import type { DecodeHelpers } from '../decode-values.js';
import { ratio } from '../ratio.js';
import type { Steps } from '../slices.js';
import type { Histogram } from './aggregates.js';
import { type FloatSum, valueOfSum } from './float-sum.js';
import type { Cell, KeptValues } from './measures.js';
import type { Moments } from './moments.js';
import type { Partial } from './partial.js';
import { valuesAt } from './quantiles.js';
import type { AggregateRequest, Output } from './request.js';

/** @throws DeepwaterError DW_VALUE_RANGE where a number does not hold a sum exactly */
export function* resultsOf(request: AggregateRequest, merged: Partial, schema: Schema, helpers: DecodeHelpers): Steps<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const output of request.outputs) results[output.name] = yield* resultOf(output, request, merged, schema, helpers);
  return results;
}

function* resultOf(output: Output, { measures }: AggregateRequest, { count, parts }: Partial, schema: Schema, helpers: DecodeHelpers): Steps<unknown> {
  if (output.of === 'count') return count;
  const measure = measures[output.measure] as AggregateRequest['measures'][number];
  const field = schema.columns[measure.column] as Field;
  const part = parts[output.measure];
  if (output.of === 'histogram') return histogramOf(output.edges, part as readonly number[] | undefined, 'edges' in measure ? measure.edges.length : 0);
  if (output.of === 'sum') return sumValue(field, (part ?? (isFloat(field) ? { sum: 0, lost: 0 } : 0n)) as FloatSum | bigint);
  if (part === undefined) return undefined;
  if (output.of === 'quantile') return yield* quantileOf(output, field, part as KeptValues, helpers);
  switch (output.of) {
    case 'min': case 'max':
      return cellValue(field, (part as { min: number | bigint; max: number | bigint })[output.of], helpers);
    case 'first': case 'last':
      return cellValue(field, (part as { cell: Cell }).cell, helpers);
    case 'mean':
      return typeof part === 'bigint' ? ratio(part, BigInt(count) * unitsIn(field)) : valueOfSum(part as FloatSum) / count;
    case 'stddev': case 'variance': {
      const { count: n, squares } = part as Moments;
      if (n < 2) return undefined;
      const variance = Math.max(0, squares) / (n - 1);
      const unit = Number(unitsIn(field));
      return output.of === 'variance' ? variance / unit / unit : Math.sqrt(variance) / unit;
    }
    case 'vwap': {
      const { value, size } = part as { value: FloatSum | bigint; size: FloatSum | bigint };
      if (typeof value === 'bigint' && typeof size === 'bigint') return size === 0n ? undefined : ratio(value, size * unitsIn(field));
      const volume = valueOfSum(size as FloatSum);
      return volume === 0 ? undefined : valueOfSum(value as FloatSum) / volume / Number(unitsIn(field));
    }
  }
}

/** Cells that make one: 10^scale of a decimal. */
const unitsIn = ({ scale = 0 }: Field): bigint => 10n ** BigInt(scale);

function sumValue(field: Field, sum: FloatSum | bigint): unknown {
  if (typeof sum !== 'bigint') return valueOfSum(sum);
  if (field.type === 'decimal') return decimalValue(field, sum);
  if (field.as === 'bigint') return sum;
  return safeNumber(field, sum, 'The sum of');
}

function decimalValue({ as, scale = 0 }: Field, units: bigint): unknown {
  if (as === 'bigint') return units;
  if (as === 'string') return formatDecimal(units, scale);
  return decimalToNumber(units, scale);
}

function safeNumber(field: Field, value: bigint, what: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new DeepwaterError('DW_VALUE_RANGE', `${what} field ${field.name} is ${value}, which a number does not hold exactly. Ask for shorter ranges and add these up, or ask for its mean.`, {
    values: { field: field.name, value },
  });
}

/** A cell as records have it. */
function cellValue(field: Field, cell: Cell, helpers: DecodeHelpers): unknown {
  switch (field.type) {
    case 'char': return String.fromCharCode(cell as number);
    case 'bool': return cell !== 0;
    case 'string': return helpers.text(Buffer.from(cell as Uint8Array), 0, field.width);
    case 'symbol': return helpers.texts[field.index]?.[cell as number] ?? helpers.newSymbol(field.index, cell as number);
    case 'decimal': return decimalValue(field, cell as bigint);
    case 'int64': case 'uint64': return field.as === 'number' ? safeNumber(field, cell as bigint, 'A value of') : cell;
    default: return cell;
  }
}

function histogramOf(edges: readonly (number | bigint | string)[], totals: readonly number[] | undefined, known: number): Histogram {
  const at = (i: number): number => totals?.[i] ?? 0;
  return {
    edges,
    // Edges past every cell were left out: behind the last that is known nothing lies beyond the bin that begins there.
    counts: edges.slice(1).map((_, i) => (i < known ? at(i + 1) : 0)),
    below: at(0),
    above: edges.length === known ? at(known) : 0,
    nan: at(known + 1),
  };
}

function* quantileOf(output: Extract<Output, { of: 'quantile' }>, field: Field, { count, blocks }: KeptValues, helpers: DecodeHelpers): Steps<unknown> {
  if (count === 0) return undefined;
  const places = output.at.map((at) => (output.method === 'disc' ? { low: discPlace(count, at), high: discPlace(count, at), part: 0 } : between(count, at)));
  const cells = yield* valuesAt(blocks, places.flatMap(({ low, high }) => [low, high]));
  const results = places.map(({ part }, i) => {
    const [low, high] = [cells[2 * i], cells[2 * i + 1]] as [number | bigint, number | bigint];
    if (output.method === 'disc') return cellValue(field, low, helpers);
    const [from, to] = [numberOf(field, low), numberOf(field, high)];
    return part === 0 ? from : from + (to - from) * part;
  });
  return output.list ? results : results[0];
}

function between(count: number, at: number): { low: number; high: number; part: number } {
  const place = (count - 1) * at;
  const low = Math.floor(place);
  return { low, high: Math.ceil(place), part: place - low };
}

/** The first place with at least that part of the values up to it, as DuckDB's quantile_disc rounds it. */
const discPlace = (count: number, at: number): number => Math.max(1, count - Math.floor(count - count * at)) - 1;

function numberOf(field: Field, cell: number | bigint): number {
  if (field.type === 'decimal') return decimalToNumber(cell as bigint, field.scale ?? 0);
  return is64(field) ? Number(cell) : cell as number;
}
