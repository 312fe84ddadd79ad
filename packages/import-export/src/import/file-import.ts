/** One file on its way into its feeds. */
import { DeepwaterError } from '@deepwater/core';
import { bytesOfRow, rowsOf } from '../cells/column-set.js';
import type { Batch, ReadContext, Target } from './batch.js';
import type { FeedImport, SourceIdentity } from './feed-import.js';
import type { ImportRun } from './import-run.js';
import { optionsDigest } from './ledger.js';
import { type FileReport, MAX_REJECTS_DEFAULT, type ImportProgress } from './options.js';
import type { Source, SourceLayout } from './source.js';

/** Records are parsed so far ahead before the first is written: where that much of a file is not what it should be, nothing of it is. */
const AHEAD_BYTES = 32 * 1024 * 1024;
/** A reader that gives other records than it did is another one: imports of before are not gone on with. */
const READER_VERSION = 1;

export class FileImport {
  readonly feeds = new Map<string, FeedImport>();
  identity!: SourceIdentity;
  #layout!: SourceLayout;
  #rejected = 0;
  #counting = true;
  /** Records that were given, by feed. */
  readonly #given = new Map<string, number>();
  #ahead: Batch[] = [];
  #aheadBytes = 0;
  #writes = false;

  constructor(private readonly run: ImportRun, private readonly source: Source, private readonly number: number, private readonly files: number) {}

