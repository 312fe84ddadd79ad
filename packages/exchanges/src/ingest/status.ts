/** What a running ingest tells of itself: plain data, made when it is asked for. Commands print it, the dashboard draws it. */
import type { Channel } from '../exchange.js';

export interface IngestStatus {
  readonly source: { readonly name: string; readonly title: string };
  readonly state: 'running' | 'stopping' | 'stopped';
  /** When it began, ms since 1970. */
  readonly startedMs: number;
  readonly channels: readonly Channel[];
  readonly connections: readonly ConnectionStatus[];
  /** In the order they were asked for. */
  readonly symbols: readonly SymbolStatus[];
  /** Name of the feed that events are kept in. */
  readonly eventsFeed: string;
  /** The file that raw frames are recorded in, and how many bytes they take in all; undefined where they are not. */
  readonly raw: { readonly file: string; readonly bytes: number; readonly recording: boolean } | undefined;
}

export interface ConnectionStatus {
  /** From 1, never given twice. */
  readonly id: number;
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed';
  readonly symbols: number;
  /** How often it was open; one more than reconnects. */
  readonly connects: number;
  /** When it came into this state, ms since 1970. */
  readonly sinceMs: number;
  /** Since the last frame, ms; undefined where there was none yet. */
  readonly quietMs: number | undefined;
  /** Why the last connection ended. */
  readonly lastEnd: string | undefined;
}

export interface SymbolStatus {
  readonly symbol: string;
  /** The connection it is on; 0 while it has none. */
  readonly connection: number;
  /** `waiting` until the exchange has acknowledged it or a record has come; `away` while its connection is not open; `failed` while it cannot be written. */
  readonly state: 'waiting' | 'live' | 'away' | 'refused' | 'failed';
  /** What the exchange said when it refused. */
  readonly refused: string | undefined;
  /** Why nothing of it can be written: it is set aside, and tried again after a while. */
  readonly failure?: string | undefined;
  /** Feeds it is written to. */
  readonly feeds: readonly { readonly channel: Channel; readonly feed: string; readonly records: number; readonly ratePerS: number; /** share of the ring that waits for the disk, 0 to 1 */ readonly ringFill: number }[];
  readonly gaps: number;
  readonly resyncs: number;
  readonly bad: number;
}

/** Microseconds. Times of an exchange whose clock is ahead of ours give negative ones. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** How many of the latest values they are of. */
  readonly samples: number;
}

export interface ChannelMetrics {
  readonly channel: Channel;
  readonly records: number;
  /** Over the last ten seconds. */
  readonly ratePerS: number;
  /** From the exchange's time to the frame's coming, µs; undefined before there is a record with a time. */
  readonly latency: Percentiles | undefined;
}

export interface IngestMetrics {
  /** Since the start, or the last `resetMetrics()`, ms. */
  readonly elapsedMs: number;
  readonly frames: number;
  readonly bytes: number;
  readonly framesPerS: number;
  readonly bytesPerS: number;
  readonly records: number;
  readonly recordsPerS: number;
  readonly channels: readonly ChannelMetrics[];
  /** From a frame's coming to its last record being in the ring, µs. */
  readonly handling: Percentiles | undefined;
  /** Gaps found, and how many records or updates are missing in them where the exchange numbers them. */
  readonly gaps: number;
  readonly missing: number;
  readonly reconnects: number;
  readonly resyncs: number;
  readonly checksums: number;
  /** Subscriptions that the exchange refused. */
  readonly refusals: number;
  /** Frames that could not be read, wholly or in part, by the reason. */
  readonly bad: Readonly<Record<string, number>>;
  /** The fullest ring of all feeds, 0 to 1. */
  readonly ringFillMax: number;
}
