/**
 * Which files have been imported into a feed: an entry for each, a small file in the feed's own directory, so that it goes with the feed.
 *
 * The records of a file are numbered from 0 in the order in which its reader gives them, which is always the same. The entry says how many of
 * them are in the feed (`done`), and, while a writer adds more, from which sequence number on those lie (`open`): what was added by a process that was
 * killed is counted by that (settle.ts), not by what it managed to write down.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { DeepwaterError, feedPaths, listDirectory, makeDirectory, readSmallFile, replaceFile } from '@deepwater/core';

const FORMAT = 1;
const ENTRY_BYTES_MAX = 1 << 20;

export interface LedgerEntry {
  readonly format: typeof FORMAT;
  /** An entry of an earlier feed of this name does not hold. */
  readonly feedUid: string;
  readonly source: { readonly sha256: string; readonly bytes: number };
  /** Digest of what decides which records the file gives. */
  readonly options: string;
  /** Its name when it was imported last; for people. */
  readonly file: string;
  /** Records of the file that are in the feed. */
  readonly done: number;
  /** Records are being added: the first has this sequence number, and the writer this epoch. */
  readonly open?: { readonly sequence: number; readonly epoch: number };
  /** All of its records are in the feed; with the feeds that it has given records to. */
  readonly finished?: { readonly feeds: readonly string[]; readonly rejected: number; /** Of a source that may grow: the rows that it had. */ readonly rows?: number };
}

export class Ledger {
  readonly #directory: string;

  constructor(basePath: string, private readonly feedName: string, private readonly feedUid: string) {
    this.#directory = path.join(feedPaths(basePath, feedName).directory, 'imports');
  }

  /**
   * @param rows of a source that may grow, how many it has by now: finished is what was finished with all of them
   * @throws DeepwaterError DW_IMPORT_CHANGED where the file was imported with other options
   */
  find(sha256: string, options: string, file: string, rows?: number): LedgerEntry | undefined {
    const entry = this.#read(`${sha256}.json`);
    if (entry?.options === options && rows !== undefined && (entry.finished?.rows ?? rows) < rows) {
      const { finished, ...open } = entry;
      void finished;
      return open;
    }
    if (entry === undefined || entry.options === options) return entry;
    throw new DeepwaterError('DW_IMPORT_CHANGED', `${file} has been imported into feed ${this.feedName} with other options (${entry.done.toLocaleString('en')} records of it are there). Give the same ones, or another --feed.`, {
      values: { file, feed: this.feedName, records: entry.done },
    });
  }

  /** Entries of imports that did not end in order. */
  open(): LedgerEntry[] {
    return (listDirectory(this.#directory) ?? []).filter((name) => name.endsWith('.json')).flatMap((name) => this.#read(name) ?? []).filter(({ open }) => open !== undefined);
  }

  /** Keeps an entry, durably. */
  put(entry: Omit<LedgerEntry, 'format' | 'feedUid'>): void {
    makeDirectory(this.#directory, 'owner');
    const whole: LedgerEntry = { format: FORMAT, feedUid: this.feedUid, ...entry };
    replaceFile(path.join(this.#directory, `${entry.source.sha256}.json`), `${JSON.stringify(whole)}\n`, 'owner');
  }

  #read(name: string): LedgerEntry | undefined {
    const file = path.join(this.#directory, name);
    const text = readSmallFile(file, ENTRY_BYTES_MAX);
    if (text === undefined) return undefined;
    let entry: LedgerEntry;
    try {
      entry = JSON.parse(text) as LedgerEntry;
      if (entry.format !== FORMAT || typeof entry.source.sha256 !== 'string' || !Number.isSafeInteger(entry.done)) throw new Error('it has other keys');
    } catch (cause) {
      throw new DeepwaterError('DW_IMPORT_LOST', `${file} is damaged: ${(cause as Error).message}. What was imported into feed ${this.feedName} from that file cannot be told; delete the feed and import its files again, or take another feed.`, {
        values: { path: file, feed: this.feedName }, cause,
      });
    }
    return entry.feedUid === this.feedUid ? entry : undefined;
  }
}

/** One digest for one set of options, whatever the order of their keys. */
export function optionsDigest(options: Readonly<Record<string, unknown>>): string {
  const ordered = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, ordered(each)]))
      : value;
  return createHash('sha256').update(JSON.stringify(ordered(options))).digest('hex').slice(0, 16);
}
