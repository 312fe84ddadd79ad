import { DecimalDigits, DeepwaterError, type Field, decimalFromNumber, describeValue, parseDecimal } from '@deepwater/core/engine';

/** The 64 bits of a value for an int64, uint64, decimal or clock field. @throws DeepwaterError DW_VALUE_TYPE, DW_VALUE_RANGE */
export function toInt64(feed: string, field: Field, value: unknown): bigint {
  let scaled: bigint;
  if (typeof value === 'bigint') {
    scaled = value;
  } else if (field.type === 'decimal') {
    scaled = scaledDecimal(feed, field, value);
  } else if (typeof value === 'number' && Number.isSafeInteger(value)) {
    scaled = BigInt(value);
  } else {
    throw valueError(feed, field, value);
  }
  const [min, max] = int64Bounds(field);
  if (scaled < min || scaled > max) throw valueError(feed, field, value);
  return scaled;
}

function scaledDecimal(feed: string, field: Field, value: unknown): bigint {
  const text = value instanceof DecimalDigits ? String(value) : value;
  if (typeof text !== 'string' && typeof text !== 'number') throw valueError(feed, field, value);
  try {
    return typeof text === 'string' ? parseDecimal(text, field.scale as number) : decimalFromNumber(text, field.scale as number);
  } catch (cause) {
    if (!(cause instanceof DeepwaterError)) throw cause;
    throw new DeepwaterError(cause.code, `Field ${field.name} of feed ${feed}: the record was not written. ${cause.message}`, {
      values: { ...cause.values, feed, field: field.name, type: field.type }, cause,
    });
  }
}

const ENCODER = new TextEncoder();
/** Half of a pair: a text with one has no UTF-8, and would be stored as another text. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Puts a text into the bytes of a string field, filled up with zeros. @returns false for what is no text or does not fit. */
export function encodeText(value: unknown, target: Uint8Array): boolean {
  if (typeof value !== 'string' || value.includes('\0') || LONE_SURROGATE.test(value)) return false;
  const { read, written } = ENCODER.encodeInto(value, target);
  target.fill(0, written);
  return read === value.length;
}

/** Times in us and ms are numbers when read, so only what a number holds exactly is taken. */
export function int64Bounds(field: Field): readonly [bigint, bigint] {
  const signed = field.cell === 'i64';
  if (field.unit === 'us' || field.unit === 'ms') {
    const safe = BigInt(Number.MAX_SAFE_INTEGER);
    return [signed ? -safe : 0n, safe];
  }
  return signed ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
}

const EXPECTED: Readonly<Record<string, string>> = {
  char: 'a string of one character up to U+00FF',
  int8: 'an integer from -128 to 127',
  int16: 'an integer from -32768 to 32767',
  int32: 'an integer from -2147483648 to 2147483647',
  uint8: 'an integer from 0 to 255',
  uint16: 'an integer from 0 to 65535',
  uint32: 'an integer from 0 to 4294967295',
  int64: 'a bigint, or a number that is a safe integer, from -2^63 to 2^63-1',
  uint64: 'a bigint, or a number that is a safe integer, from 0 to 2^64-1',
  float32: 'a number within the range of a float32',
  float64: 'a number',
  bool: 'true or false',
  decimal: 'a string, number or scaled bigint that fits the scale',
  string: 'a well-formed string without NUL that fits the bytes of the field in UTF-8',
  symbol: 'a string',
};

const WRONG_KIND: Readonly<Record<string, readonly string[]>> = {
  char: ['string'], bool: ['boolean'], string: ['string'], symbol: ['string'], decimal: ['string', 'number', 'bigint'],
  int64: ['number', 'bigint'], uint64: ['number', 'bigint'],
};

/** DW_VALUE_TYPE for a value of the wrong kind, DW_VALUE_RANGE for one of the right kind that does not fit. */
export function valueError(feed: string, field: Field, value: unknown, row?: number): DeepwaterError {
  const kinds = WRONG_KIND[field.type] ?? ['number'];
  const code = kinds.includes(typeof value) ? 'DW_VALUE_RANGE' : 'DW_VALUE_TYPE';
  const clock = field.unit === 'us' || field.unit === 'ms' ? `, at most 2^53-1 for a time in ${field.unit}` : '';
  const where = row === undefined ? 'the record was' : `row ${row} of the batch: no row was`;
  return new DeepwaterError(
    code,
    `Field ${field.name} of feed ${feed} (${field.type}) cannot hold ${describeValue(value)}; ${where} not written. It takes ${EXPECTED[field.type]}${clock}.`,
    { values: { feed, field: field.name, type: field.type, value: typeof value === 'bigint' ? value.toString() : value, ...(row === undefined ? {} : { row }) } },
  );
}
