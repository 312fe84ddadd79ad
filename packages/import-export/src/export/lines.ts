/** Records as lines of text. */

type Value = number | bigint | string | boolean;

/** JSON of any data: what JSON has no word for becomes text (bigint) or null (NaN and infinities). */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each), indent);
}

/** RFC 4180, with `\n` at the end of a line. */
export function csvLine(values: readonly string[]): string {
  return `${values.map((value) => (/[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`;
}

export function jsonObject(names: readonly string[], row: readonly Value[]): string {
  return `{${names.map((name, column) => `${JSON.stringify(name)}:${toJson(row[column])}`).join(',')}}`;
}

/** The same, but numbers that JSON has no word for are texts: `"NaN"`, `"-Infinity"`. Nothing is lost. */
export function exactJsonObject(names: readonly string[], row: readonly Value[]): string {
  return jsonObject(names, row.map((value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : Object.is(value, -0) ? '-0' : value)));
}
