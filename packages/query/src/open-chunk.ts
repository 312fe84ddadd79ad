import {
  CHUNK_STATE, type ChunkGeometry, type ChunkHeader, type Clock, type ClockRange, DeepwaterError, EngineMappings, type Field,
  type MappedFile, type ReadableChunk, type Schema, bootId, openChunkForReading, survivingRows,
} from '@deepwater/core/engine';
import { BlockChecks } from './block-checks.js';
import { type ChunkKernels, KERNEL_SCRATCH_BYTES, chunkKernels } from './kernels/chunk-kernels.js';
import { OpenBlock } from './open-block.js';
import { type RowSource, wordsOf } from './row-source.js';

/** What a block descriptor says of one clock. */
export interface BlockFacts {
  readonly range: ClockRange;
  readonly sorted: boolean;
}

/** A chunk as the engine reads it: its file mapped read-only, its header checked. */
export class OpenChunk implements RowSource {
  readonly path: string;
  readonly header: ChunkHeader;
  readonly geometry: ChunkGeometry;
  readonly buffer: SharedArrayBuffer;
  readonly columnOffsets: readonly number[];
  readonly capacityRows: number;
  readonly firstSequence: number;
  readonly feedUid: string;
  /** Where the kernels' scratch space begins in the buffer: `KERNEL_SCRATCH_BYTES`, unless `kernels` is undefined. */
  readonly scratchOffset: number;
  readonly #memory: WebAssembly.Memory;
  readonly #schema: Schema;
  #kernels: ChunkKernels | undefined;
  #checks: BlockChecks | undefined;
  readonly #words = new Map<number, Int32Array>();
  /** Descriptors read so far; they never change. null: damaged, so the rows themselves are looked at. */
  readonly #blocks: (readonly BlockFacts[] | null)[] = [];
  /** The unfinished block, on each clock that was asked about. */
  readonly #open: (OpenBlock | undefined)[] = [];
  /** The blocks that are complete, taken together, on each clock that was asked about. */
  readonly #complete: ({ readonly blocks: number; readonly facts: BlockFacts | undefined } | undefined)[] = [];
  #sealedRows = -1;
  #survivors = -1;
  /** A writer of this boot has it, and nobody else will: there is no other boot as long as this process lives. */
  #ofThisBoot = false;

  constructor({ path, header, mapped, geometry }: ReadableChunk, schema: Schema) {
    if (geometry.fileBytes > mapped.fileBytes) {
      throw new DeepwaterError('DW_LIMIT_EXCEEDED', `${path} has ${geometry.fileBytes} bytes, more than a mapping holds (${mapped.fileBytes}). Make chunks smaller.`, {
        values: { path, bytes: geometry.fileBytes, limit: mapped.fileBytes },
      });
    }
    if (!header.activationHolds) {
      throw new DeepwaterError('DW_FILE_CORRUPT', `${path} is damaged: the checksum over its place in the sequence does not hold. Run \`deepwater repair --dry-run\`.`, {
        values: { path },
      });
    }
    this.path = path;
    this.header = header;
    this.geometry = geometry;
    this.buffer = mapped.buffer;
    this.scratchOffset = mapped.scratchOffset;
    this.#memory = mapped.memory;
    this.columnOffsets = geometry.columnOffsets;
    this.capacityRows = geometry.capacityRows;
    this.firstSequence = header.firstSequence;
    this.feedUid = header.feedUid;
    this.#schema = schema;
  }

