import { BELL, closeFile, openExisting, readAt } from '@deepwater/core/engine';
import { type SubscriberState, subscribersOf } from '@deepwater/ring';
import { takeCut } from './cut.js';
import { type FeedFiles, isMissing } from './feed-files.js';

/** A subscriber, as seen from outside. */
export interface SubscriberActivity extends SubscriberState {
  /** Records that are published and that it has not taken yet. */
  readonly lag: number;
}

/** What goes on at a feed at one moment. */
export interface FeedActivity {
  /** Sequence number of the next record: two looks give the rate. */
  readonly next: number;
  /** Records that are in the ring and in no chunk. On a memory feed: records that the ring holds. */
  readonly waiting: number;
  /** Records that the ring has room for; 0 where there is no ring, since nobody writes. */
  readonly ringRecords: number;
  /** Part of the ring that is taken by waiting records, 0 to 1. */
  readonly ringFill: number;
  /** Those that are alive, in any process that this one can see. */
  readonly subscribers: readonly SubscriberActivity[];
}

/** Looks at the ring's positions and at what subscribers say of themselves. */
export function feedActivity(files: FeedFiles): FeedActivity {
  const { head, chunksEnd, ring, ringFrom } = takeCut(files);
  const waiting = head - Math.max(ringFrom, Math.min(chunksEnd, head));
  return {
    next: head,
    waiting,
    ringRecords: ring?.slotCount ?? 0,
    ringFill: ring === undefined ? 0 : waiting / ring.slotCount,
    subscribers: ring === undefined ? [] : subscribers(ring.path.replace(/\.ring$/, '.bell'))
      .map((subscriber) => ({ ...subscriber, lag: Math.max(0, head - subscriber.position) })),
  };
}

function subscribers(bellPath: string): SubscriberState[] {
  let fd: number;
  try {
    fd = openExisting(bellPath, false);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  try {
    const bytes = new Uint8Array(BELL.FILE_BYTES);
    // One that was cut has no table; its subscribers poll.
    return readAt(fd, bytes, 0, bellPath) < bytes.length ? [] : subscribersOf(bytes.buffer);
  } finally {
    closeFile(fd);
  }
}
