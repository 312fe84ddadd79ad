/** The values in a JSON file, as texts: those of its lines, or the elements of the one array that it is. */
import { unreadable } from '../unpack/source-file.js';

const [LF, CR, SPACE, TAB, QUOTE, BACKSLASH, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [10, 13, 32, 9, 34, 92, 44, 91, 93, 123, 125];
/** A value is kept whole in memory. */
export const VALUE_BYTES_MAX = 1 << 20;

export interface JsonText {
  /** Undefined for one that is longer than VALUE_BYTES_MAX. */
  readonly text: string | undefined;
  /** Of the line that it begins on, or, in an array, its number among the elements; from 1. */
  readonly line: number;
}

const isSpace = (byte: number): boolean => byte === SPACE || byte === LF || byte === CR || byte === TAB;

/** Whether a file is one array of records, by its beginning: `[{` or `[[`. */
export const isOneArray = (head: string): boolean => /^\s*\[\s*[[{]/.test(head);

export async function* jsonLines(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonText, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let tooLong = false;
  for await (const block of blocks) {
    let bytes: Buffer = rest.length === 0 ? Buffer.from(block.buffer, block.byteOffset, block.byteLength) : Buffer.concat([rest, block]);
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF)) {
      const text = bytes.toString('utf8', 0, end).trim();
      if (tooLong || end > VALUE_BYTES_MAX) yield { text: undefined, line };
      else if (text !== '') yield { text, line };
      tooLong = false;
      line += 1;
      bytes = bytes.subarray(end + 1);
    }
    tooLong ||= bytes.length > VALUE_BYTES_MAX;
    // Blocks are used again.
    rest = tooLong ? Buffer.alloc(0) : Buffer.from(bytes);
  }
  if (tooLong) yield { text: undefined, line };
  else if (rest.toString('utf8').trim() !== '') yield { text: rest.toString('utf8').trim(), line };
}

/** @throws DeepwaterError DW_IMPORT_UNREADABLE for an array that does not end */
export async function* jsonElements(path: string, blocks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonText, void, void> {
  let depth = 0;
  let inText = false;
  let escaped = false;
  let number = 0;
  let ended = false;
  let piece: Uint8Array[] = [];
  let length = 0;
  const taken = (): JsonText => {
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
