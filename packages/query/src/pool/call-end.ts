import { setMaxListeners } from 'node:events';
import { timedOut } from './pool-errors.js';

/** What ends a call, and how to let go of it once the call is over. */
export interface CallEnd {
  /** Aborted with the reason of the first signal that is, or with DW_QUERY_TIMEOUT; or by the call itself. */
  readonly own: AbortController;
  release(): void;
}

/** A controller whose signal any number of calls may listen to: Node warns of a leak from the eleventh on. */
export function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Follows some signals, and the time that a call may take. @throws the reason of a signal that is aborted already */
export function callEnd(what: string, signals: readonly (AbortSignal | undefined)[], timeoutMs: number | undefined): CallEnd {
  const own = newController();
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
