import { tableText } from '../output/table.js';
import type { FeedLook } from './feed-rates.js';

/** The table of a look, busiest feed first. */
export function topTable(looks: readonly FeedLook[]): string {
  const rows = [...looks]
    .sort((a, b) => b.recordsPerSecond - a.recordsPerSecond || (a.feed < b.feed ? -1 : 1))
    .map((look) => [
      look.feed,
      rateText(look.recordsPerSecond),
      look.next.toLocaleString('en'),
      look.ringRecords === 0 ? '-' : fillBar(look.ringFill),
      look.subscribers.length.toLocaleString('en'),
      look.lag.toLocaleString('en'),
      look.lost.toLocaleString('en'),
      look.problem !== undefined ? 'cannot be read' : look.writerPid === undefined ? '-' : `pid ${look.writerPid}`,
    ]);
  return tableText(['feed', 'records/s', 'records', 'ring', 'subscribers', 'lag', 'lost', 'writer'], rows, [false, true, true, false, true, true, true, false]);
}

/** The table of every subscriber, the one furthest behind first. */
export function subscriberTable(looks: readonly FeedLook[], nowSeconds: number): string {
  const rows = looks
    .flatMap(({ feed, subscribers }) => subscribers.map((subscriber) => ({ feed, ...subscriber })))
    .sort((a, b) => b.lag - a.lag || a.pid - b.pid || a.thread - b.thread)
    .map(({ feed, pid, thread, position, lag, lost, since }) => [
      feed, String(pid), thread === pid ? 'main' : String(thread), position.toLocaleString('en'), lag.toLocaleString('en'), lost.toLocaleString('en'),
      ageText(Math.max(0, nowSeconds - since)),
    ]);
  return rows.length === 0 ? '' : tableText(['subscriber of', 'pid', 'thread', 'at', 'lag', 'lost', 'for'], rows, [false, true, true, true, true, true, true]);
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const BAR_CELLS = 8;

/** A bar of eight cells and the percentage: how full something is, 0 to 1. */
export function fillBar(part: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * BAR_CELLS * 8);
  const bar = '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] as string);
  return `${bar.padEnd(BAR_CELLS, '·')} ${String(Math.round(part * 100)).padStart(3)} %`;
}

/** A rate for people: three digits that count, `1.23 M`. */
export function rateText(perSecond: number): string {
  for (const [size, unit] of [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']] as const) {
    if (perSecond >= size * 0.9995) return `${(perSecond / size).toPrecision(3)}${unit}`;
  }
  return perSecond >= 100 || perSecond === 0 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

function ageText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
