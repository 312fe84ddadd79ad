/** What is done with each column of a CSV file, on the fast path and beside it. */
import { type Field, DeepwaterError } from '@deepwater/core';
import { type CellRules, type CellWriter, type Value, cellWriter } from '../cells/cell-writers.js';
import { type Column, type Columns, cellsPerRow, isTexts, makeColumn } from '../cells/column-set.js';
import { TIME_DIGITS } from '../cells/times.js';
import { LineKernel, OP, type PlanColumn, ROWS_MAX } from './kernel.js';

/** A column of the file. */
export interface FileColumn {
  /** As the header calls it, or `column 3`. */
  readonly name: string;
  /** Fields that it goes to; columns that go nowhere are passed over. */
  readonly fields?: readonly string[];
  readonly rules?: CellRules;
  /** The rows of a batch all have the same text here: names of exchanges and symbols. */
  readonly group?: boolean;
  /** It is several columns, with another delimiter between them. */
  readonly parts?: { readonly by: string; readonly columns: readonly FileColumn[] };
}

/** A table in a file: which fields its columns are. */
export interface Table {
  readonly fields: readonly Field[];
  readonly columns: readonly FileColumn[];
  /** Fields that no column has. */
  readonly constants?: Readonly<Record<string, Value>>;
  readonly delimiter: string;
}

export interface Plan {
  readonly kernel: LineKernel;
  readonly columns: Columns;
  /** Columns of the file, those with parts as their parts, in the order of the kernel's. */
  readonly flat: readonly FileColumn[];
  /** By the same places, what takes a text of a column; undefined where nothing does. */
  readonly writers: readonly (CellWriter | undefined)[];
  /** Columns whose texts are made from their places. */
  readonly texts: readonly { readonly output: number; readonly column: string[] }[];
  readonly groups: readonly number[];
}

const LF = 10;
const TRUTH = new Map([['true', 1], ['True', 1], ['TRUE', 1], ['1', 1], ['false', 0], ['False', 0], ['FALSE', 0], ['0', 0]]);
const INT_MIN: Readonly<Record<string, bigint>> = { uint64: 0n, uint32: 0n, uint16: 0n, uint8: 0n, int32: -(2n ** 31n), int16: -32768n, int8: -128n };
const INT_MAX: Readonly<Record<string, bigint>> = { uint32: 2n ** 32n - 1n, int32: 2n ** 31n - 1n, uint16: 65535n, int16: 32767n, uint8: 255n, int8: 127n };

/** @throws DeepwaterError DW_IMPORT_COLUMNS for fields that nothing fills, or that one column cannot fill together */
export function compilePlan({ fields, columns, constants = {}, delimiter }: Table): Plan {
  const stop = delimiter.charCodeAt(0);
  const flat: FileColumn[] = [];
  const planned: PlanColumn[] = [];
  columns.forEach((column, n) => {
    const last = n === columns.length - 1 ? LF : stop;
    const parts = column.parts?.columns ?? [column];
    parts.forEach((part, k) => {
      flat.push(part);
      planned.push(plannedColumn(fields, part, k === parts.length - 1 ? last : column.parts!.by.charCodeAt(0)));
    });
  });
  const kernel = new LineKernel(planned);
  const made: Record<string, Column> = {};
  const texts: { output: number; column: string[] }[] = [];
  const writers = flat.map(({ fields: names = [], rules }, n) => {
    const [first, ...others] = names.map((name) => fieldOf(fields, name));
    if (first === undefined) return undefined;
    const output = kernel.outputs[n] as number;
    const column = makeColumn(first, ROWS_MAX, output === 0 ? undefined : () => ({ buffer: kernel.memory.buffer, offset: output }));
    if (isTexts(first)) texts.push({ output, column: column as string[] });
    made[first.name] = column;
    for (const other of others) {
      if (other.cell !== first.cell || other.width !== first.width || other.unit !== first.unit || other.scale !== first.scale || other.type !== first.type) {
        throw new DeepwaterError('DW_IMPORT_COLUMNS', `Column ${flat[n]!.name} is to fill ${first.name} and ${other.name}, which are of different types. Give them one type, or import one of them.`, { values: { column: flat[n]!.name } });
      }
      made[other.name] = column;
    }
    return cellWriter(first, column, rules);
  });
  for (const [name, value] of Object.entries(constants)) made[name] = constantColumn(fieldOf(fields, name), value);
  const missing = fields.filter(({ name }) => made[name] === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    throw new DeepwaterError('DW_IMPORT_COLUMNS', `No column of the file is field ${missing.join(', ')}. Its columns: ${columns.map(({ name }) => name).join(', ')}. Name them with --columns field=column, or set a field with --set field=value.`, { values: { missing, columns: columns.map(({ name }) => name) } });
  }
  return { kernel, columns: made, flat, writers, texts, groups: flat.flatMap(({ group }, n) => (group === true ? [n] : [])) };
}

