/** The symbols: what each does now, and the best of its market. */
import type { ConnectionStatus, SymbolStatus } from '@deepwater/exchanges';
import { amountText, countText, difference } from '../text/amounts.js';
import { safeText } from '../text/cells.js';
import type { Amount, SymbolTop } from '../source.js';
import type { ViewState } from '../view-state.js';
import { type Data, symbolRate, symbolRing } from './data.js';
import { type Part, listRows } from './plan.js';
import { type Line, type Style, block, rule, span } from './spans.js';
import { rate } from './summary.js';
import { type Column, type Widths, tableIn } from './table.js';

interface Row {
  readonly status: SymbolStatus;
  readonly top: SymbolTop | undefined;
  readonly state: string;
}

const STATE_STYLES: Readonly<Record<string, Style>> = { open: 'good', quiet: 'faint', connecting: 'warn', waiting: 'warn', closed: 'bad' };

const amount = (title: string, of: (top: SymbolTop) => Amount | undefined, max: number, keep: number, style: Style = 'plain'): Column<Row> => ({
  title, align: 'right', max, keep, amount: true, text: ({ top }) => (top === undefined ? '–' : amountText(of(top))), style: ({ top }) => (top === undefined ? 'faint' : style),
});

const counter = (title: string, of: (status: SymbolStatus) => number, keep: number): Column<Row> => ({
  title, align: 'right', max: 7, keep, amount: true, text: ({ status }) => countText(of(status), 7), style: ({ status }) => (of(status) > 0 ? 'warn' : 'faint'),
});

function columns(wide: boolean): readonly Column<Row>[] {
  const [price, size] = wide ? [18, 16] : [11, 9];
  return [
    { title: ' symbol', align: 'left', max: wide ? 32 : 16, keep: 99, stretch: true, text: ({ status }) => ` ${safeText(status.symbol)}`, style: () => 'strong' },
    { title: 'rec/s', align: 'right', max: 8, keep: 10, text: ({ status }) => rate(symbolRate(status)) },
    {
      ...amount('last', (top) => top.last, price, 9),
      // Red and green are of the side of the last trade; the tape says it with letters.
      style: ({ top }) => (top?.last === undefined ? 'faint' : sideStyle(top.lastSide)),
    },
    amount('bid', (top) => top.bid, price, 8), { ...amount('× size', (top) => top.bidSize, size, 4, 'faint'), group: 'sizes' },
    amount('ask', (top) => top.ask, price, 8), { ...amount(' × size', (top) => top.askSize, size, 4, 'faint'), group: 'sizes' },
    amount('spread', (top) => (top.ask === undefined || top.bid === undefined ? undefined : difference(top.ask, top.bid)), wide ? 12 : 8, 6),
    counter('gaps', ({ gaps }) => gaps, 5),
    ...(wide ? [
      counter('resync', ({ resyncs }) => resyncs, 2), counter('bad', ({ bad }) => bad, 1),
      { title: 'ring', align: 'right', max: 5, keep: 3, text: ({ status }: Row) => `${Math.round(symbolRing(status) * 100)} %`, style: ({ status }: Row) => (symbolRing(status) >= 0.5 ? 'warn' : 'faint') } as const,
    ] : []),
    { title: wide ? 'state' : 'link', align: 'left', max: wide ? 10 : 4, keep: 7, text: ({ state }) => (wide ? state : SHORT[state] ?? state), style: ({ state }) => STATE_STYLES[state] ?? 'plain' },
  ];
}

const SHORT: Readonly<Record<string, string>> = { quiet: 'idle', connecting: 'conn', waiting: 'wait', closed: 'shut' };

export function sideStyle(side: string | undefined): Style {
  return side === 'B' ? 'good' : side === 'S' ? 'bad' : 'plain';
}

function stateOf(status: SymbolStatus, connections: readonly ConnectionStatus[]): string {
  const connection = connections.find(({ id }) => id === status.connection);
  if (connection === undefined) return 'waiting';
  return connection.state === 'open' && symbolRate(status) === 0 ? 'quiet' : connection.state;
}

/**
 * @param listed symbols that the filter leaves, in order @param from the first in view
 * @param wide whether there is room for everything
 */
export function symbolsPart(data: Data, view: ViewState, listed: readonly string[], from: number, part: Part, widths: Widths, wide: boolean): Line[] {
  const { width, height } = part;
  const room = listRows(part);
  const { symbols, connections } = data.status;
  const byName = new Map(symbols.map((status) => [status.symbol, status]));
  const rows = listed.slice(from, from + room).flatMap((symbol): Row[] => {
    const status = byName.get(symbol);
    return status === undefined ? [] : [{ status, top: data.tops.get(symbol), state: stateOf(status, connections) }];
  });
  const { head, lines } = tableIn(columns(wide), rows, width, widths, ({ status }) => status.symbol === view.selected);
  const seen = listed.length > room ? [span(`${from + 1}–${from + rows.length} of ${listed.length.toLocaleString('en')}`, 'faint')] : [];
  const title = [
    span('symbols', 'title'), span(` ${symbols.length.toLocaleString('en')}`),
    ...(view.filter === '' ? [] : [span('  with ', 'faint'), span(`“${safeText(view.filter)}”`, 'accent'), span(`  ${listed.length.toLocaleString('en')}`)]),
    span(`  by ${view.sort === 'as asked' ? 'order' : view.sort}`, 'faint'),
  ];
  const nothing: Line[] = rows.length > 0 ? [] : [{ spans: [span(symbols.length === 0 ? ' no symbols' : ' no symbol has this text in its name', 'faint')] }];
  return block([rule(title, seen, width), head, ...lines, ...nothing], width, height);
}
