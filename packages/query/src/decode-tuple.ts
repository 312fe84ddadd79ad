import type { Field } from '@deepwater/core/engine';
import { type RowDecoder, compileDecoder, valueExpression } from './decode-values.js';

/** Of a list of fields, most often all of a feed's. */
const known = new WeakMap<readonly Field[], RowDecoder>();

/** Records as arrays, in the order of the fields. */
export function tupleDecoder(fields: readonly Field[]): RowDecoder {
  let decoder = known.get(fields);
  if (decoder === undefined) known.set(fields, (decoder = compileDecoder(fields, `[${fields.map(valueExpression).join(', ')}]`)));
  return decoder;
}
