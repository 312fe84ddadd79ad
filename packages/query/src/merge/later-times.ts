/** What is the least time still to come, at any place of a feed: as far as that, records can be given in order of time. */
import type { Field } from '@deepwater/core/engine';
import { firstNotBelow, inside, leastInside, timeAt } from '../clock-cells.js';
import { type ChunkRef, type Cut, chunkRefs, pinRef } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import { type OpenChunk, unpinChunk } from '../open-chunk.js';
import type { RingBlock } from '../ring-block.js';
import { factsOf } from '../select.js';
import { SIGN, type TimeBounds } from '../time-bounds.js';

export class LaterTimes {
  constructor(
    /** First sequence numbers of the chunks that have rows within the bounds, and the least time from each of them on. */
    private readonly starts: readonly number[],
    private readonly least: readonly bigint[],
    private readonly ring: RingTimes,
  ) {}

  /** The least time within the bounds among records with this sequence number, the first of a chunk or in the ring, or above. */
  from(sequence: number): bigint | undefined {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low < this.least.length ? this.least[low] : this.ring.from(sequence);
  }
}

/** Looks at the chunks of a cut, from their entries where those tell, and at the clock of the rows in the ring. */
export function* laterTimes(files: FeedFiles, cut: Cut, blocks: readonly RingBlock[], bounds: TimeBounds): Generator<undefined, LaterTimes, void> {
  const ring = new RingTimes(blocks, files.schema.fields[bounds.clock.fieldIndex] as Field, bounds);
  const starts: number[] = [];
  const least: bigint[] = [];
  for (const ref of chunkRefs(files, cut, 0, bounds)) {
    const time = leastOfRef(files, cut, ref, bounds);
    yield;
    if (time === undefined) continue;
    starts.push(ref.firstSequence);
    least.push(time);
  }
  let after = ring.from(cut.chunksEnd);
  for (let i = least.length - 1; i >= 0; i--) {
    if (after !== undefined && after < (least[i] as bigint)) least[i] = after;
    after = least[i];
  }
  return new LaterTimes(starts, least, ring);
}

function leastOfRef(files: FeedFiles, cut: Cut, ref: ChunkRef, bounds: TimeBounds): bigint | undefined {
  if (ref.sealed) {
    const range = cut.catalog?.range(ref.index, bounds.clock, bounds.clockIndex);
    if (range !== undefined && range.min >= bounds.low) return range.min;
  }
  const chunk = pinRef(files, cut, ref);
  if (chunk === undefined) return undefined;
  try {
    const { range } = factsOf(cut, ref, chunk, bounds);
    if (range !== undefined && range.min >= bounds.low) return range.min > bounds.high ? undefined : range.min;
    return leastOfBlocks(chunk, files.schema.fields[bounds.clock.fieldIndex] as Field, ref.to, bounds);
  } finally {
    unpinChunk(ref.path);
  }
}

/** The least time within the bounds of a chunk that has lesser ones, too. */
function leastOfBlocks(chunk: OpenChunk, field: Field, rows: number, bounds: TimeBounds): bigint | undefined {
  const { blockRows } = chunk.geometry;
  const words = chunk.words(field);
  let least: bigint | undefined;
  for (let index = 0; index * blockRows < rows; index++) {
    const from = index * blockRows;
    const to = Math.min(rows, from + blockRows);
    const facts = chunk.blockFacts(index, bounds.clockIndex, rows);
    let time: bigint | undefined;
    if (facts === undefined || facts.range.min < bounds.low) chunk.checks.checkNow(field.index, from, to);
    if (facts === undefined || (facts.range.min < bounds.low && !facts.sorted)) {
      const row = leastInside(words, bounds, from, to);
      if (row >= 0) time = timeAt(words, row, bounds.clock.signed);
    } else if (facts.range.min >= bounds.low) {
      time = facts.range.min;
    } else {
      const row = firstNotBelow(words, bounds, from, to);
      if (row < to) time = timeAt(words, row, bounds.clock.signed);
    }
    if (time !== undefined && time <= bounds.high && (least === undefined || time < least)) least = time;
  }
  return least;
}

/** The least time still to come for rows in the ring, row by row. */
class RingTimes {
  readonly #first: number;
  /** By row from `first` on: the row at or after it that has the least time, -1 behind the last one within the bounds. */
  readonly #least: Int32Array;
  readonly #words: Int32Array;
  readonly #signed: boolean;

  constructor(blocks: readonly RingBlock[], field: Field, bounds: TimeBounds) {
    const rows = blocks.reduce((sum, { capacityRows }) => sum + capacityRows, 0);
    this.#first = blocks[0]?.firstSequence ?? 0;
    this.#signed = bounds.clock.signed;
    this.#words = new Int32Array(2 * rows);
    let at = 0;
    for (const block of blocks) {
      this.#words.set(block.words(field), at);
      at += 2 * block.capacityRows;
    }
    this.#least = new Int32Array(rows);
    this.#look(rows, bounds);
  }

  #look(rows: number, bounds: TimeBounds): void {
    const words = this.#words;
    let best = -1;
    let bestHigh = 0;
    let bestLow = 0;
    for (let row = rows - 1; row >= 0; row--) {
      const h = (words[2 * row + 1] as number) ^ bounds.flip;
      const l = (words[2 * row] as number) ^ SIGN;
      if (inside(h, l, bounds) && (best < 0 || h < bestHigh || (h === bestHigh && l <= bestLow))) {
        best = row;
        bestHigh = h;
        bestLow = l;
      }
      this.#least[row] = best;
    }
  }

  from(sequence: number): bigint | undefined {
    const row = this.#least[Math.max(0, sequence - this.#first)];
    return row === undefined || row < 0 ? undefined : timeAt(this.#words, row, this.#signed);
  }
}
