/** Rows with all that is needed to go over them: kernels, and scratch space that they can reach. */
import type { Field } from '@deepwater/core/engine';
import { OpenChunk } from '../open-chunk.js';
import { type ColumnArray, type RowSource, columnOf } from '../row-source.js';
import { plainKernels } from './plain-kernels.js';
import type { ScanKernels } from './scan-kernels.js';
import { ScanMemory } from './scan-memory.js';
import { MASK_BYTES, SCRATCH } from './scratch.js';

/** One a thread: nothing in it outlives the strip it was made for. */
let plainScratch: ArrayBuffer | undefined;

export class ScanSource {
  readonly kernels: ScanKernels;
  readonly memory: ScanMemory;
  readonly #masks: Int32Array[] = [];
  readonly #columns = new Map<number, ColumnArray>();

  /** @param source a chunk must be pinned while this is used */
  constructor(readonly source: RowSource) {
    const kernels = source instanceof OpenChunk ? source.kernels : undefined;
    if (kernels === undefined) {
      this.memory = ScanMemory.of(source.buffer, (plainScratch ??= new ArrayBuffer(SCRATCH.BYTES)));
      this.kernels = plainKernels(this.memory);
    } else {
      this.memory = ScanMemory.within(source.buffer, (source as OpenChunk).scratchOffset);
      this.kernels = kernels;
    }
  }

  /** Address of a row's cell. */
  cellAt(field: Field, row: number): number {
    return (this.source.columnOffsets[field.index] as number) + row * field.width;
  }

  /** Address of a part of the scratch space. @param part of `SCRATCH` */
  scratchAt(part: number): number {
    return this.memory.scratchOffset + part;
  }

  maskAt(slot: number): number {
    return this.scratchAt(SCRATCH.MASKS + slot * MASK_BYTES);
  }

  /** A mask that kernels write, as words. */
  mask(slot: number): Int32Array {
    return (this.#masks[slot] ??= this.memory.i32(this.maskAt(slot), MASK_BYTES / 4));
  }

  /** The whole column of a field. */
  column(field: Field): ColumnArray {
    let column = this.#columns.get(field.index);
    if (column === undefined) this.#columns.set(field.index, (column = columnOf(this.source, field)));
    return column;
  }
}
