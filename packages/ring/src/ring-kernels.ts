import { RING, RUN_DIVISOR } from '@deepwater/core/engine';
import { KERNELS_WASM_BASE64 } from './generated/kernels.js';
import type { Ring } from './ring-file.js';

/** The functions of assembly/kernels.ts over one ring. */
export interface RingKernels {
  /** Looks at the head until its low word is not `low`, at most `looks` times; how far it is ahead, modulo 2^32. */
  awaitHead(low: number, looks: number): number;
  /** Copies `rows` rows to `target`, from the one whose number ends with `low` on. */
  copyRows(low: number, rows: number): void;
  /**
   * Takes up to `limit` rows, from the one with number `low` and `high` on, to `target`.
   * @returns how many; 0 where there are none after `looks` looks; negative where they are not to be had like this
   */
  take(low: number, high: number, limit: number, looks: number): number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Instantiates the kernels on a ring; compiled once a thread.
 * @param target where rows are put, in bytes from the start of the mapping
 * @param weak whether the processor may let a load overtake an earlier one: rows are then copied by atomic loads. x86-TSO keeps
 * loads in order.
 */
export function ringKernels(ring: Pick<Ring, 'memory' | 'slotsOffset' | 'slotCount' | 'slotStride'>, target: number, weak = process.arch !== 'x64'): RingKernels {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM_BASE64, 'base64'));
  const { memory, slotsOffset, slotCount, slotStride } = ring;
  const env = {
    memory, target, slotCount, slotStride,
    head: RING.HEAD, retired: RING.RETIRED, slots: slotsOffset,
    safeRows: slotCount - slotCount / RUN_DIVISOR,
    weak: weak ? 1 : 0,
  };
  return new WebAssembly.Instance(compiled, { env }).exports as unknown as RingKernels;
}
