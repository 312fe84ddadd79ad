import { statSync } from 'node:fs';
import { allocateColumns, type Columns, type ColumnsOf, type TickField, type ValuesOf } from './columns.js';
import { readLines } from './lines.js';
import { SourceError } from './source-error.js';

/** Rows handed on at a time: large enough to forget the cost of the hand-over, small enough to stay in cache. */
const BATCH_ROWS = 16_384;

/** Rows of one file, decoded. `lines[i]` is the line (from 1) that row `i` stands on. */
export interface RowBatch {
  readonly file: string;
  readonly rows: number;
  /** Longer than `rows` in a last batch, as are the columns. */
  readonly lines: Uint32Array;
  readonly columns: Columns;
}

/**
 * Reads one line into row `row` of the columns. Returns false when the line is not a record of this feed
 * (a header, a frame of another stream); throws when it should be one and is not.
 */
export type Decode<F extends readonly TickField[]> = (line: string, columns: ColumnsOf<F>, row: number) => boolean;

/** The part of a writer that writing rows needs; the engine's writer of the same feed has it. */
export interface ValueWriter<F extends readonly TickField[]> {
  writeValues(...values: ValuesOf<F>): void;
}

/** The spec of the feed that a source fills, as `createFeed` takes it. */
export interface SourceSpec {
  readonly name: string;
  readonly desc: string;
  readonly fields: readonly TickField[];
  /** The field that ranges go by. */
  readonly timestamp: string;
  /** Other fields that hold times. */
  readonly clocks: readonly string[];
  readonly retentionHours: number;
  readonly instrument: { readonly exchange: string; readonly market: string; readonly symbol: string; readonly tickType: string };
}

/** What a format gives for one instrument: the feed, the files, and how a line becomes a record. */
export interface SourceDefinition<F extends readonly TickField[]> {
  readonly name: string;
  /** One line for people: instrument and kind. */
  readonly title: string;
  readonly fields: F;
  readonly timestamp: F[number]['name'];
  readonly clocks?: readonly F[number]['name'][];
  readonly instrument: SourceSpec['instrument'];
  /** Paths, in the order of their times. */
  readonly files: readonly string[];
  /** The decoder of one file; what the date in a file's name means is worked out here, once. */
  readonly decoderFor: (file: string) => Decode<F>;
  /** Writes rows [from, to) one by one, as a program that receives them one by one would. */
  readonly writeRows: (writer: ValueWriter<F>, columns: ColumnsOf<F>, from: number, to: number) => void;
}

type AnyFields = readonly TickField[];

/** A definition whose fields are no longer known: the columns are whatever the fields ask for. */
interface UntypedDefinition extends Omit<SourceDefinition<AnyFields>, 'decoderFor' | 'writeRows'> {
  readonly decoderFor: (file: string) => (line: string, columns: Columns, row: number) => boolean;
  readonly writeRows: (writer: ValueWriter<AnyFields>, columns: Columns, from: number, to: number) => void;
}

/** A feed's worth of recorded data: what the feed looks like, where its rows are, and the rows themselves. */
export class TickSource {
  readonly spec: SourceSpec;
  readonly files: readonly string[];
  /** Writes rows [from, to) of columns that this source's batches gave, with one `writeValues` each. */
  readonly writeRows: UntypedDefinition['writeRows'];
  readonly #decoderFor: UntypedDefinition['decoderFor'];

  private constructor(definition: UntypedDefinition) {
    const { name, title, fields, timestamp, clocks = [], instrument } = definition;
    // Retention counts from the clock on the wall; by the default of 72 hours these recordings would be due at once.
    this.spec = { name, desc: title, fields, timestamp, clocks, retentionHours: 0, instrument };
    this.files = definition.files;
    this.writeRows = definition.writeRows;
    this.#decoderFor = definition.decoderFor;
  }

  static define<const F extends AnyFields>(definition: SourceDefinition<F>): TickSource {
    // Inside, columns are made from the same fields that typed the functions; outside, nobody needs F.
    return new TickSource(definition as unknown as UntypedDefinition);
  }

  get name(): string {
    return this.spec.name;
  }

  get fields(): readonly TickField[] {
    return this.spec.fields;
  }

  /** Size of the files as they lie, in bytes. */
  get fileBytes(): number {
    return this.files.reduce((sum, file) => sum + statSync(file).size, 0);
  }

  /** Every row of every file, in order. @throws SourceError naming file and line of what cannot be read */
  async *batches(): AsyncGenerator<RowBatch, void, undefined> {
    for (const file of this.files) yield* this.#batchesOf(file);
  }

  /** How many records the files hold. Reads all of them. */
  async count(): Promise<number> {
    let rows = 0;
    for await (const batch of this.batches()) rows += batch.rows;
    return rows;
  }

  async *#batchesOf(file: string): AsyncGenerator<RowBatch, void, undefined> {
    const decode = this.#decoderFor(file);
    let lineNumber = 0;
    let rows = 0;
    let lines = new Uint32Array(BATCH_ROWS);
    let columns = allocateColumns(this.fields, BATCH_ROWS);
    for await (const block of readLines(file)) {
      for (const line of block) {
        lineNumber++;
        try {
          if (!decode(line, columns, rows)) continue;
        } catch (error) {
          throw new SourceError(`${file}:${lineNumber}: ${(error as Error).message}`, { cause: error });
        }
        lines[rows++] = lineNumber;
        if (rows < BATCH_ROWS) continue;
        yield { file, rows, lines, columns };
        rows = 0;
        lines = new Uint32Array(BATCH_ROWS);
        columns = allocateColumns(this.fields, BATCH_ROWS);
      }
    }
    if (rows > 0) yield { file, rows, lines, columns };
  }
}
