import type { EventSink, FeedFile, Manifest } from '@deepwater/core';
import { type CleanupHooks, type CleanupReport, cleanUp } from '@deepwater/operations';
import type { ReaderSource } from '@deepwater/query';
import type { CleanupOptions } from './cleanup-options.js';
import { CleanupTimer } from './cleanup-timer.js';
import type { KnownFeeds } from './known-feeds.js';

interface CaredStore {
  readonly basePath: string;
  readonly manifest: Manifest;
  readonly event: EventSink;
  readonly feeds: KnownFeeds;
  readonly sourceOf: (feed: FeedFile) => ReaderSource;
}

/** What a platform does to keep its store in order: clean-ups, asked for and regular ones. */
export class StoreCare {
  readonly #timer: CleanupTimer;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(private readonly store: CaredStore, private readonly minutes: number) {
    this.#timer = new CleanupTimer(() => this.#regularly(), minutes);
  }

  async cleanup({ feeds, dryRun = false, acceptClock = false, signal, onProgress }: CleanupOptions): Promise<CleanupReport> {
    const hooks = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
    return await this.#cleanUp({ dryRun, acceptClock }, feeds, hooks) as CleanupReport;
  }

  /** Stops what is under way after the feed that it is at, and waits for that. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([this.#timer.stop(), ...this.#running]);
  }

  stopSync(): void {
    this.#timer.stopSync();
  }

  async #cleanUp(request: { dryRun: boolean; acceptClock: boolean; unlessWithinMs?: number }, names?: readonly string[], hooks: CleanupHooks = {}): Promise<CleanupReport | undefined> {
    const { basePath, manifest, feeds, sourceOf, event } = this.store;
    const chosen = names === undefined ? feeds.list() : names.map((name) => feeds.get(name));
    const signal = AbortSignal.any([this.#ending.signal, ...(hooks.signal === undefined ? [] : [hooks.signal])]);
    const running = cleanUp({ basePath, access: manifest.access, ...request }, chosen.map(sourceOf), { ...hooks, signal, onEvent: event });
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Of all processes that have the store open, the first one to think of it. */
  async #regularly(): Promise<void> {
    try {
      await this.#cleanUp({ dryRun: false, acceptClock: false, unlessWithinMs: (this.minutes * 60_000) / 2 });
    } catch (error) {
      this.store.event({ level: 'error', message: `The clean-up failed: ${(error as Error).message}` });
    }
  }
}
