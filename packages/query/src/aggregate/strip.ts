/** A strip of rows that aggregates are gathered from, with columns of any type as cells that the kernels take. */
import type { Field } from '@deepwater/core/engine';
import { is64 } from '../cell-kinds.js';
import type { ScanSource } from '../kernels/scan-source.js';
import { SCRATCH } from '../kernels/scratch.js';

/** Whether cells of 64 bits have a sign, as kernels take it. */
export const signOf = (field: Field): number => (field.cell === 'i64' ? 1 : 0);

const WIDEN = { f32: 'widenF32', i8: 'widenI8', u8: 'widenU8', i16: 'widenI16', u16: 'widenU16', i32: 'widenI32', u32: 'widenU32' } as const;

export class ActiveStrip {
  from = 0;
  n = 0;
  /** Rows that count. */
  count = 0;
  /** Address of their mask; 0 where all of them count. */
  mask = 0;
  /** What lies in the two wide columns of the scratch space now. */
  readonly #wide: [string, string] = ['', ''];
  #last = 1;

  constructor(readonly source: ScanSource) {}

  begin(from: number, n: number, count: number): void {
    this.from = from;
    this.n = n;
    this.count = count;
    this.mask = count === n ? 0 : this.source.maskAt(0);
    this.#wide.fill('');
  }

  cellsAt(field: Field): number {
    return this.source.cellAt(field, this.from);
  }

  /** Address of a column as float64: those of 64 bits rounded, the others exactly. Holds for two columns at a time. */
  floats(field: Field): number {
    if (field.cell === 'f64') return this.cellsAt(field);
    if (is64(field)) return this.differences(field, 0n);
    return this.#made(`f${field.index}`, (out) => { this.source.kernels[WIDEN[field.cell as keyof typeof WIDEN]](this.cellsAt(field), this.n, out); });
  }

  /** Address of a column of 64 bits less a number, as float64. */
  differences(field: Field, less: bigint): number {
    return this.#made(`d${field.index} ${less}`, (out) => { this.source.kernels.differences64(this.cellsAt(field), this.n, signOf(field), less, out); });
  }

  /** Address of a column of whole numbers as cells of 64 bits. */
  wholes(field: Field): number {
    if (is64(field)) return this.cellsAt(field);
    return this.#made(`w${field.index}`, (out) => {
      if (field.cell === 'i32' || field.cell === 'u32') {
        this.source.kernels[field.cell === 'i32' ? 'wholeI32' : 'wholeU32'](this.cellsAt(field), this.n, out);
        return;
      }
      this.source.kernels[WIDEN[field.cell as keyof typeof WIDEN]](this.cellsAt(field), this.n, out);
      this.source.kernels.wholeF64(out, this.n, out);
    });
  }

  /** Numbers that a kernel has put out. */
  results(count: number): Float64Array {
    return this.source.memory.f64(this.resultAt, count);
  }

  get resultAt(): number {
    return this.source.scratchAt(SCRATCH.RESULT);
  }

  /** Address of room for a column of 64 bits, which is not where the last column was made. */
  spare(): number {
    const slot = 1 - this.#last;
    this.#wide[slot] = '';
    return this.#wideAt(slot);
  }

  #made(what: string, make: (out: number) => void): number {
    const known = this.#wide.indexOf(what);
    const slot = known >= 0 ? known : 1 - this.#last;
    const out = this.#wideAt(slot);
    if (known < 0) {
      make(out);
      this.#wide[slot] = what;
    }
    this.#last = slot;
    return out;
  }

  #wideAt(slot: number): number {
    return this.source.scratchAt(slot === 0 ? SCRATCH.WIDE_A : SCRATCH.WIDE_B);
  }
}
