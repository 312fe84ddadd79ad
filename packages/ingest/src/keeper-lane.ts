import {
  type Access, type CatalogFile, type ChunkGeometry, ENTRY_STATE, type FeedPaths, MemoryPool, RING, RING_PLACE, SEAL_REASON, type Schema,
  type SealReason, type WritableChunk, chunkGeometry, chunkPath, closeFile, compileSchema, createChunk, failpoint, feedPaths,
  firstReservation, growCatalog, openExisting, releaseMapping, removeFile, reserveRows, setUse, syncDataAsync,
  syncDirectory, syncFile, system,
} from '@deepwater/core/engine';
import type { Bell, Ring } from '@deepwater/ring';
import { LANE } from './control-layout.js';
import { scratchLayout } from './block-buffers.js';
import { LaneControl } from './lane-control.js';
import type { FeedSource, IngestSettings, LaneInit, PreparedChunk, SealRequest } from './lane-source.js';
import { openFeed } from './open-feed.js';
import { finishSeal, fullRanges, sealLeftover } from './recovery.js';

interface KeptChunk {
  readonly chunk: WritableChunk;
  readonly chunkId: number;
  catalogIndex: number;
}

/** Room left in the catalog at which it is made larger. */
const CATALOG_ROOM = 16;

/** The files of one feed in the keeper: everything about it that can wait for a disk. */
export class KeeperLane {
  readonly control: LaneControl;
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
  readonly #chunks = new Map<number, KeptChunk>();
  /** Fronts of sealed chunks, for the next ones. */
  readonly #fronts = new MemoryPool(8);
  #catalog: CatalogFile;
  #nextChunkId: number;
  #busy: boolean;
  #prepared: KeptChunk | undefined;
  #syncFailure: Error | undefined;
  #durable: Promise<void> = Promise.resolve();

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
    const { bytes } = scratchLayout(this.#schema, this.#geometry.blockRows, 0);
    const opened = openFeed(source, settings, this.#paths, this.#schema, this.#geometry, bytes);
    this.#catalog = opened.catalog;
    this.#ring = opened.ring;
    this.#bell = opened.bell;
    this.#epoch = opened.epoch;
    this.#gapBefore = opened.gapBefore;
    this.#nextChunkId = opened.nextChunkId;
    this.#busy = opened.busy;
    this.notes = opened.notes;
    for (const { chunk, chunkId, catalogIndex, reason } of opened.leftovers) {
      this.#chunks.set(chunkId, { chunk, chunkId, catalogIndex });
      this.#later(() => this.#sealLeftover(chunkId, reason));
    }
    // Users of a ring hold a shared lock on it; whoever finds himself the last one removes it.
    this.#ringUse = openExisting(this.#ring.path, true);
    setUse(this.#ringUse, 'shared', this.#ring.path);
    const earlier = Atomics.exchange(this.control.words, LANE.RING_USE, this.#ringUse + 1);
    if (earlier !== 0) closeFile(earlier - 1);
    try {
      if (spec.persist) this.prepare();
    } catch (error) {
      this.close();
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
    const chunkId = this.#nextChunkId;
    const path = chunkPath(this.#paths, chunkId);
    removeFile(path); // what is left of a chunk that was prepared and never used
    const rows = this.#busy ? this.#geometry.capacityRows : firstReservation(this.#geometry, this.#schema.rowBytes);
    const identity = { chunkId, feedName: this.source.spec.name, feedUid: this.source.feedUid, createdUs: system.wallMs() * 1000 };
    const chunk = createChunk(path, this.#access, identity, this.#schema, this.#geometry, rows, this.#fronts);
    failpoint('prepare.created');
    syncDirectory(this.#paths.chunks);
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

  /**
   * Syncs and seals a finished chunk, behind the thread's back: a device may take seconds for it, and the next chunk must be
   * ready in time all the same.
   */
  seal(chunkId: number, catalogIndex: number, facts: SealRequest): void {
    this.#busy = facts.reason === SEAL_REASON.FULL;
    this.#later(async () => {
      const kept = this.#chunks.get(chunkId);
      if (kept === undefined) return;
      const seal = await finishSeal(kept.chunk, this.#schema, {
        rows: facts.rows, reason: facts.reason as SealReason, sealedUs: system.wallMs() * 1000, sortedMask: facts.sortedMask,
        indexPoints: facts.indexPoints, ranges: fullRanges(this.#schema, facts.ranges),
      });
      this.#catalog.view.seal(catalogIndex, { ...seal, sealReason: seal.reason });
      failpoint('seal.entry');
      this.#letGo(kept);
    });
  }

  /**
   * Makes every row committed by now durable; then the mark that says so (rule 5). After one refusal the kernel may have
   * dropped the pages it could not write and would report the next fdatasync as a success, so this is not tried again: every
   * later sync fails too (rule 9).
   */
  sync(ticket: number): void {
    const marks = [...this.#chunks.values()].filter((kept) => kept.catalogIndex >= 0).map((kept) => ({ kept, rows: kept.chunk.header.committedRows }));
    this.#later(async () => {
      if (this.#syncFailure !== undefined) throw this.#syncFailure;
      for (const { kept, rows } of marks) {
        const { header, fd, path } = kept.chunk;
        // Sealed in the meantime, or synced further: durable already.
        if (!this.#chunks.has(kept.chunkId) || header.syncedRows >= rows) continue;
        await syncDataAsync(fd, path);
        failpoint('sync.data');
        header.syncedRows = rows;
        await syncDataAsync(fd, path);
        failpoint('sync.mark');
      }
      Atomics.store(this.control.words, LANE.SYNC_DONE, ticket);
      this.control.signal();
      failpoint('sync.done');
    });
  }

  /** Chunks that are finished and not sealed yet. */
  get unsealed(): number {
    return this.#chunks.size;
  }

  /** Resolves when nothing is under way with the device. */
  async idle(): Promise<void> {
    await this.#durable;
  }

  /** Work with the device, one piece after the other, so that chunks are sealed in order. */
  #later(work: () => Promise<void>): void {
    this.#durable = this.#durable.then(work).catch((error: unknown) => {
      this.#syncFailure ??= error instanceof Error ? error : new Error(String(error));
      this.control.setError(error);
    });
  }

  /** After the death of the ingest worker: what it filled, as far as it got, is sealed, and its successor has a new chunk. */
  reopen(): LaneInit {
    let end = this.#ring.tail;
    for (const kept of [...this.#chunks.values()]) {
      kept.catalogIndex = this.#indexOf(kept.chunkId);
      if (kept.catalogIndex < 0) continue; // prepared, and not used yet
      const { header } = kept.chunk;
      end = Math.max(end, header.firstSequence + header.committedRows);
      if (kept === this.#prepared) this.#prepared = undefined;
      this.#later(() => this.#sealLeftover(kept.chunkId, SEAL_REASON.RECOVERED));
    }
    // It may have died after a commit and before the ring's tail had followed: those rows must not be moved once more.
    if (this.source.spec.persist) {
      this.#ring.resetPosition(RING.TAIL, end);
      this.prepare();
    }
    const { view } = this.#catalog;
    // The first chunk of this writer has taken the jump in the numbers up, if there is one.
    const begun = view.count > 0 && view.entry(view.count - 1).epoch === this.#epoch;
    return { ...this.init(), gapBefore: begun ? 0 : this.#gapBefore };
  }

  async #sealLeftover(chunkId: number, reason: SealReason): Promise<void> {
    const kept = this.#chunks.get(chunkId);
    if (kept === undefined) return;
    const facts = await sealLeftover(kept.chunk, this.#schema, reason);
    this.#catalog.view.seal(kept.catalogIndex, { ...facts, sealReason: facts.reason });
    this.#letGo(kept);
  }

  /** A sealed chunk is nobody's any more: the ingest worker left it before it asked for the seal, or has died. */
  #letGo({ chunk, chunkId }: KeptChunk): void {
    this.#chunks.delete(chunkId);
    closeFile(chunk.fd);
    releaseMapping(chunk.mapped, chunk.path);
    this.#fronts.give(chunk.mapped.memory);
  }

  /** Lets go of everything. All rows are in sealed chunks by now, so a persisted feed's ring has served. */
  close(): void {
    const { view } = this.#catalog;
    if (this.#prepared !== undefined) {
      this.#chunks.delete(this.#prepared.chunkId);
      closeFile(this.#prepared.chunk.fd);
      removeFile(this.#prepared.chunk.path);
      this.#prepared = undefined;
    }
    for (const { chunk } of this.#chunks.values()) closeFile(chunk.fd);
    const clean = this.#chunks.size === 0;
    this.#chunks.clear();
    this.#ring.setWriter(false, 0);
    const drained = this.#ring.tail === this.#ring.head;
    const last = setUse(this.#ringUse, 'exclusive', this.#ring.path);
    if (this.source.spec.persist ? drained && clean : last) {
      view.setRingPlace(RING_PLACE.NONE, 0);
      failpoint('close.ring-forgotten');
      this.#ring.retire();
      this.#bell.ringForAll(); // those that sleep in other processes look for the next writer's ring from now on
      removeFile(this.#ring.path);
      failpoint('close.ring-removed');
      if (last) removeFile(this.#ring.path.replace(/\.ring$/, '.bell'));
    }
    Atomics.store(this.control.words, LANE.RING_USE, 0);
    closeFile(this.#ringUse);
    // A jump in the numbers that no record has taken up yet has to be made again by the next writer.
    const jumpPending = this.#gapBefore > 0 && this.#ring.head === this.#ring.baseSequence;
    // The entries first: a catalog that says that it was closed is believed after a power loss.
    syncFile(this.#paths.catalog);
    failpoint('close.catalog-synced');
    if (clean && (drained || !this.source.spec.persist)) view.setWriter(jumpPending, 0, view.writer.bootId);
    failpoint('close.writer-cleared');
    syncFile(this.#paths.catalog);
  }

  #indexOf(chunkId: number): number {
    const { view } = this.#catalog;
    for (let index = view.count - 1; index >= 0 && index > view.count - 8; index--) {
      if (view.entry(index).chunkId === chunkId && view.state(index) === ENTRY_STATE.ACTIVE) return index;
    }
    return -1;
  }
}

function plain(kept: KeptChunk): PreparedChunk {
  return { chunkId: kept.chunkId, path: kept.chunk.path, fd: kept.chunk.fd, front: kept.chunk.mapped };
}

