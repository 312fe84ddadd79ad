import type { BookReader, BookStream, SyncBookStream } from './book-feed.js';
import { BookFollower, type FollowBookOptions } from './book-follower.js';
import type { OrderBook } from './order-book.js';

export interface FollowBookSyncOptions extends FollowBookOptions {
  /** How to wait for the next record: `spin`, `spin-then-park` (the default) or `park`. */
  readonly wait?: 'spin' | 'spin-then-park' | 'park' | undefined;
  /** Allow it in the main thread, which it blocks. Default false. */
  readonly allowMainThread?: boolean | undefined;
}

/** How often a book without news is looked after: its writer may have ended. */
const QUIET_MS = 500;

/**
 * Follows the book of a feed: first the book as it is now, or at `start`, then the book behind each message that comes. It is the same object each time,
 * brought up to date: whatever is to be kept must be read before the next turn of the loop. Between turns it is never half of a message.
 *
 * Where the feed is interrupted (a disconnect that its writer marked, its end, its crash) the book is given once more with `stale` set, and is fresh
 * again with the next snapshot. Without any snapshot nothing is given until there is one.
 * @throws DeepwaterError as `bookAt`; from the iteration also DW_FEED_UNKNOWN where the feed is deleted
 */
export async function* followBook(reader: BookReader, options: FollowBookOptions = {}): AsyncGenerator<OrderBook, void, void> {
  const follower = new BookFollower(reader, options, []);
  const { byClock } = follower.feed;
  const stream = reader.stream(await follower.streamOptions() as never) as BookStream;
  let coming: ReturnType<BookStream['next']> | undefined;
  try {
    for (;;) {
      const step = await soon(coming ??= stream.next());
      if (step === undefined) {
        // Whether its writer still lives is not said by the file of segments alone.
        if (reader.spec.persist) follower.setSegments(await reader.segments(byClock));
        if (follower.becomesStale()) yield follower.book;
        continue;
      }
      coming = undefined;
      if (step.done === true) return;
      if (follower.segmentsChanged) follower.setSegments(await reader.segments(byClock));
      yield* follower.take(step.value);
    }
  } finally {
    coming?.catch(() => undefined);
    await stream.return();
  }
}

/** What a promise gives, if it does so soon. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<undefined>((resolve) => { timer = setTimeout(() => { resolve(undefined); }, QUIET_MS); });
  try {
    return await Promise.race([promise, quiet]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * As `followBook`, blocking its thread while there is nothing new: for worker threads. A book without news is not told to be stale: ask
 * `reader.segments()` where that matters.
 * @throws DeepwaterError DW_MAIN_THREAD_BLOCK; as `followBook`
 */
export function* followBookSync(reader: BookReader, options: FollowBookSyncOptions = {}): Generator<OrderBook, void, void> {
  const follower = new BookFollower(reader, options, ['wait', 'allowMainThread']);
  const { wait, allowMainThread } = options;
  const stream = reader.streamSync({
    ...follower.streamOptionsSync(), ...(wait === undefined ? {} : { wait }), ...(allowMainThread === undefined ? {} : { allowMainThread }),
  } as never) as SyncBookStream;
  try {
    for (const batch of stream) {
      if (follower.segmentsChanged) follower.setSegments(reader.segmentsSync(follower.feed.byClock));
      yield* follower.take(batch);
    }
  } finally {
    stream.return();
  }
}
