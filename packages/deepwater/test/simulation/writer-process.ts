/**
 * A process that writes: the code of its three threads as it is, with messages that arrive when the scheduler says so. The steps
 * follow IngestService, which starts real threads.
 */
import { FileLock, compileSchema, feedPaths, givenSymbols, makeDirectory, SymbolDictionary } from '../../../core/dist/engine.js';
import { Bell, Ring, RowWriter, rowWriterClass } from '../../../ring/dist/index.js';
import { IngestLanes } from '../../../ingest/dist/ingest-lanes.js';
import { Keeper } from '../../../ingest/dist/keeper.js';
import { LaneControl } from '../../../ingest/dist/lane-control.js';
import type { FeedSource, KeeperReply, KeeperRequest, LaneInit } from '../../../ingest/dist/lane-source.js';
import type { Kernel, Process, Thread } from './kernel.js';

const LANE_ID = 1;
const SETTINGS = { access: 'owner' } as const;

/** The ring is full. */
export class Full extends Error {}

abstract class SimulatedWriter extends RowWriter {
  protected override waitForRoom(): void {
    throw new Full('the ring is full');
  }

  /** No more records. */
  finish(): void {
    this.end();
  }
}

/** What a thread is doing that it has not finished. */
interface Pending {
  readonly what: string;
  done: boolean;
  error?: unknown;
}

export class WriterProcess implements Process {
  readonly main: Thread;
  keeperThread: Thread;
  ingestThread: Thread;
  lock: FileLock | undefined;
  writer: SimulatedWriter | undefined;
  control: LaneControl | undefined;
  symbols: SymbolDictionary | undefined;
  /** Messages that have been sent and have not arrived. */
  requests: KeeperRequest[] = [];
  replies: KeeperReply[] = [];
  keeper: Keeper;
  lanes: IngestLanes;
  /** Puts off what waits for messages. */
  pauses: (() => void)[] = [];
  pending: Pending | undefined;
  /** The user has asked to close. */
  ending = false;
  state: 'opening' | 'open' | 'restarting' | 'detaching' | 'closing' | 'closed' = 'opening';
  notes: readonly string[] = [];

  constructor(private readonly kernel: Kernel, readonly source: FeedSource, readonly name: string) {
    this.main = this.#thread('main');
    this.keeperThread = this.#thread('keeper');
    this.ingestThread = this.#thread('ingest');
    this.keeper = this.#newKeeper();
    this.lanes = this.#newLanes();
  }

  /** Takes the lock. @returns whether it was free */
  takeLock(): boolean {
    this.kernel.current = this.main;
    const paths = feedPaths(this.source.basePath, this.source.spec.name);
    makeDirectory(paths.directory, 'owner');
    this.lock = FileLock.tryExclusive(paths.lock, 'owner');
    return this.lock !== undefined;
  }

  /** Has the keeper open the feed, and recover it. */
  open(): void {
    this.kernel.current = this.keeperThread;
    const { init, notes } = this.keeper.open(LANE_ID, this.source, SETTINGS);
    this.notes = notes;
    this.kernel.current = this.ingestThread;
    this.lanes.attach(init);
    this.#makeWriter(init);
    this.state = 'open';
  }

  /** Serves the next request of the ingest worker. */
  serveKeeper(): void {
    const request = this.requests.shift();
    if (request === undefined) return;
    this.kernel.current = this.keeperThread;
    this.keeper.serve(request);
  }

  takeReply(): void {
    const reply = this.replies.shift();
    if (reply === undefined) return;
    this.kernel.current = this.ingestThread;
    this.lanes.take(reply);
    this.#resume();
  }

  round(): void {
    this.kernel.current = this.ingestThread;
    if (this.pauses.length > 0) this.#resume();
    else this.lanes.round();
  }

  /** Begins to close: the ingest worker moves everything to chunks first. */
  detach(): void {
    this.state = 'detaching';
    this.ending = true;
    this.writer?.finish();
    this.symbols?.close();
    this.kernel.current = this.ingestThread;
    this.#await('detach', this.lanes.detach(LANE_ID));
  }

