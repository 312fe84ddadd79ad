/** The states that a running ingest is in, as plain data. */
import type { CaptureWriter } from '@deepwater/captures';
import type { Channel } from '../exchange.js';
import type { Source } from '../source.js';
import type { Shard } from './shards.js';
import type { ChannelMetrics, ConnectionStatus, IngestMetrics, IngestStatus, SymbolStatus } from './status.js';
import { type SymbolFeeds, recordsOf, ringFill } from './symbol-feeds.js';
import type { Tally } from './tally.js';

interface Looked {
  readonly source: Source;
  readonly state: IngestStatus['state'];
  readonly startedMs: number;
  readonly channels: readonly Channel[];
  readonly shards: readonly Shard[];
  readonly feeds: ReadonlyMap<string, SymbolFeeds>;
  readonly eventsFeed: string;
  readonly raw: CaptureWriter | undefined;
}

export function statusOf({ source, state, startedMs, channels, shards, feeds, eventsFeed, raw }: Looked): IngestStatus {
  const shardOf = new Map(shards.flatMap((shard) => [...shard.symbols].map((symbol) => [symbol, shard] as const)));
  return {
    source: { name: source.name, title: source.title }, state, startedMs, channels, eventsFeed,
    connections: shards.map(connectionOf),
    symbols: [...feeds.values()].map((each) => symbolOf(each, shardOf.get(each.symbol))),
    raw: raw === undefined ? undefined : { file: raw.path, bytes: raw.bytes, recording: raw.recording },
  };
}

function connectionOf(shard: Shard): ConnectionStatus {
  const { id, link, symbols, connects, sinceMs, lastFrameUs, lastEnd } = shard;
  return { id, state: link.state, symbols: symbols.size, connects, sinceMs, quietMs: lastFrameUs === 0 ? undefined : Math.max(0, Date.now() - lastFrameUs / 1000), lastEnd };
}

function symbolOf(feeds: SymbolFeeds, shard: Shard | undefined): SymbolStatus {
  const { symbol, refused, failure, gaps, resyncs, bad } = feeds;
  const away = shard === undefined || shard.link.state !== 'open';
  return {
    symbol, connection: shard?.id ?? 0, refused, failure, gaps, resyncs, bad,
    state: failure !== undefined ? 'failed' : refused !== undefined ? 'refused' : away ? 'away' : feeds.acknowledged || feeds.records > 0 ? 'live' : 'waiting',
    feeds: feeds.open.map((feed) => ({ channel: feed.channel, feed: feed.name, records: recordsOf(feed), ratePerS: feed.rate.perS, ringFill: ringFill(feed) })),
  };
}

/** @param before records of a feed that do not count any more since `resetMetrics` */
export function metricsOf(tally: Tally, feeds: ReadonlyMap<string, SymbolFeeds>, channels: readonly Channel[], bad: Readonly<Record<string, number>>, before: (feed: string) => number): IngestMetrics {
  const open = [...feeds.values()].flatMap((each) => each.open);
  const ofChannel = (channel: Channel): ChannelMetrics => {
    const its = open.filter((feed) => feed.channel === channel);
    return {
      channel,
      records: its.reduce((sum, feed) => sum + recordsOf(feed) - before(feed.name), 0),
      ratePerS: its.reduce((sum, { rate }) => sum + rate.perS, 0),
      latency: tally.latencies.get(channel)?.percentiles(),
    };
  };
  const metrics = channels.map(ofChannel);
  const { frames, bytes, gaps, missing, reconnects, resyncs, checksums, refusals } = tally;
  return {
    elapsedMs: performance.now() - tally.sinceMs, frames, bytes, framesPerS: tally.framesRate.perS, bytesPerS: tally.bytesRate.perS,
    records: metrics.reduce((sum, { records }) => sum + records, 0), recordsPerS: metrics.reduce((sum, { ratePerS }) => sum + ratePerS, 0),
    channels: metrics, handling: tally.handling.percentiles(), gaps, missing, reconnects, resyncs, checksums, refusals, bad,
    ringFillMax: open.reduce((max, feed) => Math.max(max, ringFill(feed)), 0),
  };
}
