/**
 * Closing what is open when the process ends: on SIGTERM and SIGINT in order, on exit as far as it goes without waiting.
 * One set of listeners for all platforms of a process, there only while a platform is.
 */
export interface Closable {
  /** Whether signals close it; exit always does. */
  readonly onSignals: boolean;
  close(): Promise<void>;
  closeSync(): void;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

const open = new Set<Closable>();
let closing = false;

/** Has `closable` closed at the end of the process, until {@link leaveProcessEnd}. */
export function joinProcessEnd(closable: Closable): void {
  if (open.size === 0) process.on('exit', closeAllSync);
  open.add(closable);
  listen();
}

export function leaveProcessEnd(closable: Closable): void {
  open.delete(closable);
  listen();
  if (open.size === 0) process.off('exit', closeAllSync);
}

/** Listens to signals as long as somebody wants them: a listener of ours changes what a signal does. */
function listen(): void {
  const wanted = closing || [...open].some(({ onSignals }) => onSignals);
  for (const signal of SIGNALS) {
    const listening = process.listeners(signal).includes(onSignal);
    if (wanted && !listening) process.on(signal, onSignal);
    if (!wanted && listening) process.off(signal, onSignal);
  }
}

function onSignal(signal: NodeJS.Signals): void {
  // Looked at now: others may take their listeners away while we close.
  const alone = process.listenerCount(signal) === 1;
  if (closing) {
    // Asked a second time: what is not in a chunk yet stays safe in the ring.
    if (alone) endBy(signal);
    return;
  }
  closing = true;
  const closes = [...open].filter(({ onSignals }) => onSignals).map((closable) => closable.close());
  void Promise.allSettled(closes).then((results) => {
    closing = false;
    listen();
    for (const result of results) {
      // There is nobody to throw at.
      if (result.status === 'rejected') process.emitWarning(result.reason as Error);
    }
    if (alone) endBy(signal);
  });
}

/** Ends the process as the signal would have without us: its parent sees the true cause. */
function endBy(signal: NodeJS.Signals): void {
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

function closeAllSync(): void {
  for (const closable of [...open]) closable.closeSync();
}
