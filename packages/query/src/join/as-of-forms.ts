/** The forms in which joined records are given. */
import { DeepwaterError } from '@deepwater/core/engine';
import { copyCells, newColumn } from '../collect.js';
import { objectDecoder } from '../decode-object.js';
import { tupleDecoder } from '../decode-tuple.js';
import { type RowDecoder, recordsOf } from '../decode-values.js';
import type { OpenPoint } from '../merge/feed-point.js';
import { gatherRows, pickRows, sliceRows } from '../merge/gather-rows.js';
import { type ColumnArray, columnOf, elementsPerRow } from '../row-source.js';
import type { AsOfBatch } from './as-of-engine.js';

export type AsOfFormat = 'tuple' | 'object' | 'columns';

/** The column that tells which records have a match. */
export const MATCHED = 'matched';

const RECORDS_MAX = 2 ** 27;

/** Makes one form of what is joined, batch by batch, and puts batches together. */
export interface AsOfForm {
  batch(batch: AsOfBatch): object;
  /** All batches as one result. */
  all(batches: unknown[]): unknown;
}

export function formOf(format: AsOfFormat, left: OpenPoint, right: OpenPoint, names: readonly string[]): AsOfForm {
  return format === 'columns' ? columnsForm(left, right, names) : recordsForm(format, left, right, names);
}

function recordsForm(format: 'tuple' | 'object', left: OpenPoint, right: OpenPoint, names: readonly string[]): AsOfForm {
  const { fields } = left.point;
  const decodeLeft = (format === 'tuple' ? tupleDecoder : objectDecoder)(fields);
  const decodeRight = tupleDecoder(right.point.fields);
  const rightNames = names.slice(fields.length);
  const missing = rightNames.map(() => undefined);
  return {
    batch(batch) {
      const { left: { source }, rows, matches } = batch;
      const run = runOf(rows);
      const records = run === undefined ? recordsOf(decodeLeft, fields, left.helpers, pickRows(source, rows, fields)) : recordsOf(decodeLeft, fields, left.helpers, source, ...run);
      const rights = matchedRecords(batch, decodeRight, right);
      let next = 0;
      return records.map((record, i) => {
        const values = (matches.partOf[i] as number) > 0 ? rights[next++] as unknown[] : missing;
        if (format === 'tuple') return (record as unknown[]).concat(values);
        for (let k = 0; k < rightNames.length; k++) (record as Record<string, unknown>)[rightNames[k] as string] = values[k];
        return record;
      });
    },
    all(batches) {
      const count = (batches as unknown[][]).reduce((sum, { length }) => sum + length, 0);
      if (count > RECORDS_MAX) throw tooMany(count);
      return (batches as unknown[][]).flat();
    },
  };
}

/** The right records of those that have one. */
function matchedRecords({ matches: { parts, partOf, row } }: AsOfBatch, decoder: RowDecoder, { point: { fields }, helpers }: OpenPoint): unknown[] {
  const matched = partOf.length - partOf.reduce((none, part) => none + (part === 0 ? 1 : 0), 0);
  const source = new Uint32Array(matched);
  const rows = new Uint32Array(matched);
  for (let i = 0, at = 0; at < matched; i++) {
    if (partOf[i] === 0) continue;
    source[at] = partOf[i] as number;
    rows[at++] = row[i] as number;
  }
  return recordsOf(decoder, fields, helpers, gatherRows(parts.map((part) => part.source), source, rows, fields));
}

/** Left rows, which ascend, as one run, where they follow each other. */
function runOf(rows: Uint32Array): [from: number, to: number] | undefined {
  const [from] = rows as Uint32Array & [number];
  const to = from + rows.length;
  return rows.at(-1) === to - 1 ? [from, to] : undefined;
}

type Columns = Record<string, ColumnArray>;

function columnsForm(left: OpenPoint, right: OpenPoint, names: readonly string[]): AsOfForm {
  const fields = [...left.point.fields, ...right.point.fields];
  return {
    batch({ left: part, rows, matches }) {
      const run = runOf(rows);
      const lefts = run === undefined ? pickRows(part.source, rows, left.point.fields) : sliceRows(part.source, ...run, left.point.fields);
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
