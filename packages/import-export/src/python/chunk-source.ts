/** A chunk of a feed of the Python Deepwater on its way into ours. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { makeColumns } from '../cells/column-set.js';
import type { Batch, ReadContext, SegmentMark, Target } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { Source, SourceLayout } from '../import/source.js';
import { unreadable } from '../unpack/source-file.js';
import type { PythonChunk } from './chunk-list.js';
import { copiesFor, pythonFeedSpec } from './feed-spec.js';
import { readIndexPoints } from './index-points.js';
import { tellLostChunks } from './lost-chunks.js';
import { keepPossibleTimes } from './possible-times.js';
import type { PythonFeed } from './python-feed.js';
import { indexName } from './python-layout.js';
import { openStoreFile, readRange } from './store-file.js';

/** What is read at once, and rows that a batch has at most. */
const BLOCK_BYTES = 2 << 20;
const BLOCK_ROWS = 16_384;

export class ChunkSource implements Source {
  readonly path: string;
  readonly bytes: number;
  bytesRead = 0;

  private constructor(private readonly feed: PythonFeed, private readonly chunk: PythonChunk, private readonly lost: readonly PythonChunk[], private readonly options: ImportOptions, private readonly handle: FileHandle) {
    this.path = chunk.file;
    this.bytes = chunk.records * feed.format.recordBytes;
  }

  /** @param lost chunks between this one and the one before, which give nothing @throws DeepwaterError DW_IMPORT_UNREADABLE */
  static async open(feed: PythonFeed, chunk: PythonChunk, lost: readonly PythonChunk[], options: ImportOptions): Promise<ChunkSource> {
    const found = await openStoreFile(chunk.file);
    if (found === undefined) throw unreadable(chunk.file, new Error('it is not there any more'));
    return new ChunkSource(feed, chunk, lost, options, found.handle);
  }

  /** Not of its bytes: a chunk grows while it is written, and what was imported of it stays imported. Its first record never changes. */
  async hash(): Promise<string> {
    const { name, format } = this.feed;
    const identity = JSON.stringify(['chunk of the Python Deepwater', name, this.chunk.id, format]);
    return createHash('sha256').update(identity).update(await this.#records(0, 1)).digest('hex');
  }

  tryUnpacking(): Promise<void> {
    return Promise.resolve();
  }

  layout(): Promise<SourceLayout> {
    return Promise.resolve({ name: 'python', identity: {}, rows: this.chunk.records, read: (context) => this.#read(context) });
  }

  async checkUnchanged(): Promise<void> {
    const { size } = await this.handle.stat();
    if (size < this.bytes) throw unreadable(this.path, new Error('it was cut short while it was read'));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async *#read(context: ReadContext): AsyncGenerator<Batch, void, void> {
    const { feed, chunk, options } = this;
    const { recordBytes } = feed.format;
    const gap = tellLostChunks(feed, this.lost, context);
    const target = context.target(options.spec === undefined ? pythonFeedSpec(feed, await feed.record(feed.present[0]!, 0), options.feed) : { ...options.spec, name: options.feed ?? feed.name });
    const copies = copiesFor(feed, target);
    const marks = await this.#marks(target, context);
    const segments = await this.#segments(gap, context);
    const clocks = target.fields.filter(({ unit }) => unit === 'us' || unit === 'ms').map((clock) => feed.format.fields.find(({ name }) => name === clock.name)!.offset);
    const blockRows = Math.max(1, Math.min(BLOCK_ROWS, Math.floor(BLOCK_BYTES / recordBytes)));
    const columns = makeColumns(target.fields, blockRows);
    for (let from = 0; from < chunk.records; from += blockRows) {
      const to = Math.min(from + blockRows, chunk.records);
      const bytes = await this.#records(from, to);
      const kept = keepPossibleTimes(bytes, recordBytes, clocks, (row) => { context.reject(from + row + 1, 'it has a time after the year 2255'); });
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (const copy of copies) copy(view, kept.rows, columns);
      yield {
        target, rows: kept.rows, columns, marks: marks.filter((row) => row >= from && row < to && kept.has(row - from)).map((row) => kept.placeOf(row - from)),
        segments: segments.filter(({ row }) => row >= from && row < to).map(({ row, reason }) => ({ row: kept.placeOf(row - from), reason })),
      };
    }
    // The records that are there are in, whatever is told of the others.
    if (chunk.damage !== undefined) context.reject(0, `${path.basename(chunk.file)}: ${chunk.damage}`);
  }

  async #marks({ spec }: Target, { note }: ReadContext): Promise<readonly number[]> {
    if (spec.mode !== 'IF') return [];
    const { feed, chunk } = this;
    const file = path.join(feed.directory, indexName(chunk.id));
    const { rows, problem } = await readIndexPoints(file, feed.format.recordBytes, chunk.records, async (row) => feed.timeIn(await this.#records(row, row + 1)));
    if (problem !== undefined) note(problem);
    return rows;
  }

  async #segments(gap: string | undefined, { note }: ReadContext): Promise<readonly SegmentMark[]> {
    const { feed, chunk } = this;
    const first = feed.firstOf(chunk);
    const marks = (await feed.boundaries()).filter(({ record }) => record >= first && record < first + chunk.records).map(({ record, reason }) => ({ row: record - first, reason }));
    if (feed.segmentsProblem !== undefined && chunk === feed.present[0]) note(`${feed.name}: ${feed.segmentsProblem}`);
    return gap === undefined || marks[0]?.row === 0 ? marks : [{ row: 0, reason: gap }, ...marks];
  }

  /** The bytes of records [from, to). */
  async #records(from: number, to: number): Promise<Buffer> {
    const { recordBytes } = this.feed.format;
    const bytes = Buffer.allocUnsafeSlow((to - from) * recordBytes);
    try {
      await readRange(this.handle, bytes, from * recordBytes);
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
    this.bytesRead += bytes.length;
    return bytes;
  }
}

/** What is told of a feed behind its last records, or of one that has none. */
export function restSource(feed: PythonFeed, lost: readonly PythonChunk[]): Source {
  const told = feed.present.length > 0 ? '' : `feed ${feed.name} has no records on disk${feed.config.persist ? '' : ': it is in memory only'}`;
  return {
    path: feed.directory, bytes: 0, bytesRead: 0,
    hash: () => Promise.resolve(createHash('sha256').update(JSON.stringify(['rest of the Python Deepwater', feed.name])).digest('hex')),
    tryUnpacking: () => Promise.resolve(),
    layout: () => Promise.resolve({
      name: 'python', identity: {},
      // eslint-disable-next-line require-yield -- it has no records, which is what it tells
      read: async function* (context): AsyncGenerator<Batch, void, void> {
        tellLostChunks(feed, lost, context);
        if (told !== '') context.note(told);
      },
    }),
    checkUnchanged: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
