/** How one value is read out of a column, as JavaScript: the parts that generated decoders are put together from. */
import { DeepwaterError, type Field, type Schema, SymbolDictionaryReader, decimalToNumber, formatDecimal } from '@deepwater/core/engine';
import { is64 } from './cell-kinds.js';
import type { FeedFiles } from './feed-files.js';
import { type RowSource, bytesOf, columnOf, wordsOf } from './row-source.js';

/** What decoders are given for each field: cells, or words where 64 bits become a number, or bytes for texts. */
export type DecodeColumn = ReturnType<typeof columnOf> | Int32Array | Uint32Array | Buffer;

export function decodeColumn(source: RowSource, field: Field): DecodeColumn {
  if (isWideNumber(field)) {
    const words = wordsOf(source, field);
    return new Uint32Array(words.buffer, words.byteOffset, words.length);
  }
  if (field.cell === 'bytes') {
    const bytes = bytesOf(source, field);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return columnOf(source, field);
}

const isWideNumber = (field: Field): boolean => is64(field) && field.type !== 'decimal' && field.as === 'number';

/** The helpers that generated code calls. One a feed: symbols belong to a feed. */
export class DecodeHelpers {
  /** By field index, growing in place. */
  readonly texts: readonly (string[] | undefined)[];
  readonly chars = CHARS;
  readonly decimal = formatDecimal;
  readonly decimalNumber = decimalToNumber;

  constructor(
    readonly feed: string,
    readonly schema: Schema,
    readonly symbols: SymbolDictionaryReader,
  ) {
    this.texts = schema.fields.map((field) => (field.type === 'symbol' ? symbols.texts(field.index) : undefined));
  }

  static ofFeed({ source, schema, paths }: FeedFiles): DecodeHelpers {
    return new DecodeHelpers(source.spec.name, schema, new SymbolDictionaryReader(paths.symbols, source.feedUid));
  }

  /** The text of a symbol that was added after the dictionary was last read. */
  newSymbol(fieldIndex: number, code: number): string {
    this.symbols.reload();
    const text = this.texts[fieldIndex]?.[code];
    if (text !== undefined) return text;
    const field = (this.schema.fields[fieldIndex] as Field).name;
    if (this.symbols.lost(fieldIndex).includes(code)) throw lostSymbol(this.feed, field, code, this.symbols.path);
    throw new DeepwaterError('DW_FILE_CORRUPT', `A record of feed ${this.feed} has symbol ${code} in field ${field}, and ${this.symbols.path} has no such entry. Put the dictionary back, or run \`deepwater repair\`.`, {
      values: { feed: this.feed, field, code, path: this.symbols.path },
    });
  }

  /** A 64-bit value that a number does not hold exactly. */
  tooWide(fieldIndex: number, high: number, low: number): never {
    const field = this.schema.fields[fieldIndex] as Field;
    const bits = (BigInt(high) << 32n) | BigInt(low);
    const value = field.cell === 'i64' ? BigInt.asIntN(64, bits) : bits;
    throw new DeepwaterError('DW_VALUE_RANGE', `Field ${field.name} of feed ${this.feed} holds ${value}, which a number does not hold exactly. Read it with the format columns, or declare the field without as: 'number'.`, {
      values: { feed: this.feed, field: field.name, value },
    });
  }

  /** A UTF-8 text in a fixed number of bytes, filled up with zeros. */
  text(bytes: Buffer, at: number, width: number): string {
    let end = at + width;
    while (end > at && bytes[end - 1] === 0) end--;
    return bytes.toString('utf8', at, end);
  }
}

/** Of a code whose text a repair could not keep. */
export function lostSymbol(feed: string, field: string, code: number, path: string): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `A record of feed ${feed} has symbol ${code} in field ${field}, whose text is lost: a repair found its entry in ${path} damaged. Read its other fields (option \`columns\`), or put back a copy of the dictionary.`, {
    values: { feed, field, code, path, lost: true },
  });
}

const CHARS: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/** The value of field `field` in row `i` as an expression over `c<k>` (its column) and `h` (the helpers). */
export function valueExpression(field: Field, k: number): string {
  const c = `c${k}`;
  switch (field.type) {
    case 'char':
      return `chars[${c}[i]]`;
    case 'bool':
      return `${c}[i] !== 0`;
    case 'decimal':
      return field.as === 'bigint' ? `${c}[i]` : `h.${field.as === 'number' ? 'decimalNumber' : 'decimal'}(${c}[i], ${field.scale})`;
    case 'string':
      return `h.text(${c}, i * ${field.width}, ${field.width})`;
    case 'symbol':
      return `(t${k}[${c}[i]] ?? h.newSymbol(${field.index}, ${c}[i]))`;
    case 'int64':
    case 'uint64': {
      if (field.as !== 'number') return `${c}[i]`;
      const signed = field.cell === 'i64';
      const high = signed ? `(${c}[2 * i + 1] | 0)` : `${c}[2 * i + 1]`;
      const value = `(w = ${high} * 4294967296 + ${c}[2 * i])`;
      const exact = signed ? `${value} <= 9007199254740991 && w >= -9007199254740991` : `${value} <= 9007199254740991`;
      return `(${exact} ? w : h.tooWide(${field.index}, ${c}[2 * i + 1], ${c}[2 * i]))`;
    }
    default:
      return `${c}[i]`;
  }
}

/** Decodes rows [from, to) of a source into `out`, from `at` on. @returns the next free place. */
export type RowDecoder = (out: unknown[], at: number, columns: readonly DecodeColumn[], from: number, to: number, helpers: DecodeHelpers) => number;

/** Records of rows [from, to) of a source; of all of them, where these are left out. @param fields those of the decoder */
export function recordsOf(decoder: RowDecoder, fields: readonly Field[], helpers: DecodeHelpers, source: RowSource, from = 0, to = source.capacityRows): unknown[] {
  const records = new Array<unknown>(to - from);
  decoder(records, 0, fields.map((field) => decodeColumn(source, field)), from, to, helpers);
  return records;
}

const compiled = new Map<string, RowDecoder>();

/** The decoder that builds each record by an expression; one for all feeds with the same fields. */
export function compileDecoder(fields: readonly Field[], record: string): RowDecoder {
  const source = decoderSource(fields, record);
  let decoder = compiled.get(source);
  if (decoder === undefined) {
    decoder = compile(source);
    compiled.set(source, decoder);
  }
  return decoder;
}

/** The text of a decoder: field names are checked identifiers, everything else numbers. */
export function decoderSource(fields: readonly Field[], record: string): string {
  const columns = fields.map((field, k) => `  const c${k} = columns[${k}];${field.type === 'symbol' ? ` const t${k} = h.texts[${field.index}];` : ''}`);
  return `'use strict';
return function decodeRows(out, at, columns, from, to, h) {
${columns.join('\n')}
  const chars = h.chars;
  let w = 0;
  for (let i = from; i < to; i++) out[at++] = ${record};
  return at;
};`;
}

function compile(source: string): RowDecoder {
  try {
    // The source holds checked field names and numbers only.
    return (new Function(source) as () => RowDecoder)();
  } catch (cause) {
    if (!(cause instanceof EvalError)) throw cause;
    throw new DeepwaterError('DW_PLATFORM_UNSUPPORTED', 'Code generation is switched off in this process (--disallow-code-generation-from-strings); Deepwater compiles a decoder for each schema. Start Node without that flag, or read columns.', { cause });
  }
}
