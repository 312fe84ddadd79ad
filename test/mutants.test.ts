import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from './mutants/mutants.mjs';
import { runMutant, unfit } from './mutants/run.mjs';
import { root } from './support/source-files.js';
import { SEED } from './support/seed.js';


describe('bugs planted in our own code', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s: it fits the code, and there is a test for it', (_name, mutant) => {
    expect(unfit(mutant)).toBeUndefined();
    expect(existsSync(path.join(root, mutant.test))).toBe(true);
  });

  // All of them: npm run soak -- mutants
  const quick = MUTANTS.filter(({ test: file }) => /poisoned|plan-feed/.test(file));
  const chosen = quick[SEED % quick.length]!;
  test(`one of them, "${chosen.name}", is caught (seed ${SEED})`, async () => {
    const failed = await runMutant(chosen);
    expect(failed.length, failed.join('\n')).toBeGreaterThan(0);
    expect(failed.filter((name) => name.includes('does not load'))).toEqual([]);
  });
});
