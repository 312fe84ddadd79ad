import path from 'node:path';
import { type Access, CLEANUP_LOCK, FileLock, bootId, system, uptimeMs, waitForLock } from '@deepwater/core/engine';
import type { ReaderSource } from '@deepwater/query';
import { type CleanupMemory, readCleanupMemory, writeCleanupMemory } from './cleanup-file.js';
import { type ClockLook, type ClockVerdict, judgeClock } from './clock-line.js';
import { holdText } from './hold-text.js';
import { type Leftover, feedLeftovers, storeLeftovers, unfinishedCatalog } from './leftovers.js';
import { type FeedCleanup, removeChunks } from './remove-chunks.js';

/** Plain data: a clean-up runs in a thread of its own. */
export interface CleanupRequest {
  readonly basePath: string;
  readonly access: Access;
  /** Only say what would be done: nothing is changed, nothing is remembered, and a store that may only be read is enough. */
  readonly dryRun: boolean;
  /** Somebody says that the clock is right. */
  readonly acceptClock: boolean;
  /** Do nothing where another process is at it, or was within this time. Else wait for it. */
  readonly unlessWithinMs?: number;
}

/** Whether the clock may be used to tell how old chunks are. */
export interface ClockReport extends ClockVerdict {
  /** In words, where it may not, or is not what it should be. */
  readonly message?: string;
}

/** One clean-up of a store: begun, done feed by feed, ended. At most one is under way in a store. */
export class Cleanup {
  private constructor(
    private readonly request: CleanupRequest,
    private readonly look: ClockLook,
    private readonly memory: CleanupMemory,
    readonly clock: ClockReport,
    private readonly lock: FileLock | undefined,
  ) {}

  /**
   * Looks at the clock, and remembers what it saw before anything is deleted.
   * @returns undefined where another clean-up is at work or has just been, and that is enough
   * @throws DeepwaterError DW_SYSTEM_CALL where another one takes longer than 15 s
   */
  static async begin(request: CleanupRequest, look: ClockLook = clocksNow()): Promise<Cleanup | undefined> {
    const lock = request.dryRun ? undefined : await takeLock(request);
    if (lock === undefined && !request.dryRun) return undefined;
    try {
      const { memory, problem } = readCleanupMemory(request.basePath);
      const { ranAt } = memory;
      if (request.unlessWithinMs !== undefined && ranAt?.bootId === look.bootId && look.uptimeMs >= ranAt.uptimeMs && look.uptimeMs - ranAt.uptimeMs < request.unlessWithinMs) {
        lock?.release();
        return undefined;
      }
      const { state, verdict } = judgeClock(memory.clock, look, request.acceptClock);
      const message = holdText(verdict, problem);
      const next: CleanupMemory = { clock: state, ...(ranAt === undefined ? {} : { ranAt }), ...(verdict.hold === undefined ? {} : { hold: verdict.hold }) };
      if (!request.dryRun) writeCleanupMemory(request.basePath, next, request.access);
      return new Cleanup(request, look, next, { ...verdict, ...(message === undefined ? {} : { message }) }, lock);
    } catch (error) {
      lock?.release();
      throw error;
    }
  }

  /** One feed: its chunks, and what dead writers left of it. Never throws: what cannot be done is said. */
  async feed(source: ReaderSource): Promise<{ feed: FeedCleanup; leftovers: Leftover[] }> {
    const { access, dryRun } = this.request;
    let leftovers: Leftover[] = [];
    try {
      const feed = await removeChunks(source, { nowMs: this.look.wallMs, believed: this.clock.believed, dryRun, access });
      leftovers = [...feedLeftovers(source, access, dryRun), ...await unfinishedCatalog(source, access, dryRun)];
      return { feed, leftovers };
    } catch (error) {
      return { feed: { feed: source.spec.name, removed: [], heldChunks: 0, keptChunks: 0, keptBytes: 0, finished: 0, problem: (error as Error).message }, leftovers };
    }
  }

  /** What belongs to no feed. Afterwards others may clean. */
  end(): Leftover[] {
    const { basePath, access, dryRun } = this.request;
    try {
      const leftovers = storeLeftovers(basePath, access, this.look.wallMs, dryRun);
      if (!dryRun) writeCleanupMemory(basePath, { ...this.memory, ranAt: this.look }, access);
      return leftovers;
    } finally {
      this.release();
    }
  }

  /** Stops in between; what was done stays done. */
  release(): void {
    this.lock?.release();
  }
}

/** The clocks now. */
export function clocksNow(): ClockLook {
  return { wallMs: system.wallMs(), bootId: bootId(), uptimeMs: uptimeMs() };
}

async function takeLock({ basePath, access, unlessWithinMs }: CleanupRequest): Promise<FileLock | undefined> {
  const file = path.join(basePath, CLEANUP_LOCK);
  return unlessWithinMs === undefined ? await waitForLock(file, access) : FileLock.tryExclusive(file, access);
}
