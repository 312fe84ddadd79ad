/** The memory that a merge works in, laid out for the kernels of assembly/merge.ts, and used again by the next merge of the thread. */
import { type ChunkKernels, chunkKernels } from '../kernels/chunk-kernels.js';

/** Feeds of one merge: their numbers have 9 bits in a packed key. */
export const MERGE_FEEDS_MAX = 512;
/** Records of a batch, where nobody says how many, and at most. */
const BATCH_ROWS = 4096;
export const BATCH_ROWS_MAX = 16_384;
/** Rows of a feed whose keys are made at once; fewer where there are many feeds, so that all of them stay in the cache. */
const BLOCK_ROWS_MAX = 4096;
const BLOCK_ROWS_MIN = 256;
const KEYS_AT_ONCE = 65536;

/** Words of the kernels' state, as byte offsets. */
export const STATE = {
  LENGTH: 0, STREAK: 4, FEEDS: 8, CAPACITY: 12, WINNER: 16, NODES: 24, AT: 28, END: 32, KEYS: 36, ROWS: 40, SOURCE: 44, ROW: 48, TIMES: 52,
} as const;
const STATE_BYTES = 64;

export function blockRows(feeds: number): number {
  return Math.max(BLOCK_ROWS_MIN, Math.min(BLOCK_ROWS_MAX, Math.floor(KEYS_AT_ONCE / feeds)));
}

const KEYS_MAX = MERGE_FEEDS_MAX * BLOCK_ROWS_MIN;
const BYTES = STATE_BYTES + MERGE_FEEDS_MAX * 28 + KEYS_MAX * 12 + BATCH_ROWS_MAX * 18;
const PAGES = Math.ceil(BYTES / 65536);
/** Each memory takes gigabytes of address space, which come back only when the garbage collector finds the time. */
const SPARE_MAX = 8;
const spare: MergeMemory[] = [];

export class MergeMemory {
  readonly kernels: ChunkKernels;
  readonly buffer: ArrayBufferLike;
  readonly source: Uint16Array;
  readonly row: Uint32Array;
  readonly times: Float64Array;
  readonly at: Int32Array;
  readonly end: Int32Array;
  readonly keys: Float64Array;
  readonly rows: Uint32Array;
  readonly nodes: BigInt64Array;
  readonly words: Int32Array;
  readonly #places: Uint32Array;
  readonly #feeds: Readonly<Record<'counts' | 'firsts' | 'scattered', Uint32Array>>;

  private constructor() {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    this.kernels = chunkKernels(memory);
    const { buffer } = memory;
    this.buffer = buffer;
    let end = STATE_BYTES;
    const place = (bytes: number): number => (end += bytes) - bytes;
    const { NODES, AT, END, KEYS, ROWS, SOURCE, ROW, TIMES } = STATE;
    this.words = new Int32Array(buffer, 0, STATE_BYTES >> 2);
    const put = (offset: number, bytes: number): number => (this.words[offset >> 2] = place(bytes));
    this.nodes = new BigInt64Array(buffer, put(NODES, MERGE_FEEDS_MAX * 8), MERGE_FEEDS_MAX);
    this.keys = new Float64Array(buffer, put(KEYS, KEYS_MAX * 8), KEYS_MAX);
    this.times = new Float64Array(buffer, put(TIMES, BATCH_ROWS_MAX * 8), BATCH_ROWS_MAX);
    this.at = new Int32Array(buffer, put(AT, MERGE_FEEDS_MAX * 4), MERGE_FEEDS_MAX);
    this.end = new Int32Array(buffer, put(END, MERGE_FEEDS_MAX * 4), MERGE_FEEDS_MAX);
    this.rows = new Uint32Array(buffer, put(ROWS, KEYS_MAX * 4), KEYS_MAX);
    this.row = new Uint32Array(buffer, put(ROW, BATCH_ROWS_MAX * 4), BATCH_ROWS_MAX);
    this.#places = new Uint32Array(buffer, place(BATCH_ROWS_MAX * 4), BATCH_ROWS_MAX);
    const ofFeeds = (): Uint32Array => new Uint32Array(buffer, place(MERGE_FEEDS_MAX * 4), MERGE_FEEDS_MAX);
    this.#feeds = { counts: ofFeeds(), firsts: ofFeeds(), scattered: ofFeeds() };
    this.source = new Uint16Array(buffer, put(SOURCE, BATCH_ROWS_MAX * 2), BATCH_ROWS_MAX);
  }

  /** @param batchRows records of a batch */
  static take(batchRows = BATCH_ROWS): MergeMemory {
    const memory = spare.pop() ?? new MergeMemory();
    memory.words[STATE.CAPACITY >> 2] = batchRows;
    return memory;
  }

  /** Of the batch: by record its place among those of its feed; by feed how many it has, the row of the first, and whether others do not follow it. Good until it is asked again. */
  places(length: number, feeds: number): Readonly<Record<'places' | 'counts' | 'firsts' | 'scattered', Uint32Array>> {
    const { counts, firsts, scattered } = this.#feeds;
    counts.fill(0, 0, feeds);
    scattered.fill(0, 0, feeds);
    this.kernels.mergePlaces(this.source.byteOffset, this.row.byteOffset, length, this.#places.byteOffset, counts.byteOffset, firsts.byteOffset, scattered.byteOffset);
    return { places: this.#places, counts, firsts, scattered };
  }

  /** For the next merge; what was made of it must not be used any more. */
  give(): void {
    if (spare.length < SPARE_MAX) spare.push(this);
  }
}
