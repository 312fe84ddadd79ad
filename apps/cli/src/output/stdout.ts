import { once } from 'node:events';

/** Text is gathered to pieces of this size before it is written. */
const PIECE_CHARS = 64 * 1024;

let pending = '';
const closed = new AbortController();

/** Aborted once nobody reads stdout any more: `deepwater query … | head` ends quietly, as if it were done. */
export const stdoutClosed: AbortSignal = closed.signal;

let failure: Error | undefined;

/** Takes note of a reader that goes away, or of output that cannot be written. Call it once, before anything is written. */
export function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure = error;
    closed.abort();
  });
}

/** Why the output could not be written, other than that nobody reads it: a full disk, say. */
export function stdoutFailure(): Error | undefined {
  return failure;
}

/** Writes text, sooner or later; resolves when more may come. */
export async function print(text: string): Promise<void> {
  pending += text;
  if (pending.length >= PIECE_CHARS) await flush();
}

/** Writes what was gathered. */
export async function flush(): Promise<void> {
  const text = pending;
  pending = '';
  if (text !== '') await write(text);
}

/** Writes bytes, behind the text that was gathered; resolves when more may come. */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  await flush();
  await write(bytes);
}

async function write(piece: string | Uint8Array): Promise<void> {
  if (stdoutClosed.aborted || process.stdout.write(piece)) return;
  try {
    await once(process.stdout, 'drain', { signal: stdoutClosed });
  } catch (error) {
    if (!stdoutClosed.aborted) throw error;
  }
}