/** A column with one value in every row. */
export function constantColumn(field: Field, value: Value, rows: number = ROWS_MAX): Column {
  const column = makeColumn(field, rows);
  cellWriter(field, column)(value, 0);
  const each = cellsPerRow(field);
  if (each === 1) (column as unknown[] as { fill(value: unknown): void }).fill(column[0]);
  else for (let row = 1; row < rows; row++) (column as Uint8Array).copyWithin(row * each, 0, each);
  return column;
}

function fieldOf(fields: readonly Field[], name: string): Field {
  const field = fields.find((each) => each.name === name);
  if (field !== undefined) return field;
  throw new DeepwaterError('DW_IMPORT_COLUMNS', `A column is to fill field ${name}, which the feed does not have. Its fields: ${fields.map((each) => each.name).join(', ')}.`, { values: { field: name } });
}

function plannedColumn(fields: readonly Field[], { fields: names = [], rules = {}, group }: FileColumn, end: number): PlanColumn {
  if (group === true) return { op: OP.SAME, end };
  const [name] = names;
  if (name === undefined) return { op: OP.SKIP, end };
  const field = fieldOf(fields, name);
  const column = { end, width: field.width, min: rules.min, ...(typeof rules.empty !== 'bigint' || isTexts(field) || field.cell === 'bytes' || field.cell.startsWith('f') ? {} : { empty: rules.empty }) };
  return { ...column, ...fastPath(field, rules) } as PlanColumn;
}

function fastPath(field: Field, { codes, time, range, add, min, tens = 0 }: CellRules): Partial<PlanColumn> & Pick<PlanColumn, 'op'> {
  if (codes !== undefined) return field.width === 1 ? { op: OP.ENUM, codes } : SLOW;
  if (field.unit !== undefined && time !== 'clock') {
    const limits = { ...(range === undefined ? { min: 0n } : { min: range.min, max: range.max }), ...(add === undefined ? {} : { add }) };
    const format = time ?? field.unit;
    if (format === 'iso') return add === undefined ? { op: OP.ISO, scale: TIME_DIGITS[field.unit], ...limits } : SLOW;
    const shift = TIME_DIGITS[field.unit] - TIME_DIGITS[format];
    return shift >= 0 ? { op: OP.CUT, scale: shift, ...limits } : { op: OP.DIVIDED, scale: -shift, ...limits };
  }
  switch (field.type) {
    case 'decimal': return tens > field.scale! ? SLOW : { op: OP.DECIMAL, scale: field.scale! - tens };
    case 'float64': case 'float32': return tens === 0 ? { op: OP.FLOAT } : SLOW;
    case 'bool': return { op: OP.ENUM, codes: TRUTH };
    case 'char': return { op: OP.CHAR };
    case 'string': return { op: OP.TEXT };
    case 'symbol': return { op: OP.SPAN, width: 8 };
    default: {
      const safe = field.width === 8 && (field.unit === undefined ? field.as === 'number' : field.unit !== 'ns') ? BigInt(Number.MAX_SAFE_INTEGER) : undefined;
      const least = INT_MIN[field.type] ?? (safe === undefined ? undefined : -safe);
      const most = INT_MAX[field.type] ?? safe;
      return { op: OP.DECIMAL, scale: 0, ...(most === undefined ? {} : { max: most }), ...(min === undefined && least !== undefined ? { min: least } : {}) };
    }
  }
}

/** An enum without members: every line of it is odd. */
const SLOW = { op: OP.ENUM, codes: new Map<string, number>() } as const;
