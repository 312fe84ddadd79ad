import type { Field } from '@deepwater/core/engine';
import { type RowDecoder, compileDecoder, valueExpression } from './decode-values.js';

/** Records as arrays, in the order of the fields. */
export function tupleDecoder(fields: readonly Field[]): RowDecoder {
  return compileDecoder(fields, `[${fields.map(valueExpression).join(', ')}]`);
}
