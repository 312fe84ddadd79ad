import { type ClockVerdict, HOLD_MS, OFF_MS_MAX, SETTLE_MS } from './clock-line.js';

const WHY = {
  first: 'nobody has looked at the clock of this store before',
  far: `the clock is more than ${OFF_MS_MAX / 86_400_000} days further than at the last look, and the machine was started in between`,
  boot: 'the machine was started a moment ago, and its clock may still be set',
} as const;

/** What to say of a clock that is not believed, or that stands before the time that it showed already. */
export function holdText({ believed, hold, offMs, leftMs }: ClockVerdict, problem?: string): string | undefined {
  const lost = problem === undefined ? '' : ` (${problem})`;
  if (hold !== undefined) {
    const why = hold === 'jump' ? `the clock was set forward by ${spanText(offMs ?? 0)}` : WHY[hold as keyof typeof WHY];
    return `Nothing is deleted by age: ${why}${lost}. It is, once the clock has gone evenly for ${spanText(leftMs ?? (hold === 'boot' ? SETTLE_MS : HOLD_MS))} more; ` +
      'if it is right now, run `deepwater cleanup --accept-clock`.';
  }
  if (believed && offMs !== undefined && offMs < -OFF_SHOWN_MS) return `The clock was set back by ${spanText(-offMs)}: chunks stay longer by that.`;
  return undefined;
}

/** What a clock may be off without a word. */
const OFF_SHOWN_MS = 5 * 60_000;

/** A length of time for people: `26 h`. */
export function spanText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${Math.max(1, minutes)} min`;
  return minutes < 72 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440).toLocaleString('en')} days`;
}
