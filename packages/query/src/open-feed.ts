/** What is behind every reader: the files of one feed, open until the reader is closed. */
import { type FeedSpec, DeepwaterError, type RecordFormat, type Schema, SymbolDictionaryReader, checkFeedName, compileSchema } from '@deepwater/core/engine';
import { localBell, wakeLocal } from '@deepwater/ring';
import { unusableWarning } from './bars/unusable-warning.js';
import { DecodeHelpers } from './decode-values.js';
import { FeedFiles } from './feed-files.js';
import type { ReadContext } from './reads.js';
import type { ReaderOptions, ReaderSource } from './reader-source.js';
import { type Steps, runSliced } from './slices.js';
import { wildWarning } from './wild-warning.js';

export class OpenFeed {
  readonly spec: FeedSpec;
  readonly schema: Schema;
  readonly #context: ReadContext;
  #closed = false;

  constructor(source: ReaderSource, options: ReaderOptions = {}) {
    this.spec = source.spec;
    // The name becomes a path.
    checkFeedName(this.spec.name);
    this.schema = compileSchema(this.spec);
    const files = new FeedFiles(source, this.schema);
    const symbols = new SymbolDictionaryReader(files.paths.symbols, source.feedUid);
    const told = new Set<string>();
    this.#context = {
      files,
      helpers: new DecodeHelpers(this.spec.name, this.schema, symbols),
      onWild: (clock, newest, limit) => {
        if (told.has(clock.name)) return;
        told.add(clock.name);
        options.onWarning?.(wildWarning(this.spec.name, clock, newest, limit));
      },
      onUnusable: (records, fields) => { options.onWarning?.(unusableWarning(this.spec.name, records, fields)); },
    };
  }

  /** Names of the fields in order, padding left out. */
  get fieldNames(): readonly string[] { return this.schema.fields.map((field) => field.name); }

  /** The packed record: what `raw` gives. */
  get recordFormat(): RecordFormat { return this.schema.record; }

  /** Lets go of all mappings. Zero-copy results that were given out stay valid. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.files.close();
    wakeLocal(localBell(this.#context.files.source)); // streams that wait
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @throws DeepwaterError DW_READER_CLOSED */
  protected alive(): ReadContext {
    if (!this.#closed) return this.#context;
    throw new DeepwaterError('DW_READER_CLOSED', `The reader of feed ${this.spec.name} is closed. Create a new one with createReader.`, {
      values: { feed: this.spec.name },
    });
  }

  /** Runs the steps of a read in slices; closing the reader ends it. */
  protected sliced<T>(steps: Steps<unknown>): Promise<T> {
    return runSliced(steps, () => { this.alive(); }) as Promise<T>;
  }
}
