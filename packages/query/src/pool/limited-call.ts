/** A call with a signal, a deadline, and somebody who wants to know how far it is. */
import { splitLimits } from '../options.js';
import { callEnd } from './call-end.js';
import { timedOut } from './pool-errors.js';
import type { Progress } from './task-control.js';

export interface Limited {
  /** What errors call it. */
  readonly what: string;
  /** Aborted when the call shall end, with the error that it then ends with; undefined where only the end of its reader can end it. */
  readonly signal: AbortSignal | undefined;
  /** Whose end ends the call as well: the group of its tasks. */
  readonly group: object;
  /** Throws where the call shall end. */
  check(): void;
  /** Told how far the call is; undefined where nobody asks. */
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/**
 * Makes a call whose options have `signal`, `timeoutMs` and `onProgress`.
 * @param ending ends every call of its kind
 * @param call gets the options without those three
 * @throws what `call` throws; the signals' reasons; DeepwaterError DW_OPTION_INVALID, DW_QUERY_TIMEOUT
 */
export async function limitedCall<T>(
  what: string, options: unknown, ending: AbortSignal, call: (limited: Limited, rest: unknown) => Promise<T>,
): Promise<T> {
  const { limits: { signal, timeoutMs, onProgress }, rest } = splitLimits(options);
  if (signal === undefined && timeoutMs === undefined && onProgress === undefined) {
    return call({ what, signal: undefined, group: ending, onProgress, check: () => { ending.throwIfAborted(); } }, rest);
  }
  const began = performance.now();
  const { own, release } = callEnd(what, [ending, signal], timeoutMs);
  let last: Progress = { rows: 0, of: 0 };
  try {
    const result = await call({
      what, signal: own.signal, group: ending, check: () => { own.signal.throwIfAborted(); }, onProgress: onProgress === undefined ? undefined : (progress) => {
        last = progress;
        onProgress(progress);
      },
    }, rest);
    // Timers come late where the thread is busy: what is done after the deadline is late all the same.
    if (timeoutMs !== undefined && performance.now() - began > timeoutMs) throw timedOut(what, timeoutMs);
    if (onProgress !== undefined && last.rows < last.of) onProgress({ rows: last.of, of: last.of });
    return result;
  } finally {
    release();
  }
}
