/** One feed that is imported into: its writer, its ledger, and which records of the file at hand it has already. */
import { DeepwaterError, feedPaths, readSegments } from '@deepwater/core';
import type { Platform, Writer } from 'deepwater';
import { rowsOf } from '../cells/column-set.js';
import type { Batch, Target } from './batch.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { recordsAdded } from './settle.js';

/** What tells a file and the way it is read. */
export interface SourceIdentity {
  readonly sha256: string;
  readonly bytes: number;
  readonly options: string;
  readonly file: string;
  /** Of a source that may grow: the rows that it has by now. */
  readonly rows?: number;
}

export class FeedImport {
  /** Records of the file that its reader has given. */
  given = 0;
  /** Of those, the ones that were written now. */
  added = 0;
  #entry: LedgerEntry | undefined;
  #source: SourceIdentity | undefined;
  /** A batch is being written: where that fails, how much of it was is counted by whoever opens the feed next. */
  #writing = false;

  private constructor(readonly target: Target, private readonly writer: Writer, private readonly ledger: Ledger) {}

  /**
   * Opens the feed's writer, and settles what imports before this one have left open.
   * @throws DeepwaterError DW_WRITER_EXISTS, DW_IMPORT_LOST
   */
  static async open(platform: Platform, target: Target): Promise<FeedImport> {
    const { name } = target.spec;
    await platform.createFeed(target.spec);
    const { uid, writer: { open, pid }, persist } = platform.feedInfo(name);
    if (!persist) throw new DeepwaterError('DW_OPTION_INVALID', `Feed ${name} is in memory only, so an import into it could not be gone on with. Import into a feed with persist: true.`, { values: { feed: name } });
    if (open) throw new DeepwaterError('DW_WRITER_EXISTS', `Feed ${name} is being written by process ${pid}. Close that writer first: an import counts its own records.`, { values: { feed: name, pid } });
    const writer = await platform.createWriter(name);
    try {
      const ledger = new Ledger(platform.basePath, name, uid);
      const made = new FeedImport(target, writer, ledger);
      await made.#settle(platform, uid);
      return made;
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /** Begins with a file. @throws DeepwaterError DW_IMPORT_CHANGED */
  begin(source: SourceIdentity): void {
    this.#source = source;
    this.#entry = this.ledger.find(source.sha256, source.options, source.file, source.rows);
    this.given = this.added = 0;
  }

  /** How many of the file's records were in the feed before. */
  get before(): number { return this.#entry?.done ?? 0; }

  /** The feeds that the file gives records to, where all of those for this one are here. */
  get finished(): LedgerEntry['finished'] { return this.#entry?.finished; }

  /** Writes what the feed does not have yet. */
  write({ rows, columns, marks = [], segments = [] }: Batch): void {
    const first = this.given;
    this.given += rows;
    const from = Math.max(0, this.before - first);
    if (from >= rows) return;
    if (this.finished !== undefined) {
      throw new DeepwaterError('DW_IMPORT_LOST', `${this.#source!.file} gives more than the ${this.before.toLocaleString('en')} records that the ledger of feed ${this.target.spec.name} has as all of them.`, { values: { feed: this.target.spec.name } });
    }
    if (this.added === 0) this.#putOpen();
    this.#writing = true;
    const { fields } = this.target;
    let at = from;
    const upTo = (row: number): void => {
      if (row > at) this.writer.writeColumns(rowsOf(fields, columns, at, row) as never);
      at = row;
    };
    for (const { row, reason } of stopsOf(marks, segments)) {
      if (row < from) continue;
      upTo(row);
      // Where an import goes on at a boundary it has one there already, and this is the same.
      if (reason === undefined) this.writer.markIndex();
      else this.writer.markSegment({ reason });
    }
    upTo(rows);
    this.#writing = false;
    this.added += rows - from;
  }

  /** Ends with the file, in order: what was added is on the device, and then in the ledger. @param finished all of its records were given */
  async end(finished: LedgerEntry['finished'] | undefined): Promise<void> {
    const source = this.#source;
    if (source === undefined) return;
    this.#source = undefined;
    if (this.#writing) return;
    if (this.added > 0) await this.writer.sync();
    const done = this.before + this.added;
    if (this.added > 0 || (finished !== undefined && this.finished === undefined)) {
      this.ledger.put({ source: { sha256: source.sha256, bytes: source.bytes }, options: source.options, file: source.file, done, ...(finished === undefined ? {} : { finished }) });
    }
  }

  async close(): Promise<void> {
    await this.writer.close();
  }

  /** From here on records come: whoever looks after this process has died counts them from this number on. */
  #putOpen(): void {
    const { sha256, bytes, options, file } = this.#source!;
    this.ledger.put({ source: { sha256, bytes }, options, file, done: this.before, open: { sequence: this.writer.position, epoch: this.writer.seat.init.epoch } });
  }

  async #settle(platform: Platform, uid: string): Promise<void> {
    const { name } = this.target.spec;
    const left = this.ledger.open();
    if (left.length === 0) return;
    const segments = readSegments(feedPaths(platform.basePath, name).segments, uid)?.entries ?? [];
    const reader = await platform.createReader(name);
    for (const { source, options, file, done, open } of left) {
      const added = await recordsAdded(name, file, open!, segments, async (from, to) => {
        let count = 0;
        for (const each of await reader.segments()) count += Math.max(0, each.removed + each.records - Math.max(0, from - (each.first - each.removed)) - Math.max(0, each.next - to));
        return count;
      });
      this.ledger.put({ source, options, file, done: done + added });
    }
  }
}

interface Stop {
  readonly row: number;
  /** Of a boundary between segments; an index point has none. */
  readonly reason?: string;
}

/** Where the writer is told something between two rows, in order; of one row, the boundary first. */
function stopsOf(marks: readonly number[], segments: NonNullable<Batch['segments']>): readonly Stop[] {
  const points = marks.map((row): Stop => ({ row }));
  return segments.length === 0 ? points : [...segments, ...points].sort((a, b) => a.row - b.row);
}
