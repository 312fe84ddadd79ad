/** A `where` object, checked against a schema and brought to its normal form. */
import { DeepwaterError, type Field, type Schema, clipText, describeValue, didYouMean } from '@deepwater/core/engine';
import { is64 } from '../cell-kinds.js';
import { type CellOrder, type Refuse, bytesOrder, numberOrder, wideOrder } from './cell-order.js';
import type { CellTest, Predicate } from './predicate.js';
import { shown } from './units.js';

/** Combinators within combinators; an object that holds itself ends here. */
const DEPTH_MAX = 16;
const CONDITIONS_MAX = 10_000;
/** Values of one `in`. */
const VALUES_MAX = 100_000;

const COMBINATORS = ['and', 'or', 'not'];
const SIGNS = { eq: '=', ne: '!=', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;
const ORDERING = ['lt', 'lte', 'gt', 'gte', 'between'];
const OPERATORS = ['eq', 'ne', ...ORDERING, 'in', 'notIn'];

/**
 * @returns undefined where no filter is given, or one that asks for nothing
 * @throws DeepwaterError DW_FILTER_INVALID, DW_FIELD_UNKNOWN
 */
export function parseWhere(schema: Schema, where: unknown): Predicate | undefined {
  if (where === undefined) return undefined;
  const predicate = new WhereParser(schema).object(where, 'where', 0);
  return predicate.op === 'and' && predicate.of.length === 0 ? undefined : predicate;
}

class WhereParser {
  #conditions = 0;

  constructor(private readonly schema: Schema) {}

  object(where: unknown, place: string, depth: number): Predicate {
    if (!isPlain(where)) throw invalid(`${place} is ${describeValue(where)}; give an object such as { price: { gte: 100 }, side: 'B' }.`, { place, given: describeValue(where) });
    if (depth > DEPTH_MAX) throw invalid(`${place} lies more than ${DEPTH_MAX} levels deep.`, { place, limit: DEPTH_MAX });
    return joined('and', Object.entries(where).map(([key, value]) => this.#entry(key, value, place, depth)));
  }

  #entry(key: string, value: unknown, place: string, depth: number): Predicate {
    const here = `${place}.${clipText(key)}`;
    if (key === 'not') return { op: 'not', of: this.object(value, here, depth + 1) };
    if (key !== 'and' && key !== 'or') return this.#field(this.#fieldNamed(key, place), value, here);
    if (!Array.isArray(value)) {
      const field = this.schema.fields.some(({ name }) => name === key) ? ' A field of that name cannot be filtered on.' : '';
      throw invalid(`${here} is ${describeValue(value)}; it takes a list of filters.${field}`, { place: here, given: describeValue(value) });
    }
    return joined(key, value.map((each: unknown, i) => this.object(each, `${here}[${i}]`, depth + 1)));
  }

  #fieldNamed(name: string, place: string): Field {
    const field = this.schema.fields.find((each) => each.name === name);
    if (field !== undefined) return field;
    const names = this.schema.fields.map((each) => each.name);
    throw new DeepwaterError('DW_FIELD_UNKNOWN', `${place} names ${describeValue(name)}, which the feed does not have${didYouMean(name, [...names, ...COMBINATORS])}. Its fields: ${names.join(', ')}.`, {
      values: { field: name, fields: names },
    });
  }

  #field(field: Field, asked: unknown, place: string): Predicate {
    const comparisons = isPlain(asked) ? Object.entries(asked) : [['eq', asked] as const];
    if (comparisons.length === 0) throw invalid(`${place} names no comparison; give a value, or any of ${this.#operators(field).join(', ')}.`, { place, field: field.name });
    this.#conditions += comparisons.length;
    if (this.#conditions > CONDITIONS_MAX) throw invalid(`The filter has more than ${CONDITIONS_MAX} comparisons; use in for long lists.`, { limit: CONDITIONS_MAX });
    for (const [operator] of comparisons) this.#checkOperator(field, operator, place);
    if (field.type === 'symbol') return joined('and', comparisons.map(([operator, value]) => this.#symbols(field, operator, value, place)));
    return this.#ordered(field, comparisons, place);
  }

  #operators(field: Field): string[] {
    return field.type === 'symbol' || field.type === 'bool' ? OPERATORS.filter((each) => !ORDERING.includes(each)) : OPERATORS;
  }

  #checkOperator(field: Field, operator: string, place: string): void {
    const known = this.#operators(field);
    if (known.includes(operator)) return;
    const why = ORDERING.includes(operator) ? `, because ${field.type === 'bool' ? 'bools' : 'symbols'} have no order` : didYouMean(operator, known);
    throw invalid(`${place}: a field of type ${field.type} takes no ${describeValue(operator)}${why}. It takes ${known.join(', ')}.`, {
      field: field.name, type: field.type, operator, operators: known,
    });
  }

  /** Symbols are known by their texts here. */
  #symbols(field: Field, operator: string, value: unknown, place: string): Predicate {
    const given = operator === 'in' || operator === 'notIn' ? this.#list(field, operator, value, place) : [value];
    for (const each of given) if (typeof each !== 'string') refusal(field, operator, each, place)('a text');
    return this.#condition(field, operator, value, given.length === 0 ? { how: 'never' } : { how: 'symbols', of: given as string[] });
  }

  /** Comparisons by order become one stretch of cells; each of the others stands for itself. */
  #ordered(field: Field, comparisons: readonly (readonly [string, unknown])[], place: string): Predicate {
    const order = orderOf(this.schema, field);
    let { least: low, greatest: high } = order as { least: Cell | undefined; greatest: Cell | undefined };
    const texts: string[] = [];
    const others: Predicate[] = [];
    const narrow = (operator: string, value: unknown, from: Cell | undefined, to: Cell | undefined): void => {
      low = low === undefined || from === undefined ? undefined : compareCells(from, low) > 0 ? from : low;
      high = high === undefined || to === undefined ? undefined : compareCells(to, high) < 0 ? to : high;
      texts.push(`${field.name} ${SIGNS[operator as keyof typeof SIGNS]} ${shown(value)}`);
    };
    for (const [operator, value] of comparisons) {
      const refuse = (each: unknown): Refuse => refusal(field, operator, each, place);
      switch (operator) {
        case 'gt': case 'gte':
          narrow(operator, value, order.from(value, operator === 'gt', refuse(value)), order.greatest);
          break;
        case 'lt': case 'lte':
          narrow(operator, value, order.least, order.to(value, operator === 'lt', refuse(value)));
          break;
        case 'between': {
          const ends = Array.isArray(value) && value.length === 2 ? value as unknown[] : refuse(value)('a list of two values, the ends');
          narrow('gte', ends[0], order.from(ends[0], false, refuse(ends[0])), order.greatest);
          narrow('lte', ends[1], order.least, order.to(ends[1], false, refuse(ends[1])));
          break;
        }
        case 'eq': case 'ne': {
          const cell = order.exactly(value, refuse(value));
          others.push(this.#condition(field, operator, value, stretch(field, cell, cell)));
          break;
        }
        default: {
          const cells = this.#list(field, operator, value, place).map((each) => order.exactly(each, refuse(each))).filter((cell) => cell !== undefined);
          others.push(this.#condition(field, operator, value, listed(field, cells)));
        }
      }
    }
    if (texts.length > 0) others.unshift({ op: 'test', field: field.name, column: field.index, test: stretch(field, low, high), text: texts.join(' and ') });
    return joined('and', others);
  }

  #list(field: Field, operator: string, value: unknown, place: string): readonly unknown[] {
    if (!Array.isArray(value)) refusal(field, operator, value, place)('a list of values');
    const list = value as unknown[];
    if (list.length <= VALUES_MAX) return list;
    throw invalid(`${place}.${operator} lists ${list.length} values, more than ${VALUES_MAX}.`, { field: field.name, operator, count: list.length, limit: VALUES_MAX });
  }

  #condition(field: Field, operator: string, value: unknown, test: CellTest): Predicate {
    const contrary = operator === 'ne' || operator === 'notIn';
    const list = Array.isArray(value) ? value as unknown[] : undefined;
    const text = list === undefined ? `${field.name} = ${shown(value)}`
      : `${field.name} in (${list.slice(0, 8).map(shown).join(', ')}${list.length > 8 ? `, … (${list.length})` : ''})`;
    const condition: Predicate = { op: 'test', field: field.name, column: field.index, test, text };
    return contrary ? { op: 'not', of: condition } : condition;
  }
}

