/** A line as pieces with a meaning each; what they look like is the theme's. */
import { cut, widthOf } from '../text/cells.js';

export type Style = 'plain' | 'title' | 'strong' | 'faint' | 'good' | 'bad' | 'warn' | 'accent';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export interface Line {
  readonly spans: readonly Span[];
  /** The line that arrows move. */
  readonly selected?: boolean;
}

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

export const EMPTY: Line = { spans: [] };

/** A line in exactly so many cells: what does not fit is cut, the rest is blank. */
export function fitLine({ spans, selected }: Line, width: number): Line {
  const fitted: Span[] = [];
  let room = width;
  for (const { text, style } of spans) {
    if (room <= 0) break;
    const shown = cut(text, room);
    fitted.push({ text: shown, style });
    room -= widthOf(shown);
    if (shown !== text) break;
  }
  if (room > 0) fitted.push(span(' '.repeat(room)));
  return { spans: fitted, selected };
}

/** Pieces at the left, and pieces at the right as far as there is room for both. */
export function spread(left: readonly Span[], right: readonly Span[], width: number): Line {
  const used = lineWidth(left) + lineWidth(right);
  if (used >= width) {
    const fitted = fitLine({ spans: left }, Math.max(0, width - lineWidth(right) - 1));
    return { spans: [...fitted.spans, span(' '), ...right] };
  }
  return { spans: [...left, span(' '.repeat(width - used)), ...right] };
}

export function lineWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** `── title ──────── right ──`: what begins a part of the screen. */
export function rule(title: readonly Span[], right: readonly Span[], width: number): Line {
  const ends = right.length === 0 ? [] : [span(' '), ...right, span(' '), span('─', 'faint')];
  const room = width - lineWidth(ends) - 3;
  const begin = fitLine({ spans: title }, Math.min(lineWidth(title), Math.max(0, room - 1))).spans;
  const dashes = Math.max(0, room - lineWidth(begin) - 1);
  return { spans: [span('── ', 'faint'), ...begin, span(` ${'─'.repeat(dashes)}`, 'faint'), ...ends] };
}

/** Pieces of a line, each with its label, set apart by blanks; those that do not fit are left out, the last first. */
export function facts(pieces: readonly (readonly Span[])[], width: number, gap = 2): Line {
  const spans: Span[] = [];
  let room = width;
  for (const piece of pieces) {
    const wide = lineWidth(piece) + (spans.length === 0 ? 0 : gap);
    if (wide > room) break;
    if (spans.length > 0) spans.push(span(' '.repeat(gap)));
    spans.push(...piece);
    room -= wide;
  }
  return { spans };
}

/** `lines` as a part of the screen of exactly this size. */
export function block(lines: readonly Line[], width: number, height: number): Line[] {
  return Array.from({ length: height }, (_, row) => fitLine(lines[row] ?? EMPTY, width));
}

