/** `apache-arrow`, loaded when it is first used: that takes a fifth of a second, which nobody else should pay. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Arrow from 'apache-arrow';

export type ArrowModule = typeof Arrow;

let loaded: ArrowModule | undefined;

/** The copy that an `import` of the user's gets, too. */
export async function loadArrow(): Promise<ArrowModule> {
  loaded ??= await import('apache-arrow');
  return loaded;
}

/**
 * For calls that cannot wait. `require('apache-arrow')` would give another copy than `import` does, whose tables the functions of
 * the first one refuse; so it is the file that `import` would load.
 */
export function arrowNow(): ArrowModule {
  loaded ??= createRequire(import.meta.url)(fileURLToPath(import.meta.resolve('apache-arrow'))) as ArrowModule;
  return loaded;
}

/** Whether the options of a read ask for Arrow. What else is wrong with them is found where they are parsed. */
export function asksForArrow(options: unknown): boolean {
  return typeof options === 'object' && options !== null && (options as { format?: unknown }).format === 'arrow';
}
