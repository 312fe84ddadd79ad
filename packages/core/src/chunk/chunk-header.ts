import { DeepwaterError } from '../errors/index.js';
import type { Schema } from '../schema/index.js';
import {
  ACTIVATION_FLAG, BLOCK, CHUNK, CHUNK_MAGIC, CHUNK_STATE, CHUNK_VERSION, type ChunkGeometry, SEAL_REASON, type SealReason, geometryOf,
} from '../layout/chunk-layout.js';
import { type BlockDescriptor, CLOCK_BITS, blockBytesOf, placeOf, syncedCheck } from './block-bytes.js';
import { type ClockRange, readClockRanges, writeClockRanges } from '../layout/clock-values.js';
import { crc32 } from '../layout/crc.js';
import { getHex, getText, getU64, putHex, putText, putU64 } from '../layout/words.js';

export interface ChunkIdentity {
  readonly chunkId: number;
  readonly feedName: string;
  readonly feedUid: string;
  readonly createdUs: number;
}

export interface ChunkActivation {
  readonly firstSequence: number;
  readonly epoch: number;
  readonly gapBefore: number;
  readonly activatedUs: number;
  readonly bootId: string;
}

export interface ChunkSeal {
  readonly rows: number;
  readonly reason: SealReason;
  readonly sealedUs: number;
  /** Bit i: the rows are in order on clock i. */
  readonly sortedMask: number;
  /** Rows that are index points. */
  readonly indexPoints: number;
  readonly ranges: readonly ClockRange[];
}

/**
 * The front of a chunk file, up to its first column: header, schema and block table, over any mapping or copy of those
 * bytes. Nothing is trusted before `check` has passed.
 */
export class ChunkHeader {
  readonly #view: DataView;
  readonly #words: Int32Array;

