import { DeepwaterError } from './deepwater-error.js';

/** For a call that is about index points, of a feed that has none. @param what the call, as the beginning of the message */
export function notIndexed(feed: string, what: string): DeepwaterError {
  return new DeepwaterError('DW_FEED_NOT_INDEXED', `${what} is for feeds of mode IF, and ${feed} is of mode UF: its records have no index points. Make a feed with mode: 'IF', and mark records with writer.markIndex().`, {
    values: { feed, mode: 'UF' },
  });
}
