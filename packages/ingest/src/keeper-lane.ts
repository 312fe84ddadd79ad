import {
  type Access, type CatalogFile, type ChunkGeometry, type ChunkSeal, type FeedPaths, MemoryPool, RING, SEAL_REASON, type Schema,
  type SealReason, type WritableChunk, chunkGeometry, chunkPath, closeFile, compileSchema, createChunk, failpoint, feedPaths,
  firstReservation, growCatalog, openExisting, releaseMapping, removeFile, reserveRows, setUse, syncData, syncDirectory, system,
} from '@deepwater/core/engine';
import type { Bell, Ring } from '@deepwater/ring';
import { activeEntryOf } from './active-entry.js';
import { LANE } from './control-layout.js';
import { scratchLayout } from './block-buffers.js';
import { DeviceWork, type KeptChunk, refusedBefore } from './device-work.js';
import { LaneControl } from './lane-control.js';
import { FeedSegments } from './feed-segments.js';
import type { FeedSource, IngestEvent, IngestSettings, LaneInit, PreparedChunk, SealRequest } from './lane-source.js';
import { leaveFiles } from './leave-files.js';
import { openFeed } from './open-feed.js';
import { describeLeftover, fullRanges } from './recovery.js';
/** Room left in the catalog at which it is made larger. */
const CATALOG_ROOM = 16;

/** The files of one feed in the keeper: everything about it that can wait for a disk. */
export class KeeperLane {
  readonly control: LaneControl;
  /** Told that the ingest worker must write no more into a chunk. */
  onPoisoned: ((chunkId: number) => void) | undefined;
  /** Told of what nobody waits for. */
  onEvent: ((event: IngestEvent) => void) | undefined;
  readonly notes: readonly string[];
  readonly #schema: Schema;
  readonly #geometry: ChunkGeometry;
  readonly #paths: FeedPaths;
  readonly #access: Access;
  readonly #ring: Ring;
  readonly #bell: Bell;
  readonly #epoch: number;
  readonly #gapBefore: number;
  readonly #ringUse: number;
  #segments: FeedSegments | undefined;
  readonly #chunks = new Map<number, KeptChunk>();
  /** Fronts of sealed chunks, for the next ones. */
  readonly #fronts = new MemoryPool(8);
  #catalog: CatalogFile;
  #nextChunkId: number;
  #busy: boolean;
  #prepared: KeptChunk | undefined;
  /** Chunk files that an earlier writer made ahead and never used. */
  readonly #unused: string[];
  readonly #device: DeviceWork;

