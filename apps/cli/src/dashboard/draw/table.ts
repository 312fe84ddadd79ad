/** A table in a given width: columns as wide as what they show, the least wanted left out where there is no room. */
import { fitAmount } from '../text/amounts.js';
import { fill, widthOf } from '../text/cells.js';
import { type Line, type Span, type Style, span } from './spans.js';

export interface Column<R> {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Cells at most. */
  readonly max: number;
  /** The greater, the longer it stays where room is short. */
  readonly keep: number;
  /** Columns of one group stay and go together. */
  readonly group?: string;
  /** Takes what the others leave. */
  readonly stretch?: true;
  /** A number: never cut in the middle, and written shorter where it does not fit. */
  readonly amount?: true;
  readonly text: (row: R) => string;
  readonly style?: (row: R) => Style;
}

/** Columns never become narrower while the same is looked at: nothing moves to and fro. By title. */
export type Widths = Map<string, number>;

export interface TableText {
  readonly head: Line;
  readonly lines: readonly Line[];
}

const GAP_MAX = 3;

export function tableIn<R>(columns: readonly Column<R>[], rows: readonly R[], width: number, widths: Widths, isSelected?: (row: R) => boolean): TableText {
  const texts = columns.map((column) => rows.map((row) => column.text(row)));
  const wide = columns.map((column, index) => {
    const widest = (texts[index] as string[]).reduce((most, text) => Math.max(most, widthOf(text)), widthOf(column.title));
    const kept = Math.min(column.max, Math.max(widest, widths.get(column.title) ?? 0));
    widths.set(column.title, kept);
    return kept;
  });
  const shown = columns.map((_, index) => index);
  const needed = (): number => shown.reduce((sum, index) => sum + (wide[index] as number), 0) + shown.length - 1;
  while (shown.length > 1 && needed() > width) {
    const squeezed = shown.find((index) => columns[index]!.stretch === true);
    // A text gives way before a column is lost, down to a third.
    const over = needed() - width;
    const least = squeezed === undefined ? 0 : Math.max(6, Math.ceil((wide[squeezed] as number) / 3));
    if (squeezed !== undefined && (wide[squeezed] as number) - over >= least) {
      wide[squeezed] = (wide[squeezed] as number) - over;
      break;
    }
    const leastWanted = shown.reduce((a, b) => (columns[b]!.keep < columns[a]!.keep ? b : a));
    const { group } = columns[leastWanted]!;
    const stay = shown.filter((index) => index !== leastWanted && (group === undefined || columns[index]!.group !== group));
    shown.splice(0, shown.length, ...stay);
  }
  const left = width - needed();
  const gap = shown.length < 2 ? 1 : Math.max(1, Math.min(GAP_MAX, 1 + Math.floor(left / (shown.length - 1))));
  const stretch = shown.find((index) => columns[index]!.stretch === true);
  if (stretch !== undefined) wide[stretch] = Math.max(0, (wide[stretch] as number) + left - (gap - 1) * (shown.length - 1));
  const between = ' '.repeat(gap);
  const line = (cells: readonly Span[]): Span[] => cells.flatMap((cell, at) => (at === 0 ? [cell] : [span(between), cell]));
  return {
    head: { spans: line(shown.map((index) => span(fill(columns[index]!.title, wide[index] as number, columns[index]!.align), 'faint'))) },
    lines: rows.map((row, at) => ({
      spans: line(shown.map((index) => {
        const { align, amount, style } = columns[index]!;
        const text = texts[index]![at] as string;
        const cells = wide[index] as number;
        return span(fill(amount === true ? fitAmount(text, cells) : text, cells, align), style?.(row) ?? 'plain');
      })),
      selected: isSelected?.(row) === true,
    })),
  };
}
