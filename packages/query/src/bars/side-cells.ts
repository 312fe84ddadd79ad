import type { Field } from '@deepwater/core/engine';
import type { DecodeHelpers } from '../decode-values.js';
import type { SideValue } from './bar.js';
import type { BarSide } from './bar-fields.js';

/** What a cell of a side says: +1 for a buy, -1 for a sell, 0 for neither. */
export type SignOfCell = (cell: number) => number;

/** How the cells of a side are read. A symbol that the dictionary does not have is in no record. */
export function signOfCells({ field, buy, sell }: BarSide, helpers: DecodeHelpers): SignOfCell {
  const cells = (values: readonly SideValue[]): number[] => values.map((value) => cellOf(field, value, helpers));
  const buys = cells(buy);
  const sells = cells(sell);
  if (field.width === 1 && field.type !== 'int8') {
    const signs = new Int8Array(256);
    for (const cell of buys) signs[cell] = 1;
    for (const cell of sells) signs[cell] = -1;
    return (cell) => signs[cell] as number;
  }
  const signs = new Map([...buys.map((cell) => [cell, 1] as const), ...sells.map((cell) => [cell, -1] as const)]);
  return (cell) => signs.get(cell) ?? 0;
}

function cellOf(field: Field, value: SideValue, helpers: DecodeHelpers): number {
  if (field.type === 'char') return (value as string).charCodeAt(0);
  if (field.type !== 'symbol') return Number(value);
  helpers.symbols.reload();
  return helpers.texts[field.index]?.indexOf(value as string) ?? -1;
}
