/** Aggregates as they are meant, over an array of values. */
import type { Field } from '@deepwater/core';
import { cellValue, readValue } from './everything.js';

/** A number that is a whole multiple of 1 / scale. */
export interface Exact { readonly units: bigint; readonly scale: bigint }

export function exactOf(field: Field, value: unknown): Exact {
  const cell = cellValue(field, value, []) as number | bigint;
  return { units: BigInt(cell), scale: field.type === 'decimal' ? 10n ** BigInt(field.scale as number) : 1n };
}

export const isFloat = ({ type }: Field): boolean => type.startsWith('float');

/** The cell of a value, as numbers or bigints that compare. */
export const cellOf = (field: Field, value: unknown): number | bigint => (isFloat(field) ? readValue(field, value) : cellValue(field, value, [])) as number | bigint;

/** The nearest number to a quotient, by its digits. */
export function quotient(dividend: bigint, divisor: bigint): number {
  if (divisor < 0n) return quotient(-dividend, -divisor);
  const digits = (dividend * 10n ** 60n) / divisor;
  return Number(`${digits}e-60`);
}

/** Values in order, NaN left out. */
export function sorted(cells: readonly (number | bigint)[]): (number | bigint)[] {
  return cells.filter((cell) => !Number.isNaN(cell)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
