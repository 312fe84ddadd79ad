import {
  type AnySpec, DeepwaterError, type EventSink, type FeedFile, type FeedSpecInput, type Manifest, type Registry, type StoreLog, parseFeedSpec,
} from '@deepwater/core';
import type { BacktestHost } from '@deepwater/backtest';
import { IngestService, type Writer as IngestWriter, type WriterHandle } from '@deepwater/ingest';
import { type FeedAccess, QueryPool, type ReaderSource, type SubscriptionHandle } from '@deepwater/query';
import type { Strategy, StrategyOptions } from '@deepwater/strategy';
import { type CleanupReport, type HealthReport, type RepairOptions, type RepairReport, repairStore } from '@deepwater/operations';
import { type CleanupOptions, checkCleanupOptions } from './cleanup-options.js';
import { deleteFeed, feedInUse } from './delete-feed.js';
import type { FeedInfo } from './feed-info.js';
import { GivenSubscriptions } from './given-subscriptions.js';
import { type HealthOptions, checkHealth } from './health.js';
import { KnownFeeds } from './known-feeds.js';
import { type Lifecycle, type LifecycleChange, lifecycleOf, withLifecycle } from './lifecycle.js';
import { MultiFeedReads } from './multi-feed-reads.js';
import { OpenReaders } from './open-readers.js';
import { type OpenStore, openStore } from './open-store.js';
import { OpenWriters } from './open-writers.js';
import { type PlatformOptions, checkOptions } from './options.js';
import { type Closable, joinProcessEnd, leaveProcessEnd } from './process-end.js';
import { feedSource, ringDirectory } from './ring-directory.js';
import { RunningStrategies } from './running-strategies.js';
import { checkSameSpec } from './spec-conflict.js';
import { StoreCare } from './store-care.js';
import { type Feed, type NamedFeed, type Reader, type UntypedSpec, type Writer, nameOf } from './typed-feed.js';

/**
 * A store and everything that is open in it. One for a store is enough for a process; it lives in the main thread.
 * Writers and readers are kept, one for each feed, and closed with it.
 */
