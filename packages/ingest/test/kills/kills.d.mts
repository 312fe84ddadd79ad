export interface KilledWriters {
  readonly kills: number;
  readonly seed: number;
  readonly random: number;
  readonly atFailpoints: number;
  /** Cycles in which the writer came to no failpoint in time and closed. */
  readonly unharmed: number;
  readonly records: number;
  readonly chunks: number;
  readonly withRowsInRing: number;
  readonly points: Readonly<Record<string, number>>;
  readonly neverReached: readonly string[];
}

/** Failpoints that a writer of one feed comes to. */
export const POINTS: readonly string[];

/** Kills writers and looks after each. @throws Error at the first record that is lost, torn or there twice */
export function killWriters(options: { kills: number; seed: number; lanes?: number; directory?: string; onProgress?: (done: number) => void }): Promise<KilledWriters>;
