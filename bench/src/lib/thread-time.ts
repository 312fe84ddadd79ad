import { readFileSync } from 'node:fs';
import { nowNs } from './clock.js';

const FILE = '/proc/thread-self/schedstat';

/** Whether the kernel tells how long a thread was on a processor. */
export const hasThreadTime = ((): boolean => {
  try {
    return Number(readFileSync(FILE, 'utf8').split(' ', 1)[0]) > 0;
  } catch {
    return false;
  }
})();

/**
 * Seconds that this thread was on a processor, to a tick of the scheduler (some milliseconds at most); on a busy machine, and beside the other threads of
 * an engine, that is what its work takes. The clock's time where the kernel does not tell.
 */
export function threadSeconds(): number {
  // proc(5): time on a processor, time waiting for one (ns), slices
  return hasThreadTime ? Number(readFileSync(FILE, 'utf8').split(' ', 1)[0]) / 1e9 : nowNs() / 1e9;
}
