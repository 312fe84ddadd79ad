/** Keeping a store in order: retention, health, repair, migration. */
export { cleanUp } from './retention/clean-up.js';
export type { CleanupHooks, CleanupProgress, CleanupReport } from './retention/clean-up.js';
export { Cleanup, clocksNow } from './retention/cleanup.js';
export type { CleanupRequest, ClockReport } from './retention/cleanup.js';
export { readCleanupMemory, writeCleanupMemory } from './retention/cleanup-file.js';
export type { CleanupMemory } from './retention/cleanup-file.js';
export { HOLD_MS, OFF_MS_MAX, SETTLE_MS, judgeClock } from './retention/clock-line.js';
export type { ClockHold, ClockLook, ClockState, ClockVerdict } from './retention/clock-line.js';
export type { Leftover } from './retention/leftovers.js';
export { planFeed, writtenTimes } from './retention/plan-feed.js';
export type { FeedPlan, Limits, PlannedEntry } from './retention/plan-feed.js';
export { removeChunks } from './retention/remove-chunks.js';
export type { FeedCleanup, Removal, RemoveOptions } from './retention/remove-chunks.js';
export { checkFeeds } from './health/check-feeds.js';
export { checkStore } from './health/check-store.js';
export { HEALTH_TIMEOUT_MS, checkHealth } from './health/check-health.js';
export type { HealthCheck, HealthReport, HealthRequest, HealthState } from './health/health-check.js';
