/**
 * A feed written by hand: records go through a real ring, and are moved into chunks when the test says so, row by row and
 * byte by byte, with none of the engine's own transposing. What the test wrote is kept as the model to read against.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type BlockDescriptor, type CatalogFile, type ChunkGeometry, type ClockRange, type Field, type FeedPaths, type FeedSpec,
  type FeedSpecInput, RING, RING_PLACE, SEAL_REASON, type Schema, type SymbolCoder, SymbolDictionary, type WritableChunk, bootId, chunkPath,
  closeFile, compileSchema, columnChecksum, createCatalog, createChunk, feedPaths, geometryOf, parseFeedSpec, reserveRows, ringPaths,
  writeFully,
} from '@deepwater/core';
import type { ReaderSource } from '@deepwater/query';
import { Bell, type Ring, RowWriter, createRing, rowWriterClass } from '@deepwater/ring';

export interface FixtureOptions {
  readonly capacityRows?: number;
  readonly blockRows?: number;
  readonly ringSlots?: number;
  readonly baseSequence?: number;
}

/** One record of the model. */
export interface ModelRecord {
  readonly sequence: number;
  /** What was given to the writer, in field order. */
  readonly values: readonly unknown[];
}

/** The fixture drains its ring itself. */
abstract class FixtureWriter extends RowWriter {
  protected override waitForRoom(): void {
    throw new Error('the ring of the fixture is full: drain it');
  }
}

interface OpenFixtureChunk {
  readonly file: WritableChunk;
  readonly index: number;
  readonly times: bigint[][];
  rows: number;
  indexPoints: number;
}

export const FEED_UID = '00112233445566aa';
export const STORE_ID = '000102030405060708090a0b0c0d0e0f';

export class FeedFixture {
  readonly base: string;
  readonly spec: FeedSpec;
  readonly schema: Schema;
  readonly paths: FeedPaths;
  readonly source: ReaderSource;
  readonly catalog: CatalogFile;
  readonly geometry: ChunkGeometry;
  ring!: Ring;
  writer!: RowWriter;
  readonly records: ModelRecord[] = [];
  readonly chunkIds: number[] = [];
  #chunk: OpenFixtureChunk | undefined;
  /** Texts of the feed's one symbol field, by code. */
  readonly symbolTexts: string[] = [];
  readonly #symbols: SymbolDictionary;
  readonly #ringSlots: number;
  #tail: number;
  #gapBefore = 0;

  constructor(input: FeedSpecInput, options: FixtureOptions = {}) {
    this.base = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-query-'));
    this.spec = parseFeedSpec(input);
    this.schema = compileSchema(this.spec);
    this.paths = feedPaths(this.base, this.spec.name);
    this.source = { basePath: this.base, storeId: STORE_ID, feedUid: FEED_UID, spec: this.spec };
    fs.mkdirSync(this.paths.chunks, { recursive: true });
    this.catalog = createCatalog(this.paths.catalog, 'owner', this.schema, FEED_UID);
    const capacityRows = options.capacityRows ?? 256;
    this.geometry = geometryOf(this.schema, capacityRows, Math.min(options.blockRows ?? 64, capacityRows));
    this.#ringSlots = options.ringSlots ?? 4096;
    this.#tail = options.baseSequence ?? 0;
    this.#symbols = SymbolDictionary.openForWriting(this.paths.symbols, 'owner', FEED_UID);
    this.#openRing();
    this.catalog.view.epoch = 1;
    this.catalog.view.setRingPlace(RING_PLACE.FEED_DIRECTORY, 0);
  }

