import type { SessionEvent } from './exchange.js';

/** Why the records of a feed are interrupted at an event: the reason of the boundary of segments, live and in an import. Undefined where they are not. */
export function interruption({ kind, detail, expected, found }: SessionEvent): string | undefined {
  if (kind === 'gap') return `gap: ${detail ?? `${expected ?? ''} expected, ${found ?? ''} found`}`;
  return kind === 'checksum' ? 'the book was not the exchange’s: checksum' : undefined;
}
