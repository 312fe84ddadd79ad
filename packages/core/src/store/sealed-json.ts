/**
 * Small JSON files with a checksum: a digit that a disk has changed is still JSON, and would be another retention, or another scale.
 * The checksum is of the values and not of the text, so white space and the order of keys may be anything.
 */
import { crc32 } from '../layout/crc.js';

const KEY = 'checksum';

/** The text of a file: the object with its checksum at the end. */
export function sealedJson(object: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ ...object, [KEY]: checksumOf(object) }, null, 2)}\n`;
}

/** Whether an object that was read is the one that was written. One without a checksum, of an older version or made by hand, is believed. */
export function sealHolds(parsed: Readonly<Record<string, unknown>>): boolean {
  const { [KEY]: found, ...rest } = parsed;
  return found === undefined || found === checksumOf(rest);
}

/** CRC-32 of the object as JSON with its keys in order, as 8 hex digits. */
function checksumOf(object: Readonly<Record<string, unknown>>): string {
  return crc32(Buffer.from(JSON.stringify(sorted(object)))).toString(16).padStart(8, '0');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
