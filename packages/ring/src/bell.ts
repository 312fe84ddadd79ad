import {
  BELL, BELL_BITS, type Access, DeepwaterError, closeFile, fenceAllPublishers, futexWaitSlices, futexWakeAll, mapFile, openExisting, openOrCreate,
  regularFileSize, reserve, setFileSize,
} from '@deepwater/core/engine';
import { LOCAL_BELL, newLocalBell, wakeLocal } from './local-bell.js';

/**
 * The bell of a ring: two words in a file of its own, the only thing a subscriber may write. A sleeper remembers the count of
 * wake-ups, sets its bit, looks at the head again, then sleeps as long as the count stays. The publisher looks at the bits after
 * it has published; where one is set it swaps them to 0, counts, and wakes. The bits alone would not do to sleep on: where
 * one sleeper's bit is taken and another sets it again before the first one sleeps, they look as if nothing had been. Sleepers
 * are not counted, so one that is killed leaves nothing behind but one wake-up too many.
 */
export class Bell {
  /** The count of wake-ups, behind the bits. */
  readonly wakes: Int32Array;

  constructor(
    /** The bits in the bell's file. Each thread may have a mapping of its own. */
    readonly word: Int32Array,
    /** The words that the threads of this process share (see local-bell.ts); publisher and sleepers have the same. */
    readonly local: Int32Array = newLocalBell(),
  ) {
    this.wakes = new Int32Array(word.buffer, word.byteOffset + BELL.WAKES - BELL.WORD, 1);
  }

  /** Opens the bell of a ring, making it where it is missing. */
  static create(path: string, access: Access): Bell {
    const fd = openOrCreate(path, access);
    try {
      if (regularFileSize(fd, path) < BELL.FILE_BYTES) {
        reserve(fd, 0, BELL.FILE_BYTES, path);
        setFileSize(fd, BELL.FILE_BYTES, path);
      }
      return Bell.#map(fd, path);
    } finally {
      closeFile(fd);
    }
  }

  /** Opens an existing bell for a subscriber. @throws DeepwaterError DW_SYSTEM_CALL, DW_FILE_CORRUPT: poll in timed waits then. */
  static open(path: string, local?: Int32Array): Bell {
    const fd = openExisting(path, true);
    try {
      const size = regularFileSize(fd, path);
      if (size < BELL.FILE_BYTES) {
        // Its word lies behind the end of the file: to look at it would be a fault.
        throw new DeepwaterError('DW_FILE_CORRUPT', `The bell ${path} has ${size} bytes, not ${BELL.FILE_BYTES}. The next writer makes it whole; poll until then.`, {
          values: { path, size },
        });
      }
      return Bell.#map(fd, path, local);
    } finally {
      closeFile(fd);
    }
  }

  static #map(fd: number, path: string, local?: Int32Array): Bell {
    const mapped = mapFile(fd, { path, length: BELL.FILE_BYTES, mode: 'shared' });
    return new Bell(new Int32Array(mapped.buffer, BELL.WORD, 1), local);
  }

  /** Wakes every sleeper. The publisher calls this when it finds a bit set. */
  ring(): void {
    // Swapped before waking: a sleeper that comes later sets its bit again and is woken by the next record.
    const bits = Atomics.exchange(this.word, 0, 0);
    if ((bits & BELL_BITS.THREADS) !== 0) wakeLocal(this.local);
    if ((bits & BELL_BITS.PROCESSES) !== 0) this.#wakeProcesses();
  }

  /** The same where something has changed besides records; also for those whose bits were taken by a publisher that died over it. */
  ringForAll(): void {
    Atomics.store(this.word, 0, 0);
    wakeLocal(this.local);
    this.#wakeProcesses();
  }

  #wakeProcesses(): void {
    Atomics.add(this.wakes, 0, 1);
    futexWakeAll(this.wakes);
  }

  /**
   * Sleeps until the bell rings, `changed()` is true, or the time is over.
   * @param across whether the publisher lives in another process (futex), or shares `local` (Atomics.wait).
   * @returns false where a wake-up may be missed, so that it was a slice of the time only.
   */
  sleep(across: boolean, timeoutMs: number, changed: () => boolean): boolean {
    // Loaded first: a wake-up from here on changes it, and the wait below does not begin.
    const wakes = Atomics.load(this.local, LOCAL_BELL.WAKES);
    const announced = this.announce(across ? BELL_BITS.PROCESSES : BELL_BITS.THREADS);
    const { fenced } = announced;
    if (changed()) return fenced;
    const ms = fenced ? timeoutMs : Math.min(timeoutMs, UNFENCED_SLICE_MS);
    if (!across) Atomics.wait(this.local, LOCAL_BELL.WAKES, wakes, ms);
    else futexWaitSlices(this.wakes, announced.wakes, ms * 1e6, changed);
    return fenced;
  }

  /**
   * Says that somebody is about to sleep. After it, either the publisher sees the bit, or its record is seen here: look once
   * more, then sleep as long as `this.wakes` holds what is given back.
   * @returns the count of wake-ups, and whether the fence took place; where it did not, sleep in short slices.
   */
  announce(bit: number): { wakes: number; fenced: boolean } {
    const wakes = Atomics.load(this.wakes, 0);
    Atomics.or(this.word, 0, bit);
    // The fence is on the publisher, which has none of its own.
    return { wakes, fenced: fenceAllPublishers() };
  }
}

/** Where the kernel refuses membarrier a wake-up may be missed; sleeping in short slices bounds the delay. */
export const UNFENCED_SLICE_MS = 1;