  constructor(
    readonly laneId: number,
    readonly source: FeedSource,
    settings: IngestSettings,
    /** That of an earlier keeper, where writers hold it. */
    control?: SharedArrayBuffer,
  ) {
    this.control = new LaneControl(control);
    const { spec } = source;
    this.#schema = compileSchema(spec);
    this.#geometry = chunkGeometry(this.#schema, spec.chunkSizeBytes);
    this.#paths = feedPaths(source.basePath, spec.name);
    this.#access = settings.access;
    this.#device = new DeviceWork({
      access: this.#access, schema: this.#schema, keeps: ({ chunkId }) => this.#chunks.has(chunkId),
      sealed: (kept, seal) => { this.#sealed(kept, seal); }, refused: (kept, cause) => { this.#refused(kept, cause); },
    });
    const { bytes } = scratchLayout(this.#schema, this.#geometry.blockRows, 0);
    const opened = openFeed(source, settings, this.#paths, this.#schema, this.#geometry, bytes, control === undefined ? 'none' : Atomics.load(this.control.words, LANE.CLOSED) === 0 ? 'living' : 'closing');
    this.#catalog = opened.catalog;
    this.#ring = opened.ring;
    this.#bell = opened.bell;
    this.#epoch = opened.epoch;
    this.#gapBefore = opened.gapBefore;
    this.#nextChunkId = opened.nextChunkId;
    this.#busy = opened.busy;
    this.notes = opened.notes;
    this.#unused = [...opened.unused];
    for (const { chunk, chunkId, catalogIndex, reason } of opened.leftovers) {
      this.#chunks.set(chunkId, { chunk, chunkId, catalogIndex });
      this.#sealLeftover(chunkId, reason);
    }
    // Users of a ring hold a shared lock on it; whoever finds himself the last one removes it.
    try {
      this.#ringUse = openExisting(this.#ring.path, true);
    } catch (error) {
      for (const { chunk } of this.#chunks.values()) this.#letGoOf(chunk);
      this.#chunks.clear();
      throw error;
    }
    const earlier = Atomics.exchange(this.control.words, LANE.RING_USE, this.#ringUse + 1);
    if (earlier !== 0) closeFile(earlier - 1);
    try {
      setUse(this.#ringUse, 'shared', this.#ring.path);
      if (spec.persist) {
        this.#segments = new FeedSegments(this.#paths, this.#access, source.feedUid, this.#catalog.view, this.control, { ...opened, head: this.#ring.head, continued: control !== undefined, nowUs: system.wallMs() * 1000 });
      }
    } catch (error) {
      try {
        this.close();
      } catch {
        // The first error counts; for the next writer this is one that died.
      }
      throw error;
    }
  }

  /** What the ingest worker and the writer need. */
  init(): LaneInit {
    return {
      laneId: this.laneId, source: this.source, ring: this.#ring.mapped, ringPath: this.#ring.path,
      bell: this.#bell.word.buffer as SharedArrayBuffer, control: this.control.buffer, catalog: this.#catalog.mapped,
      catalogPath: this.#paths.catalog, epoch: this.#epoch, gapBefore: this.#gapBefore,
      ...(this.#prepared === undefined ? {} : { prepared: plain(this.#prepared) }),
    };
  }

  get catalog(): CatalogFile {
    return this.#catalog;
  }

  /** Makes the next chunk, and room in the catalog for it. @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
  prepare(): PreparedChunk {
    if (this.#prepared !== undefined) return plain(this.#prepared);
    const { view } = this.#catalog;
    if (view.count + CATALOG_ROOM > view.capacity) this.#catalog = growCatalog(this.#paths.catalog, this.#schema, this.source.feedUid);
    for (let unused = this.#unused[0]; unused !== undefined; unused = this.#unused[0]) {
      removeFile(unused);
      this.#unused.shift();
    }
    const chunkId = this.#nextChunkId;
    const path = chunkPath(this.#paths, chunkId);
    removeFile(path); // what is left of a chunk that was prepared and never used
    const rows = this.#busy ? this.#geometry.capacityRows : firstReservation(this.#geometry, this.#schema.rowBytes);
    const identity = { chunkId, feedName: this.source.spec.name, feedUid: this.source.feedUid, createdUs: system.wallMs() * 1000 };
    const chunk = createChunk(path, this.#access, identity, this.#schema, this.#geometry, rows, this.#fronts);
    failpoint('prepare.created');
    try {
      syncData(chunk.fd, path); // what is taken into use is a whole file from then on, whatever happens to its rows
      syncDirectory(this.#paths.chunks);
    } catch (error) {
      this.#letGoOf(chunk);
      removeFile(path);
      throw error;
    }
    failpoint('prepare.named');
    this.#nextChunkId += 1;
    this.#prepared = { chunk, chunkId, catalogIndex: -1 };
    this.#chunks.set(chunkId, this.#prepared);
    return plain(this.#prepared);
  }

  activated(chunkId: number, catalogIndex: number): void {
    const kept = this.#chunks.get(chunkId);
    if (kept !== undefined) kept.catalogIndex = catalogIndex;
    if (this.#prepared?.chunkId === chunkId) this.#prepared = undefined;
  }

  /** Reserves more rows of a chunk that is filling. @throws DeepwaterError DW_DISK_FULL; the chunk then seals short. */
  grow(chunkId: number, rows: number): void {
    const kept = this.#chunks.get(chunkId);
    if (kept === undefined) return;
    const { chunk } = kept;
    const reserved = chunk.header.reservedRows;
    if (rows <= reserved) return;
    reserveRows(chunk.fd, chunk.geometry, reserved, rows, chunk.path);
    failpoint('grow.reserved');
    chunk.header.reservedRows = rows; // after the blocks: the ingest worker writes up to this without looking
  }

  /** Syncs and seals a finished chunk, behind the thread's back: a device may take seconds, and the next chunk must be ready in time all the same. */
  seal(chunkId: number, catalogIndex: number, facts: SealRequest): void {
    this.#busy = facts.reason === SEAL_REASON.FULL;
    this.#device.later(async () => {
      const kept = this.#chunks.get(chunkId);
      if (kept === undefined) return;
      kept.catalogIndex = catalogIndex;
      kept.seal = {
        rows: facts.rows, reason: facts.reason as SealReason, sealedUs: system.wallMs() * 1000, sortedMask: facts.sortedMask,
        indexPoints: facts.indexPoints, ranges: fullRanges(this.#schema, facts.ranges),
      };
      await this.#device.seal(kept);
      await this.#segments?.sync();
    }, this.#failed);
  }

  /** Makes every row committed by now durable, then says so to whoever asked. */
  sync(ticket: number): void {
    const marks = [...this.#chunks.values()].filter((kept) => kept.catalogIndex >= 0).map((kept) => ({ kept, rows: kept.chunk.header.committedRows }));
    this.#device.later(async () => {
      await this.#device.makeDurable(marks);
      await this.#segments?.sync();
      Atomics.store(this.control.words, LANE.SYNC_DONE, ticket);
      this.control.signal();
      failpoint('sync.done');
    }, (error) => { this.control.setSyncError(ticket, error); });
  }

  /** Tells whoever keeps the log of what has failed and will be tried again. */
  warn(error: unknown): void {
    const { name } = this.source.spec;
    this.onEvent?.({ level: 'warn', message: `${name}: ${(error as Error).message}`, values: { feed: name } });
  }

  /** Chunks that are finished and not sealed yet. */
  get unsealed(): number {
    return this.#chunks.size;
  }

  /** Resolves when nothing is under way with the device. */
  idle(): Promise<void> { return this.#device.idle(); }

  /** After the death of the ingest worker: what it filled, as far as it got, is sealed, and its successor has a new chunk. */
  reopen(): LaneInit {
    let end = this.#ring.tail;
    for (const kept of [...this.#chunks.values()]) {
      if (kept.catalogIndex < 0) kept.catalogIndex = activeEntryOf(this.#catalog.view, kept.chunkId);
      if (kept.catalogIndex < 0) continue; // prepared, and not used yet
      const { header } = kept.chunk;
      end = Math.max(end, header.firstSequence + header.committedRows);
      if (kept === this.#prepared) this.#prepared = undefined;
      this.#sealLeftover(kept.chunkId, SEAL_REASON.RECOVERED);
    }
    // It may have died after a commit and before the ring's tail had followed: those rows must not be moved once more.
    if (this.source.spec.persist) {
      this.#ring.resetPosition(RING.TAIL, end);
      this.prepare();
    }
    // The jump in the numbers is told by the first chunk that begins after it.
    const { view: { count }, view } = this.#catalog;
    return { ...this.init(), gapBefore: count > 0 && view.entry(count - 1).epoch === this.#epoch ? 0 : this.#gapBefore };
  }

  #sealLeftover(chunkId: number, reason: SealReason): void {
    this.#device.later(async () => {
      await system.nextTurn(); // whoever opens the feed has his answer first
      const kept = this.#chunks.get(chunkId);
      if (kept === undefined) return;
      if (kept.chunk.header.poisoned) kept.poisoned ??= refusedBefore(kept.chunk.path);
      kept.seal = describeLeftover(kept.chunk, this.#schema, reason);
      await this.#device.seal(kept);
    }, this.#failed);
  }

  readonly #failed = (error: unknown): void => { this.control.setError(error); };

  /** A sealed chunk is nobody's any more: the ingest worker left it before it asked for the seal, or has died. */
  #sealed(kept: KeptChunk, seal: ChunkSeal): void {
    this.#catalog.view.seal(kept.catalogIndex, { ...seal, sealReason: seal.reason });
    failpoint('seal.entry');
    this.#chunks.delete(kept.chunkId);
    this.#letGoOf(kept.chunk);
  }

  #refused({ chunkId, chunk, seal }: KeptChunk, cause: Error): void {
    const { name } = this.source.spec;
    this.onEvent?.({ level: 'error', message: `${name}: the device did not take chunk ${chunkId}; its records are written anew: ${cause.message}`, values: { feed: name, chunk: chunkId, path: chunk.path } });
    if (seal === undefined) this.onPoisoned?.(chunkId);
  }

  #letGoOf({ fd, mapped }: WritableChunk): void {
    closeFile(fd);
    if (releaseMapping(mapped)) this.#fronts.give(mapped.memory);
  }

  /** Lets go of everything. @throws what the device said of a chunk that it did not take, nor its second file; the next writer tries again */
  close(): void {
    const prepared = this.#prepared;
    if (prepared !== undefined) this.#giveUp(prepared);
    const left = [...this.#chunks.values()];
    for (const { chunk } of left) this.#letGoOf(chunk);
    this.#chunks.clear();
    this.#ring.setWriter(false, 0);
    try {
      leaveFiles({ catalog: this.#catalog, catalogPath: this.#paths.catalog, ring: this.#ring, bell: this.#bell, ringUse: this.#ringUse, gapBefore: this.#gapBefore }, this.source.spec.persist, left.length === 0);
      this.#segments?.end(left.length === 0 && this.#ring.tail === this.#ring.head ? this.#ring.head : undefined, this.#epoch, system.wallMs() * 1000);
    } finally {
      this.#segments?.close();
      Atomics.store(this.control.words, LANE.RING_USE, 0);
      closeFile(this.#ringUse);
    }
    const refused = left.find(({ poisoned }) => poisoned !== undefined)?.poisoned;
    if (refused !== undefined) throw refused;
  }

  /** A chunk that was made ahead and not used. */
  #giveUp({ chunkId, chunk }: KeptChunk): void {
    this.#prepared = undefined;
    this.#chunks.delete(chunkId);
    this.#letGoOf(chunk);
    try {
      removeFile(chunk.path);
    } catch {
      // The next writer removes it, or writes over it.
    }
  }
}

function plain(kept: KeptChunk): PreparedChunk {
  return { chunkId: kept.chunkId, path: kept.chunk.path, fd: kept.chunk.fd, front: kept.chunk.mapped };
}
