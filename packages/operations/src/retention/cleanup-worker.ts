/** A clean-up in a thread of its own: it looks at every chunk of a store, and a disk may take its time to unlink a file. */
import { exposeService } from '@deepwater/core/engine';
import type { ReaderSource } from '@deepwater/query';
import { Cleanup, type CleanupRequest, type ClockReport } from './cleanup.js';
import type { Leftover } from './leftovers.js';
import type { FeedCleanup } from './remove-chunks.js';

export interface CleanupApi {
  /** undefined where another clean-up is at work or has just been, and that is enough. */
  begin(request: CleanupRequest): Promise<ClockReport | undefined>;
  feed(source: ReaderSource): Promise<{ feed: FeedCleanup; leftovers: Leftover[] }>;
  end(): Leftover[];
}

let cleanup: Cleanup | undefined;

const api: CleanupApi = {
  async begin(request) {
    cleanup = await Cleanup.begin(request);
    return cleanup?.clock;
  },
  feed: (source) => (cleanup as Cleanup).feed(source),
  end: () => (cleanup as Cleanup).end(),
};

exposeService(api);
