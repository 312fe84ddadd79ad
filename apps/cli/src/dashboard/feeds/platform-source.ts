import type { IngestMetrics, IngestStatus } from '@deepwater/exchanges';
import type { DashboardEvent, DashboardSource } from '../source.js';
import { FeedReaders, type ReaderMaker } from './feed-readers.js';
import { LiveTape } from './live-tape.js';
import { type FollowBook, LiveTops } from './live-tops.js';

/** What is needed of an ingest. */
export interface WatchedIngest {
  status(): IngestStatus;
  metrics(): IngestMetrics;
  stop(): Promise<void>;
}

export interface PlatformSourceOptions {
  /** The latest events, the newest last. */
  readonly events: () => readonly DashboardEvent[];
  /** Keeps the book of a feed, for best bid and ask of symbols without quotes; without it they have none. */
  readonly followBook?: FollowBook;
  /** ms since 1970. */
  readonly now?: () => number;
}

const PROBLEMS_MAX = 20;

/**
 * An ingest and the platform that it writes to as a source for the dashboard. Trades and prices are read from the feeds, and only when they are asked for;
 * nothing is followed or gathered in between.
 */
export function platformSource(platform: ReaderMaker, ingest: WatchedIngest, { events, followBook, now = Date.now }: PlatformSourceOptions): DashboardSource & { close(): void } {
  const problems: DashboardEvent[] = [];
  const readers = new FeedReaders(platform, (text) => {
    problems.push({ timeMs: now(), text, level: 'error' });
    problems.splice(0, problems.length - PROBLEMS_MAX);
  }, now);
  const sinceUs = ingest.status().startedMs * 1000;
  const tape = new LiveTape(readers, sinceUs);
  const tops = new LiveTops(readers, sinceUs, followBook, now);
  return {
    status: () => ingest.status(),
    metrics: () => ingest.metrics(),
    tape: (limit, symbols) => tape.read(symbols, limit),
    top: (symbol) => tops.read(symbol),
    events: () => (problems.length === 0 ? events() : [...events(), ...problems].sort((a, b) => a.timeMs - b.timeMs)),
    stop: () => ingest.stop(),
    close() { tops.close(); },
  };
}
