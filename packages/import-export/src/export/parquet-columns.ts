/** How the columns of an Arrow schema are written as Parquet, so that every reader gives the same values. */
import { type Data, DataType, type Decimal, type Dictionary, type Field, type Int, TimeUnit, type Timestamp, type Utf8, type Vector } from 'apache-arrow';
import type { ColumnSource, SchemaElement } from 'hyparquet-writer';

export interface ParquetColumn {
  /** What the file says of the column. */
  readonly logical: SchemaElement;
  /** What the encoder is told: the values are given to it as they are to be stored, so that it has nothing to convert. */
  readonly physical: SchemaElement;
  readonly options: Omit<ColumnSource, 'name' | 'data'>;
  /** The values of some rows, as the encoder takes them. */
  readonly cells: (data: Data) => ArrayLike<unknown>;
}

/** Signed and unsigned, as old and new readers know them. */
const INTEGERS = {
  Int8: 'INT_8', Int16: 'INT_16', Int32: undefined, Int64: undefined, Uint8: 'UINT_8', Uint16: 'UINT_16', Uint32: 'UINT_32', Uint64: 'UINT_64',
} as const;

/** A column of a feed is never null, one of something else may be. @throws TypeError for a type that no feed has */
export function parquetColumn(field: Field): ParquetColumn {
  const column = valueColumn(field);
  if (!field.nullable) return column;
  return { ...column, cells: (data) => Array.from(column.cells(data), (cell, row) => (data.getValid(row) ? cell : null)) };
}

function valueColumn({ name, type, nullable }: Field): ParquetColumn {
  const element = (parts: Partial<SchemaElement>): SchemaElement => ({ name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED', ...parts });
  const plain = (parts: Partial<SchemaElement>, cells: ParquetColumn['cells'], options: ParquetColumn['options'] = {}): ParquetColumn => {
    const logical = element(parts);
    return { logical, physical: logical, options, cells };
  };
  if (DataType.isTimestamp(type)) return { ...timestampElements(element, type), options: { encoding: 'DELTA_BINARY_PACKED' }, cells: flat };
  if (DataType.isDecimal(type)) return decimalColumn(element, type);
  if (DataType.isFloat(type)) {
    return plain({ type: type.ArrayType === Float32Array ? 'FLOAT' : 'DOUBLE' }, flat, { encoding: 'PLAIN' });
  }
  if (DataType.isInt(type)) return integerColumn(plain, type);
  if (DataType.isBool(type)) return plain({ type: 'BOOLEAN' }, bools);
  const text: Partial<SchemaElement> = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
  if (DataType.isUtf8(type)) return plain(text, (data) => texts(data as Data<Utf8>));
  if (DataType.isDictionary(type)) return plain(text, dictionaryTexts());
  throw new TypeError(`column ${name}: ${String(type)} is not written as Parquet`);
}

type ElementOf = (parts: Partial<SchemaElement>) => SchemaElement;

function timestampElements(element: ElementOf, { unit }: Timestamp): Pick<ParquetColumn, 'logical' | 'physical'> {
  if (unit === TimeUnit.SECOND) throw new TypeError('Parquet has no times in seconds');
  const units = {
    [TimeUnit.MILLISECOND]: ['MILLIS', 'TIMESTAMP_MILLIS'], [TimeUnit.MICROSECOND]: ['MICROS', 'TIMESTAMP_MICROS'], [TimeUnit.NANOSECOND]: ['NANOS', undefined],
  } as const;
  const [name, converted] = units[unit];
  return {
    logical: element({ type: 'INT64', converted_type: converted, logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: name } }),
    physical: element({ type: 'INT64' }),
  };
}

/** Parquet's INT64 decimals have 18 digits; longer ones are big-endian bytes, as few as hold them. */
function decimalColumn(element: ElementOf, { precision, scale }: Decimal): ParquetColumn {
  const bytes = Math.ceil((precision * Math.log2(10) + 1) / 8);
  const stored = { type: 'FIXED_LEN_BYTE_ARRAY', type_length: bytes } as const;
  return {
    logical: element({ ...stored, converted_type: 'DECIMAL', precision, scale, logical_type: { type: 'DECIMAL', precision, scale } }),
    physical: element(stored),
    // The order of these bytes is not that of the numbers: what the encoder would take for the least one is not.
    options: { encoding: 'PLAIN', statistics: false },
    cells: ({ values, length }) => {
      const words = values as Uint32Array;
      const little = new Uint8Array(words.buffer, words.byteOffset, length * 16);
      const big = new Uint8Array(length * bytes);
      return Array.from({ length }, (_, row) => {
        for (let b = 0; b < bytes; b++) big[(row + 1) * bytes - 1 - b] = little[row * 16 + b] as number;
        return big.subarray(row * bytes, (row + 1) * bytes);
      });
    },
  };
}

function integerColumn(plain: (parts: Partial<SchemaElement>, cells: ParquetColumn['cells'], options?: ParquetColumn['options']) => ParquetColumn, type: Int): ParquetColumn {
  const converted_type = INTEGERS[`${type.isSigned ? 'Int' : 'Uint'}${type.bitWidth}` as keyof typeof INTEGERS];
  if (type.bitWidth === 64) return plain({ type: 'INT64', converted_type }, flat, { encoding: 'DELTA_BINARY_PACKED' });
  // The encoder takes uint32 as plain numbers only.
  return plain({ type: 'INT32', converted_type }, (data) => (data.values instanceof Uint32Array ? Array.from(flat(data)) : flat(data)));
}

/** Numbers as they lie there; behind them there may be padding. */
function flat({ values, length }: Data): ArrayLike<unknown> {
  return (values as Float64Array).subarray(0, length);
}

function bools({ values, length, offset }: Data): boolean[] {
  return Array.from({ length }, (_, row) => (((values as Uint8Array)[(offset + row) >> 3] as number) & (1 << ((offset + row) & 7))) !== 0);
}

function texts({ values, valueOffsets, length }: Data<Utf8>): string[] {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Array.from({ length }, (_, row) => bytes.toString('utf8', valueOffsets[row], valueOffsets[row + 1]));
}

/** The texts behind the codes; those of a dictionary are made once. */
function dictionaryTexts(): ParquetColumn['cells'] {
  let known: readonly [Vector<Utf8> | undefined, string[]] = [undefined, []];
  return (data) => {
    const { dictionary, values, length } = data as Data<Dictionary<Utf8>>;
    if (known[0] !== dictionary) known = [dictionary, (dictionary as Vector<Utf8>).data.flatMap(texts)];
    const [, list] = known;
    return Array.from({ length }, (_, row) => list[values[row] as number] as string);
  };
}
