/** The spec that a feed of the Python Deepwater gets here, and how its records become ours. */
import { DeepwaterError, FEED_LIMITS, type FeedSpecInput, type FieldInput, type FieldType, type TimeUnit } from '@deepwater/core';
import { guessTimeFormat } from '../cells/times.js';
import type { Target } from '../import/batch.js';
import { type CopyField, copyField } from './cells.js';
import type { PythonFeed } from './python-feed.js';
import type { PythonField, PythonPadding } from './record-format.js';

/** The type here of a reference's type. */
const typeOf = ({ type, width }: PythonField): Pick<FieldInput, 'type' | 'bytes'> =>
  type.startsWith('bytes') ? { type: 'string', bytes: width } : { type: (type === 'float16' ? 'float32' : type) as FieldType };

/**
 * Record for record the same, padding included. float16 becomes float32, bytesN a string of N bytes.
 * @param first the feed's first record, which tells in what units its times are
 */
export function pythonFeedSpec({ name, format, config }: PythonFeed, first: Buffer, feedName: string | undefined): FeedSpecInput & { readonly name: string } {
  const unitOf = (clock: string): TimeUnit => {
    const guess = guessTimeFormat(String(first.readBigUInt64LE(format.fields.find((field) => field.name === clock)!.offset)));
    // The reference's times are microseconds by convention; nothing in the store says so.
    return guess === 'ns' || guess === 'ms' ? guess : 'us';
  };
  const [timestamp, ...clocks] = format.clocks as [string, ...string[]];
  const parts = [...format.fields, ...format.paddings].sort((a, b) => a.offset - b.offset);
  const fields = parts.flatMap((part): FieldInput[] => {
    if (!isField(part)) return paddingFields(part.width);
    const desc = config.descriptions.get(part.name);
    return [{ name: part.name, ...typeOf(part), ...(format.clocks.includes(part.name) ? { unit: unitOf(part.name) } : {}), ...(desc === undefined ? {} : { desc }) }];
  });
  return {
    name: feedName ?? name, fields, timestamp, ...(clocks.length === 0 ? {} : { clocks }), persist: true, mode: config.indexPlayback ? 'IF' : 'UF',
    // Old records that were kept until now are not to go with the next clean-up.
    retentionHours: 0, ...(config.chunkSizeBytes === undefined ? {} : { chunkSizeBytes: config.chunkSizeBytes }),
  };
}

const isField = (part: PythonField | PythonPadding): part is PythonField => 'name' in part;

/** Padding of any size, of fields that have at most so much. */
function paddingFields(width: number): FieldInput[] {
  const whole = Array.from({ length: Math.floor(width / FEED_LIMITS.paddingBytesMax) }, () => FEED_LIMITS.paddingBytesMax);
  const rest = width % FEED_LIMITS.paddingBytesMax;
  return [...whole, ...(rest === 0 ? [] : [rest])].map((bytes) => ({ name: '_', type: `_${bytes}` as const }));
}

/**
 * How each field of a feed is filled: from the field of the same name, which has to be of the same type.
 * @throws DeepwaterError DW_IMPORT_COLUMNS where an existing feed has other ones
 */
export function copiesFor(feed: PythonFeed, target: Target): CopyField[] {
  return target.fields.map((field) => {
    const from = feed.format.fields.find(({ name }) => name === field.name);
    const type = from === undefined ? undefined : typeOf(from);
    if (from === undefined || type!.type !== field.type || (type!.bytes ?? field.width) !== field.width) {
      throw new DeepwaterError('DW_IMPORT_COLUMNS', `Field ${field.name} of feed ${target.spec.name} is ${field.type}${field.bytes === undefined ? '' : ` of ${field.bytes} bytes`}, and in ${feed.directory} ${from === undefined ? 'there is no such field' : `it is ${from.type}`}. Give another --feed: records of a store come over as they are.`, {
        values: { feed: target.spec.name, field: field.name, type: field.type, found: from?.type },
      });
    }
    return copyField(from, field, feed.format.recordBytes);
  });
}
