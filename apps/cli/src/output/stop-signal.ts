import { stdoutClosed } from './stdout.js';

/** Aborted by Ctrl+C, SIGTERM, or when nobody reads the output any more: a command that goes on for ever ends well then. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return AbortSignal.any([stop.signal, stdoutClosed]);
}
