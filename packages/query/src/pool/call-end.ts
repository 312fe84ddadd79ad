import { timedOut } from './pool-errors.js';

/** What ends a call, and how to let go of it once the call is over. */
export interface CallEnd {
  /** Aborted with the reason of the first signal that is, or with DW_QUERY_TIMEOUT; or by the call itself. */
  readonly own: AbortController;
  release(): void;
}

/** Follows some signals, and the time that a call may take. @throws the reason of a signal that is aborted already */
export function callEnd(what: string, signals: readonly (AbortSignal | undefined)[], timeoutMs: number | undefined): CallEnd {
  const own = new AbortController();
  const followed = signals.filter((signal) => signal !== undefined).map((signal) => ({ signal, listener: () => { own.abort(signal.reason); } }));
  for (const { signal } of followed) signal.throwIfAborted();
  for (const { signal, listener } of followed) signal.addEventListener('abort', listener);
  const timeout = timeoutMs === undefined ? undefined : setTimeout(() => { own.abort(timedOut(what, timeoutMs)); }, timeoutMs);
  return {
    own,
    release: () => {
      for (const { signal, listener } of followed) signal.removeEventListener('abort', listener);
      clearTimeout(timeout);
    },
  };
}
