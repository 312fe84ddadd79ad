import path from 'node:path';
import { type HealthReport, HEALTH_TIMEOUT_MS, checkHealth as look } from '@deepwater/operations';
import { checkOptionsOf } from './cleanup-options.js';

export interface HealthOptions {
  /** Look into every feed: catalog, chunks, first and last record, ring, ingest, writer. Default true. */
  readonly checkFeeds?: boolean;
  /** A feed to which nothing came for so long is unhealthy. By default that is only told. */
  readonly maxAgeSeconds?: number;
  /** Free space on the disk of the base path, in units of 2^30 bytes, below which the store is unhealthy. Default 1. */
  readonly minFreeGb?: number;
  /** How long feeds are watched to see whether they move, ms. Default 500. */
  readonly observeMs?: number;
  /** The answer comes within this time, whatever the disk does. Default 30,000. */
  readonly timeoutMs?: number;
}

const amount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const ms = (most: number) => [(value: unknown): boolean => amount(value) && (value as number) <= most, `milliseconds, at most ${most}`] as const;

const CHECKS: Readonly<Record<keyof HealthOptions, readonly [(value: unknown) => boolean, string]>> = {
  checkFeeds: [(value) => typeof value === 'boolean', 'true or false'],
  maxAgeSeconds: [amount, 'a number of seconds'],
  minFreeGb: [amount, 'a number of units of 2^30 bytes'],
  observeMs: ms(60_000),
  timeoutMs: ms(3_600_000),
};

/**
 * Looks at the health of a store as a reader does: nothing is written, writers are not disturbed. Also of one that cannot be opened, or may not
 * be written to.
 * @throws DeepwaterError DW_BASE_PATH_INVALID where there is no store, DW_OPTION_INVALID
 */
export async function checkHealth(basePath: string, options: HealthOptions = {}): Promise<HealthReport> {
  checkOptionsOf('checkHealth', options, CHECKS);
  const { checkFeeds = true, maxAgeSeconds, minFreeGb = 1, observeMs = 500, timeoutMs = HEALTH_TIMEOUT_MS } = options;
  return look({ basePath: path.resolve(basePath), checkFeeds, minFreeGb, observeMs, ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }) }, timeoutMs);
}
