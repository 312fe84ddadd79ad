import { describe, expect, test } from 'vitest';
import { KERNEL_SCRATCH_BYTES, chunkKernels } from '../dist/kernels/chunk-kernels.js';

/** Cells whose sums are exact in any order, from byte `at` of a memory on. */
function filled(at: number, n: number): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ shared: true, initial: 4, maximum: 4 });
  new Float64Array(memory.buffer, at, n).forEach((_, i, cells) => { cells[i] = (i % 17) - 3.25; });
  return memory;
}

describe('kernels over the memory of a chunk', () => {
  test.each([0, 1, 7, 8, 9, 100, 16384])('the sum of %i float64 cells is that of a plain loop', (n) => {
    const memory = filled(1000, n);
    let expected = 0;
    for (const cell of new Float64Array(memory.buffer, 1000, n)) expected += cell;
    expect(chunkKernels(memory).sumF64(1000, n)).toBe(expected);
  });

  test('what kernels put out has room behind a chunk', () => {
    expect(KERNEL_SCRATCH_BYTES % 65536).toBe(0);
  });
});
