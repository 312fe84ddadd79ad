/** The tape, the latest events, the connections. */
import type { ConnectionStatus } from '@deepwater/exchanges';
import { amountText } from '../text/amounts.js';
import { safeText } from '../text/cells.js';
import { clockText, latencyText, spanText } from '../text/times.js';
import type { DashboardEvent, TapeTrade } from '../source.js';
import { PANES, type Pane, type ViewState } from '../view-state.js';
import type { Data } from './data.js';
import type { Part } from './plan.js';
import { type Line, type Span, type Style, block, rule, span } from './spans.js';
import { sideStyle } from './symbols.js';
import { type Column, type Widths, tableIn } from './table.js';

const TAPE: readonly Column<TapeTrade>[] = [
  { title: ' time UTC', align: 'left', max: 13, keep: 8, text: ({ ts }) => ` ${clockText(ts / 1000)}`, style: () => 'faint' },
  { title: 'symbol', align: 'left', max: 24, keep: 9, stretch: true, text: ({ symbol }) => safeText(symbol) },
  { title: 'side', align: 'left', max: 4, keep: 98, text: ({ side }) => (side === 'B' ? 'B ▲' : side === 'S' ? 'S ▼' : '–'), style: ({ side }) => sideStyle(side) },
  { title: 'price', align: 'right', max: 18, keep: 99, amount: true, text: ({ price }) => amountText(price), style: ({ side }) => sideStyle(side) },
  { title: 'size', align: 'right', max: 18, keep: 97, amount: true, text: ({ size }) => amountText(size) },
  { title: 'latency', align: 'right', max: 9, keep: 1, text: ({ ts, recv }) => latencyText(recv - ts), style: ({ ts, recv }) => (recv < ts ? 'warn' : 'faint') },
];

const EVENT_STYLES: Readonly<Record<string, Style>> = { warn: 'warn', error: 'bad' };
const EVENTS: readonly Column<DashboardEvent>[] = [
  { title: ' time UTC', align: 'left', max: 9, keep: 1, text: ({ timeMs }) => ` ${clockText(timeMs, false)}`, style: () => 'faint' },
  { title: 'event', align: 'left', max: 400, keep: 9, stretch: true, text: ({ text }) => safeText(text), style: ({ level }) => EVENT_STYLES[level ?? ''] ?? 'plain' },
];

const CONNECTION_STYLES: Readonly<Record<ConnectionStatus['state'], Style>> = { open: 'good', connecting: 'warn', waiting: 'warn', closed: 'bad' };
const CONNECTIONS = (nowMs: number): readonly Column<ConnectionStatus>[] => [
  { title: ' id', align: 'right', max: 8, keep: 99, text: ({ id }) => ` ${id}` },
  { title: 'state', align: 'left', max: 10, keep: 98, text: ({ state }) => state, style: ({ state }) => CONNECTION_STYLES[state] },
  { title: 'for', align: 'right', max: 12, keep: 5, text: ({ sinceMs }) => spanText(nowMs - sinceMs) },
  { title: 'symbols', align: 'right', max: 7, keep: 6, text: ({ symbols }) => symbols.toLocaleString('en') },
  { title: 'opened', align: 'right', max: 7, keep: 4, text: ({ connects }) => `${connects.toLocaleString('en')} ×`, style: ({ connects }) => (connects > 1 ? 'warn' : 'plain') },
  { title: 'quiet', align: 'right', max: 9, keep: 7, text: ({ quietMs }) => latencyText(quietMs === undefined ? undefined : quietMs * 1000) },
  { title: 'last end', align: 'left', max: 200, keep: 3, stretch: true, text: ({ lastEnd }) => safeText(lastEnd ?? '–'), style: () => 'faint' },
];

/** A pane with its own title, or as one of the tabs. */
export function panePart(pane: Pane, data: Data, view: ViewState, part: Part, widths: Widths, asTab: boolean): Line[] {
  const { width, height } = part;
  if (height <= 0) return [];
  const title: Span[] = asTab ? tabs(view.pane) : [span(view.pane === pane ? '▶ ' : '', 'accent'), span(pane, 'title')];
  const { head, lines, more } = contents(pane, data, view, width, height - 2, widths);
  return block([rule(title, more, width), head, ...lines], width, height);
}

function tabs(active: Pane): Span[] {
  return PANES.flatMap((pane, at) => [...(at === 0 ? [] : [span(' │ ', 'faint')]), ...(pane === active ? [span('▶ ', 'accent'), span(pane, 'title')] : [span(pane, 'faint')])]);
}

function contents(pane: Pane, data: Data, view: ViewState, width: number, room: number, widths: Widths): { head: Line; lines: readonly Line[]; more: readonly Span[] } {
  const rows = Math.max(0, room);
  switch (pane) {
    case 'tape': {
      const trades = newest(data.tape, rows);
      const of = view.selected ?? (view.filter === '' ? undefined : `“${view.filter}”`);
      return { ...tableOr(tableIn(TAPE, trades, width, widths), trades, ' no trades yet'), more: of === undefined ? [] : [span(safeText(of), 'accent')] };
    }
    case 'events': {
      const events = newest(data.events, rows);
      return { ...tableOr(tableIn(EVENTS, events, width, widths), events, ' nothing has happened yet'), more: [] };
    }
    case 'connections': {
      // Those that are not open first: they are what one looks for.
      const all = [...data.status.connections].sort((a, b) => Number(a.state === 'open') - Number(b.state === 'open') || a.id - b.id);
      const shown = all.slice(0, rows);
      return {
        ...tableOr(tableIn(CONNECTIONS(data.nowMs), shown, width, widths), shown, ' no connections'),
        more: shown.length < all.length ? [span(`${shown.length} of ${all.length.toLocaleString('en')}`, 'faint')] : [],
      };
    }
  }
}

function tableOr(table: { head: Line; lines: readonly Line[] }, rows: readonly unknown[], nothing: string): { head: Line; lines: readonly Line[] } {
  return rows.length > 0 ? table : { head: table.head, lines: [{ spans: [span(nothing, 'faint')] }] };
}

/** The last so many, the newest first. */
function newest<T>(all: readonly T[], count: number): T[] {
  return all.slice(Math.max(0, all.length - count)).reverse();
}