  /** The ingest worker has let go. */
  closeLane(): void {
    this.state = 'closing';
    this.kernel.current = this.keeperThread;
    this.#await('close', this.keeper.close(LANE_ID));
  }

  closed(): void {
    this.state = 'closed';
    this.kernel.current = this.main;
    this.lock?.release();
  }

  /** The detaching has failed: the records stay in the ring. */
  abandon(): void {
    this.kernel.current = this.ingestThread;
    this.lanes.abandon(LANE_ID);
  }

  /** After the death of the ingest worker: its messages still arrive, then the lane is opened for a new one. */
  reopen(): void {
    this.state = 'restarting';
    this.ingestThread = this.#thread('ingest');
    this.lanes = this.#newLanes();
    this.kernel.current = this.keeperThread;
    // As `connect` does: what the old one had asked for is answered to nobody.
    this.keeper.catchUp();
    this.replies = [];
    this.#await('reopen', this.keeper.reopen(LANE_ID));
  }

  /** The lane is open again. */
  reopened(init: LaneInit): void {
    this.kernel.current = this.ingestThread;
    this.lanes.attach(init);
    this.state = 'open';
  }
  reopenedInit: LaneInit | undefined;

  /** After the death of the keeper both threads begin anew; the writer goes on. */
  restart(): void {
    this.state = 'restarting';
    this.ingestThread.alive = false;
    this.keeperThread.alive = false;
    this.requests = [];
    this.replies = [];
    this.pauses = [];
    this.ingestThread = this.#thread('ingest');
    this.keeperThread = this.#thread('keeper');
    this.keeper = this.#newKeeper();
    this.lanes = this.#newLanes();
    this.kernel.current = this.keeperThread;
    const { init, notes } = this.keeper.open(LANE_ID, this.source, SETTINGS, (this.control as LaneControl).buffer);
    this.notes = notes;
    this.kernel.current = this.ingestThread;
    this.lanes.attach(init);
    this.state = 'open';
  }

  /** Nobody waits any more for what a thread that is dead was about to do. */
  forget(): void {
    void this.keeper.idle().catch(() => {});
    this.pending = undefined;
    this.pauses = [];
  }

  threads(): Thread[] {
    return [this.main, this.keeperThread, this.ingestThread];
  }

  #makeWriter(init: LaneInit): void {
    this.kernel.current = this.main;
    const schema = compileSchema(this.source.spec);
    this.control = new LaneControl(init.control);
    const withSymbols = this.source.spec.fields.some(({ type }) => type === 'symbol');
    const paths = feedPaths(this.source.basePath, this.source.spec.name);
    if (withSymbols) this.symbols = SymbolDictionary.openForWriting(paths.symbols, 'owner', this.source.feedUid, givenSymbols(paths, schema, this.source.feedUid));
    const coders = schema.fields.map((field) => (field.type === 'symbol' ? this.symbols?.coder(field.index) : undefined));
    const Compiled = rowWriterClass(schema, SimulatedWriter, true);
    this.writer = new Compiled(schema, new Ring(init.ring, init.ringPath), new Bell(new Int32Array(init.bell, 0, 1)), coders);
  }

  #await(what: string, promise: Promise<unknown>): void {
    const pending: Pending = { what, done: false };
    this.pending = pending;
    promise.then(
      (value) => {
        pending.done = true;
        if (what === 'reopen') this.reopenedInit = value as LaneInit;
      },
      (error: unknown) => {
        pending.done = true;
        pending.error = error;
      },
    );
  }

  #resume(): void {
    for (const go of this.pauses.splice(0)) go();
  }

  #thread(name: string): Thread {
    return { name, process: this, alive: true };
  }

  #newKeeper(): Keeper {
    return new Keeper({
      reply: (message) => { this.replies.push(message); },
      nextRequest: () => this.requests.shift(),
      event: () => {},
    });
  }

  #newLanes(): IngestLanes {
    return new IngestLanes((request) => { this.requests.push(request); }, () => new Promise((resolve) => { this.pauses.push(resolve); }));
  }
}
