import {
  type Access, type MappedFile, DeepwaterError, MAPPING_BYTES_MAX, POSITION, RING, RING_MAGIC, RING_VERSION, type Schema, alignUp,
  closeFile, crc32, createExclusive, getHex, getText, getU64, loadPosition, mapFile, openExisting, PAGE_BYTES, SECTION_BYTES, putHex,
  putText, putU64, regularFileSize, removeFile, reserve, setFileSize, storePosition,
} from '@deepwater/core/engine';

/** What a ring is of: fixed when its file is made. */
export interface RingIdentity {
  readonly feedName: string;
  readonly feedUid: string;
  readonly storeId: string;
  readonly bootId: string;
  readonly persist: boolean;
  readonly slotCount: number;
  /** The first sequence number the ring will hold. */
  readonly baseSequence: number;
  readonly createdUs: number;
}

/** A ring's file under a SharedArrayBuffer. Post `memory` to share it with a thread. */
export class Ring {
  readonly words: Int32Array;
  readonly #view: DataView;

  constructor(
    readonly mapped: MappedFile,
    readonly path: string,
  ) {
    this.words = new Int32Array(mapped.buffer, 0, RING.HEADER_BYTES >> 2);
    this.#view = new DataView(mapped.buffer, 0, RING.HEADER_BYTES);
  }