  /** Makes a ring that begins at the tail, and its writer. */
  #openRing(): void {
    const files = ringPaths(this.paths.directory, this.spec.name);
    this.ring = createRing(files.ring, 'owner', this.schema, {
      feedName: this.spec.name, feedUid: FEED_UID, storeId: STORE_ID, bootId: bootId(), persist: this.spec.persist,
      slotCount: this.#ringSlots, baseSequence: this.#tail, createdUs: 1,
    }, 0);
    const Writer = rowWriterClass(this.schema, FixtureWriter);
    this.writer = new Writer(this.schema, this.ring, Bell.create(files.bell, 'owner'),
      this.schema.fields.map((field) => (field.type === 'symbol' ? this.#coder(field.index) : undefined)));
  }

  #coder(fieldIndex: number): SymbolCoder {
    const coder = this.#symbols.coder(fieldIndex);
    return {
      code: (text) => {
        const code = coder.code(text);
        this.symbolTexts[code] = text;
        return code;
      },
      get size() { return coder.size; },
    };
  }

  /** Publishes one record in the ring. */
  write(...values: unknown[]): void {
    this.records.push({ sequence: this.writer.position, values });
    this.writer.writeValues(...values);
  }

  /** Moves the oldest `count` records from the ring to the chunk, opening and sealing chunks as they fill. */
  drain(count = Infinity): void {
    let left = Math.min(count, this.ring.head - this.#tail);
    while (left > 0) {
      const chunk = this.#chunk ?? this.#activate();
      const rows = Math.min(left, this.geometry.capacityRows - chunk.rows);
      this.#move(chunk.file, rows);
      left -= rows;
      if (chunk.rows === this.geometry.capacityRows) this.seal();
    }
  }

  /** Seals the open chunk as it is. */
  seal(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    this.#describe(Math.floor((chunk.rows - 1) / this.geometry.blockRows), chunk);
    const ranges = chunk.times.map(rangeOf);
    const sortedMask = chunk.times.reduce((mask, times, i) => mask | (isSorted(times) ? 1 << i : 0), 0);
    const facts = { rows: chunk.rows, sortedMask, indexPoints: chunk.indexPoints, sealedUs: 2, ranges };
    chunk.file.header.writeSeal(this.schema, { ...facts, reason: SEAL_REASON.FULL });
    this.catalog.view.seal(chunk.index, { ...facts, sealReason: SEAL_REASON.FULL });
    closeFile(chunk.file.fd);
  }

  /** Deletes the oldest chunk as retention does: the catalog first, then the file. */
  deleteOldest(): void {
    const index = this.catalog.view.firstLive;
    const { chunkId, firstSequence, rows } = this.catalog.view.entry(index);
    this.catalog.view.markDeleted(index);
    fs.unlinkSync(chunkPath(this.paths, chunkId));
    const gone = this.records.filter(({ sequence }) => sequence < firstSequence + rows).length;
    this.records.splice(0, gone);
  }

  /** Leaves a hole in the sequence, as a power loss does: the next writer begins past it, in a ring of its own. */
  skip(numbers: number): void {
    if (this.#tail !== this.ring.head) throw new Error('drain before skipping');
    this.seal();
    this.#tail += numbers;
    this.#gapBefore += numbers;
    this.ring.retire();
    fs.unlinkSync(this.ring.path);
    this.#openRing();
    this.catalog.view.epoch += 1;
  }

  get tail(): number {
    return this.#tail;
  }

  remove(): void {
    this.#symbols.close();
    fs.rmSync(this.base, { recursive: true, force: true });
  }

  #activate(): OpenFixtureChunk {
    const chunkId = this.chunkIds.length + 1;
    const file = createChunk(chunkPath(this.paths, chunkId), 'owner', { chunkId, feedName: this.spec.name, feedUid: FEED_UID, createdUs: 1 },
      this.schema, this.geometry, this.geometry.blockRows);
    this.chunkIds.push(chunkId);
    const place = { firstSequence: this.#tail, epoch: 1, gapBefore: this.#gapBefore };
    this.#gapBefore = 0;
    file.header.activate({ ...place, activatedUs: 1, bootId: bootId() });
    const index = this.catalog.view.append({ ...place, chunkId, createdUs: 1 });
    this.#chunk = { file, index, times: this.schema.clocks.map(() => []), rows: 0, indexPoints: 0 };
    return this.#chunk;
  }

  #move(file: WritableChunk, rows: number): void {
    const chunk = this.#chunk as OpenFixtureChunk;
    const { blockRows } = this.geometry;
    reserveRows(file.fd, this.geometry, chunk.rows, chunk.rows + rows, file.path);
    for (const field of this.schema.columns) {
      const at = (this.geometry.columnOffsets[field.index] as number) + chunk.rows * field.width;
      writeFully(file.fd, this.#cells(field, this.#tail, rows), at, file.path);
    }
    this.schema.clocks.forEach((clock, i) => {
      const field = this.schema.fields[clock.fieldIndex] as Field;
      const cells = this.#cells(field, this.#tail, rows);
      for (let row = 0; row < rows; row++) chunk.times[i]?.push(clock.signed ? cells.readBigInt64LE(row * 8) : cells.readBigUInt64LE(row * 8));
    });
    const { indexColumn } = this.schema;
    if (indexColumn !== undefined) chunk.indexPoints += this.#cells(indexColumn, this.#tail, rows).filter((cell) => cell === 1).length;
    const before = Math.floor(chunk.rows / blockRows);
    chunk.rows += rows;
    for (let block = before; (block + 1) * blockRows <= chunk.rows; block++) this.#describe(block, chunk);
    file.header.committedRows = chunk.rows;
    this.#tail += rows;
    this.ring.resetPosition(RING.TAIL, this.#tail);
  }

  /** Cells of a field, byte by byte out of the slots. */
  #cells(field: Field, from: number, rows: number): Buffer {
    const { slotsOffset, slotCount, slotStride, buffer } = this.ring;
    const bytes = new Uint8Array(buffer);
    const cells = Buffer.alloc(rows * field.width);
    for (let row = 0; row < rows; row++) {
      const at = slotsOffset + ((from + row) % slotCount) * slotStride + field.slotOffset;
      for (let b = 0; b < field.width; b++) cells[row * field.width + b] = bytes[at + b] as number;
    }
    return cells;
  }

  #describe(index: number, chunk: OpenFixtureChunk): void {
    const { blockRows } = this.geometry;
    const from = index * blockRows;
    const count = Math.min(blockRows, chunk.rows - from);
    const times = chunk.times.map((all) => all.slice(from, from + count));
    const block: BlockDescriptor = {
      count,
      sortedMask: times.reduce((mask, each, i) => mask | (isSorted(each) ? 1 << i : 0), 0),
      ranges: times.map(rangeOf),
      columnChecksums: this.schema.columns.map((field) => {
        const bytes = Buffer.alloc(count * field.width);
        fs.readSync(chunk.file.fd, bytes, 0, bytes.length, (this.geometry.columnOffsets[field.index] as number) + from * field.width);
        return columnChecksum(bytes);
      }),
    };
    chunk.file.header.writeBlock(index, this.geometry, this.schema, block);
  }
}

function rangeOf(times: readonly bigint[]): ClockRange {
  return times.reduce<ClockRange>(({ min, max }, time) => ({ min: time < min ? time : min, max: time > max ? time : max }), {
    min: times[0] as bigint, max: times[0] as bigint,
  });
}

function isSorted(times: readonly bigint[]): boolean {
  return times.every((time, i) => i === 0 || (times[i - 1] as bigint) <= time);
}
