import type { Field, Schema } from '@deepwater/core/engine';
import { type RowSource, bytesOf, wordsOf } from './row-source.js';

/** Packs rows [from, to) of a source as records (the layout of `recordFormat`), from record `at` on. Padding is left as it is. */
export function packRows(schema: Schema, source: RowSource, from: number, to: number, target: Uint8Array, at: number): void {
  const { recordSize } = schema.record;
  for (const field of schema.fields) packField(field, source, from, to, target, at * recordSize + field.recordOffset, recordSize);
}

function packField(field: Field, source: RowSource, from: number, to: number, target: Uint8Array, start: number, recordSize: number): void {
  const { width } = field;
  const aligned = target.byteOffset % 4 === 0 && start % 4 === 0 && recordSize % 4 === 0;
  if (width === 8 && aligned) {
    const words = wordsOf(source, field);
    const out = new Int32Array(target.buffer, target.byteOffset, target.byteLength >> 2);
    packWords(words, 2 * from, 2 * to, out, start >> 2, recordSize >> 2);
  } else if (width === 8) {
    packWide(wordsOf(source, field), 2 * from, 2 * to, new DataView(target.buffer, target.byteOffset), start, recordSize);
  } else {
    packBytes(bytesOf(source, field), from * width, to * width, target, start, recordSize, width);
  }
}

function packWords(words: Int32Array, from: number, to: number, out: Int32Array, at: number, stride: number): void {
  for (let i = from; i < to; i += 2, at += stride) {
    out[at] = words[i] as number;
    out[at + 1] = words[i + 1] as number;
  }
}

function packWide(words: Int32Array, from: number, to: number, out: DataView, at: number, stride: number): void {
  for (let i = from; i < to; i += 2, at += stride) {
    out.setInt32(at, words[i] as number, true);
    out.setInt32(at + 4, words[i + 1] as number, true);
  }
}

function packBytes(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number, stride: number, width: number): void {
  for (let i = from; i < to; i += width, at += stride) {
    for (let b = 0; b < width; b++) out[at + b] = bytes[i + b] as number;
  }
}
