/** Which fields bars are made of, and which of their values are exact. */
import { DeepwaterError, type Field, type Schema, describeValue, didYouMean, isNumericType } from '@deepwater/core/engine';
import { is64, isFloat } from '../cell-kinds.js';
import type { BarFieldOptions, SideValue } from './bar.js';

export interface BarFields {
  readonly price: Field;
  readonly size: Field | undefined;
  readonly side: BarSide | undefined;
  /** Open, high, low and close are bigints: the stored integers. */
  readonly exactPrice: boolean;
  /** Volumes are sums of bigints. */
  readonly exactSize: boolean;
  /** The value is a sum of products of bigints, of both scales taken together. */
  readonly exactValue: boolean;
  readonly priceScale: number;
  readonly sizeScale: number;
}

export interface BarSide {
  readonly field: Field;
  readonly buy: readonly SideValue[];
  readonly sell: readonly SideValue[];
}

const SIDE = /^(char|bool|symbol|u?int(8|16|32))$/;

/** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN */
export function barFields(feed: string, schema: Schema, options: BarFieldOptions): BarFields {
  const price = numericField(feed, schema, 'price', options.price ?? 'price');
  const hasSize = options.size !== undefined || schema.fields.some((field) => field.name === 'size' && isNumericType(field.type));
  const size = hasSize ? numericField(feed, schema, 'size', options.size ?? 'size') : undefined;
  const side = sideOf(feed, schema, options.side);
  if (side !== undefined && size === undefined && options.side !== undefined) {
    throw new DeepwaterError('DW_OPTION_INVALID', `Bars of feed ${feed}: side says which sizes were bought and which sold, and there is no size. Name the field with size.`, {
      values: { feed, side: describeValue(options.side) },
    });
  }
  const exactPrice = is64(price);
  const exactSize = size !== undefined && is64(size);
  return {
    price, size, side: size === undefined && side?.field.type === 'char' && options.side === undefined ? undefined : side, exactPrice, exactSize,
    exactValue: size !== undefined && (exactPrice || exactSize) && !isFloat(price) && !isFloat(size),
    priceScale: price.scale ?? 0, sizeScale: size?.scale ?? 0,
  };
}

function numericField(feed: string, schema: Schema, option: string, name: unknown): Field {
  const usable = schema.fields.filter(({ type }) => isNumericType(type));
  const found = usable.find((field) => field.name === name);
  if (found !== undefined) return found;
  throw unknownField(feed, schema, option, name, 'a field with numbers', usable);
}

function unknownField(feed: string, schema: Schema, option: string, name: unknown, what: string, usable: readonly Field[]): DeepwaterError {
  const names = usable.map((field) => field.name);
  const known = schema.fields.map((field) => field.name);
  return new DeepwaterError(
    'DW_FIELD_UNKNOWN',
    `Bars of feed ${feed}: ${option} is ${describeValue(name)}${typeof name === 'string' ? didYouMean(name, known) : ''}, and must be ${what}: ${names.length === 0 ? 'the feed has none' : names.join(', ')}.`,
    { values: { feed, [option]: describeValue(name), known: names } },
  );
}

function sideOf(feed: string, schema: Schema, option: unknown): BarSide | undefined {
  if (option === undefined) {
    const field = schema.fields.find(({ name, type }) => name === 'side' && type === 'char');
    return field === undefined ? undefined : { field, buy: ['B', 'b'], sell: ['S', 's'] };
  }
  const usable = schema.fields.filter(({ type, unit }) => SIDE.test(type) && unit === undefined);
  const fieldNamed = (name: unknown): Field => {
    const field = usable.find((each) => each.name === name);
    if (field === undefined) throw unknownField(feed, schema, 'side', name, 'a field of type char, bool, symbol, or an integer of up to 32 bits', usable);
    return field;
  };
  if (typeof option === 'string') {
    const field = fieldNamed(option);
    if (field.type === 'char') return { field, buy: ['B', 'b'], sell: ['S', 's'] };
    throw invalidSide(feed, option, `${option} is of type ${field.type}: say which values are buys and sells, { field: '${option}', buy: …, sell: … }`);
  }
  if (typeof option !== 'object' || option === null || !('field' in option) || !('buy' in option) || !('sell' in option)) {
    throw invalidSide(feed, option, 'give the name of a field, or { field, buy, sell }');
  }
  const field = fieldNamed(option.field);
  const buy = valuesOf(feed, field, option.buy);
  const sell = valuesOf(feed, field, option.sell);
  const both = buy.find((value) => sell.includes(value));
  if (both !== undefined) throw invalidSide(feed, option, `${describeValue(both)} cannot be both a buy and a sell`);
  return { field, buy, sell };
}

function valuesOf(feed: string, field: Field, given: unknown): SideValue[] {
  const values: unknown[] = Array.isArray(given) ? given : [given];
  const fits = (value: unknown): boolean => {
    if (field.type === 'bool') return typeof value === 'boolean';
    if (field.type === 'char') return typeof value === 'string' && value.length === 1 && value.charCodeAt(0) < 256;
    return field.type === 'symbol' ? typeof value === 'string' : Number.isInteger(value);
  };
  const wrong = values.find((value) => !fits(value));
  if (wrong === undefined && values.length > 0) return values as SideValue[];
  throw invalidSide(feed, given, `the values of ${field.name} are of type ${field.type}, and ${values.length === 0 ? 'the list is empty' : `${describeValue(wrong)} is not`}`);
}

function invalidSide(feed: string, option: unknown, what: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `Bars of feed ${feed}: side is ${describeValue(option)}; ${what}.`, { values: { feed, side: describeValue(option) } });
}
