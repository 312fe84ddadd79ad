/** Text in cells of a terminal: how many it takes, and how it is made to take exactly so many. */
import stringWidth from 'string-width';
import { printable } from '../../output/text.js';

/** What takes one cell a character: ASCII, and the signs that the dashboard itself draws. */
const NARROW = /^[\x20-\x7e·µ–…×─│●○▲▼▶↑↓“”’▁-█▉-▏]*$/;
/** What terminals and tables of widths do not agree about: marks, skin tones, the letters of flags. */
const DISPUTED = /\p{M}|\p{Emoji_Modifier}|\p{Regional_Indicator}/gu;

/** Text from outside as it may be drawn: no control characters, none whose width is uncertain. */
export function safeText(text: string): string {
  return NARROW.test(text) ? text : printable(text.normalize('NFC')).replace(DISPUTED, '');
}

/** Cells that a safe text takes. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** A safe text in at most so many cells; what is left out is told by `…`. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (NARROW.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (widthOf(text) <= width) return text;
  let kept = '';
  let room = width - 1;
  for (const character of text) {
    room -= cellsOf(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}

/** A safe text in exactly so many cells. */
export function fill(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const blank = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'left' ? shown + blank : blank + shown;
}

function cellsOf(character: string): number {
  return NARROW.test(character) ? 1 : Math.max(1, stringWidth(character));
}
