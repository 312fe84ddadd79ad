/** The bare harness's shared memory: a head, and behind it times of receipt, a float64 each. */
export const SLOTS_HEAD_BYTES = 128;
/** More than come in ten seconds. */
export const SLOTS_COUNT = 1 << 16;
export const SLOTS_BYTES = SLOTS_HEAD_BYTES + SLOTS_COUNT * 8;
