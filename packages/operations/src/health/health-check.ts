/** How a check came out: `fail` makes the store unhealthy, `warn` does not. `skipped`: it could not be told, or was not asked for. */
export type HealthState = 'ok' | 'warn' | 'fail' | 'skipped';

/** One thing that was looked at. */
export interface HealthCheck {
  /** Stable: `manifest`, `registry`, `feed file`, `disk space`, `shared memory`, `clock`, `cleanup`, `quarantine`, `log`, `time`; of each feed `catalog`, `chunks`, `records`, `ring`, `ingest`, `writer`, `recent writes`, `times`. */
  readonly check: string;
  readonly feed?: string;
  readonly state: HealthState;
  /** What was found, in the unit that the name of the limit or the message says. */
  readonly value?: string | number;
  /** What it is held against. */
  readonly limit?: string | number;
  /** In words, where it is not `ok`, or needs any. */
  readonly message?: string;
}

export interface HealthReport {
  readonly basePath: string;
  /** ISO 8601. */
  readonly at: string;
  /** No check failed. */
  readonly healthy: boolean;
  readonly checks: readonly HealthCheck[];
}

/** Plain data: the looks are taken in a thread of their own. */
export interface HealthRequest {
  readonly basePath: string;
  /** Look at every feed. */
  readonly checkFeeds: boolean;
  /** A feed whose last record came longer ago is unhealthy. */
  readonly maxAgeSeconds?: number;
  /** Space that there has to be on the disk of the base path, in units of 2^30 bytes. */
  readonly minFreeGb: number;
  /** How long feeds are watched to see whether they move, ms. */
  readonly observeMs: number;
}

/** Runs a look; what it throws makes the check fail, with that as its message. */
export function checked(check: string, look: () => Omit<HealthCheck, 'check' | 'feed'>, feed?: string): HealthCheck {
  const name = { check, ...(feed === undefined ? {} : { feed }) };
  try {
    return { ...name, ...look() };
  } catch (error) {
    return { ...name, state: 'fail', message: error instanceof Error ? error.message : String(error) };
  }
}
