/** The dashboard of one ingest: what is loaded for `--tui` alone. */
import type { Ingest, RecordedEvent } from '@deepwater/exchanges';
import { type OrderBook, type Platform, followBook } from 'deepwater';
import type { FollowedBook } from '../dashboard/feeds/live-tops.js';
import { platformSource } from '../dashboard/feeds/platform-source.js';
import { openDashboard } from '../dashboard/open-dashboard.js';
import type { DashboardEvent } from '../dashboard/source.js';
import { eventText, isTrouble } from './event-text.js';

/** Events that are kept for the dashboard; the feed has all. */
const EVENTS_KEPT = 500;

/** The latest events, for the dashboard. */
export class EventList {
  readonly list: DashboardEvent[] = [];

  add(event: RecordedEvent): void {
    this.#put({ timeMs: Date.now(), text: eventText(event), level: isTrouble(event) ? 'warn' : 'info' });
  }

  complain(text: string): void {
    this.#put({ timeMs: Date.now(), text, level: 'error' });
  }

  #put(event: DashboardEvent): void {
    this.list.push(event);
    if (this.list.length > EVENTS_KEPT) this.list.shift();
  }
}

/** Shows an ingest until it is stopped, by a key or by the signal. */
export async function showIngest(platform: Platform, ingest: Ingest, events: EventList, signal: AbortSignal): Promise<void> {
  const source = platformSource(platform, ingest, { events: () => events.list, followBook: (feed) => keepBook(platform, feed, (text) => { events.complain(text); }) });
  try {
    await openDashboard(source, { signal });
  } finally {
    source.close();
  }
}

/** Keeps the book of a feed for as long as somebody looks at it. */
function keepBook(platform: Platform, feed: string, complain: (text: string) => void): FollowedBook {
  const stop = new AbortController();
  let book: OrderBook | undefined;
  void (async () => {
    const reader = await platform.createReader(feed);
    for await (const now of followBook(reader, { signal: stop.signal })) book = now;
  })().catch((error: unknown) => { if (!stop.signal.aborted) complain(`book of ${feed}: ${(error as Error).message}`); });
  return {
    best() {
      if (book === undefined || book.stale !== undefined || !book.whole) return undefined;
      const { bestBid, bestAsk } = book;
      return { ...(bestBid === undefined ? {} : { bid: bestBid.price, bidSize: bestBid.size }), ...(bestAsk === undefined ? {} : { ask: bestAsk.price, askSize: bestAsk.size }) };
    },
    close() { stop.abort(); },
  };
}
