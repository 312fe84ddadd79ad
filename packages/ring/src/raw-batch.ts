/** Packed records (the layout of `recordFormat`, as Python's `struct` packs it) on their way into the ring. */
import { DeepwaterError, type Schema } from '@deepwater/core/engine';
import type { SymbolCoder } from './symbol-coder.js';
import { int64Bounds, valueError } from './values.js';

/** @returns the number of records. @throws DeepwaterError DW_VALUE_COUNT, DW_VALUE_RANGE, DW_VALUE_TYPE */
export function checkRaw(feed: string, schema: Schema, bytes: Uint8Array, symbols: readonly (SymbolCoder | undefined)[]): number {
  const { recordSize } = schema.record;
  if (!(bytes instanceof Uint8Array)) {
    throw new DeepwaterError('DW_VALUE_TYPE', `writeRaw of feed ${feed} takes a Uint8Array of packed records; nothing was written.`, { values: { feed } });
  }
  if (bytes.byteLength % recordSize !== 0) {
    throw new DeepwaterError('DW_VALUE_COUNT', `${bytes.byteLength} bytes are no whole number of records of ${recordSize} bytes (${schema.record.fmt}); nothing was written.`, {
      values: { feed, bytes: bytes.byteLength, recordSize, fmt: schema.record.fmt },
    });
  }
  const rows = bytes.byteLength / recordSize;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const field of schema.fields) {
    const coder = symbols[field.index];
    if (field.type === 'bool') {
      for (let row = 0, at = field.recordOffset; row < rows; row++, at += recordSize) {
        if ((bytes[at] as number) > 1) throw valueError(feed, field, bytes[at], row);
      }
    } else if (field.type === 'symbol') {
      for (let row = 0, at = field.recordOffset; row < rows; row++, at += recordSize) {
        const code = view.getUint32(at, true);
        if (code >= (coder?.size ?? 0)) throw valueError(feed, field, code, row);
      }
    } else if (field.unit === 'us' || field.unit === 'ms') {
      const [min, max] = int64Bounds(field);
      for (let row = 0, at = field.recordOffset; row < rows; row++, at += recordSize) {
        const time = field.cell === 'i64' ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
        if (time < min || time > max) throw valueError(feed, field, time, row);
      }
    }
  }
  return rows;
}

/** Puts records [from, from + count) into the slots from `slot` on; they do not wrap. */
export function scatterRaw(schema: Schema, slots: Uint8Array, bytes: Uint8Array, from: number, count: number, slot: number): void {
  const { recordSize } = schema.record;
  for (const field of schema.fields) {
    const { width } = field;
    let to = slot * schema.slotStride + field.slotOffset;
    let at = from * recordSize + field.recordOffset;
    for (let row = 0; row < count; row++, to += schema.slotStride, at += recordSize) {
      for (let b = 0; b < width; b++) slots[to + b] = bytes[at + b] as number;
    }
  }
}
