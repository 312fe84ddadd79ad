/** What pieces of a line look like: colours of the terminal's own palette that are read on dark and on light ground, so no yellow and no blue. */
import type { Line, Style } from './spans.js';

export type Theme = Readonly<Record<Style, readonly [string, string]>> & { readonly selected: readonly [string, string] };

const sgr = (on: string, off: string): readonly [string, string] => [`\u001b[${on}m`, `\u001b[${off}m`];
const PLAIN = ['', ''] as const;
const BOLD = sgr('1', '22');
const SHAPES = { plain: PLAIN, title: BOLD, strong: BOLD, faint: sgr('2', '22'), selected: sgr('7', '27') } as const;

export const COLOURED: Theme = { ...SHAPES, good: sgr('32', '39'), bad: sgr('31', '39'), warn: sgr('35', '39'), accent: sgr('36', '39') };
/** Without colours: https://no-color.org. Bold, faint and inverse are none. */
export const COLOURLESS: Theme = { ...SHAPES, good: PLAIN, bad: BOLD, warn: BOLD, accent: PLAIN };

/** NO_COLOR, where it is set and not empty, asks for none. */
export function themeFor(env: Readonly<Record<string, string | undefined>>): Theme {
  return (env['NO_COLOR'] ?? '') === '' ? COLOURED : COLOURLESS;
}

export function toAnsi({ spans, selected }: Line, theme: Theme): string {
  let text = '';
  for (const span of spans) {
    const [on, off] = theme[span.style];
    text += `${on}${span.text}${off}`;
  }
  return selected === true ? `${theme.selected[0]}${text}${theme.selected[1]}` : text;
}
