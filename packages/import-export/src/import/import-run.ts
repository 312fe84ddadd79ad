/** What one call of importFiles has in common for all of its files. */
import { type FeedSpecInput, compileSchema, parseFeedSpec } from '@deepwater/core';
import type { Platform } from 'deepwater';
import type { RejectedRow, Target } from './batch.js';
import { FeedImport } from './feed-import.js';
import type { FileImport } from './file-import.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import type { ImportNote, ImportOptions } from './options.js';

/** Of rejects and notes, so many are kept; all of them are counted, and told as they come. */
const KEPT_MAX = 1000;

export class ImportRun {
  readonly rejects: RejectedRow[] = [];
  readonly notes: ImportNote[] = [];
  bytesBefore = 0;
  bytesOfAll = 0;
  records = 0;
  rejected = 0;
  readonly #feeds = new Map<string, FeedImport>();
  readonly #targets = new Map<string, Target>();

  constructor(readonly platform: Platform, readonly options: ImportOptions) {}

  /** The feed as it is in the store, or as a spec makes it. @throws DeepwaterError where the spec cannot be used */
  target(spec: FeedSpecInput & { readonly name: string }): Target {
    let target = this.#targets.get(spec.name);
    if (target === undefined) {
      // An existing feed keeps the spec it has: fields of the same names take the values, whatever their types.
      const wanted = this.has(spec.name) ? this.platform.feedInfo(spec.name).spec : parseFeedSpec(spec);
      target = { spec: wanted as Target['spec'], fields: compileSchema(wanted).fields };
      this.#targets.set(spec.name, target);
    }
    return target;
  }

  has(feedName: string): boolean {
    return this.platform.listFeeds().some(({ name }) => name === feedName);
  }

  /** The feed, ready to be written. */
  async feed(target: Target, file: FileImport): Promise<FeedImport> {
    const { name } = target.spec;
    let feed = this.#feeds.get(name);
    if (feed === undefined) this.#feeds.set(name, (feed = await FeedImport.open(this.platform, target)));
    if (!file.feeds.has(name)) {
      feed.begin(file.identity);
      file.feeds.set(name, feed);
    }
    return feed;
  }

  /** What a feed's ledger has of a file; nothing is written, and what an import has left open is not counted. */
  ledgerEntry(feedName: string, { identity }: FileImport): LedgerEntry | undefined {
    if (!this.has(feedName)) return undefined;
    return new Ledger(this.platform.basePath, feedName, this.platform.feedInfo(feedName).uid).find(identity.sha256, identity.options, identity.file, identity.rows);
  }

  reject(row: RejectedRow): void {
    this.rejected += 1;
    if (this.rejects.length < KEPT_MAX) this.rejects.push(row);
    this.options.onReject?.(row);
  }

  note(note: ImportNote): void {
    if (this.notes.length < KEPT_MAX) this.notes.push(note);
    this.options.onNote?.(note);
  }

  /** Closes the writers. */
  async close(): Promise<void> {
    for (const feed of this.#feeds.values()) await feed.close();
    this.#feeds.clear();
  }
}
