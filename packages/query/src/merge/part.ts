import type { Field } from '@deepwater/core/engine';
import { gatherRows, roomFor } from './gather-rows.js';
import type { FeedFiles } from '../feed-files.js';
import { closePiece, openPiece } from '../piece-source.js';
import { type ColumnArray, type RowSource, cellsOf, columnOf, wordsOf } from '../row-source.js';
import type { Piece } from '../select.js';

/** Rows of one feed that a batch refers to: a mapped chunk where it lies, or rows in memory. */
export class MergedPart {
  readonly #fields: readonly Field[];
  readonly #sequences: Float64Array | undefined;
  readonly #firstSequence: number;
  readonly #release: (() => void) | undefined;
  readonly #words = new Map<number, Int32Array>();
  readonly #cells = new Map<number, BigInt64Array>();
  #columns: Record<string, ColumnArray> | undefined;
  #holders = 1;

  private constructor(
    /** Where the cells are: the column of field `f` begins at byte `source.columnOffsets[f.index]` of `source.buffer`. */
    readonly source: RowSource,
    fields: readonly Field[], firstSequence: number, sequences?: Float64Array, release?: () => void,
  ) {
    this.#fields = fields;
    this.#firstSequence = firstSequence;
    this.#sequences = sequences;
    this.#release = release;
  }

  /** A part without rows. */
  static none(fields: readonly Field[]): MergedPart {
    return new MergedPart(roomFor(0, fields), fields, 0);
  }

  /** One row of nothing: zeros, and NaN where there may be NaN. */
  static missing(columns: readonly Field[], fields: readonly Field[]): MergedPart {
    const source = roomFor(1, columns);
    for (const field of columns) {
      if (field.cell === 'f64' || field.cell === 'f32') (columnOf(source, field) as Float64Array)[0] = NaN;
    }
    return new MergedPart(source, fields, -1);
  }

  /** The rows of a piece where they lie; undefined where its chunk has been deleted. Held once. */
  static ofPiece(files: FeedFiles, piece: Piece, fields: readonly Field[]): MergedPart | undefined {
    const source = openPiece(files, piece);
    if (source === undefined) return undefined;
    const first = 'block' in piece ? piece.block.firstSequence : piece.ref.firstSequence;
    return new MergedPart(source, fields, first, undefined, () => { closePiece(piece); });
  }

  /** A copy of rows of several parts: row i is row `rows[i]` of `parts[partOf[i]]`. Held once. */
  static ofRows(parts: readonly MergedPart[], partOf: Uint32Array, rows: Uint32Array, columns: readonly Field[], fields: readonly Field[]): MergedPart {
    const sequences = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) sequences[i] = (parts[partOf[i] as number] as MergedPart).sequenceOf(rows[i] as number);
    return new MergedPart(gatherRows(parts.map(({ source }) => source), partOf, rows, columns), fields, 0, sequences);
  }

  /** The columns asked for, by name, over all rows of the part: the cell of a record is `columns.price[row]`. */
  get columns(): Readonly<Record<string, ColumnArray>> {
    this.#columns ??= Object.fromEntries(this.#fields.map((field) => [field.name, columnOf(this.source, field)]));
    return this.#columns;
  }

  /** Sequence number of a row. */
  sequenceOf(row: number): number {
    return this.#sequences === undefined ? this.#firstSequence + row : this.#sequences[row] as number;
  }

  /** Sequence numbers of rows [from, to). */
  sequencesOf(from: number, to: number): Float64Array {
    if (this.#sequences !== undefined) return this.#sequences.slice(from, to);
    const sequences = new Float64Array(to - from);
    const first = this.#firstSequence + from;
    for (let i = 0; i < sequences.length; i++) sequences[i] = first + i;
    return sequences;
  }

  /** Sequence numbers of some rows. */
  sequencesAt(rows: Uint32Array): Float64Array {
    const sequences = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) sequences[i] = this.sequenceOf(rows[i] as number);
    return sequences;
  }

  /** A column of 64-bit cells as words, two a row. */
  words(field: Field): Int32Array {
    let words = this.#words.get(field.index);
    if (words === undefined) this.#words.set(field.index, (words = wordsOf(this.source, field)));
    return words;
  }

  /** A column of 64-bit cells, as integers. */
  cells(field: Field): BigInt64Array {
    let cells = this.#cells.get(field.index);
    if (cells === undefined) this.#cells.set(field.index, (cells = cellsOf(this.source, field)));
    return cells;
  }

  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** Lets go of it; the last to do so unpins the chunk. */
  drop(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#release?.();
  }
}

/** Rows of one part in the order in which they are given: as half-open runs, or row by row. */
export interface Stretch {
  /** Held for whoever is given the stretch. */
  readonly part: MergedPart;
  readonly runs?: Int32Array;
  readonly order?: Uint32Array;
}
