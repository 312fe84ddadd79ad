/** Looks at the health of a store in a thread of its own: a disk that hangs must not hang whoever asks. */
import { exposeService } from '@deepwater/core';
import { checkFeeds } from './check-feeds.js';
import { checkStore } from './check-store.js';

const api = { store: checkStore, feeds: checkFeeds };

export type HealthApi = typeof api;

exposeService(api);
