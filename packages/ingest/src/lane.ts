import {
  CATALOG, CHUNK_STATE, CatalogView, ChunkHeader, type ChunkGeometry, DeepwaterError, RING, SEAL_REASON, type Schema,
  bootId, chunkGeometry, compileSchema, countIndexPoints, failpoint, storePosition, system, writeFully,
} from '@deepwater/core/engine';
import { Ring } from '@deepwater/ring';
import { ChunkSummary, type ScratchLayout, describeBlock, scratchLayout } from './block-buffers.js';
import { LANE } from './control-layout.js';
import { type Kernels, gatherRows, kernelsFor } from './kernels.js';
import { LaneControl } from './lane-control.js';
import type { FillingChunk } from './filling-chunk.js';
import type { KeeperReply, KeeperRequest, LaneInit, PreparedChunk } from './lane-source.js';

/** Blocks that one lane may move before the others get their turn. */
const BLOCKS_PER_TURN = 8;
/** A chunk that cannot be written so often in a row is left as it is. */
const FAILURES_MAX = 3;
/** A failed lane tries again this often. */
const RETRY_MS = 200;

/**
 * One feed on its way from ring to chunks, in the ingest worker. Rows are gathered column by column into block buffers
 * (scratch space behind the ring, so that kernels reach both), written with pwrite, and committed by one store; then the
 * ring's tail moves and the slots may be used again. A row is never in neither place.
 */
export class Lane {
  readonly laneId: number;
  readonly control: LaneControl;
  readonly #schema: Schema;
  readonly #geometry: ChunkGeometry;
  readonly #ring: Ring;
  readonly #kernels: Kernels;
  readonly #scratch: ScratchLayout;
  readonly #bytes: Uint8Array;
  readonly #maxAgeMs: number;
  readonly #batchRows: number;
  /** Rows are in a chunk after this, however few they are. */
  readonly intervalMs: number;
  readonly #syncRhythm: boolean;
  #catalog: CatalogView;
  #chunk: FillingChunk | undefined;
  #next: PreparedChunk | undefined;
  #prepareAsked = false;
  #gapBefore: number;
  #tail: number;
  #tailHigh = -1;
  #drainedMs = 0;
  #syncedMs = 0;
  #syncPassed = 0;
  #retryMs = 0;
  #lastChunkId = -1;

  constructor(
    readonly init: LaneInit,
    readonly ask: (request: KeeperRequest) => void,
  ) {
    const { spec } = init.source;
    this.laneId = init.laneId;
    this.control = new LaneControl(init.control);
    this.#schema = compileSchema(spec);
    this.#geometry = chunkGeometry(this.#schema, spec.chunkSizeBytes);
    this.#ring = new Ring(init.ring, init.ringPath);
    this.#kernels = kernelsFor(init.ring.memory);
    this.#scratch = scratchLayout(this.#schema, this.#geometry.blockRows, init.ring.scratchOffset);
    this.#bytes = new Uint8Array(init.ring.buffer);
    this.#maxAgeMs = spec.chunkMaxAgeHours * 3_600_000;
    this.#batchRows = Math.min(this.#geometry.blockRows, this.#ring.slotCount >> 2);
    this.intervalMs = spec.durability.level === 'flush' ? spec.durability.intervalMs : Math.min(50, spec.durability.intervalMs);
    this.#syncRhythm = spec.durability.level === 'sync';
    this.#catalog = new CatalogView(init.catalog.buffer, init.catalog.fileBytes, init.catalogPath, this.#schema);
    this.#next = init.prepared;
    this.#gapBefore = init.gapBefore;
    this.#tail = this.#ring.tail;
    this.#askNext(true);
  }

  /** Rows in the ring that are not in a chunk. */
  get waiting(): number {
    return this.#ring.head - this.#tail;
  }

