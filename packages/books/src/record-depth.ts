import { type FeedSpec, type FeedSpecInput, UNITS_PER_MS, DeepwaterError, describeValue } from '@deepwater/core/engine';
import { type TimeInput, checkKeys, timeOf, timeValue } from '@deepwater/query';
import { BookFeed, type BookReader } from './book-feed.js';
import { BookSampler } from './book-sampler.js';
import { type DepthFeedOptions, depthFeedSpec, depthOf, depthRecord } from './depth-feed.js';
import { everyIn, multipleFrom } from './sample-times.js';
import { runLater } from './steps.js';

/** What is needed of a platform. */
export interface DepthPlatform {
  createFeed(spec: FeedSpecInput): Promise<{ readonly spec: FeedSpec }>;
  createReader(feed: string): Promise<unknown>;
  createWriter(feed: string): Promise<unknown>;
}

interface DepthReader extends BookReader {
  last(count: number, options?: { readonly format: 'object' }): Promise<Record<string, unknown>[]>;
}

interface DepthWriter {
  writeValues(...values: unknown[]): void;
  flush(): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface RecordDepthOptions extends DepthFeedOptions {
  /** The first time, of a feed that is empty; its first whole snapshot where it is left out. */
  readonly start?: TimeInput | undefined;
  /** Samples before this time. Left out: up to the book's newest record, or with `live` until the signal is aborted. */
  readonly end?: TimeInput | undefined;
  /** Goes on with what comes. */
  readonly live?: boolean | undefined;
  /**
   * Live: how long after its time, by this machine's clock, a sample is written though no later record has come, ms. Default 1000; as long as the
   * exchange's messages may be under way, and its clock differ from ours. Until then it is what history will say of that time, too.
   */
  readonly lagMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DepthReport {
  /** Name of the depth feed. */
  readonly feed: string;
  /** Records written by this call. */
  readonly written: number;
  /** Time of the newest sample that the feed has; undefined where it has none. */
  readonly newest: number | bigint | undefined;
}

const KEYS = ['depth', 'every', 'name', 'retentionHours', 'fields', 'start', 'end', 'live', 'lagMs', 'signal'];
/** How often live sampling looks for news. */
const LOOK_MS_MAX = 100;
/** Samples that are written between two turns of the event loop at most. */
const TURN_MS = 5;

/**
 * Writes the best levels of a book into a feed of its own, made by `depthFeedSpec`, at whole multiples of `every` of the book feed's timestamp. It goes
 * on behind the newest sample that the feed has, so that it can be run again and again, and with `live` after every restart, without a sample twice or one left out.
 *
 * A time without news has the book there was. Of a book that is stale one sample is written, with `stale` true, and then none until it is fresh again.
 * @throws DeepwaterError DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_WRITER_EXISTS where the feed is written already; as `bookAt`
 */
export async function recordDepth(platform: DepthPlatform, bookFeed: string, options: RecordDepthOptions): Promise<DepthReport> {
  checkKeys(options, KEYS);
  const reader = await platform.createReader(bookFeed) as DepthReader;
  const { depth, every, name, retentionHours, fields } = options;
  const { spec } = await platform.createFeed(depthFeedSpec(reader.spec as FeedSpec, { depth, every, name, retentionHours, fields }));
  const writer = await platform.createWriter(spec.name) as DepthWriter;
  const own = await platform.createReader(spec.name) as DepthReader;
  try {
    const [before] = await own.last(1, { format: 'object' });
    return await new DepthRecorder(reader, writer, spec, options, before).run();
  } finally {
    // Readers are the platform's, and perhaps somebody else's, too.
    await writer.close();
  }
}

class DepthRecorder {
  readonly #feed: BookFeed;
  readonly #sampler: BookSampler;
  readonly #every: bigint;
  readonly #depth: number;
  readonly #end: bigint | undefined;
  readonly #lag: bigint;
  /** Whether the newest sample is of a stale book: no other is written before a fresh one. */
  #stale: boolean;
  #newest: bigint | undefined;
  #written = 0;

  constructor(private readonly reader: DepthReader, private readonly writer: DepthWriter, private readonly spec: FeedSpec, private readonly options: RecordDepthOptions, before: Record<string, unknown> | undefined) {
    this.#feed = new BookFeed(reader, { fields: options.fields });
    this.#sampler = new BookSampler(this.#feed);
    const { clock } = this.#feed;
    this.#every = everyIn(options.every, clock);
    this.#depth = depthOf(spec);
    this.#end = options.end === undefined ? undefined : timeOf(options.end, clock, 'end');
    this.#lag = BigInt(lagOf(options.lagMs)) * UNITS_PER_MS[clock.unit];
    this.#stale = before?.['stale'] === true;
    this.#newest = before === undefined ? undefined : BigInt(before['ts'] as number | bigint);
  }

  async run(): Promise<DepthReport> {
    const { signal } = this.options;
    let time = await this.#first();
    let turnEnds = performance.now() + TURN_MS;
    while (signal?.aborted !== true) {
      if (time !== undefined && (this.#end === undefined || time < this.#end)) {
        const book = await runLater(this.#sampler.at(time));
        if (this.#sampler.settled || this.#isOver(time)) {
          if (book !== undefined) this.#write(time, book);
          time += this.#every;
          if (performance.now() < turnEnds) continue;
          await new Promise<void>((resolve) => { setImmediate(resolve); });
          turnEnds = performance.now() + TURN_MS;
          continue;
        }
      } else if (time !== undefined) {
        break;
      }
      if (this.options.live !== true) break;
      await this.#wait();
      time ??= await this.#first();
    }
    await this.writer.flush();
    const newest = this.#newest;
    return { feed: this.spec.name, written: this.#written, newest: newest === undefined ? undefined : timeValue(newest, this.#feed.clock) };
  }

  /** The first time to sample; undefined while there is no snapshot to begin with. */
  async #first(): Promise<bigint | undefined> {
    if (this.#newest !== undefined) return this.#newest + this.#every;
    const { clock } = this.#feed;
    if (this.options.start !== undefined) return multipleFrom(timeOf(this.options.start, clock, 'start'), this.#every);
    const [point] = await this.reader.indexPoints(0, 2n ** 63n, { limit: 1 } as object);
    return point === undefined ? undefined : multipleFrom(BigInt(point.time), this.#every);
  }

  /** Whether a sample is due though no later record has come. */
  #isOver(time: bigint): boolean {
    return this.options.live === true && time + this.#lag <= timeOf(new Date(), this.#feed.clock, 'now');
  }

  #write(time: bigint, book: NonNullable<BookSampler['book']>): void {
    const stale = book.stale !== undefined;
    if (!stale || !this.#stale) {
      this.writer.writeValues(...depthRecord(timeValue(time, this.#feed.clock), book, this.#depth));
      this.#written += 1;
      this.#newest = time;
    }
    this.#stale = stale;
  }

  #wait(): Promise<void> {
    const { signal } = this.options;
    const everyMs = Number(this.#every / UNITS_PER_MS[this.#feed.clock.unit]);
    return new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(LOOK_MS_MAX, everyMs));
      signal?.addEventListener('abort', end, { once: true });
    });
  }
}

function lagOf(lagMs: unknown): number {
  if (lagMs === undefined) return 1000;
  if (typeof lagMs === 'number' && Number.isInteger(lagMs) && lagMs >= 0) return lagMs;
  throw new DeepwaterError('DW_OPTION_INVALID', `lagMs is ${describeValue(lagMs)}; give a whole number of milliseconds.`, { values: { lagMs } });
}
