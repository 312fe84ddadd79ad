/** Rows of a chunk, or of a block from the ring, in the form of ring slots: a subscriber sees one form wherever they lay. */
import type { Field, Schema } from '@deepwater/core/engine';
import type { RowSource } from '../row-source.js';

/** Rows that are made at once, so that what one field has written is still in the nearest cache when the next one comes. */
const TILE_ROWS = 256;

/** Puts rows [from, from + count) of a source at byte `at` of a buffer, `schema.slotStride` apart. */
export function rowsFromColumns(schema: Schema, source: RowSource, from: number, count: number, target: ArrayBufferLike, at: number): void {
  const words = new Int32Array(target);
  const bytes = new Uint8Array(target);
  const { slotStride, fields } = schema;
  const columns = fields.map((field) => cellsOf(field, source, from, count));
  for (let row = 0; row < count; row += TILE_ROWS) {
    const end = Math.min(count, row + TILE_ROWS);
    for (let k = 0; k < fields.length; k++) {
      const { width, slotOffset } = fields[k] as Field;
      const cells = columns[k] as Int32Array | Uint8Array;
      const start = at + row * slotStride + slotOffset;
      if (!(cells instanceof Int32Array)) putBytes(cells, row * width, end * width, bytes, start, slotStride, width);
      else if (width === 8) putPairs(cells, 2 * row, 2 * end, words, start >> 2, slotStride >> 2);
      else putWords(cells, row, end, words, start >> 2, slotStride >> 2);
    }
  }
}

/** The cells of a field: words where they lie at such places in slots too, else bytes. */
function cellsOf(field: Field, source: RowSource, from: number, count: number): Int32Array | Uint8Array {
  const { width } = field;
  const start = (source.columnOffsets[field.index] as number) + from * width;
  const inWords = field.cell !== 'bytes' && (width === 8 || width === 4);
  return inWords ? new Int32Array(source.buffer, start, count * (width >> 2)) : new Uint8Array(source.buffer, start, count * width);
}

function putPairs(cells: Int32Array, from: number, to: number, words: Int32Array, at: number, stride: number): void {
  for (let i = from; i < to; i += 2, at += stride) {
    words[at] = cells[i] as number;
    words[at + 1] = cells[i + 1] as number;
  }
}

function putWords(cells: Int32Array, from: number, to: number, words: Int32Array, at: number, stride: number): void {
  for (let i = from; i < to; i++, at += stride) words[at] = cells[i] as number;
}

function putBytes(cells: Uint8Array, from: number, to: number, bytes: Uint8Array, at: number, stride: number, width: number): void {
  if (width === 1) {
    for (let i = from; i < to; i++, at += stride) bytes[at] = cells[i] as number;
    return;
  }
  for (let i = from; i < to; i += width, at += stride) {
    for (let b = 0; b < width; b++) bytes[at + b] = cells[i + b] as number;
  }
}
