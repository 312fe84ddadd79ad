import {
  type CatalogFile, type CatalogView, type Clock, type ClockRange, DeepwaterError, ENTRY, ENTRY_BYTES,
  CATALOG, ENTRY_STATE, readClock,
} from '@deepwater/core/engine';
import { SIGN, type TimeBounds } from './time-bounds.js';

/** How the times of a chunk lie to the bounds of a query. */
export type Relation = 'outside' | 'partly' | 'inside';

/**
 * A mapped catalog, as queries look through it: thousands of entries without an object for any. What a sealed entry says
 * is believed once its checksum has been held against it; that is remembered, since such an entry never changes.
 */
export class CatalogIndex {
  readonly view: CatalogView;
  readonly #words: Int32Array;
  readonly #data: DataView;
  /** By entry: 0 not looked at yet, 1 whole, 2 damaged (the chunk's own header is asked then). */
  #checked = new Uint8Array(0);
  /** Entries that have been held against each other. */
  #looked = 0;

  constructor(readonly file: CatalogFile) {
    this.view = file.view;
    this.#words = new Int32Array(file.mapped.buffer, 0, file.mapped.fileBytes >> 2);
    this.#data = new DataView(file.mapped.buffer, 0, file.mapped.fileBytes);
  }

  /**
   * Holds the counters, which no checksum covers, against the entries around them.
   * @throws DeepwaterError DW_FILE_CORRUPT
   */
  checkCounters(): void {
    // What is stored later is loaded earlier: entries, then their count, then how many of those are gone.
    const { firstLive } = this.view;
    const { count } = this.view;
    this.#checkEntries(Math.min(count, this.room));
    const beyond = count < this.room ? Atomics.load(this.#words, (entryAt(count) + ENTRY.STATE) >> 2) : 0;
    const uncounted = (beyond === ENTRY_STATE.SEALED || beyond === ENTRY_STATE.DELETED) && this.view.count === count;
    const overtaken = firstLive > count || (firstLive > 0 && firstLive <= this.room && this.state(firstLive - 1) !== ENTRY_STATE.DELETED);
    if (!uncounted && !overtaken) return;
    throw new DeepwaterError('DW_FILE_CORRUPT', `${this.view.path} is damaged: it counts ${count} entries from ${firstLive} on, and the entries say otherwise. Run \`deepwater repair\`; it is made again from the chunks.`, {
      values: { path: this.view.path, count, firstLive },
    });
  }

  /**
   * Holds entries against each other, each once: their numbers ascend, since they are searched by them; and the oldest are deleted first,
   * so that one that is deleted behind one that is not has a state that is not its own. No checksum covers either in time.
   * @throws DeepwaterError DW_FILE_CORRUPT
   */
  #checkEntries(count: number): void {
    for (; this.#looked < count; this.#looked++) {
      const index = this.#looked;
      const first = this.firstSequence(index);
      const before = index === 0 ? 0 : this.firstSequence(index - 1);
      const problem =
        first < before ? `begins with record ${first}, the one before it with ${before}`
        : index > 0 && first === before && this.chunkId(index) === this.chunkId(index - 1) ? 'is the one before it once more'
        : this.state(index) === ENTRY_STATE.DELETED && !this.#isGone(index) ? 'is marked as deleted, and older ones are not'
        : undefined;
      if (problem === undefined) continue;
      throw new DeepwaterError('DW_FILE_CORRUPT', `${this.view.path} is damaged: entry ${index} ${problem}. Run \`deepwater repair\`; it is made again from the chunks.`, {
        values: { path: this.view.path, index },
      });
    }
  }

