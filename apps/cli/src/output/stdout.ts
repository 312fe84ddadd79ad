import { once } from 'node:events';
import { gathered } from '@deepwater/import-export/output';

const closed = new AbortController();

/** Aborted once nobody reads stdout any more: `deepwater query … | head` ends quietly, as if it were done. */
export const stdoutClosed: AbortSignal = closed.signal;

let failure: Error | undefined;
let watched = false;

/** Takes note of a reader that goes away, or of output that cannot be written. Call it before anything is written; a second call does nothing. */
export function watchStdout(): void {
  if (watched) return;
  watched = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure = error;
    closed.abort();
  });
}

/** Why the output could not be written, other than that nobody reads it: a full disk, say. */
export function stdoutFailure(): Error | undefined {
  return failure;
}

export const { print, write: printBytes, flush } = gathered(async (piece) => {
  if (stdoutClosed.aborted || process.stdout.write(piece)) return;
  try {
    await once(process.stdout, 'drain', { signal: stdoutClosed });
  } catch (error) {
    if (!stdoutClosed.aborted) throw error;
  }
});
