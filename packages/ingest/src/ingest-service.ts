import { MessageChannel, type Worker } from 'node:worker_threads';
import {
  type Access, DeepwaterError, type FileLock, type Service, compileSchema, feedPaths, makeDirectory, spawnService, transfer,
} from '@deepwater/core/engine';
import { localBell, rowWriterClass, setLocalWriter, wakeLocal } from '@deepwater/ring';
import { INGEST, LANE } from './control-layout.js';
import type { IngestApi, IngestWorkerData } from './ingest-worker.js';
import type { KeeperApi } from './keeper-worker.js';
import { LaneControl, wakeIngest } from './lane-control.js';
import type { FeedSource, IngestEvent, IngestSettings } from './lane-source.js';
import { Writer } from './writer.js';
import { takeWriterLock, writerExists } from './writer-lock.js';

export interface IngestOptions {
  readonly access: Access;
  readonly ringDir?: string;
  /** How long a write waits for room in a full ring before it fails, ms. Default 10,000. */
  readonly roomTimeoutMs?: number;
  readonly onEvent?: (event: IngestEvent) => void;
}

interface OpenLane {
  readonly source: FeedSource;
  readonly lock: FileLock;
  readonly control: LaneControl;
  writer?: Writer;
  /** Everything is in chunks and the ingest worker has let it go; the keeper has still to close it. */
  detached?: boolean;
}

/** An ingest worker that dies this often in a row is not started again. */
const RESTARTS_MAX = 5;

/**
 * Ingest in one process: the ingest worker, the keeper, and the writers they serve. Lives in the main thread; workers
 * are started with the first writer.
 */
export class IngestService {
  readonly #settings: IngestSettings;
  readonly #control = new SharedArrayBuffer(INGEST.WORDS * 4);
  readonly #words = new Int32Array(this.#control);
  readonly #lanes = new Map<number, OpenLane>();
  #keeper: Service<KeeperApi> | undefined;
  #ingest: Service<IngestApi> | undefined;
  /** Resolves when the threads run, after any restart that is under way. */
  #running: Promise<void> | undefined;
  #restarts = 0;
  /** The threads cannot be started again. */
  #failed = false;
  #laneIds = 0;
  #closed = false;

  private constructor(readonly options: IngestOptions) {
    this.#settings = { access: options.access, ...(options.ringDir === undefined ? {} : { ringDir: options.ringDir }) };
  }

  static start(options: IngestOptions): IngestService {
    return new IngestService(options);
  }

