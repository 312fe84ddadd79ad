/**
 * Functions that read a number from a flyweight, each compiled for its field: shared code would see many fields of many schemas,
 * and V8 look each of them up by name, record by record.
 */
import type { Clock, Field, Schema } from '@deepwater/core/engine';

export type Row = Readonly<Record<string, unknown>>;
export type RowNumber = (row: Row) => number;

/** A field as a number, whatever its values are otherwise: decimals may be texts, or bigints that count 10^-scale. */
export function numberOf({ name, type, as, scale = 0 }: Field): RowNumber {
  const value = `row[${JSON.stringify(name)}]`;
  if (type === 'decimal' && as === 'bigint') return compile(`Number(${value}) / ${10 ** scale}`);
  return compile(as === 'number' ? value : `Number(${value})`);
}

/** Whole microseconds since 1970 by the feed's own clock; what nanoseconds it has beyond them is cut off. */
export function microsOf(schema: Schema): RowNumber {
  const { name, unit, fieldIndex } = schema.clocks[0] as Clock;
  const inNumbers = (schema.fields[fieldIndex] as Field).as === 'number';
  const value = `row[${JSON.stringify(name)}]`;
  if (unit === 'ns') return compile(inNumbers ? `Math.floor(${value} / 1000)` : `Number(${value} / 1000n)`);
  const number = inNumbers ? value : `Number(${value})`;
  return compile(unit === 'us' ? number : `${number} * 1000`);
}

const compiled = new Map<string, RowNumber>();

/** One function for an expression, so that V8 knows it by its second use. Field names are checked identifiers, everything else numbers. */
function compile(expression: string): RowNumber {
  let read = compiled.get(expression);
  if (read === undefined) compiled.set(expression, (read = new Function('row', `'use strict'; return ${expression};`) as RowNumber));
  return read;
}
