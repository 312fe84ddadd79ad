/** Bars as objects or as columns. */
import { DeepwaterError, formatDecimal } from '@deepwater/core/engine';
import { ratio } from '../ratio.js';
import type { Bar, BarColumns, ExactBar, PriceColumn } from './bar.js';
import type { BarFields } from './bar-fields.js';
import type { BarData } from './bar-table.js';
import { numberOf } from './open-bar.js';

/** What bars say of themselves. */
export interface BarNames {
  readonly feed: string;
  readonly resolution: string;
  readonly exact: boolean;
}

/** What a bar has added up: numbers, or the integers that decimals are stored as. */
interface BarCells extends BarSums {
  readonly open: number | bigint;
  readonly high: number | bigint;
  readonly low: number | bigint;
  readonly close: number | bigint;
  readonly count: number;
  readonly buyVolume: number | bigint;
  readonly sellVolume: number | bigint;
}

/** The sums of one bar. */
interface BarSums {
  readonly volume: number | bigint;
  readonly value: number | bigint;
}

/** Value over volume, rounded once where both are exact; undefined where there is no volume. */
function vwapOf({ volume, value }: BarSums, fields: BarFields): number | undefined {
  if (Number(volume) === 0) return undefined;
  if (typeof value === 'bigint') {
    // The volume of integers beside prices that are decimals is a number, and a whole one.
    const units = typeof volume === 'bigint' ? volume : BigInt(volume);
    return ratio(value, units * 10n ** BigInt(fields.priceScale));
  }
  return value / numberOf(volume, fields.sizeScale);
}

/** Written out form by form: put together by spreading, it was a third of what a backtest with bars took. */
export function barOf(cells: BarCells, start: number | bigint, end: number | bigint, fields: BarFields, names: BarNames): Bar | ExactBar {
  const { priceScale, sizeScale } = fields;
  const { feed, resolution, exact } = names;
  const { count } = cells;
  const open = given(cells.open, priceScale, exact);
  const high = given(cells.high, priceScale, exact);
  const low = given(cells.low, priceScale, exact);
  const close = given(cells.close, priceScale, exact);
  if (fields.size === undefined) return { feed, resolution, start, end, open, high, low, close, count };
  const volume = given(cells.volume, sizeScale, exact);
  const value = given(cells.value, priceScale + sizeScale, exact);
  const vwap = vwapOf(cells, fields);
  if (fields.side === undefined) return { feed, resolution, start, end, open, high, low, close, count, volume, value, vwap };
  const buyVolume = given(cells.buyVolume, sizeScale, exact);
  const sellVolume = given(cells.sellVolume, sizeScale, exact);
  return { feed, resolution, start, end, open, high, low, close, count, volume, value, vwap, buyVolume, sellVolume };
}

/** As a number; decimals as texts, where that is wanted. */
function given(cell: number | bigint, scale: number, exact: boolean): number {
  return (exact && typeof cell === 'bigint' ? formatDecimal(cell, scale) : numberOf(cell, scale)) as number;
}

export function barColumns(data: BarData, fields: BarFields): BarColumns {
  const { rows, start, end, open, high, low, close, count } = data;
  const base = { rows, start, end, open, high, low, close, count };
  if (fields.size === undefined) return base;
  const value = Array.isArray(data.value) ? Float64Array.from(data.value, (sum) => numberOf(sum, fields.priceScale + fields.sizeScale)) : data.value;
  const sized = { ...base, volume: stored(data.volume, fields, 'volume'), value, vwap: vwapColumn(data, fields) };
  if (fields.side === undefined) return sized;
  return { ...sized, buyVolume: stored(data.buyVolume, fields, 'buyVolume'), sellVolume: stored(data.sellVolume, fields, 'sellVolume') };
}

function vwapColumn({ rows, volume, value }: BarData, fields: BarFields): Float64Array {
  const vwap = new Float64Array(rows);
  for (let row = 0; row < rows; row++) vwap[row] = vwapOf({ volume: volume[row] as number | bigint, value: value[row] as number | bigint }, fields) ?? NaN;
  return vwap;
}

/** Exact sums in the type of their field. */
function stored(sums: Float64Array | bigint[], fields: BarFields, name: string): PriceColumn {
  if (!Array.isArray(sums)) return sums;
  const column = fields.size?.cell === 'u64' ? new BigUint64Array(sums.length) : new BigInt64Array(sums.length);
  sums.forEach((sum, row) => {
    column[row] = sum;
    if (column[row] === sum) return;
    throw new DeepwaterError('DW_VALUE_RANGE', `A bar's ${name} is ${formatDecimal(sum, fields.sizeScale)}, which does not fit the 64 bits of a column of scale ${fields.sizeScale}. Ask for objects, with exact: true.`, {
      values: { name, sum, scale: fields.sizeScale },
    });
  });
  return column;
}
