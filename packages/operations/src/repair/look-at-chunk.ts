/** Looks through a chunk file, all of it, and says what is there: which rows, which blocks of them hold, and what its front has to be. */
import {
  CHUNK, CHUNK_STATE, type BlockDescriptor, type ChunkGeometry, ChunkHeader, type ChunkSeal, SEAL_REASON, type Schema, type SealReason, bootId,
  columnChecksum, countIndexPoints, proveBlock, tailChecksum,
} from '@deepwater/core';
import { describedRows } from './described-rows.js';
import { ChunkBytes } from './chunk-bytes.js';
import { type ChunkContext, type ChunkIdentityGuess, lookAtIdentity } from './chunk-identity.js';
import type { ChunkFlaw, ChunkLook, Place, RowRun } from './looked-chunk.js';
import { isCountGone, openRows } from './open-rows.js';
import { RowsSummary } from './rows-summary.js';

/** @throws DeepwaterError DW_SYSTEM_CALL, DW_FILE_CORRUPT for what is no file */
export function lookAtChunk(path: string, context: ChunkContext): ChunkLook {
  const bytes = ChunkBytes.open(path);
  try {
    const identity = lookAtIdentity(bytes.front(CHUNK.HEADER_BYTES), context);
    if (identity.is !== 'ours') return identity;
    let look: ChunkLook = { is: 'unknown', why: 'its header is damaged, and its blocks do not tell what it was' };
    for (const guess of identity.guesses) {
      const found = new ChunkLooker(bytes, context, guess).look();
      if (guess.how !== 'likely' || found.is === 'chunk') return found;
      look = found;
    }
    return look;
  } finally {
    bytes.close();
  }
}

class ChunkLooker {
  private readonly geometry: ChunkGeometry;
  private readonly createdUs: number;
  private readonly identityMended: boolean;
  /** The front as it is, and as it has to be. */
  readonly #front: Buffer;
  readonly #next: Buffer;
  readonly #was: ChunkHeader;
  readonly #header: ChunkHeader;
  readonly #schema: Schema;
  readonly #flaws: ChunkFlaw[] = [];
  readonly #blocks: (BlockDescriptor | undefined)[] = [];
  readonly #codes = new Map<number, number>();

  constructor(
    private readonly bytes: ChunkBytes, private readonly context: ChunkContext, private readonly guess: ChunkIdentityGuess,
  ) {
    this.geometry = guess.geometry;
    this.createdUs = guess.createdUs;
    this.identityMended = guess.how !== 'sound';
    this.#schema = context.schema;
    this.#front = bytes.front(guess.geometry.columnsOffset);
    this.#next = Buffer.from(new Uint8Array(this.#front).buffer);
    this.#was = new ChunkHeader(this.#front, bytes.path);
    this.#header = new ChunkHeader(this.#next, bytes.path);
  }

