/** What stands above: what is ingested and how it goes, and how much it is. */
import { rateText } from '../../top/top-table.js';
import { bytesText } from '../../output/text.js';
import { sparkline } from '../text/bars.js';
import { countText } from '../text/amounts.js';
import { safeText } from '../text/cells.js';
import { spanText } from '../text/times.js';
import type { Data } from './data.js';
import { type Line, type Span, type Style, facts, lineWidth, span, spread } from './spans.js';
import type { ViewState } from '../view-state.js';

/** Cells that a picture of the rate needs to say anything. */
const SPARK_LEAST = 5;
const STATES: Readonly<Record<string, readonly [string, Style]>> = { running: ['● running', 'good'], stopping: ['● stopping', 'warn'], stopped: ['○ stopped', 'bad'] };

export function headerLine({ status, nowMs }: Data, { paused }: ViewState, width: number): Line {
  const { connections, source, state } = status;
  const open = connections.filter((connection) => connection.state === 'open').length;
  const [stateText, style] = STATES[state] ?? [state, 'plain'];
  const all = connections.length;
  const right = [
    ...(paused ? [span('drawing paused', 'warn'), span('   ')] : []),
    span(stateText, style), span('   up ', 'faint'), span(spanText(nowMs - status.startedMs)),
    span('   connections ', 'faint'), span(`${open}/${all}`, all > 0 && open === all ? 'good' : 'warn'), span(' '),
  ];
  const left = [span(' Deepwater', 'title'), span('  '), span(safeText(source.title))];
  const name = span(` (${safeText(source.name)})`, 'faint');
  return spread(lineWidth([...left, name, ...right]) < width ? [...left, name] : left, right, width);
}

export function totalsLine({ metrics, history }: Data, width: number): Line {
  const pieces = (digits: number): Span[][] => [
    [span(' records ', 'faint'), span(`${rate(metrics.recordsPerS)}/s`, 'strong'), span(` ${countText(metrics.records, digits)}`)],
    [span('frames ', 'faint'), span(`${rate(metrics.framesPerS)}/s`), span(` ${countText(metrics.frames, digits)}`)],
    [span('data ', 'faint'), span(`${dataText(metrics.bytesPerS)}/s`), span(` ${dataText(metrics.bytes)}`)],
  ];
  const whole = facts(pieces(Infinity), Infinity, 3).spans;
  const roomy = lineWidth(whole) + SPARK_LEAST * 3 <= width;
  const spans = roomy ? whole : facts(pieces(6), width, 2).spans;
  const between = roomy ? '   ' : ' ';
  const room = width - lineWidth(spans) - between.length - 1;
  if (room < SPARK_LEAST) return { spans };
  return { spans: [...spans, span(between), span(sparkline(history, Math.min(room, Math.max(history.length, SPARK_LEAST))), 'accent')] };
}

export function rate(perSecond: number): string {
  return perSecond < 1e12 ? rateText(Math.max(0, perSecond)).replace(/^(0\.\d\d)\d+$/, '$1') : Number.isFinite(perSecond) ? perSecond.toExponential(2).replace('e+', 'e') : '–';
}

/** Bytes with three digits that count. */
function dataText(bytes: number): string {
  const text = Number.isFinite(bytes) ? bytesText(Math.round(bytes)) : '–';
  return text.length > 12 ? `${bytes.toExponential(2).replace('e+', 'e')} B` : text.replace(/^(\d{3,})\.\d /, '$1 ');
}
