/** A feed of a store of the Python Deepwater: its record, its chunks, where its segments begin. */
import path from 'node:path';
import { unreadable } from '../unpack/source-file.js';
import { type PythonChunk, readChunkList } from './chunk-list.js';
import { type FeedConfig, readFeedConfig } from './feed-config.js';
import { LIMITS, STORE_NAMES } from './python-layout.js';
import { type RecordFormat, decodeSchema, parseRecordFormat } from './record-format.js';
import { type Boundary, type NumberedRecords, boundariesOf, readSegmentList } from './segments.js';
import { openStoreFile, readRange, readStoreFile } from './store-file.js';

export class PythonFeed {
  #boundaries: Promise<readonly Boundary[]> | undefined;
  /** What there is to tell of the segments. */
  segmentsProblem: string | undefined;

  private constructor(
    readonly name: string, readonly directory: string, readonly format: RecordFormat, readonly config: FeedConfig,
    /** All that the registry has, in order; undefined where the feed was never written to disk. */
    readonly chunks: readonly PythonChunk[] | undefined,
  ) {}

  /** Undefined where the directory is of no feed. @throws DeepwaterError DW_IMPORT_UNREADABLE for one that is damaged or of an unknown version */
  static async open(directory: string): Promise<PythonFeed | undefined> {
    const name = path.basename(directory);
    const format = await readFormat(directory);
    if (format === undefined) return undefined;
    const config = await readFeedConfig(directory);
    return new PythonFeed(name, directory, format, config, await readChunkList(directory, name, format.recordBytes));
  }

  /** Chunks that give records. */
  get present(): readonly PythonChunk[] {
    return (this.chunks ?? []).filter(({ records }) => records > 0);
  }

  /** The number of a chunk's first record among all that the registry has, those of lost chunks included. */
  firstOf(chunk: PythonChunk): number {
    return this.chunks!.reduce((sum, { id, committed }) => (id < chunk.id ? sum + committed : sum), 0);
  }

  /** Boundaries of segments, by the numbers of records. */
  boundaries(): Promise<readonly Boundary[]> {
    return (this.#boundaries ??= this.#readBoundaries());
  }

  /** Bytes of one record. */
  async record(chunk: PythonChunk, row: number): Promise<Buffer> {
    const found = await openStoreFile(chunk.file);
    if (found === undefined) throw unreadable(chunk.file, new Error('it is not there any more'));
    try {
      const bytes = Buffer.alloc(this.format.recordBytes);
      await readRange(found.handle, bytes, row * this.format.recordBytes);
      return bytes;
    } catch (cause) {
      throw unreadable(chunk.file, cause);
    } finally {
      await found.handle.close();
    }
  }

  /** The first of a record's times. */
  timeIn(record: Buffer): bigint {
    return record.readBigUInt64LE(this.format.fields.find(({ name }) => name === this.format.clocks[0])!.offset);
  }

  async #readBoundaries(): Promise<readonly Boundary[]> {
    const { segments, problem } = await readSegmentList(this.directory);
    this.segmentsProblem = problem;
    if (segments.length < 2 || this.present.length === 0) return [];
    return boundariesOf(segments, this.#numbered());
  }

  #numbered(): NumberedRecords {
    const present = this.present.map((chunk) => ({ chunk, first: this.firstOf(chunk) }));
    const ends = present.map(({ chunk, first }) => first + chunk.records);
    const timeAt = async (number: number): Promise<bigint | undefined> => {
      const n = present.findIndex(({ first }, at) => number >= first && number < ends[at]!);
      return n < 0 ? undefined : this.timeIn(await this.record(present[n]!.chunk, number - present[n]!.first));
    };
    return {
      first: present[0]!.first,
      end: ends.at(-1)!,
      timeAt,
      firstAtOrAfter: async (time, from) => {
        for (const [n, { first }] of present.entries()) {
          const end = ends[n]!;
          if (end <= from || (await timeAt(end - 1))! < time) continue;
          let [low, high] = [Math.max(from, first), end - 1];
          while (low < high) {
            const middle = Math.floor((low + high) / 2);
            if ((await timeAt(middle))! < time) low = middle + 1;
            else high = middle;
          }
          return low;
        }
        return ends.at(-1)!;
      },
    };
  }
}

/** The newer description counts, where there are both. */
async function readFormat(directory: string): Promise<RecordFormat | undefined> {
  const schema = path.join(directory, STORE_NAMES.SCHEMA);
  const older = path.join(directory, STORE_NAMES.RECORD_FORMAT);
  let file = schema;
  try {
    const bytes = await readStoreFile(schema, LIMITS.SCHEMA_BYTES);
    if (bytes !== undefined) return decodeSchema(bytes);
    file = older;
    const text = await readStoreFile(older, LIMITS.JSON_BYTES);
    return text === undefined ? undefined : parseRecordFormat(text.toString());
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
