import { type CatalogEntry, ENTRY_STATE } from '@deepwater/core';

/** What is known of a chunk when it is decided whether it stays. */
export type PlannedEntry = Pick<CatalogEntry, 'chunkId' | 'firstSequence' | 'rows' | 'state' | 'createdUs' | 'sealedUs'> & {
  /** What its file takes on disk; 0 where it is gone. */
  readonly diskBytes: number;
  /** Whether what the catalog says of it is whole. */
  readonly holds: boolean;
};

export interface Limits {
  /** 0: for ever. */
  readonly retentionHours: number;
  /** 0: no limit. */
  readonly retentionBytes: number;
}

export interface FeedPlan {
  /** Entries [from, to) go: a prefix of what is there. */
  readonly from: number;
  readonly to: number;
  /** The first of them that goes for its size; those before it go for their age. */
  readonly bySizeFrom: number;
  /** Chunks that are old enough to go and stay because the clock is not believed. */
  readonly held: number;
  /** When the oldest chunk that stays will be old enough, ms since 1970; undefined where age does not matter. */
  readonly keptUntilMs?: number;
  /** Entry that nothing behind can be removed before: what the catalog says of it is damaged. */
  readonly damagedAt?: number;
}

/** Before this the program did not exist: a chunk of that time was written while the clock stood wrong. 2025-01-01 */
const NOT_BEFORE_US = Date.UTC(2025, 0, 1) * 1000;

/**
 * When each chunk counts as written, microseconds: not before any chunk in front of it, so that a clock that once stood in
 * the past makes nothing old. Where it stood there from the beginning, it was written no later than the first chunk with a
 * time that can be; without one, nobody knows, and the chunk is as young as can be (Infinity).
 */
export function writtenTimes(entries: readonly PlannedEntry[]): number[] {
  const times = entries.map(({ createdUs, sealedUs, holds }) => Math.max(createdUs, holds ? sealedUs : 0));
  const known = times.find((time) => time >= NOT_BEFORE_US) ?? Infinity;
  let latest = 0;
  return times.map((time) => {
    latest = Math.max(latest, time);
    return latest < NOT_BEFORE_US ? known : latest;
  });
}

/**
 * Which chunks of a feed go: the oldest ones, by age as long as the clock is believed, and by size always. Never the live
 * chunk, and only a prefix. Pure.
 */
export function planFeed(entries: readonly PlannedEntry[], limits: Limits, nowMs: number, believed: boolean): FeedPlan {
  const written = writtenTimes(entries);
  const from = entries.findIndex(({ state }) => state !== ENTRY_STATE.DELETED);
  if (from < 0) return { from: entries.length, to: entries.length, bySizeFrom: entries.length, held: 0 };
  let stop = from;
  while (stop < entries.length && isRemovable(entries[stop] as PlannedEntry)) stop += 1;
  const maxAgeUs = limits.retentionHours * 3_600_000_000;
  const isOld = (index: number): boolean => maxAgeUs > 0 && nowMs * 1000 - (written[index] as number) >= maxAgeUs;
  let old = from;
  while (old < stop && isOld(old)) old += 1;
  const byAge = believed ? old : from;
  let bytes = entries.reduce((sum, { state, diskBytes }) => sum + (state === ENTRY_STATE.DELETED ? 0 : diskBytes), 0);
  let to = from;
  while (to < stop && (to < byAge || (limits.retentionBytes > 0 && bytes > limits.retentionBytes))) bytes -= (entries[to++] as PlannedEntry).diskBytes;
  const kept = written[to];
  const damaged = entries[stop];
  return {
    from, to, bySizeFrom: Math.min(byAge, to), held: Math.max(0, old - to),
    ...(maxAgeUs > 0 && kept !== undefined && Number.isFinite(kept) ? { keptUntilMs: (kept + maxAgeUs) / 1000 } : {}),
    ...(damaged !== undefined && damaged.state !== ENTRY_STATE.ACTIVE && damaged.state !== ENTRY_STATE.DELETED ? { damagedAt: stop } : {}),
  };
}

/** A sealed chunk whose entry is whole. One that is deleted behind one that is not belongs to an older life of the catalog. */
function isRemovable({ state, holds }: PlannedEntry): boolean {
  return (state === ENTRY_STATE.SEALED && holds) || state === ENTRY_STATE.DELETED;
}
