/**
 * What the threads of one process share about a feed besides its files: the word that they sleep on, and whether the feed's
 * writer is one of them. `Atomics.notify` does not cross two mappings, so the word is not in the bell's file, which each
 * thread maps for itself, but in memory that is handed from thread to thread. Plain data: it is part of handles.
 */
export const LOCAL_BELL = {
  /** Counts wake-ups: who is about to sleep remembers it, and is not put to sleep once it has changed. */
  WAKES: 0,
  /** Writers of this process that are open: 0 or 1. Where it is 0 the next record comes, if at all, from another process. */
  WRITERS: 1,
  BYTES: 8,
} as const;

const bells = new Map<string, Int32Array>();

/**
 * The words of a feed in this process; the same ones for whoever asks in this thread. Other threads are handed them.
 * A copied store has feeds with the same uid, so the store counts, too.
 */
export function localBell({ storeId, feedUid }: { readonly storeId: string; readonly feedUid: string }): Int32Array {
  const key = `${storeId}/${feedUid}`;
  let words = bells.get(key);
  if (words === undefined) bells.set(key, (words = newLocalBell()));
  return words;
}

/** Words of nobody else. */
export function newLocalBell(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(LOCAL_BELL.BYTES));
}

/** Wakes the threads of this process that sleep for a feed; each looks for itself what has changed. */
export function wakeLocal(words: Int32Array): void {
  Atomics.add(words, LOCAL_BELL.WAKES, 1);
  Atomics.notify(words, LOCAL_BELL.WAKES);
}

/** Says that a writer of this process has been opened or closed. Sleepers choose again by whom they are woken. */
export function setLocalWriter(words: Int32Array, open: boolean): void {
  Atomics.store(words, LOCAL_BELL.WRITERS, open ? 1 : 0);
  wakeLocal(words);
}
