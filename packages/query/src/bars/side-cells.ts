import type { Field } from '@deepwater/core/engine';
import type { DecodeHelpers } from '../decode-values.js';
import { symbolCodes, unknownSymbol } from '../where/symbol-codes.js';
import type { SideValue } from './bar.js';
import type { BarSide } from './bar-fields.js';

/** What a cell of a side says: +1 for a buy, -1 for a sell, 0 for neither. */
export type SignOfCell = (cell: number) => number;

/** How the cells of a side are read. Call it after the cut was taken: symbols of its rows are in the dictionary by then. */
export function signOfCells({ field, buy, sell }: BarSide, helpers: DecodeHelpers): SignOfCell {
  const buys = cellsOf(field, buy, helpers);
  const sells = cellsOf(field, sell, helpers);
  if (field.width === 1 && field.type !== 'int8') {
    const signs = new Int8Array(256);
    for (const cell of buys) signs[cell] = 1;
    for (const cell of sells) signs[cell] = -1;
    return (cell) => signs[cell] as number;
  }
  const signs = new Map([...buys.map((cell) => [cell, 1] as const), ...sells.map((cell) => [cell, -1] as const)]);
  if (field.type !== 'symbol') return (cell) => signs.get(cell) ?? 0;
  const { symbols } = helpers;
  // One that the dictionary has lost may have been either.
  return (cell) => {
    const sign = signs.get(cell);
    if (sign === undefined && (cell >= symbols.texts(field.index).length || symbols.lost(field.index).includes(cell))) throw unknownSymbol(field, symbols);
    return sign ?? 0;
  };
}

function cellsOf(field: Field, values: readonly SideValue[], { symbols }: DecodeHelpers): number[] {
  if (field.type === 'symbol') return symbolCodes(symbols, field.index, values as readonly string[]);
  return values.map((value) => (field.type === 'char' ? (value as string).charCodeAt(0) : Number(value)));
}
