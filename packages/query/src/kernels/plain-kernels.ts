import { plainFilters } from './plain-filters.js';
import type { ScanMemory } from './scan-memory.js';
import type { ScanKernels } from './scan-kernels.js';

/** The kernels in plain loops, over rows that were copied from the ring. */
export function plainKernels(memory: ScanMemory): ScanKernels {
  return plainFilters(memory);
}
