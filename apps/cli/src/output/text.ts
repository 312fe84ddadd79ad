/** Control characters, among them the escapes that a terminal would obey. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text from a store as it may be shown on a terminal: control characters are written out. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** A number of bytes for people: `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
