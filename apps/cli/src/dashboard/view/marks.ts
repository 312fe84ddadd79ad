/**
 * Ink takes every character of a frame apart, and remembers every text that it has measured for ever: of 200 × 60 cells that is some 50 ms of the ingest's own
 * thread for each drawing, by which frames would be told to have come later than they did, and a memory that grows. So ink lays out one mark for a
 * line, always the same ones, and the lines themselves are put in afterwards.
 */
import type { Picture } from '../draw/picture.js';
import { type Theme, toAnsi } from '../draw/theme.js';

/** Of Unicode's private use: 6,400 of them, which no frame has by itself. */
const FIRST = 0xe000;
const MARKS = /[\uE000-\uF8FF]/g;

export function mark(line: number): string {
  return String.fromCharCode(FIRST + line);
}

/** A frame of marks with the picture's lines in their places; each line is as wide as its part, so what is beside it stays there. */
export function expand(frame: string, picture: Picture, theme: Theme): string {
  const lines = picture.flatMap((row) => row.flatMap((block) => block.lines));
  return frame.replace(MARKS, (found) => {
    const line = lines[found.charCodeAt(0) - FIRST];
    return line === undefined ? '' : toAnsi(line, theme);
  });
}