  look(): ChunkLook {
    const { context, geometry, bytes } = this;
    const place = this.#place();
    if (place === undefined) {
      const begun = this.#was.state >= CHUNK_STATE.ACTIVE || this.#was.committedRows > 0 || this.#was.block(0, geometry, this.#schema) !== undefined;
      // One that was made ahead has its whole length; of one that was cut here nobody knows whether it was begun.
      if (context.entry === undefined && !begun && bytes.size > CHUNK.COMMITTED_ROWS) return { is: 'unused' };
      return { is: 'unknown', why: 'its place in the sequence is damaged, and nothing proves what it was' };
    }
    const seal = this.#sealFacts();
    if (seal === undefined && isCountGone(this.#was, geometry, bytes.size)) return { is: 'unknown', why: `it has ${bytes.size} bytes of ${geometry.fileBytes}: its records are gone, and how many there were`, first: place.first };
    const { rows, had, endUnknown } = seal === undefined ? openRows(this.#was, geometry, this.#schema, bytes, context.ringTail, this.#flaws, (index, block) => this.#holds(index, block)) : { rows: seal.rows, had: seal.rows, endUnknown: false };
    if (rows === 0 && had === 0 && this.#was.state < CHUNK_STATE.ACTIVE && context.entry === undefined) return { is: 'unused' };
    const runs = this.#scan(rows, seal !== undefined);
    if (this.guess.how === 'likely' && !this.#isOurs(seal, runs)) return { is: 'unknown', why: 'its header is damaged, and its blocks are not those that the catalog tells of' };
    const whole = this.#mend(place, seal, rows, runs);
    const front = this.#next.equals(this.#front) ? undefined : this.#next;
    if (had > rows) this.#flaws.push({ what: `${had - rows} records at its end are not there as they were counted`, lost: true, from: rows, to: had });
    return {
      is: 'chunk',
      chunk: {
        id: context.id, path: bytes.path, geometry, first: place.first, epoch: place.epoch, gapBefore: place.gapBefore, createdUs: this.createdUs, activatedUs: place.activatedUs,
        bootId: this.#was.bootId, rows, had, endUnknown, seal: whole ?? seal, runs, blocks: this.#blocks, flaws: this.#flaws, front, short: bytes.size < geometry.fileBytes, codes: this.#codes,
      },
    };
  }

  #flaw(what: string): void {
    this.#flaws.push({ what, lost: false, from: 0, to: 0 });
  }

  /** Where it stands in the sequence: by itself, else by the catalog or its neighbours. */
  #place(): Place | undefined {
    const { firstSequence, epoch, gapBefore, activatedUs, activationHolds } = this.#was;
    if (activationHolds) return { first: firstSequence, epoch, gapBefore, activatedUs, mended: false };
    const { entry, entryHolds, ends, begins } = this.context;
    if (entry !== undefined && (entryHolds || entry.firstSequence === firstSequence || ends.has(entry.firstSequence - entry.gapBefore))) {
      return { first: entry.firstSequence, epoch: entry.epoch, gapBefore: entry.gapBefore, activatedUs: activatedUs > 0 && activatedUs < 2 ** 52 ? activatedUs : entry.createdUs, mended: true };
    }
    // Without the catalog: it ends where the next one begins, or begins where the one before it ends, and says so itself.
    const sealed = this.#was.seal(this.#schema);
    const fits = ends.has(firstSequence - gapBefore) || (sealed !== undefined && begins.has(firstSequence + sealed.rows));
    return fits && epoch > 0 && epoch < 2 ** 31 ? { first: firstSequence, epoch, gapBefore: ends.has(firstSequence - gapBefore) ? gapBefore : 0, activatedUs, mended: true } : undefined;
  }

  /** What it is sealed with: by itself, else by the catalog, else by what its words and blocks agree on. Undefined where it is not sealed. */
  #sealFacts(): ChunkSeal | undefined {
    const { entry, entryHolds } = this.context;
    const { capacityRows } = this.geometry;
    this.#header.state = CHUNK_STATE.SEALED;
    const seal = this.#header.seal(this.#schema);
    this.#header.state = this.#was.state;
    const { state } = this.#was;
    if (seal !== undefined && seal.reason !== SEAL_REASON.NONE && seal.rows <= capacityRows) {
      // Written, and not said yet: its writer was killed in between, and the next one seals it.
      if (state === CHUNK_STATE.ACTIVE && !(entryHolds && entry?.state !== undefined)) return undefined;
      return seal;
    }
    if (entryHolds && entry !== undefined && entry.rows <= capacityRows) {
      const { rows, sealReason: reason, sealedUs, sortedMask, indexPoints, ranges } = entry;
      return { rows, reason, sealedUs, sortedMask, indexPoints, ranges };
    }
    if (state !== CHUNK_STATE.SEALED) return undefined;
    // A power failure may leave the state without the seal: then nothing was sealed.
    if (this.#was.bootId !== bootId() && entry?.state !== 2) return undefined;
    const view = new DataView(this.#front.buffer, this.#front.byteOffset, this.#front.byteLength);
    const told = [view.getUint32(CHUNK.SEALED_ROWS, true), this.#was.committedRows, this.#was.syncedRows, describedRows(this.#was, this.geometry, this.#schema)].filter((rows) => rows <= capacityRows);
    const rows = told.find((each) => told.filter((other) => other === each).length > 1) ?? describedRows(this.#was, this.geometry, this.#schema);
    const reason = view.getUint32(CHUNK.SEAL_REASON, true);
    const known = reason >= SEAL_REASON.FULL && reason <= SEAL_REASON.POWER_LOSS ? reason as SealReason : SEAL_REASON.RECOVERED;
    return { rows, reason: known, sealedUs: this.#was.activatedUs, sortedMask: 0, indexPoints: 0, ranges: [] };
  }

  #holds(index: number, block: BlockDescriptor): boolean {
    return this.geometry.columnWidths.every((_, column) => this.#columnSum(index, column, block.count) === block.columnChecksums[column]);
  }

  /** -1 where the device does not give the cells. */
  #columnSum(index: number, column: number, count: number): number {
    const cells = this.bytes.readable(this.geometry, column, index * this.geometry.blockRows, count);
    return cells === undefined ? -1 : columnChecksum(cells);
  }

  /** Holds every block that has a descriptor against it. */
  #scan(rows: number, sealed: boolean): RowRun[] {
    const { blockRows } = this.geometry;
    const runs: { state: RowRun['state']; blocks: number; from: number; to: number }[] = [];
    for (let index = 0, from = 0; from < rows; index++, from += blockRows) {
      const to = Math.min(rows, from + blockRows);
      // What lies behind the last complete block of a chunk that is not sealed has no checksum.
      const state = sealed || to - from === blockRows ? this.#scanBlock(index, from, to) : this.#scanTail(from, to);
      if (state !== 'damaged') this.#noteCodes(from, to);
      const last = runs.at(-1);
      if (last?.state === state) {
        last.blocks += 1;
        last.to = to;
      } else runs.push({ state, blocks: 1, from, to });
    }
    return runs;
  }

  #scanBlock(index: number, from: number, to: number): RowRun['state'] {
    const { geometry, bytes } = this;
    const block = this.#was.block(index, geometry, this.#schema);
    if (block?.count === to - from) {
      this.#blocks[index] = block;
      const wrong = geometry.columnWidths.flatMap((_, column) => (this.#columnSum(index, column, block.count) === block.columnChecksums[column] ? [] : [column]));
      if (wrong.length === 0) return 'intact';
      const names = wrong.map((column) => this.#schema.columns[column]?.name ?? String(column));
      const size = wrong.reduce((sum, column) => sum + (geometry.columnWidths[column] as number) * block.count, 0);
      this.#flaws.push({ what: `block ${index}: the cells of ${names.join(', ')} do not have their checksum`, lost: true, from, to, range: block.ranges[0], bytes: size });
      return 'damaged';
    }
    const columns = geometry.columnWidths.flatMap((_, column) => bytes.readable(geometry, column, from, to - from) ?? []);
    const proven = columns.length < geometry.columnCount ? undefined : proveBlock(this.#was, geometry, this.#schema, index, columns, to - from);
    if (proven === undefined) {
      this.#flaws.push({ what: `block ${index}: its descriptor is damaged, and its cells cannot be proven`, lost: true, from, to, bytes: geometry.blockBytes });
      return 'damaged';
    }
    this.#blocks[index] = proven;
    this.#header.writeBlock(index, geometry, this.#schema, proven);
    this.#flaws.push({ what: `block ${index}: its descriptor is damaged; its cells prove what it was`, lost: false, from, to, range: proven.ranges[0], bytes: geometry.blockBytes });
    return 'mended';
  }

  #scanTail(from: number, to: number): RowRun['state'] {
    const { geometry, bytes } = this;
    // Behind the end of a file that was cut short there are zeros, and nothing else says that these are no cells.
    const there = geometry.columnWidths.every((width, column) => (geometry.columnOffsets[column] as number) + to * width <= bytes.size);
    if (there && geometry.columnWidths.every((_, column) => bytes.readable(geometry, column, from, to - from) !== undefined)) return 'intact';
    this.#flaws.push({ what: there ? 'the device does not give its last rows' : 'its last rows are not in the file any more', lost: true, from, to });
    return 'damaged';
  }

  #noteCodes(from: number, to: number): void {
    for (const field of this.#schema.fields) {
      if (field.type !== 'symbol') continue;
      const greatest = Math.max(this.#codes.get(field.index) ?? -1, this.bytes.greatestCode(this.geometry, field.index, from, to - from));
      this.#codes.set(field.index, greatest);
    }
  }

  /** Whether a chunk whose header was made again is the one that it was taken for: its blocks hold, and are those of the catalog's entry. */
  #isOurs(seal: ChunkSeal | undefined, runs: readonly RowRun[]): boolean {
    if (this.#was.feedUid === this.context.feedUid) return runs.some(({ state }) => state !== 'damaged');
    if (!this.context.entryHolds || seal === undefined || runs.some(({ state }) => state === 'damaged')) return false;
    const { ranges } = this.#summary(seal.rows);
    const entry = this.context.entry;
    return ranges.every((range, clock) => range.min === entry?.ranges[clock]?.min && range.max === entry.ranges[clock]?.max);
  }

  #summary(rows: number): RowsSummary {
    const summary = new RowsSummary(this.#schema.clocks.length);
    for (let index = 0; index * this.geometry.blockRows < rows; index++) {
      const block = this.#blocks[index];
      if (block !== undefined) summary.add(block);
    }
    return summary;
  }

  /** The counts of a chunk that is not sealed. What they count is on the device once the repair is done. */
  #mendCounts(rows: number): void {
    const { geometry, bytes } = this;
    const header = this.#header;
    const tail = (of: number): number => tailChecksum(geometry, of, (column, from, count) => bytes.cells(geometry, column, from, count));
    if (this.#was.bootId === bootId()) {
      if (header.committedRows !== rows) header.committedRows = rows;
    } else if (header.committedRows > geometry.capacityRows) {
      this.#flaw(`its count of rows is damaged (${header.committedRows})`);
      header.committedRows = rows;
    }
    const { syncedRows } = header;
    if (syncedRows <= rows && header.syncedHolds(() => tail(syncedRows))) return;
    this.#flaw(`its mark of synced rows is damaged (${syncedRows} of ${rows})`);
    header.markSynced(rows, tail(rows));
  }

  /** Puts into the front what it has to say. @returns the facts of the seal, made again where the front lacked them */
  #mend(place: Place, seal: ChunkSeal | undefined, rows: number, runs: readonly RowRun[]): ChunkSeal | undefined {
    const { context, geometry, bytes } = this;
    const header = this.#header;
    if (this.identityMended) this.#flaw('its header is damaged; what it was is proven');
    if (bytes.size < geometry.fileBytes) this.#flaw(`it has ${bytes.size} bytes of ${geometry.fileBytes}`);
    const { schemaOffset, schemaBytes } = geometry;
    const text = Buffer.from(this.#schema.canonical);
    const sameText = this.#front.subarray(schemaOffset, schemaOffset + schemaBytes).equals(text);
    if (!sameText && !this.identityMended) this.#flaw('the text of its schema is damaged');
    if (this.identityMended) header.writeIdentity({ chunkId: context.id, feedName: context.feedName, feedUid: context.feedUid, createdUs: this.createdUs }, this.#schema, geometry);
    else if (!sameText) this.#next.set(text, schemaOffset);
    const state = this.#was.state;
    if (place.mended) {
      this.#flaw('its place in the sequence is damaged; what it was is proven');
      const { first: firstSequence, epoch, gapBefore, activatedUs } = place;
      const words = [this.#was.committedRows, this.#was.syncedRows] as const;
      header.activate({ firstSequence, epoch, gapBefore, activatedUs, bootId: this.#was.bootId });
      header.state = state;
      [header.committedRows] = words;
      this.#next.set(this.#front.subarray(CHUNK.SYNCED_ROWS, CHUNK.SYNCED_ROWS + 8), CHUNK.SYNCED_ROWS);
    }
    if (this.#was.reservedRows > geometry.capacityRows) {
      this.#flaw('its count of reserved rows is damaged');
      header.reservedRows = rows;
    }
    if (seal === undefined) {
      if (state !== CHUNK_STATE.ACTIVE && state !== CHUNK_STATE.SEALED && rows > 0) {
        this.#flaw(`its state is damaged (${state})`);
        header.state = CHUNK_STATE.ACTIVE;
      }
      this.#mendCounts(rows);
      return undefined;
    }
    if (this.#was.committedRows !== rows || this.#was.syncedRows > geometry.capacityRows) {
      this.#flaw(`its counts of rows are damaged (${this.#was.committedRows}, ${this.#was.syncedRows} of ${rows})`);
      header.committedRows = rows;
      header.markSynced(rows, tailChecksum(geometry, rows, (column, from, count) => bytes.cells(geometry, column, from, count)));
    }
    const damaged = runs.some((run) => run.state === 'damaged');
    if (this.#was.seal(this.#schema) !== undefined) return seal;
    this.#flaw(state === CHUNK_STATE.SEALED ? 'its seal is damaged; its blocks tell what it was' : `its state is damaged (${state})`);
    if (damaged) return seal;
    const summary = this.#summary(rows);
    const made: ChunkSeal = {
      ...seal, sortedMask: summary.sortedMask,
      indexPoints: this.#schema.indexColumn === undefined ? 0 : countIndexPoints(bytes.cells(geometry, this.#schema.indexColumn.index, 0, rows)),
      ranges: summary.ranges.length > 0 ? summary.ranges : this.#schema.clocks.map(() => ({ min: 0n, max: 0n })),
    };
    header.writeSeal(this.#schema, made);
    return made;
  }
}
