import { DeepwaterError } from '../errors/index.js';
import type { Schema } from '../schema/index.js';
import type { SealReason } from '../layout/chunk-layout.js';
import {
  CATALOG, CATALOG_MAGIC, CATALOG_VERSION, ENTRY, ENTRY_BYTES, ENTRY_STATE, type RING_PLACE,
} from '../layout/catalog-layout.js';
import { type ClockRange, readClockRanges, writeClockRanges } from '../layout/clock-values.js';
import { crc32 } from '../layout/crc.js';
import { getHex, getText, getU64, putHex, putText, putU64 } from '../layout/words.js';

export interface CatalogEntry {
  readonly index: number;
  readonly chunkId: number;
  readonly firstSequence: number;
  readonly epoch: number;
  readonly gapBefore: number;
  readonly createdUs: number;
  /** ENTRY_STATE */
  readonly state: number;
  /** The rest is known once the chunk is sealed. */
  readonly rows: number;
  readonly indexPoints: number;
  readonly sortedMask: number;
  readonly sealedUs: number;
  readonly sealReason: SealReason;
  readonly ranges: readonly ClockRange[];
}

export type NewEntry = Pick<CatalogEntry, 'chunkId' | 'firstSequence' | 'epoch' | 'gapBefore' | 'createdUs'>;
export type SealedFacts = Pick<CatalogEntry, 'rows' | 'indexPoints' | 'sortedMask' | 'sealedUs' | 'sealReason' | 'ranges'>;
export type RingPlace = (typeof RING_PLACE)[keyof typeof RING_PLACE];

