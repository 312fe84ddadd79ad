import { stdoutClosed } from './stdout.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const listening: (() => void)[] = [];

/** Aborted by Ctrl+C, SIGTERM, or when nobody reads the output any more: a command that goes on for ever ends well then. */
export function stopSignal(): AbortSignal {
  return AbortSignal.any([stopController().signal, stdoutClosed]);
}

/** The same for those that end by themselves, too; it does not look at the output. */
export function stopController(): AbortController {
  const stop = new AbortController();
  const abort = (): void => { stop.abort(); };
  for (const signal of SIGNALS) process.once(signal, abort);
  listening.push(() => { for (const signal of SIGNALS) process.off(signal, abort); });
  return stop;
}

/** The command has ended: signals are the process's again. */
export function stopListening(): void {
  for (const stop of listening.splice(0)) stop();
}