  /** The state is stored before the count of those that are gone: whoever looks in between looks again. */
  #isGone(index: number): boolean {
    for (let tries = 0; tries < LOOKS_MAX; tries++) if (index < this.view.firstLive) return true;
    return false;
  }

  /** Entries that this mapping holds. */
  get room(): number {
    return Math.floor((this.file.mapped.fileBytes - CATALOG.HEADER_BYTES) / ENTRY_BYTES);
  }

  chunkId(index: number): number {
    const at = entryAt(index) + ENTRY.CHUNK_ID;
    return this.#data.getUint32(at + 4, true) * 2 ** 32 + this.#data.getUint32(at, true);
  }

  /** Whether one of the first `count` entries is of a chunk. */
  knows(chunkId: number, count: number): boolean {
    for (let index = count - 1; index >= 0; index--) if (this.chunkId(index) === chunkId) return true;
    return false;
  }

  firstSequence(index: number): number {
    return this.view.firstSequence(index);
  }

  /** ENTRY_STATE. A sequentially consistent load: facts that were stored before it are seen after it. */
  state(index: number): number {
    const state = Atomics.load(this.#words, (entryAt(index) + ENTRY.STATE) >> 2);
    if (state === ENTRY_STATE.ACTIVE || state === ENTRY_STATE.SEALED || state === ENTRY_STATE.DELETED) return state;
    throw new DeepwaterError('DW_FILE_CORRUPT', `${this.view.path} is damaged: entry ${index} has the state ${state}. Run \`deepwater repair\`; it is made again from the chunks.`, {
      values: { path: this.view.path, index, state },
    });
  }

  /** Whether rows, order and ranges of a sealed (or deleted) entry can be believed. */
  holds(index: number): boolean {
    if (index >= this.#checked.length) {
      const grown = new Uint8Array(Math.max(256, this.room));
      grown.set(this.#checked);
      this.#checked = grown;
    }
    if (this.#checked[index] === 0) this.#checked[index] = this.view.entryHolds(index) ? 1 : 2;
    return this.#checked[index] === 1;
  }

  /** The last of the first `count` entries whose chunk begins at or before a sequence number; the first living one before all. */
  indexOfSequence(sequence: number, count: number): number {
    const first = Math.min(this.view.firstLive, count);
    let low = first;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firstSequence(middle) <= sequence) low = middle + 1;
      else high = middle;
    }
    let index = Math.max(first, low - 1);
    // Earlier versions may have put one without rows behind that with the records from its number on.
    while (index > first && this.firstSequence(index - 1) === this.firstSequence(index) && this.state(index) !== ENTRY_STATE.ACTIVE && this.rows(index) === 0) index -= 1;
    return index;
  }

  /** Rows of a sealed chunk. */
  rows(index: number): number {
    return this.#data.getUint32(entryAt(index) + ENTRY.ROWS, true);
  }

  /** Index points among the rows of a sealed chunk. */
  indexPoints(index: number): number {
    return this.#data.getUint32(entryAt(index) + ENTRY.INDEX_POINTS, true);
  }

  /** Whether a sealed chunk's rows are in order on a clock. */
  sorted(index: number, clockIndex: number): boolean {
    return (this.#data.getUint32(entryAt(index) + ENTRY.SORTED_MASK, true) & (1 << clockIndex)) !== 0;
  }

  /** Times of a sealed chunk on a clock. */
  range(index: number, clock: Clock, clockIndex: number): ClockRange {
    const at = entryAt(index) + ENTRY.RANGES + 16 * clockIndex;
    return { min: readClock(this.#data, at, clock), max: readClock(this.#data, at + 8, clock) };
  }

  /** How the times of a sealed chunk lie to the bounds; compared word by word, as in clock-cells.ts. */
  relation(index: number, bounds: TimeBounds): Relation {
    const words = this.#words;
    const at = (entryAt(index) + ENTRY.RANGES + 16 * bounds.clockIndex) >> 2;
    const { flip, lowHigh, lowLow, highHigh, highLow } = bounds;
    const minLow = (words[at] as number) ^ SIGN;
    const minHigh = (words[at + 1] as number) ^ flip;
    const maxLow = (words[at + 2] as number) ^ SIGN;
    const maxHigh = (words[at + 3] as number) ^ flip;
    if (maxHigh < lowHigh || (maxHigh === lowHigh && maxLow < lowLow)) return 'outside';
    if (minHigh > highHigh || (minHigh === highHigh && minLow > highLow)) return 'outside';
    const startsInside = minHigh > lowHigh || (minHigh === lowHigh && minLow >= lowLow);
    const endsInside = maxHigh < highHigh || (maxHigh === highHigh && maxLow <= highLow);
    return startsInside && endsInside ? 'inside' : 'partly';
  }
}

const LOOKS_MAX = 100_000;
const entryAt = (index: number): number => CATALOG.HEADER_BYTES + index * ENTRY_BYTES;