/** A feed's chunk catalog over a mapping of its file. One writer (the ingest worker), any number of readers. */
export class CatalogView {
  readonly #view: DataView;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(
    buffer: SharedArrayBuffer,
    fileBytes: number,
    readonly path: string,
    readonly schema: Schema,
  ) {
    this.#bytes = new Uint8Array(buffer, 0, fileBytes);
    this.#view = new DataView(buffer, 0, fileBytes);
    this.#words = new Int32Array(buffer, 0, CATALOG.HEADER_BYTES >> 2);
  }

  writeIdentity(feedUid: string, capacity: number): void {
    const view = this.#view;
    putText(view, CATALOG.MAGIC, 8, CATALOG_MAGIC);
    view.setUint32(CATALOG.VERSION, CATALOG_VERSION, true);
    view.setUint32(CATALOG.ENTRY_BYTES, ENTRY_BYTES, true);
    putHex(view, CATALOG.FEED_UID, 8, feedUid);
    putHex(view, CATALOG.SCHEMA_HASH, 8, this.schema.hash);
    view.setUint32(CATALOG.CLOCK_COUNT, this.schema.clocks.length, true);
    view.setUint32(CATALOG.IDENTITY_CRC, crc32(this.#bytes.subarray(0, CATALOG.IDENTITY_CRC)), true);
    view.setUint32(CATALOG.CAPACITY, capacity, true);
  }

  /** @throws DeepwaterError DW_FILE_CORRUPT, for another format version too: make the catalog again from the chunks then. */
  check(feedUid: string): void {
    const view = this.#view;
    const version = view.getUint32(CATALOG.VERSION, true);
    const problem =
      getText(view, CATALOG.MAGIC, 8) !== CATALOG_MAGIC ? 'it does not begin as a catalog does'
      : version !== CATALOG_VERSION ? `it has format ${version}, this version reads ${CATALOG_VERSION}`
      : view.getUint32(CATALOG.IDENTITY_CRC, true) !== crc32(this.#bytes.subarray(0, CATALOG.IDENTITY_CRC)) ? 'its checksum does not hold'
      : getHex(view, CATALOG.FEED_UID, 8) !== feedUid ? 'it belongs to another feed'
      : getHex(view, CATALOG.SCHEMA_HASH, 8) !== this.schema.hash ? 'it has another schema'
      : this.count > this.capacity || CATALOG.HEADER_BYTES + this.capacity * ENTRY_BYTES > this.#bytes.byteLength ? 'it counts more entries than it holds'
      : undefined;
    if (problem === undefined) return;
    throw new DeepwaterError('DW_FILE_CORRUPT', `${this.path} cannot be used: ${problem}. It is made again from the chunks when a writer opens the feed.`, {
      values: { path: this.path, problem },
    });
  }

  get count(): number { return Atomics.load(this.#words, CATALOG.COUNT >> 2) >>> 0; }
  get capacity(): number { return Atomics.load(this.#words, CATALOG.CAPACITY >> 2) >>> 0; }
  set capacity(entries: number) { Atomics.store(this.#words, CATALOG.CAPACITY >> 2, entries); }
  get epoch(): number { return Atomics.load(this.#words, CATALOG.EPOCH >> 2) >>> 0; }
  set epoch(epoch: number) { Atomics.store(this.#words, CATALOG.EPOCH >> 2, epoch); }
  /** Another file has taken this one's place, or the feed is being deleted. @throws DeepwaterError DW_FILE_CORRUPT for a mark that nobody writes */
  get retired(): boolean {
    const mark = Atomics.load(this.#words, CATALOG.RETIRED >> 2);
    if (mark === 0 || mark === 1) return mark === 1;
    throw new DeepwaterError('DW_FILE_CORRUPT', `${this.path} is damaged: where it says whether another has taken its place, it has ${mark}. Run \`deepwater repair\`; it is made again from the chunks.`, {
      values: { path: this.path, mark },
    });
  }
  retire(): void { Atomics.store(this.#words, CATALOG.RETIRED >> 2, 1); }
  get firstLive(): number { return Atomics.load(this.#words, CATALOG.FIRST_LIVE >> 2) >>> 0; }
  set firstLive(index: number) { Atomics.store(this.#words, CATALOG.FIRST_LIVE >> 2, index); }

  /** Entries that the symbol dictionary has at least; 0: nothing is known (store/given-symbols.ts). */
  get symbolsGiven(): number {
    const given = this.#view.getUint32(CATALOG.SYMBOLS_GIVEN, true);
    return this.#view.getUint32(CATALOG.SYMBOLS_CRC, true) === crc32(this.#bytes.subarray(CATALOG.SYMBOLS_GIVEN, CATALOG.SYMBOLS_CRC)) ? given : 0;
  }
  set symbolsGiven(entries: number) {
    this.#view.setUint32(CATALOG.SYMBOLS_GIVEN, entries, true);
    this.#view.setUint32(CATALOG.SYMBOLS_CRC, crc32(this.#bytes.subarray(CATALOG.SYMBOLS_GIVEN, CATALOG.SYMBOLS_CRC)), true);
  }

  get ringPlace(): { place: RingPlace; user: number } {
    const place = (Atomics.load(this.#words, CATALOG.RING_PLACE >> 2) >>> 0) as RingPlace;
    return { place, user: Atomics.load(this.#words, CATALOG.RING_USER >> 2) >>> 0 };
  }
  setRingPlace(place: RingPlace, user: number): void {
    Atomics.store(this.#words, CATALOG.RING_USER >> 2, user);
    Atomics.store(this.#words, CATALOG.RING_PLACE >> 2, place);
  }

  get writer(): { open: boolean; pid: number; bootId: string } {
    return {
      open: Atomics.load(this.#words, CATALOG.WRITER_OPEN >> 2) !== 0,
      pid: Atomics.load(this.#words, CATALOG.WRITER_PID >> 2),
      bootId: getHex(this.#view, CATALOG.BOOT_ID, 16),
    };
  }
  setWriter(open: boolean, pid: number, bootId: string): void {
    putHex(this.#view, CATALOG.BOOT_ID, 16, bootId);
    Atomics.store(this.#words, CATALOG.WRITER_PID >> 2, pid);
    Atomics.store(this.#words, CATALOG.WRITER_OPEN >> 2, open ? 1 : 0);
  }

  /** The entry at an index below `count`. */
  entry(index: number): CatalogEntry {
    const at = this.#at(index);
    const view = this.#view;
    const state = this.state(index);
    const sealed = state !== ENTRY_STATE.ACTIVE;
    return {
      index,
      chunkId: getU64(view, at + ENTRY.CHUNK_ID),
      firstSequence: getU64(view, at + ENTRY.FIRST_SEQUENCE),
      epoch: view.getUint32(at + ENTRY.EPOCH, true),
      gapBefore: getU64(view, at + ENTRY.GAP_BEFORE),
      createdUs: getU64(view, at + ENTRY.CREATED_US),
      state,
      rows: sealed ? view.getUint32(at + ENTRY.ROWS, true) : 0,
      indexPoints: sealed ? view.getUint32(at + ENTRY.INDEX_POINTS, true) : 0,
      sortedMask: sealed ? view.getUint32(at + ENTRY.SORTED_MASK, true) : 0,
      sealedUs: sealed ? getU64(view, at + ENTRY.SEALED_US) : 0,
      sealReason: (sealed ? view.getUint32(at + ENTRY.SEAL_REASON, true) : 0) as SealReason,
      ranges: sealed ? readClockRanges(view, at + ENTRY.RANGES, this.schema.clocks) : [],
    };
  }

  state(index: number): number { return Atomics.load(new Int32Array(this.#view.buffer, this.#at(index) + ENTRY.STATE, 1), 0); }
  firstSequence(index: number): number { return getU64(this.#view, this.#at(index) + ENTRY.FIRST_SEQUENCE); }

  /** The bytes of an entry, where they lie: for repair, which looks at copies. */
  bytesOfEntry(index: number): Uint8Array {
    const at = this.#at(index);
    return this.#bytes.subarray(at, at + ENTRY_BYTES);
  }

  /** Whether what a sealed or deleted entry says is whole. */
  entryHolds(index: number): boolean {
    const at = this.#at(index);
    return this.#view.getUint32(at + ENTRY.CRC, true) === this.#crc(at);
  }

  /** The entries from `firstLive` on, without decoding them: the index of the last whose first sequence is <= `sequence`. */
  indexOfSequence(sequence: number): number {
    let low = this.firstLive;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firstSequence(middle) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Appends the entry of a chunk that has been activated; the caller made sure there is room. */
  append(entry: NewEntry): number {
    const index = this.count;
    const at = this.#at(index);
    const view = this.#view;
    this.#bytes.fill(0, at, at + ENTRY_BYTES);
    putU64(view, at + ENTRY.CHUNK_ID, entry.chunkId);
    putU64(view, at + ENTRY.FIRST_SEQUENCE, entry.firstSequence);
    view.setUint32(at + ENTRY.EPOCH, entry.epoch, true);
    putU64(view, at + ENTRY.GAP_BEFORE, entry.gapBefore);
    putU64(view, at + ENTRY.CREATED_US, entry.createdUs);
    view.setUint32(at + ENTRY.STATE, ENTRY_STATE.ACTIVE, true);
    Atomics.store(this.#words, CATALOG.COUNT >> 2, index + 1);
    return index;
  }

  /** Records the facts of a sealed chunk, then that it is sealed. */
  seal(index: number, facts: SealedFacts): void {
    const at = this.#at(index);
    const view = this.#view;
    view.setUint32(at + ENTRY.ROWS, facts.rows, true);
    view.setUint32(at + ENTRY.INDEX_POINTS, facts.indexPoints, true);
    view.setUint32(at + ENTRY.SORTED_MASK, facts.sortedMask, true);
    putU64(view, at + ENTRY.SEALED_US, facts.sealedUs);
    view.setUint32(at + ENTRY.SEAL_REASON, facts.sealReason, true);
    writeClockRanges(view, at + ENTRY.RANGES, this.schema.clocks, facts.ranges);
    view.setUint32(at + ENTRY.CRC, this.#crc(at), true);
    this.#setState(index, ENTRY_STATE.SEALED);
  }

  /** Marks a chunk as deleted; its file may go afterwards. Under the feed's `chunks.lock`. */
  markDeleted(index: number): void {
    this.#setState(index, ENTRY_STATE.DELETED);
    this.settleFirstLive();
  }

  /** Stored after the states that it passes over, and made good by the next clean-up where a crash came between the two. */
  settleFirstLive(): void {
    let first = this.firstLive;
    while (first < this.count && this.state(first) === ENTRY_STATE.DELETED) first += 1;
    if (first !== this.firstLive) this.firstLive = first;
  }

  #setState(index: number, state: number): void {
    Atomics.store(new Int32Array(this.#view.buffer, this.#at(index) + ENTRY.STATE, 1), 0, state);
  }

  #at(index: number): number {
    return CATALOG.HEADER_BYTES + index * ENTRY_BYTES;
  }

  /** Everything but the state, which changes later. */
  #crc(at: number): number {
    const head = crc32(this.#bytes.subarray(at, at + ENTRY.STATE));
    return crc32(this.#bytes.subarray(at + ENTRY.SEAL_REASON, at + ENTRY.CRC), head);
  }
}
