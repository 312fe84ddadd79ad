import { type Service, spawnService } from '@deepwater/core';
import type { HealthCheck, HealthReport, HealthRequest } from './health-check.js';
import type { HealthApi } from './health-worker.js';

/** Longer than this nothing is waited for. */
export const HEALTH_TIMEOUT_MS = 30_000;

/**
 * Looks at the health of a store as a reader does: nothing is written, nothing locked, writers are not disturbed.
 * @param timeoutMs after that the answer is that it took too long: a disk hangs, or is very busy
 * @throws DeepwaterError DW_BASE_PATH_INVALID where there is no store
 */
export async function checkHealth(request: HealthRequest, timeoutMs: number = HEALTH_TIMEOUT_MS): Promise<HealthReport> {
  const service = spawnService<HealthApi>(new URL('./health-worker.js', import.meta.url), { name: 'deepwater-health', deadCode: 'DW_HEALTH_FAILED', trackUnmanagedFds: false });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => { resolve(undefined); }, timeoutMs); });
  const checks: HealthCheck[] = [];
  try {
    const done = await Promise.race([look(service, request, checks), late]);
    if (done === undefined) checks.push({ check: 'time', state: 'fail', value: `over ${timeoutMs / 1000} s`, limit: `${timeoutMs / 1000} s`, message: 'Not everything could be looked at: the disk does not answer in time.' });
  } finally {
    clearTimeout(timer);
    // Not awaited: a thread that a disk holds up does not end.
    void service.terminate();
  }
  return { basePath: request.basePath, at: new Date().toISOString(), healthy: checks.every(({ state }) => state !== 'fail'), checks };
}

async function look({ api }: Service<HealthApi>, request: HealthRequest, checks: HealthCheck[]): Promise<true> {
  const { checks: ofStore, manifest } = await api.store(request);
  checks.push(...ofStore);
  if (manifest === undefined || !(request.checkFeeds || request.maxAgeSeconds !== undefined)) return true;
  const ofFeeds = await api.feeds(request, manifest);
  checks.push(...(request.checkFeeds ? ofFeeds : ofFeeds.filter(({ check }) => check === 'recent writes')));
  return true;
}
