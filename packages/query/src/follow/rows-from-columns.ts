/** Rows of a chunk, or of a block from the ring, in the form of ring slots: a subscriber sees one form wherever they lay. */
import type { Field, Schema } from '@deepwater/core/engine';
import type { RowSource } from '../row-source.js';

/** Puts rows [from, from + count) of a source at byte `at` of a buffer, `schema.slotStride` apart. */
export function rowsFromColumns(schema: Schema, source: RowSource, from: number, count: number, target: ArrayBufferLike, at: number): void {
  for (const field of schema.fields) putField(field, source, from, count, target, at + field.slotOffset, schema.slotStride);
}

function putField(field: Field, source: RowSource, from: number, count: number, target: ArrayBufferLike, at: number, stride: number): void {
  const { width } = field;
  const start = (source.columnOffsets[field.index] as number) + from * width;
  if (width === 8 && field.cell !== 'bytes') {
    putPairs(new Int32Array(source.buffer, start, count * 2), new Int32Array(target), at >> 2, stride >> 2);
  } else if (width === 4 && field.cell !== 'bytes') {
    putWords(new Int32Array(source.buffer, start, count), new Int32Array(target), at >> 2, stride >> 2);
  } else {
    putBytes(new Uint8Array(source.buffer, start, count * width), new Uint8Array(target), at, stride, width);
  }
}

function putPairs(cells: Int32Array, to: Int32Array, at: number, stride: number): void {
  for (let i = 0; i < cells.length; i += 2, at += stride) {
    to[at] = cells[i] as number;
    to[at + 1] = cells[i + 1] as number;
  }
}

function putWords(cells: Int32Array, to: Int32Array, at: number, stride: number): void {
  for (let i = 0; i < cells.length; i++, at += stride) to[at] = cells[i] as number;
}

function putBytes(cells: Uint8Array, to: Uint8Array, at: number, stride: number, width: number): void {
  for (let i = 0; i < cells.length; i += width, at += stride) {
    for (let b = 0; b < width; b++) to[at + b] = cells[i + b] as number;
  }
}
