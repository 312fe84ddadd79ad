import type { Mutant } from './mutants.mjs';

/** Why a mutant cannot be planted; undefined where it can. */
export function unfit(mutant: Mutant): string | undefined;
/** The names of the tests that fail because of it. */
export function runMutant(mutant: Mutant): Promise<readonly string[]>;
