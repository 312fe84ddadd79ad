/**
 * The Arrow schema of a feed. Where Arrow lays a type out as a chunk does, the column is the chunk's own memory; the rest is
 * converted:
 *
 *   float, int, uint        the same; a copy of nothing
 *   clocks                  Timestamp(unit, UTC) over the same 64 bits. A uint64 clock above 2^63 - 1 comes out negative
 *   char                    Dictionary<Utf8, Uint8>: the bytes are indices into the 256 characters there can be
 *   symbol                  Dictionary<Utf8, Uint32>: the codes are indices into the feed's texts
 *   decimal                 Decimal128(19, scale), converted: Arrow has no decimal of 64 bits with 19 digits
 *   bool                    packed into bits, converted
 *   string                  Utf8 without the zeros at the end, converted
 */
import type { Clock, FeedSpec, Field, Schema } from '@deepwater/core/engine';
import type { DataType, Field as ArrowField, Schema as ArrowSchema } from 'apache-arrow';
import type { ArrowModule } from './load-arrow.js';

/** Digits of the longest int64. */
const DECIMAL_DIGITS = 19;

/** What a schema says about its feed, and about the rows where they are known. */
export function feedMetadata(spec: FeedSpec, rows?: { readonly first: number; readonly next: number }): Map<string, string> {
  return new Map([
    ['deepwater.feed', spec.name],
    ...(spec.desc === undefined ? [] : [['deepwater.desc', spec.desc] as const]),
    ...(spec.instrument === undefined ? [] : [['deepwater.instrument', JSON.stringify(spec.instrument)] as const]),
    ...(rows === undefined ? [] : [['deepwater.sequence.first', String(rows.first)], ['deepwater.sequence.next', String(rows.next)]] as const),
  ]);
}

/** The Arrow schema of some fields. */
export function arrowSchema(arrow: ArrowModule, schema: Schema, fields: readonly Field[], metadata: Map<string, string>): ArrowSchema {
  return new arrow.Schema(fields.map((field) => arrowField(arrow, field, clockOf(schema, field))), metadata);
}

export function clockOf(schema: Schema, field: Field): Clock | undefined {
  return schema.clocks.find(({ fieldIndex }) => fieldIndex === field.index);
}

function arrowField(arrow: ArrowModule, field: Field, clock: Clock | undefined): ArrowField {
  const metadata = new Map([
    ['deepwater.type', field.type],
    ...(field.desc === undefined ? [] : [['deepwater.desc', field.desc] as const]),
    ...(clock === undefined ? [] : [['deepwater.clock', clock.signed ? 'int64' : 'uint64'], ['deepwater.unit', clock.unit]] as const),
  ]);
  return new arrow.Field(field.name, arrowType(arrow, field, clock), false, metadata);
}

function arrowType(arrow: ArrowModule, field: Field, clock: Clock | undefined): DataType {
  if (clock !== undefined) {
    const unit = { ms: arrow.TimeUnit.MILLISECOND, us: arrow.TimeUnit.MICROSECOND, ns: arrow.TimeUnit.NANOSECOND }[clock.unit];
    return new arrow.Timestamp(unit, 'UTC');
  }
  switch (field.type) {
    case 'float64': return new arrow.Float64();
    case 'float32': return new arrow.Float32();
    case 'int8': return new arrow.Int8();
    case 'int16': return new arrow.Int16();
    case 'int32': return new arrow.Int32();
    case 'int64': return new arrow.Int64();
    case 'uint8': return new arrow.Uint8();
    case 'uint16': return new arrow.Uint16();
    case 'uint32': return new arrow.Uint32();
    case 'uint64': return new arrow.Uint64();
    case 'bool': return new arrow.Bool();
    case 'decimal': return new arrow.Decimal(field.scale ?? 0, DECIMAL_DIGITS);
    case 'string': return new arrow.Utf8();
    // The number of a dictionary only has to differ within a schema.
    case 'char': return new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint8(), field.index);
    case 'symbol': return new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint32(), field.index);
  }
}
