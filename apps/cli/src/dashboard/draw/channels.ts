/** The channels: how much comes, how late, and what was missing. */
import type { ChannelMetrics, IngestMetrics } from '@deepwater/exchanges';
import { bar } from '../text/bars.js';
import { countText } from '../text/amounts.js';
import { safeText } from '../text/cells.js';
import { latencyText } from '../text/times.js';
import type { Data } from './data.js';
import type { Part } from './plan.js';
import { type Line, type Span, type Style, block, facts, lineWidth, rule, span } from './spans.js';
import { rate } from './summary.js';
import { type Column, type Widths, tableIn } from './table.js';

/** Fuller rings than this are told in another colour: the disk is behind. */
const RING_WARNS = 0.5;
const RING_IS_BAD = 0.9;

/** Later than this is late on any line, µs. */
const LATE_US = 1e6;

const latencyStyle = (us: number | undefined): Style => (us === undefined ? 'faint' : us < 0 || us >= LATE_US ? 'warn' : 'plain');

const latency = (title: string, of: 'p50' | 'p95' | 'p99' | 'max', keep: number): Column<ChannelMetrics> => ({
  title, align: 'right', max: 11, keep, text: ({ latency: percentiles }) => latencyText(percentiles?.[of]), style: ({ latency: percentiles }) => latencyStyle(percentiles?.[of]),
});

const COLUMNS: readonly Column<ChannelMetrics>[] = [
  { title: ' channel', align: 'left', max: 12, keep: 99, text: ({ channel }) => ` ${channel}`, style: () => 'strong' },
  { title: 'records', align: 'right', max: 20, keep: 8, amount: true, text: ({ records }) => countText(records) },
  { title: 'per s', align: 'right', max: 8, keep: 9, text: ({ ratePerS }) => rate(ratePerS) },
  latency('latency p50', 'p50', 7), latency('p95', 'p95', 6), latency('p99', 'p99', 5), latency('max', 'max', 2),
  { title: 'of latest', align: 'right', max: 9, keep: 1, text: ({ latency: percentiles }) => countText(percentiles?.samples ?? 0, 9), style: () => 'faint' },
];

function handling({ handling: percentiles }: IngestMetrics): Span[] {
  return [span('handling ', 'faint'), span(`p50 ${latencyText(percentiles?.p50)}`), span('  '), span(`p99 ${latencyText(percentiles?.p99)}`)];
}

/** Channels that are asked for and have had nothing yet have a row, too. */
function rowsOf({ status, metrics }: Data): ChannelMetrics[] {
  return status.channels.map((channel) => metrics.channels.find((each) => each.channel === channel) ?? { channel, records: 0, ratePerS: 0, latency: undefined });
}

export function channelsPart(data: Data, part: Part, widths: Widths, withHealth: boolean): Line[] {
  const { width, height } = part;
  const { head, lines } = tableIn(COLUMNS, rowsOf(data), width, widths);
  const ahead = data.metrics.channels.some(({ latency: percentiles }) => percentiles !== undefined && percentiles.p50 < 0);
  const title = [span('channels', 'title'), ...(ahead ? [span('  their clock is ahead of ours', 'warn')] : [])];
  return block([rule(title, withHealth ? handling(data.metrics) : [], width), head, ...lines, ...(withHealth ? [healthLine(data.metrics, width)] : [])], width, height);
}

function bad({ bad: reasons }: IngestMetrics): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}

function count(label: string, value: number, digits = Infinity): Span[] {
  return [span(`${label} `, 'faint'), span(countText(value, digits), value > 0 ? 'warn' : 'plain')];
}

function ring({ ringFillMax }: IngestMetrics, cells: number): Span[] {
  const style = ringFillMax >= RING_IS_BAD ? 'bad' : ringFillMax >= RING_WARNS ? 'warn' : 'good';
  return [span('ring ', 'faint'), span(bar(ringFillMax, cells), style), span(`${String(Math.round((Number.isFinite(ringFillMax) ? ringFillMax : 0) * 100)).padStart(4)} %`)];
}

function healthLine(metrics: IngestMetrics, width: number): Line {
  const pieces = [
    [span(' '), ...ring(metrics, 6)], count('gaps', metrics.gaps, 5), count('missing', metrics.missing, 5), count('reconn', metrics.reconnects, 5), count('resync', metrics.resyncs, 5),
    count('chksum', metrics.checksums, 4), count('bad', bad(metrics), 4),
  ];
  const loose = facts(pieces, Infinity);
  return lineWidth(loose.spans) <= width ? loose : facts(pieces, width, 1);
}

/** What goes wrong, with room for all of it. */
export function healthPart({ metrics }: Data, part: Part): Line[] {
  const { width, height } = part;
  const reasons = Object.entries(metrics.bad).sort(([, a], [, b]) => b - a);
  const { handling: percentiles } = metrics;
  const lines: Line[] = [
    rule([span('health', 'title')], [], width),
    facts([[span(' '), ...ring(metrics, 16)], [span('fullest of all feeds', 'faint')]], width),
    facts([[span(' handling ', 'faint'), span(`p50 ${latencyText(percentiles?.p50)}`)], [span(`p95 ${latencyText(percentiles?.p95)}`)], [span(`p99 ${latencyText(percentiles?.p99)}`)], [span(`max ${latencyText(percentiles?.max)}`)]], width),
    facts([count(' gaps', metrics.gaps), count('missing', metrics.missing), count('reconnects', metrics.reconnects), count('resyncs', metrics.resyncs)], width),
    facts([count(' checksums', metrics.checksums), count('bad frames', bad(metrics)), ...reasons.map(([reason, times]) => count(safeText(reason), times))], width),
  ];
  return block(lines, width, height);
}
