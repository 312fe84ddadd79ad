/** The record of a feed of the Python Deepwater, from its `feed_schema.msgpack` or, of earlier versions, its `record_format.json`. */
import { FEED_LIMITS } from '@deepwater/core';
import { KNOWN_VERSION } from './python-layout.js';
import { type Packed, decodeMessagePack } from './msgpack.js';

/** A field that holds values. Its type is one of the reference's, by the longer of its names; `bytes16` is a text of 16 bytes. */
export interface PythonField {
  readonly name: string;
  readonly type: string;
  readonly offset: number;
  readonly width: number;
}

export interface PythonPadding {
  readonly offset: number;
  readonly width: number;
}

export interface RecordFormat {
  readonly recordBytes: number;
  readonly fields: readonly PythonField[];
  readonly paddings: readonly PythonPadding[];
  /** Fields that are times: the one that ranges are asked by first. */
  readonly clocks: readonly string[];
}

/** Types by the numbers that the schema gives them; 0 is padding, 14 a text. */
const TYPE_IDS = ['', 'char', 'bool', 'int8', 'uint8', 'int16', 'uint16', 'float16', 'int32', 'uint32', 'float32', 'int64', 'uint64', 'float64'] as const;
const BYTES_ID = 14;
const PADDING_ID = 0;

const SHORT_NAMES: Readonly<Record<string, string>> = { i8: 'int8', u8: 'uint8', byte: 'uint8', i16: 'int16', u16: 'uint16', f16: 'float16', i32: 'int32', u32: 'uint32', f32: 'float32', i64: 'int64', u64: 'uint64', f64: 'float64' };
const WIDTHS: Readonly<Record<string, number>> = { char: 1, bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, float16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8 };

interface Given {
  readonly name: unknown;
  readonly type: unknown;
  readonly offset: unknown;
  readonly size: unknown;
}

/** `[version, "<", record bytes, clocks, [[name, type id, offset, bytes], …]]`. @throws Error with what is wrong */
export function decodeSchema(bytes: Buffer): RecordFormat {
  const schema = decodeMessagePack(bytes);
  if (!Array.isArray(schema) || schema.length < 5) throw new Error('it is no array of version, byte order, size, clocks and fields');
  const [version, endian, recordBytes, clockLevel, fields] = schema as readonly Packed[];
  checkVersion(version);
  if (endian !== '<') throw new Error(`its byte order is ${JSON.stringify(endian)}, and only little-endian records are read`);
  if (!Array.isArray(fields)) throw new Error('it has no list of fields');
  const given = (fields as readonly Packed[]).map((field): Given => {
    const [name, id, offset, size] = Array.isArray(field) ? field as readonly Packed[] : [];
    const type = id === PADDING_ID ? `_${String(size)}` : id === BYTES_ID ? `bytes${String(size)}` : typeof id === 'number' ? TYPE_IDS[id] : undefined;
    return { name, type: type ?? id, offset, size };
  });
  return checked(recordBytes, given, (names) => firstClocks(names, clockLevel));
}

/** @throws Error with what is wrong */
export function parseRecordFormat(text: string): RecordFormat {
  const format = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  if (typeof format !== 'object' || format === null || !Array.isArray(format['fields'])) throw new Error('it is no object with a list of fields');
  checkVersion(format['version']);
  if (typeof format['fmt'] !== 'string' || !format['fmt'].startsWith('<')) throw new Error(`its fmt is ${JSON.stringify(format['fmt'])}, and only little-endian records are read`);
  const given = (format['fields'] as unknown[]).map((field): Given => {
    const { name, type, offset, size } = (typeof field === 'object' && field !== null ? field : {}) as Record<string, unknown>;
    return { name, type, offset, size };
  });
  return checked(format['record_size'], given, (names) => {
    if (format['clock_level'] !== undefined) return firstClocks(names, format['clock_level']);
    // Versions before clocks were counted name their times, and had that in an object of its own at first.
    const timestamp = format['ts_name'] ?? (format['ts'] as { name?: unknown } | undefined)?.name;
    const others = typeof format['query_keys'] === 'object' && format['query_keys'] !== null ? Object.keys(format['query_keys']) : [];
    return [...new Set([timestamp as string, ...others])];
  });
}

function checkVersion(version: unknown): void {
  if (version !== KNOWN_VERSION) throw new Error(`it has version ${JSON.stringify(version)}; known is ${KNOWN_VERSION}`);
}

function firstClocks(names: readonly string[], level: unknown): string[] {
  if (!Number.isInteger(level) || (level as number) < 1 || (level as number) > 3) throw new Error(`it has ${JSON.stringify(level)} clocks; 1 to 3 are known`);
  return names.slice(0, level as number);
}

function checked(recordBytes: unknown, given: readonly Given[], clocksOf: (names: readonly string[]) => string[]): RecordFormat {
  if (!Number.isInteger(recordBytes) || (recordBytes as number) < 1 || (recordBytes as number) > FEED_LIMITS.recordBytesMax) {
    throw new Error(`its records have ${JSON.stringify(recordBytes)} bytes; 1 to ${FEED_LIMITS.recordBytesMax} are read`);
  }
  if (given.length > FEED_LIMITS.fieldsMax) throw new Error(`it has ${given.length} fields; the most is ${FEED_LIMITS.fieldsMax}`);
  const fields: PythonField[] = [];
  const paddings: PythonPadding[] = [];
  let end = 0;
  for (const { name, type, offset, size } of given) {
    if (typeof name !== 'string' || typeof type !== 'string') throw new Error(`a field has the name ${JSON.stringify(name)} and the type ${JSON.stringify(type)}`);
    const long = SHORT_NAMES[type] ?? type;
    const [, padding, text] = /^(?:_(\d{1,5})|bytes(\d{1,5}))$/.exec(long) ?? [];
    const width = Object.hasOwn(WIDTHS, long) ? WIDTHS[long]! : Number(padding ?? text ?? 0);
    if (width === 0) throw new Error(`field ${JSON.stringify(name)} has the unknown type ${JSON.stringify(type)}`);
    // Fields follow each other without gaps in all versions; a hole would be one of the description.
    if (offset !== end || size !== width) throw new Error(`field ${JSON.stringify(name)} of type ${type} is at ${JSON.stringify(offset)} with ${JSON.stringify(size)} bytes, where ${end} and ${width} are expected`);
    end += width;
    if (padding === undefined) fields.push({ name, type: long, offset, width });
    else paddings.push({ offset, width });
  }
  if (end !== recordBytes) throw new Error(`its fields have ${end} bytes and its records ${recordBytes as number}`);
  const clocks = clocksOf(fields.map(({ name }) => name));
  for (const clock of clocks) if (fields.find(({ name }) => name === clock)?.type !== 'uint64') throw new Error(`its time ${JSON.stringify(clock)} is no field of type uint64`);
  return { recordBytes: recordBytes as number, fields, paddings, clocks };
}
