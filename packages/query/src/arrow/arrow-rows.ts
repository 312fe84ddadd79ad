import { DeepwaterError, type Field } from '@deepwater/core/engine';
import type { Data, DataType, RecordBatch, Schema as ArrowSchema, Utf8, Vector } from 'apache-arrow';
import { type DecodeHelpers, lostSymbol } from '../decode-values.js';
import type { ColumnArray } from '../row-source.js';
import type { Segment } from '../segment.js';
import type { Steps } from '../slices.js';
import { arrowSchema, clockOf } from './arrow-schema.js';
import { greatestCode, packedBools, trimmedTexts, wideDecimals } from './convert-cells.js';
import { textVector } from './dictionaries.js';
import type { ArrowModule } from './load-arrow.js';

/** The parts of a column, as `makeData` takes them. */
interface ColumnParts {
  readonly data: ArrayBufferView;
  readonly valueOffsets?: Int32Array;
  readonly dictionary?: Vector<Utf8>;
}

/**
 * Turns rows of one result into Arrow record batches that belong together: one schema, and for each dictionary column one
 * dictionary. Make it after the rows have been found: a code is given out after its text is in the file, so the texts that are
 * there then are all that the rows can name.
 */
export class ArrowRows {
  readonly schema: ArrowSchema;
  readonly #arrow: ArrowModule;
  readonly #helpers: DecodeHelpers;
  readonly #fields: readonly Field[];
  readonly #texts: readonly (Vector<Utf8> | undefined)[];

  /** @param metadata what the schema says about the result */
  constructor(arrow: ArrowModule, helpers: DecodeHelpers, fields: readonly Field[], metadata: Map<string, string>) {
    this.#arrow = arrow;
    this.#helpers = helpers;
    this.#fields = fields;
    this.schema = arrowSchema(arrow, helpers.schema, fields, metadata);
    if (fields.some(({ type }) => type === 'symbol')) helpers.symbols.reload();
    this.#texts = fields.map(({ type, index }) => {
      if (type === 'char') return textVector(arrow, helpers.chars);
      // A hole, where a text is lost, is a text that no code of a batch names.
      return type === 'symbol' ? textVector(arrow, Array.from(helpers.texts[index] ?? [], (text) => (text as string | undefined) ?? '')) : undefined;
    });
  }

  /** The rows of a segment as a record batch, over the same memory where the layout allows. */
  *batch({ columns, rows, firstSequence }: Segment): Steps<RecordBatch> {
    const arrow = this.#arrow;
    const children: Data[] = [];
    for (let k = 0; k < this.#fields.length; k++) {
      const field = this.#fields[k] as Field;
      children.push(yield* this.#column(field, k, columns[field.name] as ColumnArray, rows));
    }
    const data = arrow.makeData({ type: new arrow.Struct(this.schema.fields), length: rows, nullCount: 0, children });
    return new arrow.RecordBatch(this.schema, data, new Map([['deepwater.sequence.first', String(firstSequence)]]));
  }

  *#column(field: Field, k: number, cells: ColumnArray, length: number): Steps<Data> {
    const make = (props: ColumnParts): Data => (this.#arrow.makeData as (props: ColumnParts & { type: DataType; length: number; nullCount: 0 }) => Data)({
      ...props, type: this.schema.fields[k]?.type as DataType, length, nullCount: 0,
    });
    switch (field.type) {
      case 'decimal':
        return make({ data: yield* wideDecimals(cells as BigInt64Array) });
      case 'bool':
        return make({ data: yield* packedBools(cells as Uint8Array) });
      case 'string': {
        const { bytes, offsets } = yield* trimmedTexts(cells as Uint8Array, field.width);
        return make({ data: bytes, valueOffsets: offsets });
      }
      case 'symbol':
        yield* this.#checkCodes(field, cells as Uint32Array, this.#texts[k]?.length ?? 0);
        return make({ data: cells, dictionary: this.#texts[k] });
      case 'char':
        return make({ data: cells, dictionary: this.#texts[k] });
      default:
        // Timestamps are signed in Arrow.
        return make({ data: clockOf(this.#helpers.schema, field) === undefined ? cells : new BigInt64Array(cells.buffer as ArrayBuffer, cells.byteOffset, length) });
    }
  }

  /** An index without a text is undefined behaviour for whoever reads the column. */
  *#checkCodes(field: Field, codes: Uint32Array, count: number): Steps<void> {
    const lost = this.#helpers.symbols.lost(field.index);
    const greatest = yield* greatestCode(codes);
    const code = greatest < count && lost.length > 0 ? codes.find((each) => lost.includes(each)) : greatest;
    if (code === undefined || (code < count && lost.length === 0)) return;
    const { feed, symbols: { path } } = this.#helpers;
    if (lost.includes(code)) throw lostSymbol(feed, field.name, code, path);
    throw new DeepwaterError('DW_FILE_CORRUPT', `A record of feed ${feed} has symbol ${code} in field ${field.name}, and ${path} has ${count} entries for it. Put the dictionary back, or run \`deepwater repair\`.`, {
      values: { feed, field: field.name, code, path },
    });
  }
}
