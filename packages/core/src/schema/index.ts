export { compileSchema } from './compile-schema.js';
export { DecimalDigits, decimalFromNumber, decimalToNumber, formatDecimal, parseDecimal, quickDecimal } from './decimal.js';
export {
  FIELD_TYPES,
  type CellKind,
  type FieldAs,
  type FieldType,
  type PaddingType,
  type TimeUnit,
  type ValueType,
} from './field-types.js';
export type { AnySpec, ClockNameOf, ColumnsOf, RecordInputOf, RecordOf, TupleInputOf, TupleOf } from './infer.js';
export { FEED_DEFAULTS, FEED_LIMITS } from './limits.js';
export { checkFeedName } from './names.js';
export { didYouMean, nearMatches } from './near.js';
export { parseFeedSpec } from './parse-spec.js';
export { rebuildSchema } from './rebuild-schema.js';
export type { Clock, Field, RecordFormat, RecordFormatField, Schema, SchemaSource } from './schema.js';
export { specDifferences, type SpecDifference } from './spec-differences.js';
export type { DurabilityInput, FeedSpecInput, FieldInput, InstrumentInput } from './spec-input.js';
export type { Durability, FeedMode, FeedSpec, Instrument, NormalizedField } from './spec.js';