  /**
   * Opens a feed for writing: takes its lock, puts right what an earlier writer left, and begins a new chunk.
   * @param verify throws where the feed is no longer what `source` says (deleted, or made anew, by another process); asked
   * before anything is made, and again under the lock.
   * @throws DeepwaterError DW_WRITER_EXISTS while another writer lives anywhere, DW_DISK_FULL, DW_SYSTEM_CALL
   */
  async openWriter(source: FeedSource, verify: () => void = () => {}): Promise<Writer> {
    if (this.#closed) throw new DeepwaterError('DW_PLATFORM_CLOSED', 'The platform is closed. Open it again to write.');
    const { name } = source.spec;
    const paths = feedPaths(source.basePath, name);
    verify();
    makeDirectory(paths.directory, this.#settings.access);
    const lock = await takeWriterLock(paths.lock, this.#settings.access);
    if (lock === undefined) throw writerExists(name, paths.lock);
    const laneId = ++this.#laneIds;
    try {
      verify();
      await this.#start();
      const { init, notes } = await (this.#keeper as Service<KeeperApi>).api.open(laneId, source, this.#settings);
      for (const note of notes) this.#event('warn', `${name}: ${note}`, { feed: name });
      const lane: OpenLane = { source, lock, control: new LaneControl(init.control) };
      this.#lanes.set(laneId, lane);
      if (source.spec.persist) await this.#call((api) => api.attach(init));
      const { prepared: _prepared, catalog: _catalog, ...plain } = init;
      const seat = { init: plain, ingest: this.#control, access: this.#settings.access, roomTimeoutMs: this.options.roomTimeoutMs ?? 10_000, local: localBell(source).buffer as SharedArrayBuffer };
      const Compiled = rowWriterClass(compileSchema(source.spec), Writer);
      const writer = new Compiled(seat, () => this.#closeLane(laneId));
      lane.writer = writer;
      setLocalWriter(localBell(source), true);
      this.#event('info', `${name}: writer opened at sequence ${writer.position}`, { feed: name, epoch: init.epoch, position: writer.position });
      return writer;
    } catch (error) {
      await this.#giveUp(laneId, lock);
      throw error;
    }
  }

  /** Ends the opening of a feed. The threads may have it open already: beside a second lane this one would write into the same files. */
  async #giveUp(laneId: number, lock: FileLock): Promise<void> {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) {
      lock.release();
      return;
    }
    Atomics.store(lane.control.words, LANE.CLOSED, 1);
    try {
      await this.#closeLane(laneId);
    } catch {
      // What the opening failed with counts; for the next writer this is one that died.
    }
  }

  /** Closes every writer, then the threads. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const failures: unknown[] = [];
    for (const { writer } of [...this.#lanes.values()]) {
      try {
        await writer?.close();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#closed = true;
    await this.#endIngest();
    await this.#keeper?.api.stop().catch(() => {});
    await this.#keeper?.terminate();
    for (const { lock } of this.#lanes.values()) lock.release();
    this.#lanes.clear();
    if (failures.length > 0) throw failures[0];
  }

  /** For the end of the process, in bounded time: what does not get into chunks is safe in the rings. */
  closeSync(): void {
    const deadline = performance.now() + CLOSE_SYNC_MS;
    for (const { writer } of this.#lanes.values()) writer?.closeSync(Math.max(0, Math.min(1000, deadline - performance.now())));
    this.#closed = true;
  }

  /** Kernel id of the ingest worker's thread; 0 while there is none. */
  get ingestThread(): number {
    return Atomics.load(this.#words, INGEST.THREAD);
  }

  /** The threads behind ingest, for tests that kill them. */
  get workers(): { readonly ingest: Worker | undefined; readonly keeper: Worker | undefined } {
    return { ingest: this.#ingest?.worker, keeper: this.#keeper?.worker };
  }

  async #closeLane(laneId: number): Promise<void> {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    try {
      try {
        if (lane.source.spec.persist) await this.#lasting(() => this.#call((api) => api.detach(laneId)));
        lane.detached = true;
      } catch (error) {
        // What could not be moved stays in the ring for the next writer; nobody may touch it from here on.
        await this.#call((api) => api.abandon(laneId)).catch(() => {});
        throw error;
      } finally {
        await this.#lasting(() => (this.#keeper as Service<KeeperApi>).api.close(laneId));
      }
    } finally {
      this.#lanes.delete(laneId);
      setLocalWriter(localBell(lane.source), false);
      lane.lock.release();
      this.#event('info', `${lane.source.spec.name}: writer closed`, { feed: lane.source.spec.name });
    }
  }

  /** A call to the ingest worker, which may be asleep. */
  async #call<T>(run: (api: Service<IngestApi>['api']) => Promise<T>): Promise<T> {
    const result = run((this.#ingest as Service<IngestApi>).api);
    wakeIngest(this.#words);
    return result;
  }

  /** Makes a call that ends with the thread it went to once more, to the successor. */
  async #lasting(call: () => Promise<unknown>): Promise<void> {
    for (;;) {
      let running;
      do await (running = this.#running); while (running !== this.#running);
      const deaths = [this.#ingest, this.#keeper].map((thread) => Promise.resolve(thread?.threadDied));
      try {
        await call();
        return;
      } catch (error) {
        if (!isDeath(error) || this.#failed) throw error;
        // Its end is noticed, and its successor on the way, when this is.
        await Promise.race(deaths);
      }
    }
  }

  /** Has it end by itself first: a thread that is terminated while it loads native code takes the process along. */
  async #endIngest(): Promise<void> {
    const ingest = this.#ingest;
    if (ingest === undefined) return;
    const stopped = this.#call((api) => api.stop()).catch(() => {});
    this.#ingest = undefined; // its end is expected
    await stopped;
    await ingest.terminate();
  }

  #start(): Promise<void> {
    this.#running ??= (async () => {
      this.#startKeeper();
      await this.#startIngest();
    })();
    return this.#running;
  }

  /** Restarts one after the other; whoever opens or closes a feed waits for them. */
  #recover(thread: 'keeper' | 'ingest worker', died: Service<unknown>, cause: Error | undefined): void {
    this.#running = (this.#running ?? Promise.resolve()).then(async () => {
      // A restart that was under way may have replaced it already: of each thread there is only ever one.
      if (died === (thread === 'keeper' ? this.#keeper : this.#ingest)) await this.#restart(thread, cause);
    });
  }

  #startKeeper(): void {
    const keeper = spawnService<KeeperApi>(new URL('./keeper-worker.js', import.meta.url), {
      name: 'deepwater-keeper', deadCode: 'DW_INGEST_DEAD', trackUnmanagedFds: false,
    });
    this.#keeper = keeper;
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ level, message, values }: IngestEvent) => { this.#event(level, message, { ...values }); });
    port1.unref();
    keeper.api.tell(transfer(port2, [port2])).catch(() => {}); // one that has died is noticed below
    void keeper.threadDied.then((death) => {
      if (!this.#closed && this.#keeper === keeper) this.#recover('keeper', keeper, death.error);
    });
  }

  async #startIngest(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    await (this.#keeper as Service<KeeperApi>).api.connect(transfer(port1, [port1]), this.#control);
    Atomics.store(this.#words, INGEST.THREAD, 0);
    const workerData: IngestWorkerData = { control: this.#control, keeper: port2 };
    const ingest = spawnService<IngestApi>(new URL('./ingest-worker.js', import.meta.url), {
      name: 'deepwater-ingest', deadCode: 'DW_INGEST_DEAD', trackUnmanagedFds: false, workerData, transferList: [port2],
    });
    this.#ingest = ingest;
    void ingest.threadDied.then((death) => {
      if (!this.#closed && this.#ingest === ingest) this.#recover('ingest worker', ingest, death.error);
    });
  }

  /**
   * A thread died. The rings hold what was not moved, and the committed counts say how far that was: the ingest worker's
   * successor goes on from there. A keeper's successor opens the feeds anew, as after a crash, so the ingest worker has to
   * begin again with it.
   */
  async #restart(thread: 'keeper' | 'ingest worker', cause: Error | undefined): Promise<void> {
    this.#restarts += 1;
    this.#event('error', `the ${thread} died and is started again`, { cause: cause?.message, restarts: this.#restarts });
    try {
      if (this.#restarts > RESTARTS_MAX) throw cause ?? new Error('no cause known');
      if (thread === 'keeper') {
        await this.#endIngest();
        this.#startKeeper();
      }
      await this.#startIngest();
      const keeper = (this.#keeper as Service<KeeperApi>).api;
      for (const [laneId, lane] of this.#lanes) {
        const persist = lane.source.spec.persist && lane.detached !== true;
        if (thread === 'keeper') {
          const { init } = await keeper.open(laneId, lane.source, this.#settings, lane.control.buffer);
          wakeLocal(localBell(lane.source)); // opening has rung the bell, but the keeper does not know what the threads here sleep on
          if (persist) await this.#call((api) => api.attach(init));
        } else if (persist) {
          const init = await keeper.reopen(laneId);
          await this.#call((api) => api.attach(init));
        }
      }
      this.#restarts = 0;
    } catch (error) {
      // The next one died as well, which has begun another restart.
      if (this.#restarts <= RESTARTS_MAX && isDeath(error)) return;
      this.#failed = true;
      this.#event('error', `the ${thread} cannot be started again`, { error: String(error) });
      const failed = new DeepwaterError('DW_INGEST_FAILED', `The ${thread} died and cannot be started again; nothing more is moved to chunks. Records in rings are safe: restart the process.`, { cause: error });
      for (const { control } of this.#lanes.values()) control.setError(failed);
    }
  }

  #event(level: IngestEvent['level'], message: string, values: Record<string, unknown>): void {
    this.options.onEvent?.({ level, message, values });
  }
}

/** Whether a call failed because its thread has ended. */
function isDeath(error: unknown): boolean {
  return DeepwaterError.isDeepwaterError(error) && error.code === 'DW_INGEST_DEAD';
}

/** For all writers together, at the end of the process. */
const CLOSE_SYNC_MS = 3000;
