import fc from 'fast-check';
import { SEED } from '../../../../test/support/seed.js';
export { SEED };

console.log(`query tests: seed ${SEED}`);

/** Numbers from 0 to 1 that follow from a seed. */
export function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** fc.assert under the run's seed. */
export function assertProperty<T>(property: fc.IProperty<T>, numRuns: number): void {
  fc.assert(property, { seed: SEED, numRuns });
}

export async function assertAsyncProperty<T>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  await fc.assert(property, { seed: SEED, numRuns });
}
