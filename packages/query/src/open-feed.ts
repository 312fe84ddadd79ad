/** What is behind every reader: the files of one feed, open until the reader is closed. */
import { type FeedSpec, DeepwaterError, type RecordFormat, type Schema, checkFeedName, compileSchema } from '@deepwater/core/engine';
import { localBell, wakeLocal } from '@deepwater/ring';
import { unusableWarning } from './bars/unusable-warning.js';
import { DecodeHelpers } from './decode-values.js';
import { FeedFiles } from './feed-files.js';
import type { ReadContext } from './reads.js';
import { newController } from './pool/call-end.js';
import { PooledReads } from './pool/pooled-reads.js';
import { type Limited, limitedCall } from './pool/limited-call.js';
import type { ReaderOptions, ReaderSource } from './reader-source.js';
import { type Steps, runSliced } from './slices.js';
import { wildWarning } from './wild-warning.js';

export class OpenFeed {
  readonly spec: FeedSpec;
  readonly schema: Schema;
  readonly #context: ReadContext;
  readonly #pooled: PooledReads | undefined;
  /** Aborted when the reader is closed. */
  readonly #closing = newController();
  #closed = false;

  constructor(source: ReaderSource, options: ReaderOptions = {}) {
    this.spec = source.spec;
    // The name becomes a path.
    checkFeedName(this.spec.name);
    this.schema = compileSchema(this.spec);
    const files = new FeedFiles(source, this.schema);
    const told = new Set<string>();
    this.#context = {
      files,
      helpers: DecodeHelpers.ofFeed(files),
      onWild: (clock, newest, limit) => {
        if (told.has(clock.name)) return;
        told.add(clock.name);
        options.onWarning?.(wildWarning(this.spec.name, clock, newest, limit));
      },
      onUnusable: (records, fields) => { options.onWarning?.(unusableWarning(this.spec.name, records, fields)); },
    };
    this.#pooled = options.pool === undefined ? undefined : new PooledReads(options.pool, files, this.#context.helpers);
  }

  /** Names of the fields in order, padding left out. */
  get fieldNames(): readonly string[] { return this.schema.fields.map((field) => field.name); }

  /** The packed record: what `raw` gives. */
  get recordFormat(): RecordFormat { return this.schema.record; }

  /** Lets go of all mappings. Zero-copy results that were given out stay valid. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const error = this.#closedError();
    this.#closing.abort(error);
    this.#pooled?.close(this.#closing.signal, error);
    this.#context.files.close();
    wakeLocal(localBell(this.#context.files.source)); // streams that wait
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @throws DeepwaterError DW_READER_CLOSED */
  protected alive(): ReadContext {
    if (!this.#closed) return this.#context;
    throw this.#closedError();
  }

  /** What runs on ask between its steps. @throws DeepwaterError DW_READER_CLOSED */
  protected readonly check = (): void => { this.alive(); };

  #closedError(): DeepwaterError {
    return new DeepwaterError('DW_READER_CLOSED', `The reader of feed ${this.spec.name} is closed. Create a new one with createReader.`, {
      values: { feed: this.spec.name },
    });
  }

  /** Runs the steps of a read in slices; closing the reader ends it. */
  protected sliced<T>(steps: Steps<unknown>): Promise<T> {
    return runSliced(steps, this.check) as Promise<T>;
  }

  /**
   * An asynchronous call with `signal`, `timeoutMs` and `onProgress` among its options: its steps are run in slices, and what looks for rows goes on
   * in the pool, where the reader has one whose threads have started. Closing the reader ends it.
   * @param what what errors call it
   * @param make the steps; gets the context of this call and the options without those three
   */
  protected limited<T>(what: string, options: unknown, make: (context: ReadContext, options: unknown, limited: Limited) => Steps<unknown>): Promise<T> {
    const context = this.alive();
    return limitedCall(`${what} of feed ${this.spec.name}`, options, this.#closing.signal, (limited, rest) => {
      const elsewhere = this.#pooled?.begin(limited);
      return runSliced(make(elsewhere === undefined ? context : { ...context, elsewhere }, rest, limited), () => { limited.check(); });
    }) as Promise<T>;
  }
}
