/** The formats of columns: Arrow and Parquet. What writes them is loaded when it is needed: it takes a fifth of a second. */
import { DeepwaterError } from 'deepwater';
import type { Output } from './output.js';
import { Progress } from './progress.js';

export const COLUMNAR_FORMATS = ['arrow', 'parquet'] as const;
export type ColumnarFormatName = (typeof COLUMNAR_FORMATS)[number];

export const isColumnar = (format: string): format is ColumnarFormatName => (COLUMNAR_FORMATS as readonly string[]).includes(format);

/** Bytes are nothing for a terminal. @throws DeepwaterError DW_OPTION_INVALID */
export function checkColumnarOutput(format: ColumnarFormatName, { kind }: Pick<Output, 'kind'>): void {
  if (kind !== 'terminal') return;
  throw new DeepwaterError('DW_OPTION_INVALID', `--format ${format} gives bytes, which a terminal cannot show. Name a file with --output, or send them into one or a pipe.`, {
    values: { option: 'format', given: format },
  });
}

/** The form of Arrow that suits an output: a file has its contents listed at the end, a pipe is read as it comes. */
export const arrowLayout = ({ kind }: Pick<Output, 'kind'>): 'file' | 'stream' => (kind === 'file' ? 'file' : 'stream');

/** Writes bytes as they come, until nobody wants them any more. */
export async function writeBytes(output: Output, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const progress = new Progress();
  try {
    for await (const piece of pieces) {
      if (output.closed.aborted) break;
      await output.write(piece);
      progress.add(0, piece.byteLength);
    }
  } finally {
    progress.end();
  }
}