  constructor(
    readonly bytes: Uint8Array,
    readonly path: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, CHUNK.HEADER_BYTES >> 2);
  }

  // --- identity

  get chunkId(): number { return getU64(this.#view, CHUNK.CHUNK_ID); }
  get feedUid(): string { return getHex(this.#view, CHUNK.FEED_UID, 8); }
  get feedName(): string { return getText(this.#view, CHUNK.FEED_NAME, CHUNK.FEED_NAME_BYTES); }
  get schemaHash(): string { return getHex(this.#view, CHUNK.SCHEMA_HASH, 8); }
  get capacityRows(): number { return this.#view.getUint32(CHUNK.CAPACITY_ROWS, true); }
  get blockRows(): number { return this.#view.getUint32(CHUNK.BLOCK_ROWS, true); }
  get fileBytes(): number { return getU64(this.#view, CHUNK.FILE_BYTES); }
  get createdUs(): number { return getU64(this.#view, CHUNK.CREATED_US); }

  writeIdentity(identity: ChunkIdentity, schema: Schema, geometry: ChunkGeometry): void {
    const view = this.#view;
    putText(view, CHUNK.MAGIC, 8, CHUNK_MAGIC);
    view.setUint32(CHUNK.VERSION, CHUNK_VERSION, true);
    view.setUint32(CHUNK.COLUMNS_OFFSET, geometry.columnsOffset, true);
    putU64(view, CHUNK.CHUNK_ID, identity.chunkId);
    putHex(view, CHUNK.FEED_UID, 8, identity.feedUid);
    putHex(view, CHUNK.SCHEMA_HASH, 8, schema.hash);
    view.setUint32(CHUNK.CAPACITY_ROWS, geometry.capacityRows, true);
    view.setUint32(CHUNK.BLOCK_ROWS, geometry.blockRows, true);
    view.setUint32(CHUNK.COLUMN_COUNT, geometry.columnCount, true);
    view.setUint32(CHUNK.CLOCK_COUNT, geometry.clockCount, true);
    view.setUint32(CHUNK.BLOCK_TABLE_OFFSET, geometry.blockTableOffset, true);
    view.setUint32(CHUNK.BLOCK_BYTES, geometry.blockBytes, true);
    view.setUint32(CHUNK.SCHEMA_OFFSET, geometry.schemaOffset, true);
    view.setUint32(CHUNK.SCHEMA_BYTES, geometry.schemaBytes, true);
    putU64(view, CHUNK.FILE_BYTES, geometry.fileBytes);
    putU64(view, CHUNK.CREATED_US, identity.createdUs);
    putText(view, CHUNK.FEED_NAME, CHUNK.FEED_NAME_BYTES, identity.feedName);
    view.setUint32(CHUNK.IDENTITY_CRC, this.#crc(0, CHUNK.IDENTITY_CRC), true);
    this.bytes.set(Buffer.from(schema.canonical), geometry.schemaOffset);
  }

  /** The canonical schema that the chunk itself carries. */
  get schemaText(): string {
    const at = this.#view.getUint32(CHUNK.SCHEMA_OFFSET, true);
    return Buffer.from(this.bytes.subarray(at, at + this.#view.getUint32(CHUNK.SCHEMA_BYTES, true))).toString('utf8');
  }

  /**
   * Holds the identity against the schema and the size of the file.
   * @throws DeepwaterError DW_FILE_CORRUPT, DW_FORMAT_VERSION or DW_CHUNK_SCHEMA_MISMATCH
   */
  check(schema: Schema, fileSize: number): ChunkGeometry {
    const view = this.#view;
    if (getText(view, CHUNK.MAGIC, 8) !== CHUNK_MAGIC) throw this.#corrupt('it does not begin as a chunk does', {});
    const version = view.getUint32(CHUNK.VERSION, true);
    if (version !== CHUNK_VERSION) {
      throw new DeepwaterError(
        'DW_FORMAT_VERSION',
        `${this.path} has chunk format ${version}; this version reads ${CHUNK_VERSION}. Use a matching version, or run \`deepwater migrate\`.`,
        { values: { path: this.path, found: version, supported: CHUNK_VERSION } },
      );
    }
    if (view.getUint32(CHUNK.IDENTITY_CRC, true) !== this.#crc(0, CHUNK.IDENTITY_CRC)) {
      throw this.#corrupt('the checksum of its header does not hold', {});
    }
    if (this.schemaHash !== schema.hash) {
      throw new DeepwaterError(
        'DW_CHUNK_SCHEMA_MISMATCH',
        `${this.path} was written with schema ${this.schemaHash}, the feed has ${schema.hash}. Move the file out of the feed, or run \`deepwater repair\`.`,
        { values: { path: this.path, found: this.schemaHash, expected: schema.hash } },
      );
    }
    const { capacityRows, blockRows } = this;
    if (capacityRows < 1 || blockRows < 1 || blockRows > capacityRows) throw this.#corrupt('its sizes make no sense', { capacityRows, blockRows });
    const geometry = geometryOf(schema, capacityRows, blockRows);
    const fits =
      view.getUint32(CHUNK.COLUMNS_OFFSET, true) === geometry.columnsOffset &&
      view.getUint32(CHUNK.BLOCK_TABLE_OFFSET, true) === geometry.blockTableOffset &&
      view.getUint32(CHUNK.BLOCK_BYTES, true) === geometry.blockBytes &&
      this.fileBytes === geometry.fileBytes &&
      fileSize >= geometry.fileBytes;
    if (!fits) throw this.#corrupt('its offsets do not fit its sizes', { fileSize, expected: geometry.fileBytes });
    if (this.committedRows > capacityRows || this.reservedRows > capacityRows || this.syncedRows > capacityRows) {
      throw this.#corrupt('it counts more rows than it has room for', { committed: this.committedRows, capacityRows });
    }
    return geometry;
  }

  // --- activation

  get firstSequence(): number { return getU64(this.#view, CHUNK.FIRST_SEQUENCE); }
  get epoch(): number { return this.#view.getUint32(CHUNK.EPOCH, true); }
  get gapBefore(): number { return getU64(this.#view, CHUNK.GAP_BEFORE); }
  get activatedUs(): number { return getU64(this.#view, CHUNK.ACTIVATED_US); }
  get bootId(): string { return getHex(this.#view, CHUNK.BOOT_ID, 16); }
  get activationHolds(): boolean {
    return this.#view.getUint32(CHUNK.ACTIVATION_CRC, true) === this.#crc(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC);
  }

  /** Gives the chunk its place in the sequence; rows may follow. */
  activate(activation: ChunkActivation): void {
    const view = this.#view;
    putU64(view, CHUNK.FIRST_SEQUENCE, activation.firstSequence);
    view.setUint32(CHUNK.EPOCH, activation.epoch, true);
    view.setUint32(CHUNK.FLAGS, ACTIVATION_FLAG.SYNCED_CHECK, true);
    this.markSynced(0, 0);
    putU64(view, CHUNK.GAP_BEFORE, activation.gapBefore);
    putU64(view, CHUNK.ACTIVATED_US, activation.activatedUs);
    putHex(view, CHUNK.BOOT_ID, 16, activation.bootId);
    view.setUint32(CHUNK.ACTIVATION_CRC, this.#crc(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC), true);
    this.state = CHUNK_STATE.ACTIVE;
  }

  /** The bytes of the activation as they would be in a chunk of another boot: from CHUNK.ACTIVATION to its checksum's end. */
  activationOf(bootId: string): Uint8Array {
    const bytes = this.bytes.slice(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC + 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    putHex(view, CHUNK.BOOT_ID - CHUNK.ACTIVATION, 16, bootId);
    view.setUint32(CHUNK.ACTIVATION_CRC - CHUNK.ACTIVATION, crc32(bytes.subarray(0, CHUNK.ACTIVATION_CRC - CHUNK.ACTIVATION)), true);
    return bytes;
  }

  // --- words. Stores are sequentially consistent: a reader that sees the word sees all that was written before it.

  get state(): number { return Atomics.load(this.#words, CHUNK.STATE >> 2); }
  set state(value: number) { Atomics.store(this.#words, CHUNK.STATE >> 2, value); }
  get reservedRows(): number { return Atomics.load(this.#words, CHUNK.RESERVED_ROWS >> 2) >>> 0; }
  set reservedRows(rows: number) { Atomics.store(this.#words, CHUNK.RESERVED_ROWS >> 2, rows); }
  /** Rows that exist. Stored after their cells (rule 2). */
  get committedRows(): number { return Atomics.load(this.#words, CHUNK.COMMITTED_ROWS >> 2) >>> 0; }
  set committedRows(rows: number) { Atomics.store(this.#words, CHUNK.COMMITTED_ROWS >> 2, rows); }
  /** Rows that survive power loss. Stored after fdatasync (rule 5). */
  get syncedRows(): number { return Atomics.load(this.#words, CHUNK.SYNCED_ROWS >> 2) >>> 0; }
  set syncedRows(rows: number) { Atomics.store(this.#words, CHUNK.SYNCED_ROWS >> 2, rows); }

  /**
   * Moves the synced mark, with a checksum. @param tail `tailChecksum` of the rows
   */
  markSynced(rows: number, tail: number): void {
    // One store of 64 bits: a device that is written to at this moment has both or neither.
    const pair = new BigInt64Array(this.bytes.buffer, this.bytes.byteOffset + CHUNK.SYNCED_ROWS, 1);
    Atomics.store(pair, 0, BigInt(rows) | (BigInt(syncedCheck(rows, tail)) << 32n));
  }

  /** Whether the synced mark is the one that was stored, over the same rows; one of older versions has no checksum. @param tail of the rows */
  syncedHolds(tail: () => number): boolean {
    const check = this.#view.getUint32(CHUNK.SYNCED_CHECK, true);
    if (check === 0) return (this.#view.getUint32(CHUNK.FLAGS, true) & ACTIVATION_FLAG.SYNCED_CHECK) === 0;
    return this.syncedRows <= this.capacityRows && check === syncedCheck(this.syncedRows, tail());
  }

  // --- blocks

  /** The descriptor of a block that is complete (or of any block of a sealed chunk); undefined where it does not hold. */
  block(index: number, geometry: ChunkGeometry, schema: Schema): BlockDescriptor | undefined {
    if (!this.blockHolds(index, geometry)) return undefined;
    const at = geometry.blockTableOffset + index * geometry.blockBytes;
    const view = this.#view;
    return {
      count: view.getUint32(at + BLOCK.COUNT, true),
      sortedMask: view.getUint32(at + BLOCK.SORTED_MASK, true) & CLOCK_BITS,
      ranges: readClockRanges(view, at + BLOCK.RANGES, schema.clocks),
      columnChecksums: geometry.columnWidths.map((_, column) => this.columnChecksum(index, column, geometry)),
    };
  }

  /** Whether a block's descriptor is whole, and is that of this block and no other. */
  blockHolds(index: number, geometry: ChunkGeometry): boolean {
    const at = geometry.blockTableOffset + index * geometry.blockBytes;
    const view = this.#view;
    if (view.getUint32(at + geometry.blockBytes - 4, true) !== this.#crc(at, at + geometry.blockBytes - 4)) return false;
    const place = view.getUint32(at + BLOCK.SORTED_MASK, true) >>> BLOCK.PLACE_SHIFT;
    return place === 0 || place === placeOf(index);
  }

  /** Rows that a block's descriptor speaks of, whether it holds or not. */
  blockCount(index: number, geometry: ChunkGeometry): number {
    return this.#view.getUint32(geometry.blockTableOffset + index * geometry.blockBytes + BLOCK.COUNT, true);
  }

  /** The checksum that a block's descriptor has of a column, whether it holds or not. */
  columnChecksum(index: number, column: number, geometry: ChunkGeometry): number {
    return this.#view.getUint32(geometry.blockTableOffset + index * geometry.blockBytes + BLOCK.RANGES + 16 * geometry.clockCount + 4 * column, true);
  }

  writeBlock(index: number, geometry: ChunkGeometry, schema: Schema, block: BlockDescriptor): void {
    this.bytes.set(blockBytesOf(index, geometry, schema, block), geometry.blockTableOffset + index * geometry.blockBytes);
  }

  /** Whether the checksum over a block's descriptor, which does not hold, would hold over this one. */
  sameBlockCrc(index: number, geometry: ChunkGeometry, schema: Schema, block: BlockDescriptor): boolean {
    const at = geometry.blockTableOffset + index * geometry.blockBytes + geometry.blockBytes - 4;
    return this.#view.getUint32(at, true) === Buffer.from(blockBytesOf(index, geometry, schema, block).buffer).readUInt32LE(geometry.blockBytes - 4);
  }

  // --- seal

  /** What was written at sealing; undefined while the chunk is open or where the checksum fails. */
  seal(schema: Schema): ChunkSeal | undefined {
    const view = this.#view;
    if (this.state !== CHUNK_STATE.SEALED) return undefined;
    if (view.getUint32(CHUNK.SEAL_CRC, true) !== this.#crc(CHUNK.SEAL, CHUNK.SEAL_CRC)) return undefined;
    const rows = view.getUint32(CHUNK.SEALED_ROWS, true);
    const reason = view.getUint32(CHUNK.SEAL_REASON, true) as SealReason;
    // The identity is as long and has its checksum in the same place: in that of the seal it is none.
    if (rows > this.capacityRows || reason > SEAL_REASON.POWER_LOSS) return undefined;
    return {
      rows,
      reason,
      sealedUs: getU64(view, CHUNK.SEALED_US),
      sortedMask: view.getUint32(CHUNK.SORTED_MASK, true),
      indexPoints: view.getUint32(CHUNK.INDEX_POINTS, true),
      ranges: readClockRanges(view, CHUNK.CLOCK_RANGES, schema.clocks),
    };
  }

  /** Whether the device refused the chunk while it was written: it is never synced again, but written anew (rule 9). */
  get poisoned(): boolean {
    return this.state === CHUNK_STATE.ACTIVE && this.#view.getUint32(CHUNK.SEAL_REASON, true) === SEAL_REASON.POISONED;
  }

  /** Says so, for whoever finds the chunk after this process. What has been said of a seal is taken back. */
  poison(): void {
    this.state = CHUNK_STATE.ACTIVE;
    this.#view.setUint32(CHUNK.SEAL_REASON, SEAL_REASON.POISONED, true);
    this.#view.setUint32(CHUNK.SEAL_CRC, ~this.#crc(CHUNK.SEAL, CHUNK.SEAL_CRC), true);
  }

  /** Closes the chunk for ever: the sealed chunk's facts, then its state. */
  writeSeal(schema: Schema, seal: ChunkSeal): void {
    const view = this.#view;
    view.setUint32(CHUNK.SEALED_ROWS, seal.rows, true);
    view.setUint32(CHUNK.SEAL_REASON, seal.reason, true);
    putU64(view, CHUNK.SEALED_US, seal.sealedUs);
    view.setUint32(CHUNK.SORTED_MASK, seal.sortedMask, true);
    view.setUint32(CHUNK.INDEX_POINTS, seal.indexPoints, true);
    writeClockRanges(view, CHUNK.CLOCK_RANGES, schema.clocks, seal.ranges);
    view.setUint32(CHUNK.SEAL_CRC, this.#crc(CHUNK.SEAL, CHUNK.SEAL_CRC), true);
    this.state = CHUNK_STATE.SEALED;
  }

  #crc(from: number, to: number): number {
    return crc32(this.bytes.subarray(from, to));
  }

  #corrupt(what: string, values: Record<string, unknown>): DeepwaterError {
    return new DeepwaterError('DW_FILE_CORRUPT', `${this.path} is damaged: ${what}. Run \`deepwater repair --dry-run\` to see what can be kept.`, {
      values: { path: this.path, ...values },
    });
  }
}
