/** What adapters ask of the parts of a frame before anything is made of them. Amounts and numbers are in amounts.ts, times in frame-time.ts. */
import { describeValue } from '@deepwater/core';
import { BadFrame } from './exchange.js';

/** Anything in braces. */
export type Fields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value of a frame for people, short: it may be nested deeper than anything can bear, and have a `toString` of its own. */
export const shown = (value: unknown): string => (value === undefined ? 'missing' : describeValue(value));

/** A text of a frame for people, such as an exchange's error message; what is none, as `shown`. */
export function textOf(value: unknown, lengthMax = 200): string {
  return typeof value === 'string' ? value.slice(0, lengthMax) : shown(value);
}

/** The object that a frame is. @throws BadFrame `not JSON`, `not an object` */
export function objectOf(text: string): Fields {
  const value = jsonOf(text);
  if (!isFields(value)) throw new BadFrame('not an object');
  return value;
}

/** @throws BadFrame `not JSON` */
export function jsonOf(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  try {
    return parse(text);
  } catch {
    throw new BadFrame('not JSON', shown(text));
  }
}

/** @throws BadFrame for anything but a list */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new BadFrame(value === undefined || value === null ? `${what} missing` : `${what} is no list`);
}

/** The error as a BadFrame; any other is not ours to keep and goes on. */
export function badFrame(error: unknown): BadFrame {
  if (error instanceof BadFrame) return error;
  throw error;
}
