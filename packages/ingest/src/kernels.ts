import { type ChecksumOver, type Field, checksumOver } from '@deepwater/core/engine';
import type { Ring } from '@deepwater/ring';
import { KERNELS_WASM_BASE64 } from './generated/kernels.js';

/** The functions of assembly/kernels.ts, and core's checksum of columns, over one Memory. Addresses and strides in bytes. */
export interface Kernels {
  copy8(src: number, stride: number, dst: number, n: number): void;
  copy4(src: number, stride: number, dst: number, n: number): void;
  copy2(src: number, stride: number, dst: number, n: number): void;
  copy1(src: number, stride: number, dst: number, n: number): void;
  copyN(src: number, stride: number, dst: number, n: number, width: number): void;
  /** Writes at `out`: min (8 bytes), max (8 bytes), 1 if non-decreasing else 0 (4 bytes). */
  minmaxU64(src: number, n: number, out: number): void;
  minmaxI64(src: number, n: number, out: number): void;
  readonly checksum: ChecksumOver;
}

let compiled: WebAssembly.Module | undefined;

/** Instantiates the kernels on a Memory; compiled once a thread. */
export function kernelsFor(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM_BASE64, 'base64'));
  const functions = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
  return { ...functions, checksum: checksumOver(memory) };
}

/** Copies n cells of any width. */
export function gatherCells(kernels: Kernels, src: number, stride: number, dst: number, n: number, width: number): void {
  if (width === 8) kernels.copy8(src, stride, dst, n);
  else if (width === 4) kernels.copy4(src, stride, dst, n);
  else if (width === 1) kernels.copy1(src, stride, dst, n);
  else if (width === 2) kernels.copy2(src, stride, dst, n);
  else kernels.copyN(src, stride, dst, n, width);
}

/** Half of a first-level cache. */
const STRIP_BYTES = 16 * 1024;

/**
 * Rows of a ring to columns: `rows` of them from sequence `from` on go to row `at` of each column, whose cells begin at
 * `columns[field.index]` in the ring's Memory. Strip by strip, so that a slot comes from the other core once, and not for
 * each field.
 */
export function gatherRows(kernels: Kernels, ring: Ring, fields: readonly Field[], columns: readonly number[], from: number, at: number, rows: number): void {
  const { slotCount, slotStride, slotsOffset } = ring;
  const stripRows = Math.max(1, Math.floor(STRIP_BYTES / slotStride));
  for (let done = 0; done < rows; ) {
    const slot = (from + done) % slotCount;
    const strip = Math.min(stripRows, rows - done, slotCount - slot);
    for (const { index, width, slotOffset } of fields) {
      gatherCells(kernels, slotsOffset + slot * slotStride + slotOffset, slotStride, (columns[index] as number) + (at + done) * width, strip, width);
    }
    done += strip;
  }
}