  /** @throws as importFiles */
  async read(): Promise<FileReport> {
    const began = performance.now();
    const { options } = this.run;
    this.#layout = await this.source.layout((bytes) => { this.#tell('reading', bytes); }).catch((error: unknown) => { throw this.#explained(error); });
    // Not the feed and its spec: a ledger is a feed's own.
    const { exchange, symbol, channels, columns, set, timeUnit, zone, delimiter, header, split, anyTime } = options;
    const sha256 = await this.source.hash(options.signal, (bytes) => { this.#tell('reading', bytes); }).catch((error: unknown) => {
      if (options.signal?.aborted === true) return '';
      throw error;
    });
    const { identity } = this.#layout;
    this.identity = {
      sha256, bytes: this.source.bytes, file: this.source.path, ...(this.#layout.rows === undefined ? {} : { rows: this.#layout.rows }),
      options: optionsDigest({ version: READER_VERSION, layout: this.#layout.name, exchange, symbol, channels, columns, set, timeUnit, zone, delimiter, header, split, anyTime, ...(typeof identity === 'function' ? identity() : identity) }),
    };
    const state = sha256 === '' ? 'stopped' : await this.#readAll();
    this.run.bytesBefore += this.source.bytes;
    return {
      file: this.source.path, layout: this.#layout.name, sha256, state, rejected: this.#rejected, seconds: (performance.now() - began) / 1000,
      feeds: [...this.#given].map(([name, records]) => ({ feed: name, records, added: this.feeds.get(name)?.added ?? 0 })),
    };
  }

  /** The time of the first record, in ns; of a file without one, the end of time. */
  static async firstTime(run: ImportRun, source: Source): Promise<bigint> {
    const layout = await source.layout();
    const known = layout.firstTime?.();
    if (known !== undefined) return known;
    const context = { reject: () => undefined, note: () => undefined, target: (spec) => run.target(spec), has: (name) => run.has(name) } satisfies ReadContext;
    for await (const { target, columns } of layout.read(context)) {
      const { timestamp } = target.spec;
      const unit = target.fields.find(({ name }) => name === timestamp)?.unit ?? 'us';
      return BigInt((columns[timestamp!] as BigUint64Array)[0]!) * ({ ms: 1_000_000n, us: 1000n, ns: 1n })[unit];
    }
    return 2n ** 64n;
  }

  async #readAll(): Promise<FileReport['state']> {
    const { options } = this.run;
    try {
      if (options.check === true && options.dryRun !== true && this.#layout.leaves !== true) await this.#check();
      const state = await this.#records();
      await this.source.checkUnchanged();
      return state;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      // Where it was not finished, what was written is in the ledger as that.
      for (const feed of this.feeds.values()) await feed.end(undefined);
    }
  }

  /** Goes through all of it once, so that rejects and damage are found. */
  async #check(): Promise<void> {
    for await (const { rows } of this.#layout.read(this.#context())) {
      if (this.run.options.signal?.aborted === true) return;
      void rows;
    }
    this.#counting = false;
  }

  async #records(): Promise<FileReport['state']> {
    const { options } = this.run;
    const stopped = (): boolean => options.signal?.aborted === true;
    if (stopped()) return 'stopped';
    for await (const batch of this.#layout.read(this.#context())) {
      const { name } = batch.target.spec;
      if (!this.#given.has(name) && this.#isFinished(batch.target)) return 'already';
      this.#given.set(name, (this.#given.get(name) ?? 0) + batch.rows);
      this.run.records += batch.rows;
      if (options.dryRun !== true) await this.#take(batch);
      this.#tell('importing', this.source.bytesRead);
      if (stopped()) {
        if (this.#writes) await this.#drain();
        return 'stopped';
      }
    }
    if (options.dryRun === true) return 'tried';
    await this.#drain();
    const feeds = [...this.feeds.keys()];
    const added = [...this.feeds.values()].some((feed) => feed.finished === undefined);
    for (const feed of this.feeds.values()) await feed.end({ feeds, rejected: this.#rejected, ...(this.#layout.rows === undefined ? {} : { rows: this.#layout.rows }) });
    return added || feeds.length === 0 ? 'imported' : 'already';
  }

  /** Whether every feed that the file gives records to has all of them, so that it need not be gone through. */
  #isFinished({ spec }: Target): boolean {
    if (this.#layout.leaves === true || this.#given.size > 0) return false;
    const finished = this.run.ledgerEntry(spec.name, this)?.finished;
    if (finished === undefined) return false;
    const entries = finished.feeds.map((name) => [name, this.run.ledgerEntry(name, this)] as const);
    if (entries.some(([, entry]) => entry?.finished === undefined)) return false;
    for (const [name, entry] of entries) this.#given.set(name, entry!.done);
    this.#rejected = finished.rejected;
    return true;
  }

  /** Writes a batch, or keeps it for a while: see AHEAD_BYTES. */
  async #take(batch: Batch): Promise<void> {
    if (this.#writes) return this.#write(batch);
    const { target, rows, columns, marks, segments } = batch;
    this.#ahead.push({ target, rows, columns: rowsOf(target.fields, columns, 0, rows, true), ...(marks === undefined ? {} : { marks: [...marks] }), ...(segments === undefined ? {} : { segments }) });
    this.#aheadBytes += rows * bytesOfRow(target.fields);
    if (this.#aheadBytes < AHEAD_BYTES) return;
    await this.source.tryUnpacking(this.run.options.signal);
    await this.#drain();
  }

  async #drain(): Promise<void> {
    this.#writes = true;
    for (const batch of this.#ahead.splice(0)) {
      await this.#write(batch);
      // Lets signals and the writer's own messages come through.
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  }

  async #write(batch: Batch): Promise<void> {
    const feed = this.feeds.get(batch.target.spec.name) ?? await this.run.feed(batch.target, this);
    feed.write(batch);
  }

  #context(): ReadContext {
    const { options } = this.run;
    const max = options.maxRejects ?? MAX_REJECTS_DEFAULT;
    let rejected = 0;
    return {
      reject: (line, reason, part) => {
        rejected += 1;
        if (this.#counting) {
          this.#rejected = rejected;
          this.run.reject({ file: part === undefined ? this.source.path : `${this.source.path}/${part}`, line, reason });
        }
        if (rejected <= max) return;
        throw new DeepwaterError('DW_IMPORT_REJECTS', `${this.source.path}: ${rejected === 1 ? 'a row was' : `${rejected.toLocaleString('en')} rows were`} rejected, and at most ${max.toLocaleString('en')} may be; the last is line ${line}: ${reason}.`, {
          values: { file: this.source.path, rejected, maxRejects: max, line, reason },
        });
      },
      note: (text) => { this.run.note({ file: this.source.path, text }); },
      target: (spec) => this.run.target(spec),
      has: (name) => this.run.has(name),
    };
  }

  /** What went wrong, and what of the file is in the store for all that. */
  #explained(error: unknown): unknown {
    if (!DeepwaterError.isDeepwaterError(error)) return error;
    const written = [...this.feeds].flatMap(([name, feed]) => (feed.before + feed.added > 0 ? [`${(feed.before + feed.added).toLocaleString('en')} in ${name}`] : []));
    const what = written.length === 0 ? 'Nothing of it was written.' : `Its first records were written and stay: ${written.join(', ')}. An import of the same file goes on behind them.`;
    return new DeepwaterError(error.code, `${error.message} ${what}`, { values: { ...error.values, file: this.source.path }, cause: error.cause });
  }

  #tell(step: ImportProgress['step'], bytes: number): void {
    const { run } = this;
    run.options.onProgress?.({
      file: this.source.path, number: this.number, files: this.files, step, records: run.records, rejected: run.rejected, bytesOfAll: run.bytesOfAll,
      bytes: run.bytesBefore + (step === 'importing' ? Math.min(bytes, this.source.bytes) : 0),
    });
  }
}
