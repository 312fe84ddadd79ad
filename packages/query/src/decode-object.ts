import type { Field } from '@deepwater/core/engine';
import { type RowDecoder, compileDecoder, valueExpression } from './decode-values.js';

/** Records as objects, all of one shape. */
export function objectDecoder(fields: readonly Field[]): RowDecoder {
  return compileDecoder(fields, `{ ${fields.map((field, k) => `${JSON.stringify(field.name)}: ${valueExpression(field, k)}`).join(', ')} }`);
}