  /** Rows that exist now. The number grows while the chunk is written. */
  get rows(): number {
    if (this.#sealedRows >= 0) return this.#sealedRows;
    // The state is looked at once: it can turn to sealed at any moment, and then the seal is there with it.
    const { state } = this.header;
    const sealed = state === CHUNK_STATE.SEALED;
    const seal = sealed ? this.header.seal(this.#schema) : undefined;
    if (seal !== undefined) {
      if (seal.rows > this.capacityRows) throw this.#corrupt(`it was sealed with ${seal.rows} rows and has room for ${this.capacityRows}`);
      this.#sealedRows = seal.rows;
      return seal.rows;
    }
    // What the catalog knows was activated. A word that is 0 was lost, and with it how many rows there are.
    if (!sealed && state !== CHUNK_STATE.ACTIVE && state !== CHUNK_STATE.PREPARED) throw this.#corrupt(`it is in the state ${state}, which a chunk with a place in the sequence is never in`);
    this.#ofThisBoot ||= this.header.bootId === bootId();
    // Where the machine went down over the sealing, the state may have reached the disk without the seal: then nothing was sealed.
    if (sealed && this.#ofThisBoot && this.header.state === CHUNK_STATE.SEALED) throw this.#corrupt('the checksum of its seal does not hold');
    if (this.#ofThisBoot) return Math.min(this.header.committedRows, this.capacityRows);
    if (this.#survivors < 0) this.#survivors = survivingRows(this.header, this.geometry, this.#schema);
    return this.#survivors;
  }

  /** Whether the number of rows is final. */
  get isSealed(): boolean {
    return this.#sealedRows >= 0;
  }

  /** Cells are held against their checksums by these, before anybody is given any. */
  get checks(): BlockChecks {
    return (this.#checks ??= new BlockChecks(this, this.#memory, this.#schema));
  }

  /** The kernels over this chunk's columns, in place; undefined where there is no room behind it for what they put out. */
  get kernels(): ChunkKernels | undefined {
    if (this.buffer.byteLength - this.scratchOffset < KERNEL_SCRATCH_BYTES) return undefined;
    this.#kernels ??= chunkKernels(this.#memory);
    return this.#kernels;
  }

  /** Times of a clock as words, two a row. */
  words(field: Field): Int32Array {
    let words = this.#words.get(field.index);
    if (words === undefined) this.#words.set(field.index, (words = wordsOf(this, field)));
    return words;
  }

  /** What is known of a block as far as `rows`; undefined where its descriptor is damaged, so that only its rows can tell. */
  blockFacts(index: number, clockIndex: number, rows: number): BlockFacts | undefined {
    const whole = (index + 1) * this.geometry.blockRows <= rows || rows === this.#sealedRows;
    if (!whole) return this.#openFacts(index * this.geometry.blockRows, clockIndex, rows);
    let block = this.#blocks[index];
    if (block === undefined) {
      const found = this.header.block(index, this.geometry, this.#schema);
      const expected = Math.min(this.geometry.blockRows, rows - index * this.geometry.blockRows);
      block =
        found === undefined || found.count !== expected ? null
        : found.ranges.map((range, i) => ({ range, sorted: (found.sortedMask & (1 << i)) !== 0 }));
      this.#blocks[index] = block;
    }
    return block === null ? undefined : block[clockIndex];
  }

  /** Times and order of rows [0, rows) on a clock, from the blocks; undefined where a descriptor is damaged. */
  facts(clockIndex: number, rows: number): BlockFacts | undefined {
    const { blockRows } = this.geometry;
    const complete = Math.floor(rows / blockRows);
    let known = this.#complete[clockIndex] ?? { blocks: 0, facts: undefined };
    while (known.blocks < complete) {
      const next = this.blockFacts(known.blocks, clockIndex, rows);
      if (next === undefined) return undefined;
      known = { blocks: known.blocks + 1, facts: followedBy(known.facts, next) };
    }
    this.#complete[clockIndex] = known;
    if (known.blocks > complete || rows === complete * blockRows) return known.facts;
    const last = this.blockFacts(complete, clockIndex, rows);
    return last === undefined ? undefined : followedBy(known.facts, last);
  }

  #openFacts(from: number, clockIndex: number, rows: number): BlockFacts {
    const clock = this.#schema.clocks[clockIndex] as Clock;
    let open = this.#open[clockIndex];
    if (open?.from !== from) this.#open[clockIndex] = open = new OpenBlock(clock, from);
    // Complete by now, it may be: of the cut it is not.
    this.checks.checkNow(clock.fieldIndex, from, rows);
    return open.facts(this.words(this.#schema.fields[clock.fieldIndex] as Field), rows);
  }

  #corrupt(what: string): DeepwaterError {
    return new DeepwaterError('DW_FILE_CORRUPT', `${this.path} is damaged: ${what}. Run \`deepwater repair --dry-run\` to see what can be kept.`, {
      values: { path: this.path },
    });
  }
}

/** What is known of rows and the rows after them, taken together. */
function followedBy(facts: BlockFacts | undefined, next: BlockFacts): BlockFacts {
  if (facts === undefined) return next;
  const { range: { min, max }, sorted } = facts;
  return {
    range: { min: next.range.min < min ? next.range.min : min, max: next.range.max > max ? next.range.max : max },
    sorted: sorted && next.sorted && next.range.min >= max,
  };
}

/** One cache a thread, for all readers: the limit on mappings is one of the process. */
let mappings = new EngineMappings(1000);

/** Has this thread keep fewer chunks mapped, since it shares the process's limit with others of its kind. Before the first is mapped. */
export function limitMappings(mappingsMax: number): void {
  mappings = new EngineMappings(mappingsMax);
}
/** Goes with the mapping, so that no view outlives it in here. */
const chunks = new WeakMap<MappedFile, OpenChunk>();

/**
 * Maps a chunk, or takes it from the cache, until `unpinChunk`.
 * @throws DeepwaterError DW_FILE_CORRUPT, DW_CHUNK_SCHEMA_MISMATCH, DW_FORMAT_VERSION; DW_SYSTEM_CALL with ENOENT where it is gone
 */
export function pinChunk(path: string, schema: Schema, feedUid: string): OpenChunk {
  const chunk = pinCached(path, schema);
  if (chunk.feedUid === feedUid) return chunk;
  // A feed that was deleted and made again has new files under the old names.
  unpinChunk(path);
  dropChunk(path);
  const fresh = pinCached(path, schema);
  if (fresh.feedUid === feedUid) return fresh;
  unpinChunk(path);
  throw new DeepwaterError('DW_FILE_CORRUPT', `${path} belongs to another feed (${fresh.feedUid}). Move the file out of the feed, or run \`deepwater repair\`.`, {
    values: { path, found: fresh.feedUid, expected: feedUid },
  });
}

function pinCached(path: string, schema: Schema): OpenChunk {
  let opened: ReadableChunk | undefined;
  const mapped = mappings.pin(path, (pool) => {
    opened = openChunkForReading(path, schema, pool, KERNEL_SCRATCH_BYTES);
    return opened.mapped;
  });
  try {
    let chunk = chunks.get(mapped);
    if (chunk === undefined) {
      chunk = new OpenChunk(opened as ReadableChunk, schema);
      chunks.set(mapped, chunk);
    }
    return chunk;
  } catch (error) {
    mappings.unpin(path);
    mappings.drop(path);
    throw error;
  }
}

/** Whether this thread has a chunk mapped already. */
export function isMapped(path: string): boolean {
  return mappings.has(path);
}

export function unpinChunk(path: string): void {
  mappings.unpin(path);
}

/** Lets go of a chunk that is deleted, or whose reader is closed; a scan that is at it keeps it. */
export function dropChunk(path: string): void {
  mappings.drop(path);
}
