import {
  BELL, BELL_BITS, type Access, DeepwaterError, closeFile, fenceAllPublishers, futexWait, futexWakeAll, mapFile, openExisting, openOrCreate,
  regularFileSize, reserve, setFileSize,
} from '@deepwater/core/engine';

/**
 * The bell of a ring: one word in a file of its own, the only thing a subscriber may write. A sleeper sets its bit, looks
 * at the head again, then sleeps; the publisher looks at the word after it has published, and swaps it to 0 before it
 * wakes. There are no counters, so a sleeper that is killed leaves nothing behind but one wake-up too many.
 */
export class Bell {
  constructor(
    /** The word, over memory that every thread of this process was handed: `notify` does not cross two mappings. */
    readonly word: Int32Array,
  ) {}

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
  static open(path: string): Bell {
    const fd = openExisting(path, true);
    try {
      const size = regularFileSize(fd, path);
      if (size < BELL.FILE_BYTES) {
        // Its word lies behind the end of the file: to look at it would be a fault.
        throw new DeepwaterError('DW_FILE_CORRUPT', `The bell ${path} has ${size} bytes, not ${BELL.FILE_BYTES}. The next writer makes it whole; poll until then.`, {
          values: { path, size },
        });
      }
      return Bell.#map(fd, path);
    } finally {
      closeFile(fd);
    }
  }

  static #map(fd: number, path: string): Bell {
    const mapped = mapFile(fd, { path, length: BELL.FILE_BYTES, mode: 'shared' });
    return new Bell(new Int32Array(mapped.buffer, BELL.WORD, 1));
  }

  /** Wakes every sleeper. The publisher calls this when it finds the word set. */
  ring(): void {
    // Swapped before waking: a sleeper that comes later sets its bit again and is woken by the next record.
    const bits = Atomics.exchange(this.word, 0, 0);
    if ((bits & BELL_BITS.THREADS) !== 0) Atomics.notify(this.word, 0);
    if ((bits & BELL_BITS.PROCESSES) !== 0) futexWakeAll(this.word);
  }

  /**
   * Sleeps until the bell rings, `changed()` is true, or the time is over.
   * @param across whether the publisher lives in another process (futex), or shares this very buffer (Atomics.wait).
   */
  sleep(across: boolean, timeoutMs: number, changed: () => boolean): void {
    const bit = across ? BELL_BITS.PROCESSES : BELL_BITS.THREADS;
    const bits = Atomics.or(this.word, 0, bit) | bit;
    // The fence is on the publisher: after it, either it sees the bit, or its record is seen here.
    const fenced = fenceAllPublishers();
    if (changed()) return;
    const slice = fenced ? timeoutMs : Math.min(timeoutMs, UNFENCED_SLICE_MS);
    if (across) futexWait(this.word, bits, slice * 1e6);
    else Atomics.wait(this.word, 0, bits, slice);
  }
}

/** Where the kernel refuses membarrier a wake-up may be missed; sleeping in short slices bounds the delay. */
const UNFENCED_SLICE_MS = 1;
