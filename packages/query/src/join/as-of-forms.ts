/** The forms in which joined records are given. */
import { DeepwaterError, type Field } from '@deepwater/core/engine';
import { copyCells, newColumn } from '../collect.js';
import { tupleDecoder } from '../decode-tuple.js';
import { type DecodeHelpers, decodeColumn } from '../decode-values.js';
import type { OpenPoint } from '../merge/feed-point.js';
import { gatherRows } from '../merge/gather-rows.js';
import { type ColumnArray, type RowSource, columnOf, elementsPerRow } from '../row-source.js';
import type { AsOfBatch } from './as-of-engine.js';

export type AsOfFormat = 'tuple' | 'object' | 'columns';

/** The column that tells which records have a match. */
export const MATCHED = 'matched';

const RECORDS_MAX = 2 ** 27;

/** Makes one form of what is joined, batch by batch, and puts batches together. */
export interface AsOfForm {
  batch(batch: AsOfBatch): unknown;
  /** All batches as one result. */
  all(batches: unknown[]): unknown;
}

export function formOf(format: AsOfFormat, left: OpenPoint, right: OpenPoint, names: readonly string[]): AsOfForm {
  return format === 'columns' ? columnsForm(left, right, names) : recordsForm(format, left, right, names);
}

function recordsForm(format: 'tuple' | 'object', left: OpenPoint, right: OpenPoint, names: readonly string[]): AsOfForm {
  const missing = right.point.fields.map(() => undefined);
  return {
    batch({ left: part, rows, matches }) {
      const matched = matches.partOf.reduce<number[]>((list, index, i) => (index > 0 ? (list.push(i), list) : list), []);
      const partOf = Uint32Array.from(matched, (i) => matches.partOf[i] as number);
      const rightRows = Uint32Array.from(matched, (i) => matches.row[i] as number);
      const lefts = tuples(left.point.fields, left.helpers, gatherRows([part.source], new Uint32Array(rows.length), rows, left.point.fields));
      const rights = tuples(right.point.fields, right.helpers, gatherRows(matches.parts.map(({ source }) => source), partOf, rightRows, right.point.fields));
      let next = 0;
      return lefts.map((record, i) => {
        const values = [...record, ...((matches.partOf[i] as number) > 0 ? rights[next++] as unknown[] : missing)];
        return format === 'tuple' ? values : Object.fromEntries(names.map((name, k) => [name, values[k]]));
      });
    },
    all(batches) {
      const count = (batches as unknown[][]).reduce((sum, { length }) => sum + length, 0);
      if (count > RECORDS_MAX) throw tooMany(count);
      return (batches as unknown[][]).flat();
    },
  };
}

function tuples(fields: readonly Field[], helpers: DecodeHelpers, source: RowSource): unknown[][] {
  const records = new Array<unknown[]>(source.capacityRows);
  tupleDecoder(fields)(records, 0, fields.map((field) => decodeColumn(source, field)), 0, source.capacityRows, helpers);
  return records;
}

type Columns = Record<string, ColumnArray>;

function columnsForm(left: OpenPoint, right: OpenPoint, names: readonly string[]): AsOfForm {
  const fields = [...left.point.fields, ...right.point.fields];
  return {
    batch({ left: part, rows, matches }) {
      const lefts = gatherRows([part.source], new Uint32Array(rows.length), rows, left.point.fields);
      const rights = gatherRows(matches.parts.map(({ source }) => source), matches.partOf, matches.row, right.point.fields);
      const columns: Columns = Object.fromEntries(fields.map((field, k) => [names[k] as string, columnOf(k < left.point.fields.length ? lefts : rights, field)]));
      const matched = new Uint8Array(rows.length);
      for (let i = 0; i < matched.length; i++) matched[i] = (matches.partOf[i] as number) > 0 ? 1 : 0;
      columns[MATCHED] = matched;
      return columns;
    },
    all(batches) {
      const all = batches as Columns[];
      const rows = all.reduce((sum, columns) => sum + (columns[MATCHED] as Uint8Array).length, 0);
      const result: Columns = {};
      const join = (name: string, target: ColumnArray, per: number): void => {
        let at = 0;
        for (const columns of all) {
          const column = columns[name] as ColumnArray;
          copyCells(target, at * per, column, 0, column.length);
          at += column.length / per;
        }
        result[name] = target;
      };
      fields.forEach((field, k) => { join(names[k] as string, newColumn(field, rows), elementsPerRow(field)); });
      join(MATCHED, new Uint8Array(rows), 1);
      return result;
    },
  };
}

function tooMany(count: number): DeepwaterError {
  return new DeepwaterError('DW_LIMIT_EXCEEDED', `The join has ${count} records, more than ${RECORDS_MAX} at once. Ask for a shorter range, or go through it with batches().`, {
    values: { count, limit: RECORDS_MAX },
  });
}
