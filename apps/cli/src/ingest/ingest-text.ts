/** Status and metrics of an ingest as people read them. */
import type { IngestMetrics, IngestStatus, Percentiles } from '@deepwater/exchanges';
import { tableText } from '../output/table.js';
import { bytesText } from '../output/text.js';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const rate = (value: number): string => (value >= 100 ? whole(value) : value.toFixed(1));
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Microseconds in the unit that reads best; negative where the exchange's clock is ahead of ours. */
export function microsText(us: number): string {
  const size = Math.abs(us);
  if (size >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
  return size >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us)} µs`;
}

const percentiles = (values: Percentiles | undefined): string[] => (values === undefined ? ['', '', ''] : [values.p50, values.p95, values.p99].map(microsText));

export function statusText(status: IngestStatus, nowMs: number = Date.now()): string {
  const connections = status.connections.map(({ id, state, symbols, connects, quietMs, lastEnd }) => [
    String(id), state, String(symbols), String(Math.max(0, connects - 1)), quietMs === undefined ? '' : microsText(quietMs * 1000), lastEnd ?? '',
  ]);
  const symbols = status.symbols.map(({ symbol, connection, state, feeds, gaps, resyncs, bad, refused, failure }) => [
    symbol, String(connection), state, feeds.map(({ channel, records }) => `${channel} ${whole(records)}`).join(', '), rate(feeds.reduce((sum, { ratePerS }) => sum + ratePerS, 0)),
    String(gaps), String(resyncs), String(bad), failure ?? refused ?? '',
  ]);
  return [
    `${status.source.title}: ${status.state} for ${microsText((nowMs - status.startedMs) * 1000)}, events in ${status.eventsFeed}\n`,
    ...(status.raw === undefined ? [] : [`raw frames: ${status.raw.recording ? '' : 'ENDED, '}${status.raw.file}, ${bytesText(status.raw.bytes)} in all\n`]),
    tableText(['connection', 'state', 'symbols', 'reconnects', 'last frame', 'last end'], connections, [true, false, true, true, true, false]),
    tableText(['symbol', 'connection', 'state', 'records', '/s', 'gaps', 'resyncs', 'bad', 'refused or failed'], symbols, [false, true, false, false, true, true, true, true, false]),
  ].join('');
}

export function metricsText(name: string, metrics: IngestMetrics): string {
  const { frames, bytes, framesPerS, bytesPerS, records, recordsPerS, gaps, missing, reconnects, resyncs, checksums, refusals, ringFillMax, elapsedMs } = metrics;
  const rows = [
    ...metrics.channels.map(({ channel, records: its, ratePerS, latency }) => [channel, whole(its), rate(ratePerS), ...percentiles(latency)]),
    ['frames to ring', whole(frames), rate(framesPerS), ...percentiles(metrics.handling)],
  ];
  const bad = Object.entries(metrics.bad).map(([reason, count]) => `${reason} ${whole(count)}`).join(', ');
  return [
    `${name}: ${whole(records)} records (${rate(recordsPerS)}/s) of ${whole(frames)} frames, ${bytesText(bytes)} (${bytesText(bytesPerS)}/s) in ${microsText(elapsedMs * 1000)}\n`,
    tableText(['', 'in all', '/s', 'p50', 'p95', 'p99'], rows, [false, true, true, true, true, true]),
    `gaps ${whole(gaps)} (${whole(missing)} missing), reconnects ${whole(reconnects)}, resyncs ${whole(resyncs)}, checksums ${whole(checksums)}, refusals ${whole(refusals)}, fullest ring ${percent(ringFillMax)}\n`,
    bad === '' ? '' : `bad: ${bad}\n`,
  ].join('');
}
