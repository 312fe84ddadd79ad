/**
 * Numbers of Kraken's v2 frames. Prices and sizes are JSON numbers there, and a float64 holds 15 digits of any decimal: enough for nearly all, but not
 * for a size such as 123456789.12345678. A frame with a longer number is read again with its numbers as texts, so that none loses a digit; all others
 * are read by JSON.parse as they are. The zeros that a float64 does not keep come back from the decimals of the pair (see `decimalText`).
 */

/** Fifteen digits and a point; from here on a float64 may be another number. */
const SAFE_CHARACTERS = 16;

const inNumber = (character: number): boolean => (character >= 48 && character <= 57) || character === 46;

/** A run so long has a character at each of these distances, so no other has to be looked at. */
const STRIDE = SAFE_CHARACTERS + 1;

export function hasLongNumber(text: string): boolean {
  for (let at = STRIDE - 1; at < text.length; at += STRIDE) {
    if (!inNumber(text.charCodeAt(at))) continue;
    let from = at;
    while (from > 0 && inNumber(text.charCodeAt(from - 1))) from--;
    let to = at + 1;
    while (to < text.length && inNumber(text.charCodeAt(to))) to++;
    if (to - from >= STRIDE) return true;
  }
  return false;
}

/** The same JSON with texts for numbers; but those with an exponent, which amounts have none of, stay numbers. */
export function quoteNumbers(text: string): string {
  let quoted = '';
  let taken = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      while (++at < text.length && text[at] !== '"') if (text[at] === '\\') at++;
    } else if (character === '-' || inNumber(text.charCodeAt(at))) {
      const from = at;
      while (at + 1 < text.length && /[\d.eE+-]/.test(text[at + 1])) at++;
      const number = text.slice(from, at + 1);
      if (/[eE]/.test(number)) continue;
      quoted += `${text.slice(taken, from)}"${number}"`;
      taken = at + 1;
    }
  }
  return quoted + text.slice(taken);
}

/** JSON with numbers where a float64 holds them, and texts in frames where it does not. */
export const parseLossless = (text: string): unknown => JSON.parse(hasLongNumber(text) ? quoteNumbers(text) : text);

/** An amount with all the decimals of its pair; one that has more keeps them, and the checksum tells. */
export function decimalText(amount: string | number, decimals: number): string {
  if (typeof amount === 'number') return amount.toFixed(decimals);
  const point = amount.indexOf('.');
  if (decimals === 0) return amount;
  return point < 0 ? `${amount}.${'0'.repeat(decimals)}` : amount.padEnd(point + 1 + decimals, '0');
}
