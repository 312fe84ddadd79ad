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
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let tooLong = false;
  for await (const block of blocks) {
    const bytes: Buffer = rest.length === 0 ? Buffer.from(block.buffer, block.byteOffset, block.byteLength) : Buffer.concat([rest, block]);
    let from = 0;
    // What was there before this block has no end of a line.
    for (let end = bytes.indexOf(LF, rest.length); end >= 0; end = bytes.indexOf(LF, from)) {
      if (tooLong || end - from > bytesMax) yield { text: undefined, line };
      else {
        const text = bytes.toString('utf8', from, end).trim();
        if (text !== '') yield { text, line };
      }
      tooLong = false;
      line += 1;
      from = end + 1;
    }
    tooLong ||= bytes.length - from > bytesMax;
    // Blocks are used again.
    rest = tooLong ? Buffer.alloc(0) : Buffer.from(bytes.subarray(from));
  }
  if (whole) return;
  const text = rest.toString('utf8').trim();
  if (tooLong) yield { text: undefined, line };
  else if (text !== '') yield { text, line };
}
