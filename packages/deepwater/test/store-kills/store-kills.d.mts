export interface KilledStores {
  readonly cycles: number;
  readonly seed: number;
  readonly random: number;
  readonly atFailpoints: number;
  /** Cycles in which the victim came to no failpoint in time and ended. */
  readonly unharmed: number;
  readonly damages: number;
  readonly records: number;
  readonly deletesBrokenOff: number;
  readonly points: Readonly<Record<string, number>>;
  readonly neverReached: readonly string[];
}

/** Kills processes that work on stores and looks after each. @throws Error at the first thing that is not as it was promised */
export function killStores(options: { kills?: number; part?: number; seed: number; directory?: string; onProgress?: (done: number) => void }): Promise<KilledStores>;

export const STORE_POINTS: readonly string[];
/** Failpoints that neither this nor the harness of the writers kills at. */
export function elsewhere(pointsOfWriters: readonly string[]): string[];
