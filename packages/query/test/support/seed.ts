import fc from 'fast-check';

/** Seed of all property tests of a run. Set DEEPWATER_SEED to run it again. */
export const SEED = Number(process.env['DEEPWATER_SEED'] ?? Date.now() & 0x7fffffff);
console.log(`query tests: seed ${SEED}`);

/** fc.assert under the run's seed. */
export function assertProperty<T>(property: fc.IProperty<T>, numRuns: number): void {
  fc.assert(property, { seed: SEED, numRuns });
}

export async function assertAsyncProperty<T>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  await fc.assert(property, { seed: SEED, numRuns });
}
