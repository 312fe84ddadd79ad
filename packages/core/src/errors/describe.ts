/** Longest text of a user's value that goes into a message. */
const TEXT_MAX = 80;

/** `text`, cut to at most `max` characters; a cut text ends in an ellipsis. */
export function clipText(text: string, max: number = TEXT_MAX): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

/**
 * A short, single-line account of any value, for error messages. Strings are quoted, escaped and cut; big things are
 * named by kind and size, never printed whole. It never throws, whatever the value does when looked at.
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length <= TEXT_MAX
        ? JSON.stringify(value)
        : `${JSON.stringify(clipText(value))} (${value.length} characters)`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${clipText(value.toString())}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return clipText(oneLine(value.toString()));
    case 'function':
      return 'a function';
    default:
      return value === null ? 'null' : describeObject(value as object);
  }
}

function describeObject(value: object): string {
  try {
    return lookAtObject(value);
  } catch {
    // A revoked proxy, a getter that throws: an error message must still come out.
    return 'an object that cannot be looked at';
  }
}

function lookAtObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    // A DataView has bytes, a typed array elements.
    const count = (value as Partial<Uint8Array>).length ?? value.byteLength;
    return `${classOf(value)}(${count})`;
  }
  const className = classOf(value);
  if (className !== 'Object') return `an object of class ${className}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an object without keys';
  const shown = keys.slice(0, 5).map((key) => oneLine(clipText(key, 32)));
  return `an object with keys ${shown.join(', ')}${keys.length > 5 ? `, … (${keys.length})` : ''}`;
}

function classOf(value: object): string {
  return oneLine(clipText(Object.prototype.toString.call(value).slice(8, -1), 32));
}

/** `text` with its control characters escaped. */
function oneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
