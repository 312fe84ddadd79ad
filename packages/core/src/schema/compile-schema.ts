import { createHash } from 'node:crypto';
import { canonicalSchema } from './canonical.js';
import { fieldTypeInfo, isValueType, paddingBytes, type FieldAs, type ValueType } from './field-types.js';
import { deepFreeze } from './freeze.js';
import type { Clock, Field, RecordFormatField, Schema, SchemaSource } from './schema.js';
import type { NormalizedField } from './spec.js';

/** A field of the packed record, padding included. */
interface Placed {
  readonly field: NormalizedField;
  readonly offset: number;
  readonly size: number;
  readonly code: string;
}

/** A field of the packed record that holds values. */
interface PlacedValue extends Placed {
  readonly type: ValueType;
}

/**
 * Everything that follows from the fields of a feed: the packed record, the ring slot, the columns, the clocks and the
 * schema's identity. Pure, and frozen. The source comes from `parseFeedSpec`, which has checked it.
 */
export function compileSchema(source: SchemaSource): Schema {
  const placed = packRecord(source.fields);
  const values = placed.flatMap((each): PlacedValue[] =>
    isValueType(each.field.type) ? [{ ...each, type: each.field.type }] : [],
  );
  const { slotOffsets, end } = layOutSlot(values);
  const fields = values.map((value, index) => fieldOf(value, index, slotOffsets[index]));
  const indexColumn = source.mode === 'IF' ? indexColumnAt(fields.length, end) : undefined;
  const columns = indexColumn === undefined ? fields : [...fields, indexColumn];
  const canonical = canonicalSchema(source);
  return deepFreeze({
    fields,
    columns,
    ...(indexColumn === undefined ? {} : { indexColumn }),
    record: {
      fmt: `<${placed.map(({ code }) => code).join('')}`,
      recordSize: placed.reduce((sum, { size }) => sum + size, 0),
      fields: values.map(({ field, offset, size }): RecordFormatField => ({ name: field.name, type: field.type, offset, size })),
    },
    slotStride: Math.ceil((end + (indexColumn?.width ?? 0)) / 8) * 8,
    rowBytes: columns.reduce((sum, { width }) => sum + width, 0),
    clocks: [source.timestamp, ...source.clocks].map((name) => clockOf(fields, name)),
    hash: createHash('sha256').update(canonical).digest('hex').slice(0, 16),
    canonical,
  });
}

/** The packed record: fields in their order, without a gap between them. */
function packRecord(fields: readonly NormalizedField[]): Placed[] {
  let offset = 0;
  return fields.map((field) => {
    const size = packedSize(field);
    const placed = { field, offset, size, code: structCode(field, size) };
    offset += size;
    return placed;
  });
}

/** Bytes that a field takes in the packed record. */
export function packedSize({ type, bytes }: NormalizedField): number {
  if (!isValueType(type)) return paddingBytes(type) as number;
  return bytes ?? fieldTypeInfo(type).width;
}

function structCode({ type }: NormalizedField, size: number): string {
  if (!isValueType(type)) return `${size}x`;
  return type === 'string' ? `${size}s` : fieldTypeInfo(type).code;
}

/**
 * The ring slot: widest cells first, strings last, so that each cell lies at a multiple of its own size and no byte is
 * lost between them. Within one width, record order.
 */
function layOutSlot(values: readonly PlacedValue[]): { slotOffsets: number[]; end: number } {
  const slotOffsets: number[] = new Array<number>(values.length);
  let end = 0;
  for (const alignment of [8, 4, 2, 1]) {
    values.forEach((value, index) => {
      if (cellAlignment(value) !== alignment) return;
      slotOffsets[index] = end;
      end += value.size;
    });
  }
  return { slotOffsets, end };
}

function cellAlignment({ type, size }: PlacedValue): number {
  return fieldTypeInfo(type).cell === 'bytes' ? 1 : size;
}

function fieldOf({ field, type, offset, size }: PlacedValue, index: number, slotOffset: number): Field {
  const { scale, bytes, unit, desc } = field;
  return {
    index,
    name: field.name,
    type,
    width: size,
    recordOffset: offset,
    slotOffset,
    cell: fieldTypeInfo(type).cell,
    as: field.as as FieldAs,
    ...(scale === undefined ? {} : { scale }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(unit === undefined ? {} : { unit }),
    ...(desc === undefined ? {} : { desc }),
  };
}

/** No identifier, so no field has this name. */
const INDEX_COLUMN = '#index';

/** The column of index points: after everything else, where slots mostly have a byte to spare. */
function indexColumnAt(index: number, slotOffset: number): Field {
  return { index, name: INDEX_COLUMN, type: 'uint8', width: 1, recordOffset: -1, slotOffset, cell: 'u8', as: 'number' };
}

function clockOf(fields: readonly Field[], name: string): Clock {
  const field = fields.find((each) => each.name === name) as Field;
  return { fieldIndex: field.index, name, unit: field.unit as Clock['unit'], signed: field.type === 'int64' };
}
