import type { Field } from '@deepwater/core/engine';
import { type RowSource, bytesOf, wordsOf } from '../row-source.js';

/** Rows that follow each other are copied at once from so many on. */
const RUN_MIN = 64;

/** Copies rows of several sources side by side: row i is row `rows[i]` of `sources[sourceOf[i]]`. Cells are copied bit by bit. */
export function gatherRows(sources: readonly RowSource[], sourceOf: Uint32Array, rows: Uint32Array, fields: readonly Field[]): RowSource {
  const target = roomFor(rows.length, fields);
  for (const field of fields) {
    if (field.width === 8) gatherWords(sources.map((source) => wordsOf(source, field)), sourceOf, rows, wordsOf(target, field));
    else gatherBytes(sources.map((source) => bytesOf(source, field)), sourceOf, rows, bytesOf(target, field), field.width);
  }
  return target;
}

/** The same of one source. */
export function pickRows(source: RowSource, rows: Uint32Array, fields: readonly Field[]): RowSource {
  const target = roomFor(rows.length, fields);
  for (const field of fields) {
    if (field.width === 8) pickWords(wordsOf(source, field), rows, wordsOf(target, field));
    else pickBytes(bytesOf(source, field), rows, bytesOf(target, field), field.width);
  }
  return target;
}

/** A copy of rows [from, to) of one source. */
export function sliceRows(source: RowSource, from: number, to: number, fields: readonly Field[]): RowSource {
  const target = roomFor(to - from, fields);
  for (const field of fields) bytesOf(target, field).set(bytesOf(source, field).subarray(from * field.width, to * field.width));
  return target;
}

/** Zeros for so many rows of some fields. */
export function roomFor(rows: number, fields: readonly Field[]): RowSource {
  const columnOffsets: number[] = [];
  let bytes = 0;
  for (const { index, width } of fields) {
    columnOffsets[index] = bytes;
    bytes += Math.ceil((rows * width) / 8) * 8;
  }
  return { buffer: new ArrayBuffer(bytes), columnOffsets, capacityRows: rows };
}

function pickWords(column: Int32Array, rows: Uint32Array, out: Int32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const cell = 2 * (rows[i] as number);
    out[2 * i] = column[cell] as number;
    out[2 * i + 1] = column[cell + 1] as number;
  }
}

function pickBytes(column: Uint8Array, rows: Uint32Array, out: Uint8Array, width: number): void {
  for (let i = 0, at = 0; i < rows.length; i++, at += width) {
    const cell = width * (rows[i] as number);
    for (let b = 0; b < width; b++) out[at + b] = column[cell + b] as number;
  }
}

/** Source by source, as far as rows of one follow each other. */
function gatherWords(columns: readonly Int32Array[], sourceOf: Uint32Array, rows: Uint32Array, out: Int32Array): void {
  const { length } = rows;
  for (let i = 0; i < length; ) {
    const source = sourceOf[i] as number;
    const column = columns[source] as Int32Array;
    const first = rows[i] as number;
    let to = i + 1;
    while (to < length && sourceOf[to] === source && rows[to] === first + to - i) to++;
    if (to - i >= RUN_MIN) {
      out.set(column.subarray(2 * first, 2 * (first + to - i)), 2 * i);
      i = to;
      continue;
    }
    for (; i < length && sourceOf[i] === source; i++) {
      const cell = 2 * (rows[i] as number);
      out[2 * i] = column[cell] as number;
      out[2 * i + 1] = column[cell + 1] as number;
    }
  }
}

function gatherBytes(columns: readonly Uint8Array[], sourceOf: Uint32Array, rows: Uint32Array, out: Uint8Array, width: number): void {
  for (let i = 0, at = 0; i < rows.length; i++, at += width) {
    const column = columns[sourceOf[i] as number] as Uint8Array;
    const cell = width * (rows[i] as number);
    for (let b = 0; b < width; b++) out[at + b] = column[cell + b] as number;
  }
}