  get memory(): WebAssembly.Memory { return this.mapped.memory; }
  get buffer(): SharedArrayBuffer { return this.mapped.buffer; }
  get slotsOffset(): number { return this.#view.getUint32(RING.SLOTS_OFFSET, true); }
  get slotStride(): number { return this.#view.getUint32(RING.SLOT_STRIDE, true); }
  get slotCount(): number { return this.#view.getUint32(RING.SLOT_COUNT, true); }
  get persist(): boolean { return this.#view.getUint32(RING.PERSIST, true) === 1; }
  get feedUid(): string { return getHex(this.#view, RING.FEED_UID, 8); }
  get feedName(): string { return getText(this.#view, RING.FEED_NAME, RING.FEED_NAME_BYTES); }
  get storeId(): string { return getHex(this.#view, RING.STORE_ID, 16); }
  get bootId(): string { return getHex(this.#view, RING.BOOT_ID, 16); }
  get schemaHash(): string { return getHex(this.#view, RING.SCHEMA_HASH, 8); }
  get baseSequence(): number { return getU64(this.#view, RING.BASE_SEQUENCE); }

  /** Next sequence number to be published. */
  get head(): number { return loadPosition(this.words, RING.HEAD); }
  /** First sequence number that is not in a chunk. */
  get tail(): number { return loadPosition(this.words, RING.TAIL); }

  get epoch(): number { return Atomics.load(this.words, RING.EPOCH >> 2) >>> 0; }
  set epoch(epoch: number) { Atomics.store(this.words, RING.EPOCH >> 2, epoch); }
  get retired(): boolean { return Atomics.load(this.words, RING.RETIRED >> 2) !== 0; }
  retire(): void { Atomics.store(this.words, RING.RETIRED >> 2, 1); }
  get writerOpen(): boolean { return Atomics.load(this.words, RING.WRITER_OPEN >> 2) !== 0; }
  get writerPid(): number { return Atomics.load(this.words, RING.WRITER_PID >> 2); }
  setWriter(open: boolean, pid: number): void {
    Atomics.store(this.words, RING.WRITER_PID >> 2, pid);
    Atomics.store(this.words, RING.WRITER_OPEN >> 2, open ? 1 : 0);
  }

  /** Completes a head whose writer was killed in the middle of a wrap. One that is whole is left alone: its writer may be at it. */
  settleHead(): void {
    const [a, b] = [POSITION.HIGH_A, POSITION.HIGH_B].map((word) => Atomics.load(this.words, (RING.HEAD + word) >> 2));
    if (a !== b) this.resetPosition(RING.HEAD, this.head);
  }

  /** Sets a position with no regard to what it was: for the owner of the ring before anybody uses it. */
  resetPosition(offset: typeof RING.HEAD | typeof RING.TAIL, value: number): void {
    storePosition(this.words, offset, value, -1);
  }

  writeIdentity(identity: RingIdentity, schema: Schema): void {
    const view = this.#view;
    putText(view, RING.MAGIC, 8, RING_MAGIC);
    view.setUint32(RING.VERSION, RING_VERSION, true);
    view.setUint32(RING.SLOTS_OFFSET, RING.HEADER_BYTES, true);
    putHex(view, RING.FEED_UID, 8, identity.feedUid);
    putHex(view, RING.SCHEMA_HASH, 8, schema.hash);
    putHex(view, RING.STORE_ID, 16, identity.storeId);
    putHex(view, RING.BOOT_ID, 16, identity.bootId);
    view.setUint32(RING.SLOT_STRIDE, schema.slotStride, true);
    view.setUint32(RING.SLOT_COUNT, identity.slotCount, true);
    view.setUint32(RING.PERSIST, identity.persist ? 1 : 0, true);
    putU64(view, RING.CREATED_US, identity.createdUs);
    putText(view, RING.FEED_NAME, RING.FEED_NAME_BYTES, identity.feedName);
    putU64(view, RING.BASE_SEQUENCE, identity.baseSequence);
    this.resetPosition(RING.HEAD, identity.baseSequence);
    this.resetPosition(RING.TAIL, identity.baseSequence);
    view.setUint32(RING.IDENTITY_CRC, this.#identityCrc(), true);
  }

  /** Why the ring cannot be the feed's; undefined where it can. */
  problem(schema: Schema, feedUid: string, fileSize: number): string | undefined {
    const view = this.#view;
    if (getText(view, RING.MAGIC, 8) !== RING_MAGIC) return 'it does not begin as a ring does';
    if (view.getUint32(RING.VERSION, true) !== RING_VERSION) return `it has format ${view.getUint32(RING.VERSION, true)}, not ${RING_VERSION}`;
    if (view.getUint32(RING.IDENTITY_CRC, true) !== this.#identityCrc()) return 'its checksum does not hold';
    if (this.feedUid !== feedUid) return 'it belongs to another feed';
    if (this.schemaHash !== schema.hash || this.slotStride !== schema.slotStride) return 'it has another schema';
    const { slotCount } = this;
    if (slotCount < 1 || (slotCount & (slotCount - 1)) !== 0) return 'its size is not a power of two';
    if (this.slotsOffset !== RING.HEADER_BYTES || fileSize < ringFileBytes(schema, slotCount)) return 'its file is too short';
    // The tail first: where both are being moved, it is not past a head that is loaded later.
    const { tail } = this;
    const { head } = this;
    if (head > Number.MAX_SAFE_INTEGER || tail > head || head < this.baseSequence) return 'its positions make no sense';
    // A writer waits until there is room; by now the tail may be further, never less far.
    if (this.persist && head - this.tail > slotCount) return 'it says that it holds more rows than it has room for';
    return undefined;
  }

  #identityCrc(): number {
    return crc32(new Uint8Array(this.mapped.buffer, 0, RING.IDENTITY_CRC));
  }
}

export const ringFileBytes = (schema: Schema, slotCount: number): number =>
  alignUp(RING.HEADER_BYTES + slotCount * schema.slotStride, PAGE_BYTES);

/** Makes a ring file, all of its memory reserved. @throws DeepwaterError DW_DISK_FULL, DW_LIMIT_EXCEEDED, DW_SYSTEM_CALL */
export function createRing(path: string, access: Access, schema: Schema, identity: RingIdentity, scratchBytes: number): Ring {
  const size = ringFileBytes(schema, identity.slotCount);
  if (size + scratchBytes > MAPPING_BYTES_MAX) {
    throw new DeepwaterError('DW_LIMIT_EXCEEDED', `A ring of ${identity.slotCount} records of ${schema.slotStride} bytes does not fit a mapping; lower ringRecords.`, {
      values: { slotCount: identity.slotCount, slotStride: schema.slotStride, limit: MAPPING_BYTES_MAX },
    });
  }
  const fd = createExclusive(path, access);
  try {
    setFileSize(fd, size, path);
    reserve(fd, 0, size, path);
    const ring = new Ring(mapFile(fd, { path, length: size, mode: 'shared', scratchBytes }), path);
    ring.writeIdentity(identity, schema);
    return ring;
  } catch (error) {
    removeFile(path);
    throw error;
  } finally {
    closeFile(fd);
  }
}

/**
 * Opens a ring.
 * @throws DeepwaterError DW_FILE_CORRUPT where it is not this feed's, DW_SYSTEM_CALL with ENOENT where there is none
 */
export function openRing(path: string, schema: Schema, feedUid: string, mode: 'shared' | 'read-only', scratchBytes = 0): Ring {
  const fd = openExisting(path, mode === 'shared');
  try {
    const size = regularFileSize(fd, path);
    if (size < RING.HEADER_BYTES || size > MAPPING_BYTES_MAX) {
      throw corrupt(path, `it has ${size} bytes`);
    }
    if (alignUp(size, SECTION_BYTES) + alignUp(scratchBytes, SECTION_BYTES) > MAPPING_BYTES_MAX) {
      throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The ring ${path} (${size} bytes) and ${scratchBytes} bytes for rows that are copied out of it do not fit a mapping. Lower maxRun, or ringRecords of the feed.`, {
        values: { path, size, scratchBytes, limit: MAPPING_BYTES_MAX },
      });
    }
    const ring = new Ring(mapFile(fd, { path, length: size, mode, scratchBytes }), path);
    const problem = ring.problem(schema, feedUid, size);
    if (problem !== undefined) throw corrupt(path, problem);
    return ring;
  } finally {
    closeFile(fd);
  }
}

function corrupt(path: string, problem: string): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `The ring ${path} cannot be used: ${problem}. The next writer makes a new one.`, { values: { path, problem } });
}
