import { isPaddingType } from './field-types.js';
import type { SchemaSource } from './schema.js';

/**
 * The canonical JSON of a schema: one text for one layout, with a fixed order of keys and no spaces.
 *
 * ```json
 * {"fields":[{"name":"price","type":"float64"},{"name":"_","type":"_6"},
 *            {"name":"ts","type":"uint64","unit":"us"}],"timestamp":"ts","clocks":[]}
 * ```
 *
 * It has what decides the bytes and what they mean: names, types, scales, sizes, clocks and their units, in record
 * order, and `"mode":"IF"` of a feed whose rows have an index column. It leaves out what may change without touching a byte:
 * descriptions, `as`, and the names of padding.
 */
export function canonicalSchema({ fields, timestamp, clocks, mode }: SchemaSource): string {
  return JSON.stringify({
    fields: fields.map(({ name, type, scale, bytes, unit }) =>
      // JSON leaves out undefined.
      isPaddingType(type) ? { name: '_', type } : { name, type, scale, bytes, unit },
    ),
    timestamp,
    clocks,
    mode: mode === 'IF' ? mode : undefined,
  });
}
