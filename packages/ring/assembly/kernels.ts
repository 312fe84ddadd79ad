// Kernels of a subscriber: waiting for the head of a ring, and taking rows out of it, in the mapping of the ring itself.
// WebAssembly loads the head atomically with one instruction, where `Atomics.load` is a call to a builtin (15 to 25 ns),
// and copies 64 bits at a time. A subscriber may lack permission to write the ring: nothing but `target`, in anonymous
// pages behind the file, is ever written.

// Where things are: fixed for a mapping, so imported (see ring-kernels.ts).
// @ts-ignore: decorator
@external("env", "head")
declare const HEAD: usize;
// @ts-ignore: decorator
@external("env", "retired")
declare const RETIRED: usize;
// @ts-ignore: decorator
@external("env", "slots")
declare const SLOTS: usize;
// @ts-ignore: decorator
@external("env", "slotCount")
declare const SLOT_COUNT: u32;
// @ts-ignore: decorator
@external("env", "slotStride")
declare const SLOT_STRIDE: u32;
// Rows behind the head that are not being overwritten.
// @ts-ignore: decorator
@external("env", "safeRows")
declare const SAFE_ROWS: u32;
// @ts-ignore: decorator
@external("env", "target")
declare const TARGET: usize;
// Whether the processor may let a load overtake an earlier one.
// @ts-ignore: decorator
@external("env", "weak")
declare const WEAK: i32;

// Words of a position (see ring-layout.ts).
const HIGH_A: usize = 4;
const HIGH_B: usize = 8;
/** A position that no ring has. */
const UNKNOWN: u64 = u64.MAX_VALUE;

/** Look closer: the rows are not there, or not any more, or the ring is out of use. */
const CLOSER: i32 = -1;

/**
 * Copies cells, which are loaded before whatever is loaded next: that is the order of all loads on x64; elsewhere it takes
 * atomic ones.
 * @param bytes a multiple of 8
 */
// @ts-ignore: decorator
@inline
function copy(from: usize, to: usize, bytes: usize): void {
  const end = from + bytes;
  if (WEAK) {
    for (; from < end; from += 8, to += 8) store<u64>(to, atomic.load<u64>(from));
    return;
  }
  for (; from + 64 <= end; from += 64, to += 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; from < end; from += 8, to += 8) store<u64>(to, load<u64>(from));
}

// @ts-ignore: decorator
@inline
function copyToTarget(low: i32, rows: u32): void {
  const slot = <u32>low & (SLOT_COUNT - 1);
  const first = min(rows, SLOT_COUNT - slot);
  copy(SLOTS + slot * SLOT_STRIDE, TARGET, first * SLOT_STRIDE);
  if (first < rows) copy(SLOTS, TARGET + first * SLOT_STRIDE, (rows - first) * SLOT_STRIDE);
}

/**
 * Looks at the head until its low word is not `low`, at most `looks` times (1 to 2^31 - 1), some 7 ns apart.
 *
 * The pause is what the processor's own instruction for it would be for, which WebAssembly has not. Without one there are
 * always a dozen loads of the head under way, and all of them are thrown away and begun again when its line is taken by the
 * publisher. So each address waits for a chain of multiplications: of zeros, which only the caller knows.
 */
// @ts-ignore: decorator
@inline
function look(low: i32, looks: i32): i32 {
  let zero = <u32>looks >> 31;
  let ahead = atomic.load<i32>(HEAD) - low;
  while (ahead == 0 && --looks > 0) {
    zero *= zero;
    zero *= zero;
    zero *= zero;
    zero *= zero;
    ahead = atomic.load<i32>(HEAD + zero) - low;
  }
  return ahead;
}

/** Looks at the head like that. @returns how far it is ahead, modulo 2^32; 0 where it is not */
export function awaitHead(low: i32, looks: i32): i32 {
  return look(low, looks);
}

/** Copies `rows` rows to `target`, from the one whose number ends with `low` on. Whether they are whole is another question. */
export function copyRows(low: i32, rows: u32): void {
  copyToTarget(low, rows);
}

/** The head, all 64 bits of it, in the order that ring-layout.ts asks for; UNKNOWN where its high part is just being changed. */
// @ts-ignore: decorator
@inline
function head(): u64 {
  const high = atomic.load<u32>(HEAD, HIGH_A);
  const low = atomic.load<u32>(HEAD);
  return atomic.load<u32>(HEAD, HIGH_B) == high ? (<u64>high << 32) | low : UNKNOWN;
}

/**
 * Takes up to `limit` rows from the one with number `low` and `high` on, at most `looks` looks at the head from now. The
 * head is loaded, the rows are copied, the head is loaded again (rule 3). While waiting the low words are compared: they
 * differ as soon as there is something new, and whatever is done about it is decided by all 64 bits, since a subscriber may be
 * 2^32 records behind, or wait for a record that is as far ahead.
 * @returns how many rows were taken; 0 where there are none yet; CLOSER
 */
export function take(low: i32, high: i32, limit: u32, looks: i32): i32 {
  if (look(low, looks) == 0) return atomic.load<i32>(HEAD, HIGH_B) == high && atomic.load<i32>(RETIRED) == 0 ? 0 : CLOSER;
  const next = (<u64><u32>high << 32) | <u32>low;
  const ready = head() - next; // enormous where `next` is ahead, or the head is UNKNOWN
  if (ready > SAFE_ROWS) return CLOSER;
  const rows = min(<u32>ready, limit);
  copyToTarget(low, rows);
  return head() - next > SAFE_ROWS ? CLOSER : rows;
}
