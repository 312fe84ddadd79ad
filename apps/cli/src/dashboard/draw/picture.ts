/** The whole screen: rows of parts side by side, each of exactly its size. */
import { PANES, type ViewState } from '../view-state.js';
import { channelsPart, healthPart } from './channels.js';
import type { Data } from './data.js';
import { footerLine, helpPart } from './footer.js';
import { panePart } from './panes.js';
import { ASIDE, LEAST, type Part, type Plan, type Size } from './plan.js';
import { type Line, block, span } from './spans.js';
import { headerLine, totalsLine } from './summary.js';
import { symbolsPart } from './symbols.js';
import type { Widths } from './table.js';

export interface Block extends Part {
  readonly lines: readonly Line[];
}

export type Picture = readonly (readonly Block[])[];

/** Columns of every table, remembered while the same is looked at. */
export class TableWidths {
  #of = new Map<string, Widths>();
  #for = '';

  /** Forgets them when what is looked at changes. */
  lookAt(what: string): void {
    if (what !== this.#for) this.#of = new Map();
    this.#for = what;
  }

  of(table: string): Widths {
    let widths = this.#of.get(table);
    if (widths === undefined) this.#of.set(table, (widths = new Map()));
    return widths;
  }
}

const one = (line: Line, width: number): Block[] => [{ lines: block([line], width, 1), width, height: 1 }];
const gap = (height: number): Block => ({ lines: block([], ASIDE, height), width: ASIDE, height });

/** Symbols of the list, and which of them is the first in view. */
export interface ListView {
  readonly listed: readonly string[];
  readonly from: number;
}

export function pictureOf(data: Data, view: ViewState, { listed, from }: ListView, size: Size, plan: Plan, widths: TableWidths): Picture {
  const { columns, rows } = size;
  if (plan.kind === 'tiny') return tiny(size);
  const above = [one(headerLine(data, view, columns), columns), one(totalsLine(data, columns), columns)];
  const footer = one(footerLine(view, columns), columns);
  const part = (lines: Line[], { width, height }: Part): Block => ({ lines, width, height });
  const channels = part(channelsPart(data, plan.channels, widths.of('channels'), plan.kind === 'narrow'), plan.channels);
  const help = (height: number): Picture => [[part(helpPart({ width: columns, height }), { width: columns, height })]];
  const symbols = (): Block => part(symbolsPart(data, view, listed, from, plan.symbols, widths.of('symbols'), plan.kind === 'wide'), plan.symbols);
  if (plan.kind === 'narrow') {
    const body: Picture = view.help
      ? help(plan.symbols.height + plan.pane.height)
      : [[symbols()], [part(panePart(view.pane, data, view, plan.pane, widths.of(view.pane), true), plan.pane)]];
    return [...above, [channels], ...body, footer];
  }
  const head = [channels, gap(plan.channels.height), part(healthPart(data, plan.health), plan.health)];
  if (view.help) return [...above, head, ...help(rows - above.length - 1 - plan.channels.height), footer];
  const side = part(paneStack(plan.panes, view).flatMap(({ pane, height }) => panePart(pane, data, view, { width: plan.panes.width, height }, widths.of(pane), false)), plan.panes);
  return [...above, head, [symbols(), gap(plan.symbols.height), side], footer];
}

/** All panes, one above the other: the one that is chosen has half of the room. */
export function paneStack({ height }: Part, { pane: active }: ViewState): { pane: ViewState['pane']; height: number }[] {
  const big = Math.ceil(height / 2);
  const rest = height - big;
  const others = PANES.filter((pane) => pane !== active);
  return PANES.map((pane) => ({ pane, height: pane === active ? big : pane === others[0] ? Math.ceil(rest / 2) : Math.floor(rest / 2) }));
}

function tiny({ columns, rows }: Size): Picture {
  const text = ` ${columns} × ${rows} is too small: ${LEAST.columns} × ${LEAST.rows} at least. q quits`;
  return [[{ lines: block([{ spans: [span(text, 'warn')] }], columns, 1), width: columns, height: 1 }]];
}
