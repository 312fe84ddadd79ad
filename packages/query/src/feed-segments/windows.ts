/** Stretches of time, as whole numbers in ns or in the unit of one clock: [start, end). Pure. */
import { DeepwaterError, describeValue, durationNs } from '@deepwater/core/engine';

export interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

/** Spans in order of time, put together where they touch, overlap, or leave no more than `bridge` between them. */
export function united(spans: readonly Span[], bridge = 0n): Span[] {
  const result: { start: bigint; end: bigint }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    const last = result.at(-1);
    if (last !== undefined && start - last.end <= bridge) {
      if (end > last.end) last.end = end;
    } else if (end > start) result.push({ start, end });
  }
  return result;
}

/** What of the spans lies within [start, end). */
export function clipped(spans: readonly Span[], start: bigint, end: bigint): Span[] {
  return spans.map((span) => ({ start: span.start < start ? start : span.start, end: span.end > end ? end : span.end })).filter((span) => span.start < span.end);
}

/** What lies in both; each in order and not overlapping. */
export function intersected(a: readonly Span[], b: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [one, other] = [a[i] as Span, b[j] as Span];
    const start = one.start > other.start ? one.start : other.start;
    const end = one.end < other.end ? one.end : other.end;
    if (start < end) result.push({ start, end });
    if (one.end < other.end) i += 1;
    else j += 1;
  }
  return result;
}

export const CHOICES = ['longest', 'newest'] as const;
export type Choice = (typeof CHOICES)[number];

/** The longest span, of equal ones the newest; or the newest. */
export function chosen(spans: readonly Span[], choice: Choice): Span | undefined {
  if (choice === 'newest') return spans.at(-1);
  return spans.reduce<Span | undefined>((best, span) => (best === undefined || span.end - span.start >= best.end - best.start ? span : best), undefined);
}

/** @throws DeepwaterError DW_OPTION_INVALID */
export function choiceOf(value: unknown): Choice {
  if (value === undefined) return 'longest';
  if ((CHOICES as readonly unknown[]).includes(value)) return value as Choice;
  throw new DeepwaterError('DW_OPTION_INVALID', `choose is ${describeValue(value)}; give ${CHOICES.map((choice) => `'${choice}'`).join(' or ')}.`, { values: { choose: value } });
}

/** A length of time in ns; 0 where it is left out. @throws DeepwaterError DW_OPTION_INVALID */
export function lengthOf(name: string, value: unknown): bigint {
  if (value === undefined) return 0n;
  const ns = durationNs(value);
  if (ns !== undefined) return ns;
  throw new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(value)}; give a whole number of ms, s, m, h or d, such as '5m'.`, { values: { [name]: value } });
}
