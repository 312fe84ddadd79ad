import { spawnService, type EventSink } from '@deepwater/core';
import type { ReaderSource } from '@deepwater/query';
import type { CleanupRequest, ClockReport } from './cleanup.js';
import type { CleanupApi } from './cleanup-worker.js';
import type { Leftover } from './leftovers.js';
import type { FeedCleanup } from './remove-chunks.js';

/** What a clean-up did, or would do. */
export interface CleanupReport {
  readonly basePath: string;
  readonly dryRun: boolean;
  /** Whether the clock may be used to tell how old chunks are; where it may not, `message` says why and how long. */
  readonly clock: ClockReport;
  /** Every feed that was looked at and has chunks, or a problem. */
  readonly feeds: readonly FeedCleanup[];
  /** What killed processes had left behind. */
  readonly leftovers: readonly Leftover[];
  readonly removedChunks: number;
  /** Disk space. */
  readonly removedBytes: number;
  /** The signal came before all feeds were done. */
  readonly aborted: boolean;
}

export interface CleanupHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CleanupProgress) => void;
  readonly onEvent?: EventSink;
}

export interface CleanupProgress {
  readonly feeds: number;
  readonly feedsOf: number;
  readonly removedChunks: number;
  readonly removedBytes: number;
}

/**
 * Cleans up a store, in a thread that is started for it: chunks beyond the retention of their feeds, and what killed processes
 * left. Writers and readers, here and in other processes, go on meanwhile.
 *
 * @returns undefined where `unlessWithinMs` is given, and another clean-up is at work or has been within that time
 * @throws DeepwaterError DW_SYSTEM_CALL where another one takes longer than 15 s, DW_DISK_FULL
 */
export async function cleanUp(request: CleanupRequest, sources: readonly ReaderSource[], hooks: CleanupHooks = {}): Promise<CleanupReport | undefined> {
  const { signal, onProgress } = hooks;
  const service = spawnService<CleanupApi>(new URL('./cleanup-worker.js', import.meta.url), {
    name: 'deepwater-cleanup', deadCode: 'DW_CLEANUP_FAILED', trackUnmanagedFds: false,
  });
  try {
    const clock = await service.api.begin(request);
    if (clock === undefined) return undefined;
    const feeds: FeedCleanup[] = [];
    const leftovers: Leftover[] = [];
    const sum = (key: 'chunks' | 'bytes'): number => feeds.reduce((all, { removed }) => all + removed.reduce((part, removal) => part + removal[key], 0), 0);
    let done = 0;
    for (const source of sources) {
      if (signal?.aborted === true) break;
      const result = await service.api.feed(source);
      if (source.spec.persist || result.feed.problem !== undefined) feeds.push(result.feed);
      leftovers.push(...result.leftovers);
      onProgress?.({ feeds: ++done, feedsOf: sources.length, removedChunks: sum('chunks'), removedBytes: sum('bytes') });
    }
    leftovers.push(...await service.api.end());
    const report: CleanupReport = {
      basePath: request.basePath, dryRun: request.dryRun, clock, feeds, leftovers, removedChunks: sum('chunks'), removedBytes: sum('bytes'), aborted: done < sources.length,
    };
    if (hooks.onEvent !== undefined && !request.dryRun) tell(report, hooks.onEvent);
    return report;
  } finally {
    await service.terminate();
  }
}

/** To the log: what went, with its numbers, and what could not. */
function tell({ clock, feeds, leftovers }: CleanupReport, event: EventSink): void {
  if (clock.message !== undefined) event({ level: clock.hold === undefined || clock.hold === 'boot' ? 'info' : 'warn', message: clock.message, values: { ...clock } });
  for (const { feed, removed, problem } of feeds) {
    for (const { why, chunks, bytes, first, next } of removed) {
      event({ level: 'info', message: `${feed}: retention by ${why} removed ${chunks} chunks with records ${first} to ${next - 1}`, values: { feed, why, chunks, bytes, first, next } });
    }
    if (problem !== undefined) event({ level: 'error', message: `${feed}: ${problem}`, values: { feed } });
  }
  for (const { what, path } of leftovers) event({ level: 'info', message: `left behind by a process that was killed, and removed: ${what} ${path}`, values: { what, path } });
}
