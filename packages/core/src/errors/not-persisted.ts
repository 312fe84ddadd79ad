import { DeepwaterError } from './deepwater-error.js';

/** For a call that is about segments, of a feed in memory alone. @param what the call, as the beginning of the message */
export function notPersisted(feed: string, what: string): DeepwaterError {
  return new DeepwaterError('DW_FEED_NOT_PERSISTED', `${what} is for persisted feeds, and ${feed} is kept in memory alone: it has no segments. Make a feed with persist: true.`, {
    values: { feed },
  });
}
