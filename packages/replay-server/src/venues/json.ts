import { DeepwaterError } from '@deepwater/core';
import type { Capture } from '@deepwater/captures';

export type Json = Readonly<Record<string, unknown>>;

/** An object, or undefined: what clients send may be anything. */
export function objectOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : undefined;
  } catch {
    return undefined;
  }
}

/** The strings of a list; undefined for what is no list of strings. */
export function stringsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value as string[] : undefined;
}

/** Every different value that a pattern's first group has in the capture's frames. */
export function valuesIn(capture: Capture, pattern: RegExp): Set<string> {
  const values = new Set<string>();
  for (const { text } of capture.received) for (const match of text.matchAll(pattern)) values.add(match[1]);
  return values;
}

export function notOf(venue: string, looked: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `captures: no frame is one of ${venue}: ${looked}.`, { values: { venue } });
}
