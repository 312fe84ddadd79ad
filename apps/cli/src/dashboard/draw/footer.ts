/** What can be done, below; all of it, on `?`. */
import { safeText } from '../text/cells.js';
import type { ViewState } from '../view-state.js';
import type { Part } from './plan.js';
import { type Line, type Span, block, facts, rule, span } from './spans.js';

const KEYS: readonly (readonly [string, string])[] = [
  ['q', 'quit'], ['?', 'help'], ['p', 'pause'], ['/', 'filter'], ['↑↓', 'symbol'], ['tab', 'pane'], ['s', 'sort'],
];

export function footerLine(view: ViewState, width: number): Line {
  if (view.quits > 0) return { spans: [span(' stopping', 'warn'), span(': connections close, what has come is written. Again q: leave this screen and wait outside.', 'faint')] };
  if (view.typing) {
    return facts([[span(' filter: ', 'accent'), span(safeText(view.filter)), span('▏', 'accent')], [span('enter', 'strong'), span(' keep', 'faint')], [span('esc', 'strong'), span(' clear', 'faint')]], width, 3);
  }
  const keys = KEYS.map(([key, what]): Span[] => [span(key, 'strong'), span(` ${key === 'p' && view.paused ? 'go on' : what}`, 'faint')]);
  if (view.paused) return facts([[span(' paused', 'warn'), span(': the drawing only, ingest goes on', 'faint')], ...keys.filter((_, at) => at < 4)], width, 3);
  return facts([[span(' '), ...keys[0]!], ...keys.slice(1)], width, 3);
}

const HELP: readonly (readonly [string, string])[] = [
  ['q, ctrl+c', 'stop the ingest in order, and quit'],
  ['p', 'pause the drawing; the ingest goes on'],
  ['/ or f', 'filter symbols by text: enter keeps it, esc clears it'],
  ['↑ ↓ or k j', 'move in the list; page up and down, home, end too'],
  ['esc', 'let go of the symbol, then of the filter'],
  ['tab', 'tape, events, connections'],
  ['s', 'sort: as asked, records/s, name, gaps'],
  ['ctrl+l', 'draw everything anew'],
  ['', ''],
  ['latency', 'from the exchange’s time to ours; negative: their clock is ahead'],
  ['handling', 'from a frame’s coming to its last record in the ring'],
  ['ring', 'what waits for the disk, of the feed where most does'],
];

export function helpPart({ width, height }: Part): Line[] {
  const lines = HELP.map(([key, what]): Line => ({ spans: [span(`  ${key.padEnd(13)}`, 'strong'), span(what)] }));
  return block([rule([span('help', 'title')], [span('? or esc closes', 'faint')], width), ...lines], width, height);
}
