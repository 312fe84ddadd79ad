/** What a person has chosen, and what each key does to it. */

export const PANES = ['tape', 'events', 'connections'] as const;
export type Pane = (typeof PANES)[number];

export const SORTS = ['as asked', 'records/s', 'name', 'gaps'] as const;
export type Sort = (typeof SORTS)[number];

export interface ViewState {
  readonly paused: boolean;
  readonly help: boolean;
  readonly pane: Pane;
  readonly sort: Sort;
  /** Symbols that have this text in their name, in whatever case, are listed. */
  readonly filter: string;
  /** The filter is being typed. */
  readonly typing: boolean;
  /** The symbol that arrows have moved to; the tape is of it alone. */
  readonly selected: string | undefined;
  /** How often the end has been asked for. */
  readonly quits: number;
}

export const INITIAL: ViewState = { paused: false, help: false, pane: 'tape', sort: 'as asked', filter: '', typing: false, selected: undefined, quits: 0 };

/** A key as ink tells it. */
export interface Key {
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly pageUp?: boolean;
  readonly pageDown?: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly return?: boolean;
  readonly escape?: boolean;
  readonly tab?: boolean;
  readonly shift?: boolean;
  readonly backspace?: boolean;
  readonly delete?: boolean;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

/** The symbols that are listed, in order, and how many of them are in view at once. */
export interface Listed {
  readonly symbols: readonly string[];
  readonly page: number;
}

const FILTER_CHARS_MAX = 40;

/** Keys that come as control characters where several are read at once. */
const CONTROLS: Readonly<Record<string, Key>> = { '\r': { return: true }, '\n': { return: true }, '\t': { tab: true }, '\b': { backspace: true }, '\u007f': { backspace: true }, '\u0003': { ctrl: true } };

/** What a key does. Several letters at once come from pasting, or from typing faster than they are read. */
export function press(state: ViewState, input: string, key: Key, listed: Listed): ViewState {
  const letters = [...input];
  if (letters.length < 2) return one(state, input, key, listed);
  return letters.reduce((result, letter) => {
    const control = CONTROLS[letter];
    return one(result, control === undefined ? letter : control.ctrl === true ? 'c' : '', control ?? {}, listed);
  }, state);
}

function one(state: ViewState, letter: string, key: Key, listed: Listed): ViewState {
  if (key.ctrl === true) return letter === 'c' ? { ...state, quits: state.quits + 1 } : state;
  if (state.typing) return typed(state, letter, key);
  const moved = move(key, listed.page);
  if (moved !== undefined) return { ...state, selected: step(state.selected, moved, listed.symbols) };
  if (key.escape === true) return state.help ? { ...state, help: false } : state.selected !== undefined ? { ...state, selected: undefined } : { ...state, filter: '' };
  if (key.tab === true) return { ...state, pane: next(PANES, state.pane, key.shift === true ? -1 : 1) };
  return key.meta === true ? state : command(state, letter, listed);
}

function command(state: ViewState, letter: string, { symbols }: Listed): ViewState {
  switch (letter) {
    case 'p': return { ...state, paused: !state.paused };
    case '/': case 'f': return { ...state, typing: true, help: false };
    case 's': return { ...state, sort: next(SORTS, state.sort, 1) };
    case '?': case 'h': return { ...state, help: !state.help };
    case 'q': return { ...state, quits: state.quits + 1 };
    case 'j': return { ...state, selected: step(state.selected, 1, symbols) };
    case 'k': return { ...state, selected: step(state.selected, -1, symbols) };
    case 'g': return { ...state, selected: step(state.selected, -Infinity, symbols) };
    case 'G': return { ...state, selected: step(state.selected, Infinity, symbols) };
    default: return state;
  }
}

function typed(state: ViewState, letter: string, key: Key): ViewState {
  if (key.return === true) return { ...state, typing: false };
  if (key.escape === true) return { ...state, typing: false, filter: '' };
  if (key.backspace === true || key.delete === true) return { ...state, filter: [...state.filter].slice(0, -1).join('') };
  if (key.meta === true || key.tab === true || key.upArrow === true || key.downArrow === true) return state;
  const filter = [...state.filter, ...letter.replace(/\p{Cc}/gu, '')].slice(0, FILTER_CHARS_MAX).join('');
  return { ...state, filter, selected: undefined };
}

/** How far a key moves in the list. */
function move(key: Key, page: number): number | undefined {
  if (key.upArrow === true) return -1;
  if (key.downArrow === true) return 1;
  if (key.pageUp === true) return -page;
  if (key.pageDown === true) return page;
  if (key.home === true) return -Infinity;
  return key.end === true ? Infinity : undefined;
}

function step(selected: string | undefined, by: number, symbols: readonly string[]): string | undefined {
  const at = selected === undefined ? -1 : symbols.indexOf(selected);
  // Up from nowhere is the first, too.
  const to = at < 0 && by < 0 ? 0 : Math.min(symbols.length - 1, Math.max(0, at + by));
  return symbols[to];
}

function next<T>(all: readonly T[], current: T, by: 1 | -1): T {
  return all[(all.indexOf(current) + by + all.length) % all.length] as T;
}
