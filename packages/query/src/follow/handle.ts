/** Subscription handles: plain data and shared memory, for any thread of the process. */
import { type AnySpec, DeepwaterError, type FeedSpec, compileSchema } from '@deepwater/core/engine';
import { Bell, localBell, wakeLocal } from '@deepwater/ring';
import { FeedFiles } from '../feed-files.js';
import type { ReaderSource } from '../reader-source.js';
import { checkFeedPresent, checkStorePresent } from './feed-presence.js';

/**
 * The right to follow a feed, as something that can be posted to a worker thread (`workerData`, `postMessage`) as it is. Any
 * number of subscriptions may be made from it.
 */
export interface SubscriptionHandle<S extends AnySpec = FeedSpec> {
  readonly kind: 'deepwater.subscription';
  readonly feed: string;
  readonly source: ReaderSource;
  /** What the threads of this process sleep on. */
  readonly local: SharedArrayBuffer;
  /** A word that ends the subscriptions of this handle, and one that ends those of its platform. */
  readonly stop: SharedArrayBuffer;
  readonly owner: SharedArrayBuffer;
  /** Only for the compiler: the type of the feed's spec. */
  readonly spec?: S;
}

/** A word that is 0 until somebody stores 1. */
export function newStopWord(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}

/** @param owner ends the handle, and others that share it */
export function subscriptionHandle(source: ReaderSource, owner: SharedArrayBuffer): SubscriptionHandle {
  return {
    kind: 'deepwater.subscription', feed: source.spec.name, source,
    local: localBell(source).buffer as SharedArrayBuffer, stop: newStopWord(), owner,
  };
}

/** A handle that was opened in this thread. */
export interface OpenHandle {
  readonly source: ReaderSource;
  readonly local: Int32Array;
  /** Not 0 once the subscriptions of the handle, or those of its platform, have been ended by whatever thread. */
  readonly stopWord: Int32Array;
  readonly ownerWord: Int32Array;
}

/** @throws DeepwaterError DW_HANDLE_INVALID, DW_FEED_UNKNOWN */
export function openHandle(handle: unknown): OpenHandle {
  const { source, stop, owner, local } = checkedHandle(handle);
  const stopWord = new Int32Array(stop);
  const ownerWord = new Int32Array(owner);
  const over = Atomics.load(ownerWord, 0) !== 0 ? 'its platform has been closed' : Atomics.load(stopWord, 0) !== 0 ? 'it was stopped with stopSubscription' : undefined;
  if (over !== undefined) {
    const { name } = source.spec;
    throw new DeepwaterError('DW_HANDLE_INVALID', `The subscription handle of feed ${name} is over: ${over}. Take a new one with platform.subscription('${name}').`, {
      values: { feed: name },
    });
  }
  checkStorePresent(source);
  checkFeedPresent(source);
  return { source, local: new Int32Array(local), stopWord, ownerWord };
}

/**
 * Stops every subscription of a handle, in whatever thread, and wakes those that wait.
 * @throws DeepwaterError DW_HANDLE_INVALID for what is no handle
 */
export function stopSubscription(handle: SubscriptionHandle): void {
  const { source, stop, local } = checkedHandle(handle);
  if (Atomics.exchange(new Int32Array(stop), 0, 1) === 0) wake(source, new Int32Array(local));
}

/** Ends every handle that shares `owner`. @param sources of the feeds whose sleepers have to be woken */
export function endSubscriptions(owner: SharedArrayBuffer, sources: readonly ReaderSource[]): void {
  Atomics.store(new Int32Array(owner), 0, 1);
  for (const source of sources) wakeSubscribers(source);
}

/** Wakes whoever waits for a feed; each looks for himself what has changed. To be called in the thread that gave the handles. */
export function wakeSubscribers(source: ReaderSource): void {
  wake(source, localBell(source));
}

function wake(source: ReaderSource, local: Int32Array): void {
  wakeLocal(local);
  const files = new FeedFiles(source, compileSchema(source.spec));
  try {
    // Those that sleep on the bell itself, because the writer is in another process. The end of their slice would wake them, too.
    const catalog = files.catalog();
    const ring = catalog === undefined ? undefined : files.ring(catalog);
    if (ring !== undefined) Bell.open(ring.path.replace(/\.ring$/, '.bell'), local).ringForAll();
  } catch (error) {
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
  } finally {
    files.close();
  }
}

function checkedHandle(handle: unknown): SubscriptionHandle {
  const given = Object(handle) as Partial<SubscriptionHandle>;
  const whole = given.kind === 'deepwater.subscription' && typeof given.source?.basePath === 'string' &&
    [given.stop, given.owner, given.local].every((memory) => memory instanceof SharedArrayBuffer);
  if (whole) return given as SubscriptionHandle;
  throw new DeepwaterError('DW_HANDLE_INVALID', 'This is not a subscription handle. Post the result of platform.subscription(feed) to the worker as it is; it does not leave its process.');
}
