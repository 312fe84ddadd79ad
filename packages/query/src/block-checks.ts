/**
 * Cells are held against the checksums of their blocks before they are given to anybody: once a mapping, block and column, where they
 * lie. What a disk or a cable has changed is an error then, and never a price.
 *
 * The rows behind the last complete block of a chunk that is being written have no checksum yet; they are in memory, and were
 * put there by this boot, or are under the synced mark.
 */
import {
  type ChecksumOver, type ChunkGeometry, type ChunkHeader, DeepwaterError, type Field, type Schema, checksumOver, proveBlock,
} from '@deepwater/core/engine';

/** What the checks look at: an open chunk. */
export interface CheckedChunk {
  readonly path: string;
  readonly header: ChunkHeader;
  readonly geometry: ChunkGeometry;
  readonly firstSequence: number;
  readonly buffer: SharedArrayBuffer;
  /** Rows that exist now. */
  readonly rows: number;
  readonly isSealed: boolean;
}

/** Bytes that are looked at between two places to pause. */
const STEP_BYTES = 1024 * 1024;
const UNKNOWN = 0;
const HOLDS = 1;
const DAMAGED = 2;

export class BlockChecks {
  /** By column, a byte a block: 1 where it has been looked at and holds. */
  readonly #done: (Uint8Array | undefined)[] = [];
  /** By column, how many of the first blocks are known to hold: where it is all of them, there is nothing to look at. */
  readonly #whole: number[] = [];
  /** By block: whether the descriptor holds. */
  readonly #descriptors: Uint8Array;
  #checksum: ChecksumOver | undefined;

  constructor(private readonly chunk: CheckedChunk, private readonly memory: WebAssembly.Memory, private readonly schema: Schema) {
    this.#descriptors = new Uint8Array(chunk.geometry.blockCount);
  }

  /**
   * Holds the blocks that some runs of rows lie in against their checksums; `undefined` is a place to pause.
   * @param runs from, to, from, to, … in order
   * @throws DeepwaterError DW_FILE_CORRUPT
   */
  *check(fields: readonly Field[], runs: Int32Array | readonly number[]): Generator<undefined, void, void> {
    let bytes = 0;
    const last = runs[runs.length - 1] as number;
    for (const { index, width } of fields) {
      if (this.#isWhole(index, last)) continue;
      const done = this.#doneOf(index);
      const { blockRows } = this.chunk.geometry;
      let block = -1;
      for (let r = 0; r < runs.length; r += 2) {
        const end = Math.min(Math.ceil((runs[r + 1] as number) / blockRows), this.#described());
        for (block = Math.max(block, Math.floor((runs[r] as number) / blockRows)); block < end; block++) {
          if (done[block] === 1) continue;
          this.#checkBlock(index, block);
          bytes += width * blockRows;
          if (bytes < STEP_BYTES) continue;
          bytes = 0;
          yield;
        }
      }
    }
  }

  /** The same at once, for rows [from, to) of a column. */
  checkNow(column: number, from: number, to: number): void {
    if (from >= to || this.#isWhole(column, to)) return;
    const { blockRows } = this.chunk.geometry;
    const done = this.#doneOf(column);
    const end = Math.min(Math.ceil(to / blockRows), this.#described());
    for (let block = Math.floor(from / blockRows); block < end; block++) if (done[block] !== 1) this.#checkBlock(column, block);
  }

  /** Of rows [from, to) of a column those whose blocks have to be looked at as a whole before any of them is given. */
  lookedAt(column: number, from: number, to: number): { readonly from: number; readonly to: number } {
    if (this.#isWhole(column, to)) return { from, to };
    const { blockRows } = this.chunk.geometry;
    const done = this.#doneOf(column);
    const described = this.#described();
    const edge = (block: number): boolean => block < described && done[block] !== 1;
    const first = Math.floor(from / blockRows);
    const last = Math.ceil(to / blockRows) - 1;
    return {
      from: edge(first) ? first * blockRows : from,
      to: edge(last) ? Math.min(this.chunk.rows, (last + 1) * blockRows) : to,
    };
  }

  /** Blocks that have a descriptor. */
  #described(): number {
    const { rows, isSealed, geometry: { blockRows } } = this.chunk;
    return isSealed ? Math.ceil(rows / blockRows) : Math.floor(rows / blockRows);
  }

  /** Whether all blocks of a column up to a row are known to hold. */
  #isWhole(column: number, to: number): boolean {
    return to <= (this.#whole[column] ?? 0) * this.chunk.geometry.blockRows;
  }

  #doneOf(column: number): Uint8Array {
    return (this.#done[column] ??= new Uint8Array(this.chunk.geometry.blockCount));
  }

  #checkBlock(column: number, block: number): void {
    const { header, geometry } = this.chunk;
    const count = this.#countOf(block);
    this.#checksum ??= checksumOver(this.memory);
    const at = (geometry.columnOffsets[column] as number) + block * geometry.blockRows * (geometry.columnWidths[column] as number);
    const found = this.#checksum(at, count * (geometry.columnWidths[column] as number));
    // Where the descriptor is damaged, the checksum in it can be whole all the same; or the rows as a whole are proven by what is left of it.
    const holds = found === header.columnChecksum(block, column, geometry) || (!this.#descriptorHolds(block, count) && this.#proven(block, count));
    if (!holds) throw this.#damage(column, block, count);
    const done = this.#doneOf(column);
    done[block] = 1;
    let whole = this.#whole[column] ?? 0;
    while (whole < done.length && done[whole] === 1) whole += 1;
    this.#whole[column] = whole;
  }

  #countOf(block: number): number {
    return Math.min(this.chunk.geometry.blockRows, this.chunk.rows - block * this.chunk.geometry.blockRows);
  }

  #descriptorHolds(block: number, count: number): boolean {
    if (this.#descriptors[block] === UNKNOWN) {
      const { header, geometry } = this.chunk;
      this.#descriptors[block] = header.blockHolds(block, geometry) && header.blockCount(block, geometry) === count ? HOLDS : DAMAGED;
    }
    return this.#descriptors[block] === HOLDS;
  }

  #proven(block: number, count: number): boolean {
    const { header, geometry, buffer } = this.chunk;
    const columns = geometry.columnWidths.map((width, column) =>
      new Uint8Array(buffer, (geometry.columnOffsets[column] as number) + block * geometry.blockRows * width, count * width));
    return proveBlock(header, geometry, this.schema, block, columns, count) !== undefined;
  }

  #damage(column: number, block: number, count: number): DeepwaterError {
    const { path, header, geometry, firstSequence } = this.chunk;
    const first = firstSequence + block * geometry.blockRows;
    const next = first + count;
    const name = this.schema.columns[column]?.name ?? `${column}`;
    const range = header.block(block, geometry, this.schema)?.ranges[0];
    const clock = this.schema.clocks[0];
    const times = range === undefined || clock === undefined ? '' : `, times ${range.min} to ${range.max} of ${clock.name}`;
    return new DeepwaterError(
      'DW_FILE_CORRUPT',
      `${path} is damaged: the cells of ${name} in block ${block} do not have the checksum they were written with (records ${first} to ${next - 1}${times}). Run \`deepwater repair --dry-run\` to see what can be kept; other records can be read.`,
      { values: { path, chunk: header.chunkId, block, column: name, first, next, ...(range === undefined ? {} : { min: range.min, max: range.max }) } },
    );
  }
}
