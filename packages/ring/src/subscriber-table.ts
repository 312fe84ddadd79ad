import fs from 'node:fs';
import { BELL, SUBSCRIBER, threadKernelId } from '@deepwater/core/engine';

/** What a subscriber says of itself. */
export interface SubscriberState {
  readonly pid: number;
  /** The kernel's id of its thread. */
  readonly thread: number;
  /** Seconds since 1970. */
  readonly since: number;
  /** Sequence number of the record it takes next. */
  readonly position: number;
  /** Records it was told to have lost. */
  readonly lost: number;
}

// Places in a row, as indices of words and of numbers.
const THREAD = SUBSCRIBER.THREAD >> 2;
const POSITION = SUBSCRIBER.POSITION >> 3;
const LOST = SUBSCRIBER.LOST >> 3;

/**
 * A subscriber's row in the table behind the bell's word: for those who look at the feed from outside, such as
 * `deepwater top`. Nothing else depends on it. A row of a process that was killed is taken by the next subscriber.
 */
export class SubscriberRow {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #thread: number;

  private constructor(buffer: SharedArrayBuffer, at: number, thread: number) {
    this.#words = new Int32Array(buffer, at, SUBSCRIBER.ROW_BYTES >> 2);
    this.#numbers = new Float64Array(buffer, at, SUBSCRIBER.ROW_BYTES >> 3);
    this.#thread = thread;
  }

  /** Takes a row; undefined where all are taken by living processes: that subscriber is then not listed. */
  static claim(buffer: SharedArrayBuffer, position: number): SubscriberRow | undefined {
    const words = new Int32Array(buffer, 0, BELL.FILE_BYTES >> 2);
    const thread = threadKernelId();
    for (const mayBeTaken of [isFree, isDead]) {
      for (let row: number = BELL.SUBSCRIBERS; row + SUBSCRIBER.ROW_BYTES <= BELL.FILE_BYTES; row += SUBSCRIBER.ROW_BYTES) {
        const before = Atomics.load(words, (row + SUBSCRIBER.THREAD) >> 2);
        if (!mayBeTaken(words, row, before)) continue;
        if (Atomics.compareExchange(words, (row + SUBSCRIBER.THREAD) >> 2, before, thread) !== before) continue;
        words[(row + SUBSCRIBER.STARTED) >> 2] = startOf(process.pid) ?? 0;
        words[(row + SUBSCRIBER.SINCE) >> 2] = Math.floor(Date.now() / 1000);
        const claimed = new SubscriberRow(buffer, row, thread);
        claimed.tell(position, 0);
        Atomics.store(words, (row + SUBSCRIBER.PID) >> 2, process.pid);
        return claimed;
      }
    }
    return undefined;
  }

  /** Says how far the subscriber is: two plain stores of 64 bits each, for a whole run of records. */
  tell(position: number, lost: number): void {
    // Where processes cannot see each other (pid namespaces), one may have taken this row for a dead one's.
    if (this.#words[THREAD] !== this.#thread) return;
    this.#numbers[POSITION] = position;
    this.#numbers[LOST] = lost;
  }

  release(): void {
    if (this.#words[THREAD] !== this.#thread) return;
    Atomics.store(this.#words, SUBSCRIBER.PID >> 2, 0);
    Atomics.compareExchange(this.#words, THREAD, this.#thread, 0);
  }
}

/** The living subscribers of a feed: by its bell, or a copy of the bell's bytes. */
export function subscribersOf(buffer: ArrayBufferLike): SubscriberState[] {
  const words = new Int32Array(buffer, 0, BELL.FILE_BYTES >> 2);
  const numbers = new Float64Array(buffer, 0, BELL.FILE_BYTES >> 3);
  const found: SubscriberState[] = [];
  for (let row: number = BELL.SUBSCRIBERS; row + SUBSCRIBER.ROW_BYTES <= BELL.FILE_BYTES; row += SUBSCRIBER.ROW_BYTES) {
    const pid = Atomics.load(words, (row + SUBSCRIBER.PID) >> 2);
    const thread = Atomics.load(words, (row + SUBSCRIBER.THREAD) >> 2);
    if (isFree(words, row, thread) || isDead(words, row, thread)) continue;
    found.push({
      pid, thread,
      since: words[(row + SUBSCRIBER.SINCE) >> 2] as number,
      position: numbers[(row + SUBSCRIBER.POSITION) >> 3] as number,
      lost: numbers[(row + SUBSCRIBER.LOST) >> 3] as number,
    });
  }
  return found;
}

function isFree(_words: Int32Array, _row: number, thread: number): boolean {
  return thread === 0;
}

/** Whether the thread that took a row has ended, with its process or before it. */
function isDead(words: Int32Array, row: number, thread: number): boolean {
  const pid = Atomics.load(words, (row + SUBSCRIBER.PID) >> 2);
  return startOf(pid) !== words[(row + SUBSCRIBER.STARTED) >> 2] || !fs.existsSync(`/proc/${pid}/task/${thread}`);
}

/**
 * When a process began, in clock ticks since the boot (field 22 of /proc/<pid>/stat, see proc(5)), low 32 bits: tells it
 * from another one that was given its id. undefined where there is none.
 */
function startOf(pid: number): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces and parentheses; fields are counted after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[19]) | 0;
  } catch {
    return undefined;
  }
}
