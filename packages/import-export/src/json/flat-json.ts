/** The values of one record of JSON. Numbers stay as they are written: a float64 would not hold all of their digits. */
import type { Value } from '../cells/cell-writers.js';
import { Reject, shown } from '../cells/reject.js';

export interface FlatRecord {
  /** Of an object; undefined for an array. */
  readonly keys: string[] | undefined;
  readonly values: Value[];
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /\s*/y;

/** @throws Reject for what is no JSON object or array */
export function flatJson(text: string): FlatRecord {
  const opening = text[0];
  if (opening !== '{' && opening !== '[') throw new Reject(`${shown(text)} is neither an object nor an array`);
  const keys: string[] | undefined = opening === '{' ? [] : undefined;
  const closing = opening === '{' ? '}' : ']';
  const values: Value[] = [];
  let at = skipped(text, 1);
  if (text[at] === closing) at += 1;
  else {
    for (;;) {
      if (keys !== undefined) {
        const [key, behind] = stringAt(text, at);
        keys.push(key);
        at = skipped(text, behind);
        if (text[at] !== ':') throw notJson(text, at);
        at = skipped(text, at + 1);
      }
      const [value, behind] = valueAt(text, at);
      values.push(value);
      at = skipped(text, behind);
      const mark = text[at++];
      if (mark === closing) break;
      if (mark !== ',') throw notJson(text, at - 1);
      at = skipped(text, at);
    }
  }
  if (skipped(text, at) !== text.length) throw notJson(text, at);
  return { keys, values };
}

function valueAt(text: string, at: number): [Value, number] {
  const first = text[at];
  if (first === '"') return stringAt(text, at);
  if (first === '{' || first === '[') return nestedAt(text, at);
  const number = matched(NUMBER, text, at);
  if (number !== undefined) return [number, at + number.length];
  const word = matched(WORD, text, at);
  if (word === undefined) throw notJson(text, at);
  return [word === 'null' ? null : word === 'true', at + word.length];
}

function stringAt(text: string, at: number): [string, number] {
  const found = matched(STRING, text, at);
  if (found === undefined) throw notJson(text, at);
  if (!found.includes('\\')) return [found.slice(1, -1), at + found.length];
  try {
    return [JSON.parse(found) as string, at + found.length];
  } catch {
    throw notJson(text, at);
  }
}

/** What lies deeper is one value: its text. */
function nestedAt(text: string, at: number): [string, number] {
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    const character = text[end];
    if (character === '"') end = stringAt(text, end)[1] - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return [text.slice(at, end + 1), end + 1];
    }
  }
  throw notJson(text, at);
}

function matched(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipped(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code > 32) return at;
  SPACE.lastIndex = at;
  return at + (SPACE.exec(text)?.[0].length ?? 0);
}

const notJson = (text: string, at: number): Reject => new Reject(`it is no JSON at character ${at + 1}: ${shown(text.slice(at, at + 40))}`);
