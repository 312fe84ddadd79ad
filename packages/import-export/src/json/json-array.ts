/** The elements of a JSON file that is one array, as texts. */
import { unreadable } from '../unpack/source-file.js';
import type { TextLine } from '../unpack/text-lines.js';

const [LF, CR, SPACE, TAB, QUOTE, BACKSLASH, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [10, 13, 32, 9, 34, 92, 44, 91, 93, 123, 125];
/** A value is kept whole in memory. */
export const VALUE_BYTES_MAX = 1 << 20;

const isSpace = (byte: number): boolean => byte === SPACE || byte === LF || byte === CR || byte === TAB;

/** Whether a file is one array of records, by its beginning: `[{` or `[[`. */
export const isOneArray = (head: string): boolean => /^\s*\[\s*[[{]/.test(head);

/**
 * Its elements; `line` is their number, from 1.
 * @throws DeepwaterError DW_IMPORT_UNREADABLE for an array that does not end
 */
export async function* jsonElements(path: string, blocks: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine, void, void> {
  let depth = 0;
  let inText = false;
  let escaped = false;
  let number = 0;
  let ended = false;
  let piece: Uint8Array[] = [];
  let length = 0;
  const taken = (): TextLine => {
    const text = length > VALUE_BYTES_MAX ? undefined : Buffer.concat(piece).toString('utf8').trim();
    piece = [];
    length = 0;
    number += 1;
    return { text, line: number };
  };
  const keep = (bytes: Uint8Array): void => {
    length += bytes.length;
    if (length <= VALUE_BYTES_MAX) piece.push(Buffer.from(bytes));
  };
  for await (const block of blocks) {
    let from = 0;
    for (let at = 0; at < block.length; at++) {
      const byte = block[at]!;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
        continue;
      }
      if (byte === QUOTE) inText = true;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        depth += 1;
        if (depth === 1) from = at + 1;
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || (byte === COMMA && depth === 1)) {
        if (byte !== COMMA) depth -= 1;
        if (depth > 1 || (depth === 1 && byte !== COMMA)) continue;
        keep(block.subarray(from, at));
        from = at + 1;
        const value = taken();
        if (value.text !== '') yield value;
        if (depth === 0) ended = true;
      } else if (ended && !isSpace(byte)) throw unreadable(path, new Error('something stands behind the end of its array'));
    }
    if (depth > 0) keep(block.subarray(from));
  }
  if (!ended) throw unreadable(path, new Error('its array does not end: it is cut off'));
}
