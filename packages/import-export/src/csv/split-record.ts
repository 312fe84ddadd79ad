/** One record of CSV by the rules of RFC 4180, for lines that are not on the fast path. */

export interface SplitRecord {
  readonly fields: string[];
  /** Where the next record begins. */
  readonly next: number;
  /** Line feeds in it, its own included. */
  readonly lines: number;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;

/** Bytes that are no UTF-8 throw. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param end behind the last line feed there is @returns undefined where a quote is not closed before `end`
 * @throws TypeError for bytes that are no UTF-8
 */
export function splitRecord(text: Uint8Array, from: number, end: number, delimiter: number): SplitRecord | undefined {
  const fields: string[] = [];
  let at = from;
  let lines = 1;
  for (;;) {
    if (text[at] === QUOTE) {
      const field: string[] = [];
      at += 1;
      for (let begin = at; ;) {
        const quote = text.indexOf(QUOTE, at);
        if (quote < 0 || quote >= end) return undefined;
        at = quote + 1;
        if (text[at] === QUOTE) {
          field.push(decode(text, begin, at));
          begin = ++at;
          continue;
        }
        field.push(decode(text, begin, quote));
        break;
      }
      const value = field.join('');
      for (let lf = value.indexOf('\n'); lf >= 0; lf = value.indexOf('\n', lf + 1)) lines += 1;
      const begin = at;
      while (text[at] !== delimiter && text[at] !== LF) at += 1;
      // What stands behind the closing quote belongs to the field, as spreadsheets have it; of a line's end it is the CR.
      fields.push(value + decode(text, begin, text[at] === LF && text[at - 1] === CR && at > begin ? at - 1 : at));
    } else {
      const begin = at;
      while (text[at] !== delimiter && text[at] !== LF) at += 1;
      fields.push(decode(text, begin, text[at] === LF && at > begin && text[at - 1] === CR ? at - 1 : at));
    }
    if (text[at++] === LF) return { fields, next: at, lines };
  }
}

function decode(text: Uint8Array, from: number, to: number): string {
  if (from >= to) return '';
  // TextDecoder takes no shared memory.
  return decoder.decode(text.slice(from, to));
}

/** Fields of one line that is already text: a header. */
export function splitLine(line: string, delimiter: string): string[] {
  return splitRecord(Buffer.from(`${line}\n`), 0, Buffer.byteLength(line) + 1, delimiter.charCodeAt(0))?.fields ?? [line];
}
