/**
 * Closing what is open when the process ends: on SIGTERM and SIGINT in order, but no longer than it may take; on exit (its end, process.exit, an
 * error that nobody catches, which Node.js prints and answers as it would without us) as far as it goes without waiting for disks.
 * One set of listeners for all platforms of a process, there only while a platform is.
 */

export interface Closable {
  /** Whether signals close it; exit always does. */
  readonly onSignals: boolean;
  /** How long a signal waits for `close`, ms: a disk may hang. What is not in chunks by then is safe in the rings. */
  readonly closeTimeoutMs: number;
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
  const closables = [...open].filter(({ onSignals }) => onSignals);
  const timeoutMs = Math.max(...closables.map(({ closeTimeoutMs }) => closeTimeoutMs));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => { resolve(undefined); }, timeoutMs); });
  void Promise.race([Promise.allSettled(closables.map((closable) => closable.close())), late]).then((results) => {
    clearTimeout(timer);
    closing = false;
    listen();
    if (results === undefined) tellLate(timeoutMs);
    for (const result of results ?? []) {
      // There is nobody to throw at.
      if (result.status === 'rejected') process.emitWarning(result.reason as Error);
    }
    if (alone) endBy(signal);
  });
}

/** At once, which stderr is on Linux, whatever it is: the signal ends the process before anything later. */
function tellLate(timeoutMs: number): void {
  process.stderr.write(`Deepwater: closing was not done within ${timeoutMs / 1000} s and is given up. Records that are not in chunks are safe in their rings; the next writers move them.\n`);
}

/** Ends the process as the signal would have without us: its parent sees the true cause. */
function endBy(signal: NodeJS.Signals): void {
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

function closeAllSync(): void {
  for (const closable of [...open]) closable.closeSync();
}
