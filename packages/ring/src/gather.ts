/** Rows of the ring as columns, for readers. The caller asks afterwards whether the writer came by (see ring-cursor.ts). */
import type { Field } from '@deepwater/core/engine';
import { copiedBefore } from './copied-before.js';
import type { Ring } from './ring-file.js';

const copied = copiedBefore(process.arch);

/**
 * Copies one field of sequence numbers [from, to) to `target`, cell after cell, from byte `at` on (aligned to the cell). The copy is
 * made before any `Atomics.load` that follows.
 */
export function gatherField(ring: Ring, field: Field, from: number, to: number, target: Uint8Array, at: number): void {
  const { slotCount, slotStride, slotsOffset, buffer } = ring;
  const { width } = field;
  let sequence = from;
  let out = target.byteOffset + at;
  while (sequence < to) {
    const slot = sequence % slotCount;
    const count = Math.min(to - sequence, slotCount - slot);
    const start = slotsOffset + slot * slotStride + field.slotOffset;
    // Texts lie at any byte of a slot, whatever their width.
    if (((width | start | out) & 3) === 0) {
      const words = width >> 2;
      gatherWords(new Int32Array(buffer), start >> 2, slotStride >> 2, new Int32Array(target.buffer, out, count * words), words);
    } else {
      gatherBytes(new Uint8Array(buffer), start, slotStride, new Uint8Array(target.buffer, out, count * width), width);
    }
    sequence += count;
    out += count * width;
  }
  copied();
}

function gatherWords(slots: Int32Array, at: number, stride: number, cells: Int32Array, words: number): void {
  if (words === 2) {
    for (let i = 0; i < cells.length; i += 2, at += stride) {
      cells[i] = slots[at] as number;
      cells[i + 1] = slots[at + 1] as number;
    }
    return;
  }
  for (let i = 0; i < cells.length; i += words, at += stride) {
    for (let w = 0; w < words; w++) cells[i + w] = slots[at + w] as number;
  }
}

function gatherBytes(slots: Uint8Array, at: number, stride: number, cells: Uint8Array, width: number): void {
  for (let i = 0; i < cells.length; i += width, at += stride) {
    for (let b = 0; b < width; b++) cells[i + b] = slots[at + b] as number;
  }
}
