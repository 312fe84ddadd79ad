import { MEMBARRIER_CMD_GLOBAL_EXPEDITED, MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED } from './libc.js';
import { libc } from './system.js';

/**
 * Asymmetric fences (membarrier(2)). A publisher stores its head and then looks whether somebody sleeps; a sleeper says
 * that it sleeps and then looks at the head. For each to see the other, both need a full fence between store and load.
 * Publishing happens millions of times a second and sleeping rarely, so the sleeper pays for both: its call makes every
 * registered running thread execute a fence. The publisher then needs none.
 */
let registered: boolean | undefined;

/**
 * Announces that threads of this process publish without fences. Once a process; cheap when repeated.
 * @returns false where the kernel refuses membarrier: publish with sequentially consistent stores then.
 */
export function registerPublisher(): boolean {
  registered ??=
    libc().membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) === 0 &&
    libc().membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) === 0;
  return registered;
}

/** A fence on every registered publisher, in this process and others. @returns whether it took place. */
export function fenceAllPublishers(): boolean {
  return libc().membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) === 0;
}

/** A fence on every thread of this process. @returns whether it took place. */
export function fenceOwnThreads(): boolean {
  return registerPublisher() && libc().membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) === 0;
}