export class Platform extends MultiFeedReads {
  /** Absolute, links resolved. */
  readonly basePath: string;
  readonly readOnly: boolean;
  readonly #manifest: Manifest;
  readonly #registry: Registry | undefined;
  readonly #ingest: IngestService;
  readonly #log: StoreLog;
  readonly #event: EventSink;
  readonly #feeds: KnownFeeds;
  readonly #writers = new OpenWriters();
  readonly #readers: OpenReaders;
  readonly #pool: QueryPool;
  readonly #subscriptions = new GivenSubscriptions();
  readonly #strategies: RunningStrategies;
  readonly #care: StoreCare;
  readonly #atEnd: Closable;
  #closing: Promise<void> | undefined;
  protected override readonly feed = (feedName: string): FeedFile => {
    this.#alive();
    return this.#feeds.get(feedName);
  };
  protected override readonly sourceOf = (feed: FeedFile): ReaderSource => feedSource(this.basePath, this.#manifest, feed);
  protected override readonly backtestHost = (): BacktestHost => {
    this.#alive();
    return { pool: this.#pool, source: (feedName) => this.sourceOf(this.feed(feedName)) };
  };
  protected override readonly accessOf = (feedName: string): FeedAccess => ({ source: this.sourceOf(this.feed(feedName)), check: () => { this.#alive(); } });

  private constructor({ basePath, manifest, registry, log, event, options }: OpenStore) {
    super();
    this.basePath = basePath;
    this.readOnly = options.readOnly;
    this.#manifest = manifest;
    this.#registry = registry;
    this.#log = log;
    this.#event = event;
    this.#feeds = new KnownFeeds(basePath, event);
    this.#pool = new QueryPool(options.poolThreads === undefined ? {} : { threads: options.poolThreads });
    this.#readers = new OpenReaders(event, this.#pool);
    this.#strategies = new RunningStrategies({
      event,
      source: (feedName) => this.sourceOf(this.feed(feedName)),
      subscription: (feedName) => this.subscription(feedName) as unknown as SubscriptionHandle,
      createWriter: (feedName) => this.#openWriter(feedName),
      hasWriter: (feedName) => this.#writers.has(feedName),
      writerHandle: (feedName) => this.#writers.handle(feedName),
    });
    const rings = ringDirectory(manifest);
    this.#ingest = IngestService.start({ access: manifest.access, ...(rings === undefined ? {} : { ringDir: rings }), onEvent: event });
    this.#care = new StoreCare({ basePath, manifest, event, feeds: this.#feeds, sourceOf: this.sourceOf }, options.cleanupMinutes);
    this.#atEnd = { onSignals: options.handleSignals, closeTimeoutMs: options.closeTimeoutMs, close: () => this.close(), closeSync: () => this.#closeSync() };
    joinProcessEnd(this.#atEnd);
  }

  /**
   * Opens the store at a base path; makes the directory and the store where there are none.
   *
   * @throws DeepwaterError DW_BASE_PATH_INVALID, DW_BASE_PATH_READ_ONLY, DW_FORMAT_VERSION, DW_OPTION_INVALID,
   * DW_FILE_CORRUPT, DW_DISK_FULL
   */
  static async open(basePath: string, options: PlatformOptions = {}): Promise<Platform> {
    return new Platform(await openStore(basePath, checkOptions(options)));
  }

  /** 32 hex digits; a copy of a store has another. */
  get storeId(): string { return this.#manifest.storeId; }

  get closed(): boolean { return this.#closing !== undefined; }

  /**
   * Makes a feed. The same spec again is fine, whoever made it first.
   *
   * @throws DeepwaterError DW_FEED_SPEC_CONFLICT with the differing keys, where the feed has another spec; what
   * `parseFeedSpec` throws for a spec that cannot be used, with nothing written
   */
  async createFeed<const S extends FeedSpecInput>(spec: S): Promise<Feed<S>> {
    const registry = this.#writable('createFeed');
    const wanted = parseFeedSpec(spec);
    const { feed, created } = await registry.createFeed(wanted);
    checkSameSpec(feed.spec, wanted);
    if (created) this.#event({ level: 'info', message: `${feed.name}: feed created`, values: { feed: feed.name, uid: feed.uid } });
    return this.infoOf(feed);
  }

  /** Every feed, by name. One whose file is damaged is reported as an event and left out. */
  listFeeds(): FeedInfo[] {
    this.#alive();
    return this.#feeds.list().map((feed) => this.infoOf(feed));
  }

  /**
   * Changes the lifecycle of a feed. Retention counts from the next clean-up on, everything else from the next writer on.
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_OPTION_INVALID for a key that never changes, DW_SIZE_INVALID
   */
  async setLifecycle(feedName: string, change: LifecycleChange): Promise<Lifecycle> {
    const registry = this.#writable('setLifecycle');
    this.#feeds.get(feedName);
    const { spec } = await registry.updateFeed(feedName, (feed) => withLifecycle(feed.spec, change));
    const lifecycle = lifecycleOf(spec);
    this.#event({ level: 'info', message: `${feedName}: lifecycle changed`, values: { feed: feedName, lifecycle } });
    return lifecycle;
  }

  /**
   * Removes a feed and all of its records. Its reader here is closed; readers elsewhere find nothing any more.
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_FEED_IN_USE while a writer lives, in whatever process
   */
  async deleteFeed(feedName: string): Promise<void> {
    const registry = this.#writable('deleteFeed');
    const feed = this.#feeds.get(feedName);
    if (this.#writers.has(feedName)) throw feedInUse(feedName, process.pid);
    await deleteFeed(this.basePath, this.#manifest, registry, feed);
    this.#subscriptions.feedDeleted(feed.uid);
    await this.#readers.close(feedName);
    this.#event({ level: 'info', message: `${feedName}: feed deleted`, values: { feed: feedName, uid: feed.uid } });
  }

  /** What `repairStore` does, while nobody writes. @throws DeepwaterError DW_FEED_IN_USE, DW_BASE_PATH_READ_ONLY (but for a dry run), and what that throws */
  async repair(options: RepairOptions = {}): Promise<RepairReport> {
    if (options.dryRun === true) this.#alive(); else this.#writable('repair');
    return repairStore(this.basePath, options);
  }

  /**
   * Removes what is beyond the retention of its feed, by age and by size, oldest chunks first, and what killed processes left behind. Never the
   * chunk that is written, and nothing by age while the clock is not to be trusted. Writers and readers, in whatever process, go on.
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_BASE_PATH_READ_ONLY (but for a dry run), DW_CLEANUP_FAILED
   */
  async cleanup(options: CleanupOptions = {}): Promise<CleanupReport> {
    checkCleanupOptions(options);
    if (options.dryRun === true) this.#alive();
    else this.#writable('cleanup');
    return this.#care.cleanup(options);
  }

  /**
   * Looks whether the store is well, as any reader could, in a thread of its own; nothing is written.
   * @throws DeepwaterError DW_OPTION_INVALID, DW_HEALTH_FAILED
   */
  async health(options: HealthOptions = {}): Promise<HealthReport> {
    this.#alive();
    return checkHealth(this.basePath, options);
  }

  /**
   * The writer of a feed; the same one until it is closed. Give it what `createFeed` gave, or the type of the spec
   * (`createWriter<typeof spec>('trades')`), to have values checked by the compiler.
   *
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_WRITER_EXISTS while another writer lives, in whatever process
   */
  async createWriter<S extends AnySpec = UntypedSpec>(feed: string | NamedFeed<S>): Promise<Writer<S>> {
    this.#strategies.checkNotWriting(nameOf(feed));
    return await this.#openWriter(nameOf(feed)) as unknown as Writer<S>;
  }

  async #openWriter(feedName: string): Promise<IngestWriter> {
    this.#writable('createWriter');
    return await this.#writers.get(feedName, async () => {
      const wanted = this.#feeds.get(feedName);
      return this.#ingest.openWriter(this.sourceOf(wanted), () => {
        if (this.#feeds.get(feedName).uid === wanted.uid) return;
        throw new DeepwaterError('DW_FEED_UNKNOWN', `Feed ${feedName} was deleted and made anew by another process in this moment. Create the writer again.`, { values: { feed: feedName } });
      });
    });
  }

  /**
   * The right to write a feed, to be posted to a worker thread and taken there with `attachWriter`. One holder at a time:
   * the writer here writes no more.
   * @throws DeepwaterError DW_HANDLE_INVALID where no writer of the feed is open here
   */
  writerHandle(feedName: string): WriterHandle {
    this.#alive();
    this.#strategies.checkNotWriting(feedName);
    if (!this.#writers.has(feedName)) this.#feeds.get(feedName);
    return this.#writers.handle(feedName);
  }

  /**
   * The right to follow a feed, to be posted to any worker thread (or kept in this one) and taken there with `subscribe`. The
   * feed need not have been written yet. Subscriptions end with the platform.
   * @throws DeepwaterError DW_FEED_UNKNOWN
   */
  subscription<S extends AnySpec = UntypedSpec>(feed: string | NamedFeed<S>): SubscriptionHandle<S> {
    return this.#subscriptions.give(this.sourceOf(this.feed(nameOf(feed)))) as unknown as SubscriptionHandle<S>;
  }

  /**
   * The reader of a feed; the same one until it is closed. Give it what `createFeed` gave, or the type of the spec
   * (`createReader<typeof spec>('trades')`), to have records typed.
   * @throws DeepwaterError DW_FEED_UNKNOWN
   */
  async createReader<S extends AnySpec = UntypedSpec>(feed: string | NamedFeed<S>): Promise<Reader<S>> {
    return await this.#readers.get(this.sourceOf(this.feed(nameOf(feed)))) as unknown as Reader<S>;
  }

  /**
   * Runs a strategy in a thread of its own: a module with any of `onStart`, `onRecord` or `onBatch`, `onBar`, `onFill`, `onLoss`,
   * `onParams`, `onStop` (see `StrategyModule`). When this returns it follows its feeds, and no record that is written from then on is missed.
   *
   * @param module its file: `new URL('./my-strategy.js', import.meta.url)`, or a path
   * @throws DeepwaterError DW_OPTION_INVALID, DW_FEED_UNKNOWN, DW_WRITER_EXISTS; DW_STRATEGY_INVALID, DW_STRATEGY_FAILED,
   * DW_STRATEGY_TIMEOUT where it cannot be started; nothing of it is left then
   */
  async spawnStrategy<P = unknown>(module: URL | string, options: StrategyOptions<P>): Promise<Strategy<P>> {
    this.#alive();
    return await this.#strategies.spawn(module, options) as Strategy<P>;
  }

  /** The strategies that have not ended. */
  strategies(): Strategy[] {
    return this.#strategies.list();
  }

  /** Stops every strategy, closes every writer and reader, then the store. Records that were accepted are in chunks afterwards. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#care.stop();
    await this.#strategies.end();
    this.#subscriptions.end();
    const results = await Promise.allSettled([
      this.#readers.closeAll().then(() => this.#pool.close()),
      // A writer that is just being opened is closed as well.
      this.#writers.settled().then(() => this.#ingest.close()),
    ]);
    leaveProcessEnd(this.#atEnd);
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    for (const failure of failures) this.#event({ level: 'error', message: failure.message });
    this.#event({ level: 'info', message: 'store closed' });
    await this.#log.close();
    if (failures.length > 0) throw failures[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** For the end of the process, when nothing can be waited for: what is not in a chunk then stays safe in the ring. */
  #closeSync(): void {
    this.#care.stopSync();
    this.#subscriptions.end();
    this.#pool.closeSync();
    this.#ingest.closeSync();
    this.#event({ level: 'info', message: 'store closed at the end of the process' });
    this.#log.closeSync();
  }

  #alive(): void {
    if (this.#closing === undefined) return;
    throw new DeepwaterError('DW_PLATFORM_CLOSED', `The platform of ${this.basePath} is closed. Open it again with Platform.open.`, {
      values: { basePath: this.basePath },
    });
  }

  /** The registry of a store that may be changed. */
  #writable(what: string): Registry {
    this.#alive();
    if (this.#registry !== undefined) return this.#registry;
    throw new DeepwaterError('DW_BASE_PATH_READ_ONLY', `${what}: the store at ${this.basePath} was opened with { readOnly: true }. Open it without that to change it.`, {
      values: { basePath: this.basePath },
    });
  }
}
