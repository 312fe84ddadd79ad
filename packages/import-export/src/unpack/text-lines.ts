const LF = 10;

export interface TextLine {
  /** Without space around it; undefined for one that is too long. */
  readonly text: string | undefined;
  /** Of the line that it begins on, from 1. */
  readonly line: number;
}

/**
 * The lines of a text that have something on them.
 * @param bytesMax of a line: it is kept whole in memory
 * @param whole only lines that end count, for a file that may break off
 */
export async function* textLines(blocks: AsyncIterable<Uint8Array>, bytesMax: number, whole = false): AsyncGenerator<TextLine, void, void> {
  /** Of the line at hand, from blocks before. */
  let pieces: Buffer[] = [];
  let length = 0;
  let line = 1;
  const taken = (last: Buffer): TextLine => {
    const text = length + last.length > bytesMax ? undefined : (pieces.length === 0 ? last : Buffer.concat([...pieces, last])).toString('utf8').trim();
    pieces = [];
    length = 0;
    return { text, line: line++ };
  };
  for await (const block of blocks) {
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      const found = taken(bytes.subarray(from, end));
      if (found.text !== '') yield found;
      from = end + 1;
    }
    if (from === bytes.length) continue;
    length += bytes.length - from;
    // Blocks are used again.
    if (length > bytesMax) pieces = [];
    else pieces.push(Buffer.from(bytes.subarray(from)));
  }
  if (whole) return;
  const found = taken(Buffer.alloc(0));
  if (found.text !== '') yield found;
}
