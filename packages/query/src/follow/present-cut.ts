import { type Cut, takeCut } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import { checkFeedPresent } from './feed-presence.js';

/**
 * A cut for who follows a feed; undefined where nobody has written it yet.
 * @throws DeepwaterError DW_FEED_UNKNOWN where the feed is gone, DW_FILE_CORRUPT, DW_SYSTEM_CALL
 */
export function presentCut(files: FeedFiles): Cut | undefined {
  try {
    const catalog = files.catalog();
    if (catalog !== undefined && !catalog.view.retired) return takeCut(files);
  } catch (error) {
    // Another feed's catalog in the place of ours: the feed was made anew.
    checkFeedPresent(files.source);
    throw error;
  }
  checkFeedPresent(files.source);
  files.checkSuccession();
  return undefined;
}