type Cell = number | bigint | Uint8Array;

function orderOf(schema: Schema, field: Field): CellOrder<Cell> {
  const order = field.cell === 'bytes' ? bytesOrder(field.width)
    : is64(field) ? wideOrder(field, schema.clocks.find((clock) => clock.fieldIndex === field.index))
    : field.type === 'bool' ? boolOrder
    : numberOrder(field);
  return order as CellOrder<Cell>;
}

/** true is any cell that is not 0, as it is when it is read; see `stretch`. */
const boolOrder: CellOrder<number> = {
  least: 0, greatest: 1,
  from: () => undefined,
  to: () => undefined,
  exactly: (value, refuse) => (typeof value === 'boolean' ? Number(value) : refuse('true or false')),
};

function stretch(field: Field, low: Cell | undefined, high: Cell | undefined): CellTest {
  if (low === undefined || high === undefined || compareCells(low, high) > 0) return { how: 'never' };
  if (typeof low === 'bigint') return { how: 'wide', low, high: high as bigint };
  if (typeof low === 'number') return { how: 'number', low, high: field.type === 'bool' && low === 1 ? 255 : high as number };
  return { how: 'bytes', low, high: high as Uint8Array };
}

function listed(field: Field, cells: readonly Cell[]): CellTest {
  const [first] = cells;
  const sorted = [...cells].sort(compareCells).filter((cell, i, all) => i === 0 || compareCells(all[i - 1] as Cell, cell) !== 0);
  if (first === undefined) return { how: 'never' };
  if (typeof first === 'bigint') return { how: 'wides', of: sorted as bigint[] };
  if (typeof first !== 'number') return { how: 'texts', of: sorted as Uint8Array[] };
  if (field.type !== 'bool') return { how: 'numbers', of: sorted as number[] };
  return { how: 'number', low: sorted[0] as number, high: sorted.at(-1) === 1 ? 255 : 0 };
}

function compareCells(a: Cell, b: Cell): number {
  if (typeof a === 'object') return Buffer.compare(a, b as Uint8Array);
  const other = b as typeof a;
  return a < other ? -1 : a > other ? 1 : 0;
}

function joined(op: 'and' | 'or', of: readonly Predicate[]): Predicate {
  return of.length === 1 ? of[0] as Predicate : { op, of };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype as object) === null;
}

function refusal(field: Field, operator: string, value: unknown, place: string): Refuse {
  return (takes) => {
    const type = field.type === 'decimal' ? `decimal (scale ${field.scale ?? 0})` : field.type;
    throw invalid(`${place}.${operator} is ${describeValue(value)}; field ${field.name} is of type ${type}, and ${operator} takes ${takes} there.`, {
      field: field.name, type: field.type, operator, value: describeValue(value),
    });
  };
}

function invalid(message: string, values: Record<string, unknown>): DeepwaterError {
  return new DeepwaterError('DW_FILTER_INVALID', message, { values });
}