  /** How full the ring was after the last turn, 0 to 1. */
  fill = 0;
  /** Whether the last turn moved rows and left enough for another. */
  more = false;
  /** Moves rows if there are enough, if they have waited long enough, or if somebody asked. @returns rows moved. */
  turn(nowMs: number): number {
    const flushing = Atomics.exchange(this.control.words, LANE.FLUSH, 0) !== 0;
    this.more = false;
    if (nowMs < this.#retryMs && !flushing) return 0;
    let waiting = this.waiting;
    const due = flushing || waiting >= this.#batchRows || this.control.failed || nowMs - this.#drainedMs >= this.intervalMs;
    let moved = 0;
    if (due && waiting > 0) {
      moved = this.#attempt(() => this.#move(nowMs, BLOCKS_PER_TURN));
      waiting = this.waiting;
      this.more = moved > 0 && waiting >= this.#batchRows;
      if (flushing && waiting > 0) Atomics.store(this.control.words, LANE.FLUSH, 1);
    }
    this.fill = waiting / this.#ring.slotCount;
    if (due) this.#drainedMs = nowMs;
    this.#age(nowMs);
    this.#passOnSync(nowMs);
    return moved;
  }

  /** Takes what the keeper has made ready. */
  take(reply: KeeperReply): void {
    if (reply.kind === 'poisoned') {
      if (this.#chunk?.chunkId === reply.chunkId) this.#leave(SEAL_REASON.POISONED);
      return;
    }
    if (reply.kind === 'failed') {
      this.#prepareAsked = false; // asked again after a while: disks are emptied
      if (this.#chunk !== undefined) this.#chunk.growAsked = 0;
      this.#retryMs = system.monotonicMs() + RETRY_MS;
      return;
    }
    if (reply.chunk.chunkId > this.#lastChunkId) this.#next = reply.chunk; // an answer to a predecessor may come late
    this.#catalog = new CatalogView(reply.catalog.buffer, reply.catalog.fileBytes, this.init.catalogPath, this.#schema);
    this.#prepareAsked = false;
    this.control.clearError();
    this.#retryMs = 0;
  }

  /** Whether everything accepted is in chunks; asks for whatever is still missing for that. */
  finish(nowMs: number): boolean {
    while (this.waiting > 0 && this.#attempt(() => this.#move(nowMs, Infinity)) > 0);
    return this.waiting === 0;
  }

  /** Ends the lane: its chunk goes to the keeper to be sealed. @returns the chunk that was prepared and not used. */
  close(): PreparedChunk | undefined {
    this.#retire(SEAL_REASON.CLOSED);
    const unused = this.#next;
    this.#next = undefined;
    return unused;
  }

  /** Runs a step that may fail; a failure is shown to whoever waits and tried again later. */
  #attempt(step: () => number): number {
    try {
      const moved = step();
      if (moved > 0 && this.control.failed) this.control.clearError();
      return moved;
    } catch (error) {
      this.control.setError(error);
      this.#retryMs = system.monotonicMs() + RETRY_MS;
      // A disk that is full is waited for. A file that cannot be written is left as it is, and the rows go into the next one.
      const full = DeepwaterError.isDeepwaterError(error) && error.code === 'DW_DISK_FULL';
      if (this.#chunk !== undefined && !full && ++this.#chunk.failures >= FAILURES_MAX) this.#leave(SEAL_REASON.POISONED);
      return 0;
    }
  }

  /** Goes on in the next chunk. */
  #leave(reason: number): void {
    this.#retire(reason);
    this.#askNext();
  }

  #move(nowMs: number, blocksMax: number): number {
    const head = this.#ring.head;
    let moved = 0;
    for (let blocks = 0; blocks < blocksMax && this.#tail < head; blocks++) {
      const chunk = this.#chunk ?? this.#activate(nowMs);
      if (chunk === undefined) break;
      const { capacityRows, blockRows } = this.#geometry;
      if (chunk.rows === capacityRows) {
        this.#retire(SEAL_REASON.FULL);
        continue;
      }
      const reserved = chunk.header.reservedRows;
      this.#lookAhead(chunk, reserved);
      const filled = chunk.rows % blockRows;
      const rows = Math.min(head - this.#tail, reserved - chunk.rows, blockRows - filled);
      if (rows <= 0) break;
      this.#gather(filled, rows);
      this.#write(chunk, filled, rows);
      failpoint('move.written');
      this.#commit(chunk, rows);
      moved += rows;
    }
    return moved;
  }

  /** Ring rows to block buffers, column by column. */
  #gather(filled: number, rows: number): void {
    gatherRows(this.#kernels, this.#ring, this.#schema.columns, this.#scratch.columns, this.#tail, filled, rows);
  }

  /** Block buffers to the file, and the block's descriptor once it is full. */
  #write(chunk: FillingChunk, filled: number, rows: number): void {
    this.#schema.columns.forEach(({ width }, i) => {
      const from = (this.#scratch.columns[i] as number) + filled * width;
      const at = (this.#geometry.columnOffsets[i] as number) + chunk.rows * width;
      writeFully(chunk.fd, this.#bytes.subarray(from, from + rows * width), at, chunk.path);
    });
    if (filled + rows === this.#geometry.blockRows) this.#describe(chunk, filled + rows, Math.floor(chunk.rows / this.#geometry.blockRows));
  }

  #describe(chunk: FillingChunk, rows: number, index: number): void {
    const block = describeBlock(this.#schema, this.#geometry, this.#kernels, this.#scratch, this.#bytes, rows);
    chunk.header.writeBlock(index, this.#geometry, this.#schema, block);
    failpoint('move.described');
    chunk.summary.add(block);
    const { indexColumn } = this.#schema;
    if (indexColumn === undefined) return;
    const at = this.#scratch.columns[indexColumn.index] as number;
    chunk.summary.indexPoints += countIndexPoints(this.#bytes.subarray(at, at + rows));
  }

  /** The rows exist from here on (rule 2); then, and only then, their slots are free (rule 4). */
  #commit(chunk: FillingChunk, rows: number): void {
    chunk.rows += rows;
    chunk.failures = 0;
    chunk.header.committedRows = chunk.rows;
    failpoint('move.committed');
    this.#tail += rows;
    this.#tailHigh = storePosition(this.#ring.words, RING.TAIL, this.#tail, this.#tailHigh);
    this.control.signal();
  }

  /** Has the next chunk made, and this one grown, before they are needed. */
  #lookAhead(chunk: FillingChunk, reserved: number): void {
    const { capacityRows } = this.#geometry;
    if (reserved < capacityRows && chunk.rows >= reserved * 0.5 && chunk.growAsked < reserved * 2) {
      chunk.growAsked = Math.min(capacityRows, reserved * 2);
      this.ask({ kind: 'grow', laneId: this.laneId, chunkId: chunk.chunkId, rows: chunk.growAsked });
    }
    if (chunk.rows >= capacityRows * 0.75) this.#askNext();
  }

  #askNext(early = false): void {
    if (this.#next !== undefined || this.#prepareAsked) return;
    this.#prepareAsked = true;
    this.ask({ kind: 'prepare', laneId: this.laneId, early });
  }

  /** Gives the prepared chunk its place in the sequence and in the catalog. */
  #activate(nowMs: number): FillingChunk | undefined {
    const prepared = this.#next;
    if (prepared === undefined) {
      this.#askNext();
      return undefined;
    }
    if (this.#catalog.count >= this.#catalog.capacity) {
      throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The chunk catalog ${this.init.catalogPath} is full (${this.#catalog.capacity}). Close and open the writer to make it larger.`, {
        values: { path: this.init.catalogPath, header: CATALOG.HEADER_BYTES, capacity: this.#catalog.capacity },
      });
    }
    const header = new ChunkHeader(new Uint8Array(prepared.front.buffer, 0, prepared.front.fileBytes), prepared.path);
    const createdUs = system.wallMs() * 1000;
    const place = { firstSequence: this.#tail, epoch: this.init.epoch, gapBefore: this.#gapBefore };
    header.activate({ ...place, activatedUs: createdUs, bootId: bootId() });
    failpoint('activate.header');
    const catalogIndex = this.#catalog.append({ ...place, chunkId: prepared.chunkId, createdUs });
    failpoint('activate.entry');
    this.#gapBefore = 0;
    this.#next = undefined;
    this.#lastChunkId = prepared.chunkId;
    this.ask({ kind: 'activated', laneId: this.laneId, chunkId: prepared.chunkId, catalogIndex });
    this.#chunk = {
      chunkId: prepared.chunkId, path: prepared.path, fd: prepared.fd, header, catalogIndex,
      summary: new ChunkSummary(this.#schema.clocks.length), openedMs: nowMs, rows: 0, growAsked: 0, failures: 0,
    };
    return this.#chunk;
  }

  /** Hands the chunk to the keeper, which syncs and seals it; this thread never waits for that. */
  #retire(reason: number): void {
    const chunk = this.#chunk;
    if (chunk === undefined || chunk.header.state !== CHUNK_STATE.ACTIVE) return;
    const { blockRows } = this.#geometry;
    const filled = chunk.rows % blockRows;
    if (filled > 0) this.#describe(chunk, filled, Math.floor(chunk.rows / blockRows));
    this.#chunk = undefined;
    this.ask({
      kind: 'seal', laneId: this.laneId, chunkId: chunk.chunkId, catalogIndex: chunk.catalogIndex,
      facts: { rows: chunk.rows, reason, sortedMask: chunk.summary.sortedMask, indexPoints: chunk.summary.indexPoints, ranges: chunk.summary.ranges },
    });
    failpoint('retire.asked');
  }

  #age(nowMs: number): void {
    const chunk = this.#chunk;
    if (chunk !== undefined && chunk.rows > 0 && nowMs - chunk.openedMs >= this.#maxAgeMs) this.#leave(SEAL_REASON.AGE);
  }

  /** Passes a request for durability on to the keeper, once everything accepted before it is in the chunk. */
  #passOnSync(nowMs: number): void {
    const asked = Atomics.load(this.control.words, LANE.SYNC_ASKED);
    if (asked !== this.#syncPassed) {
      this.#syncPassed = asked;
      this.ask({ kind: 'sync', laneId: this.laneId, ticket: asked });
    } else if (this.#syncRhythm && nowMs - this.#syncedMs >= this.init.source.spec.durability.intervalMs) {
      this.#syncedMs = nowMs;
      this.ask({ kind: 'sync', laneId: this.laneId, ticket: asked });
    }
  }
}
