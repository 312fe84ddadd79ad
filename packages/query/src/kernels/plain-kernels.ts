import { countMask } from './masks.js';
import { plainFilters } from './plain-filters.js';
import { plainSums } from './plain-sums.js';
import { plainWide } from './plain-wide.js';
import type { ScanKernels } from './scan-kernels.js';
import type { ScanMemory } from './scan-memory.js';

/** The kernels in plain loops, over rows that were copied from the ring. */
export function plainKernels(memory: ScanMemory): ScanKernels {
  return {
    ...plainFilters(memory), ...plainSums(memory), ...plainWide(memory),
    countMask: (mask, n) => countMask(memory.mask(mask, n), n),
  };
}
