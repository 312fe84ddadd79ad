/**
 * Whether the wall clock may be used to tell how old data is. It can be set, and be wrong after a boot; the time since the
 * boot cannot. So each look at a store writes down both, and the next one holds them against each other: within a boot
 * both have to have gone on alike. Where they have not, or where nothing is known yet, deletion by age is held until the
 * clock has gone evenly for long enough. Pure: whoever calls it reads the clocks and keeps the state.
 */

/** The clocks at one moment. */
export interface ClockLook {
  /** Milliseconds since 1970: anybody may set it. */
  readonly wallMs: number;
  /** Of the kernel: tells boots apart. */
  readonly bootId: string;
  /** Milliseconds since the boot, time asleep included: nobody sets it. */
  readonly uptimeMs: number;
}

/** What is remembered from look to look. */
export interface ClockState {
  /** Where the clock is believed: while this boot lasts, the wall clock has to be on the line through this look. */
  readonly anchor?: ClockLook;
  /** Wall time of the last look that was believed. */
  readonly believedMs?: number;
  /** The line that the clock is on instead, and how long it has been seen to keep to it. */
  readonly trial?: ClockTrial;
}

export interface ClockTrial {
  readonly hold: ClockHold | 'behind';
  readonly start: ClockLook;
  /** Uptime at the last look. */
  readonly lastMs: number;
  readonly observedMs: number;
}

/** Why the clock is not believed: nobody has looked before, it went further than time did, it came up with a far time, or the boot was just now. */
export type ClockHold = 'first' | 'jump' | 'far' | 'boot';

export interface ClockVerdict {
  /** Whether data may be deleted by its age now. */
  readonly believed: boolean;
  readonly hold?: ClockHold;
  /** Wall clock minus what it should be, ms: positive is ahead. Where that is known. */
  readonly offMs?: number;
  /** How much longer the clock has to go evenly, ms. */
  readonly leftMs?: number;
}

/** A wall clock that is slewed, and two looks that are not at quite the same moment. Ntpd slews by at most 0.05 %. */
const TOLERANCE_MS = 5 * 60_000;
const TOLERANCE_PART = 0.001;
/** A clock that jumped is believed again after it has gone evenly for so long. */
export const HOLD_MS = 24 * 3_600_000;
/** After a boot the clock has so long to be set right by whoever does that. */
export const SETTLE_MS = 3_600_000;
/** A machine that was off for longer than this comes up with a clock that has to prove itself like one that jumped. */
export const OFF_MS_MAX = 7 * 24 * 3_600_000;

/**
 * Judges a look.
 * @param accept somebody says that the clock is right now
 * @returns the state to remember, and whether deletion by age may go on
 */
export function judgeClock(state: ClockState, look: ClockLook, accept = false): { state: ClockState; verdict: ClockVerdict } {
  if (accept) return believe(look);
  const { anchor, believedMs } = state;
  if (anchor === undefined || believedMs === undefined) return onTrial(state, look, 'first');
  if (sameBoot(anchor, look)) {
    const offMs = offLine(anchor, look);
    if (Math.abs(offMs) > tolerance(anchor, look)) return onTrial(state, look, offMs > 0 ? 'jump' : 'behind', offMs);
    // The line stays where it is for a day: many small steps are not to add up to a jump unseen.
    if (look.uptimeMs - anchor.uptimeMs >= HOLD_MS) return believe(look);
    return { state: { anchor, believedMs: Math.max(believedMs, look.wallMs) }, verdict: { believed: true, offMs } };
  }
  const passedMs = look.wallMs - believedMs;
  if (passedMs < -TOLERANCE_MS) return onTrial(state, look, 'behind', passedMs);
  // A clock that had jumped has not done so less because of a boot; unless it has come back since.
  const { trial } = state;
  if (trial !== undefined && (trial.hold === 'jump' || trial.hold === 'far') && look.wallMs >= trial.start.wallMs - TOLERANCE_MS) return onTrial(state, look, trial.hold, passedMs);
  // The machine was off, or another one has the disk now, which may have been up for long.
  if (passedMs > OFF_MS_MAX + look.uptimeMs) return onTrial(state, look, 'far', passedMs);
  if (look.uptimeMs >= SETTLE_MS) return believe(look);
  const judged = onTrial(state, look, 'boot');
  return judged.verdict.believed ? judged : { ...judged, verdict: { ...judged.verdict, leftMs: Math.min(judged.verdict.leftMs ?? HOLD_MS, SETTLE_MS - look.uptimeMs) } };
}

function believe(look: ClockLook): { state: ClockState; verdict: ClockVerdict } {
  return { state: { anchor: look, believedMs: look.wallMs }, verdict: { believed: true } };
}

/**
 * The clock is on another line than the one that is believed: it has to keep to that for HOLD_MS. Where it is behind, everything
 * looks younger than it is, so that nothing is deleted too early meanwhile.
 */
function onTrial(state: ClockState, look: ClockLook, hold: ClockTrial['hold'], offMs?: number): { state: ClockState; verdict: ClockVerdict } {
  const trial = followed(state.trial, look, hold);
  if (trial.observedMs >= HOLD_MS) return believe(look);
  return {
    state: { ...state, trial },
    verdict: { believed: hold === 'behind', ...(hold === 'behind' ? {} : { hold, leftMs: HOLD_MS - trial.observedMs }), ...(offMs === undefined ? {} : { offMs }) },
  };
}

/** The trial that a look continues, or a new one. A boot in between does not count, nor does it begin anew. */
function followed(trial: ClockTrial | undefined, look: ClockLook, hold: ClockTrial['hold']): ClockTrial {
  const fresh = { hold, start: look, lastMs: look.uptimeMs, observedMs: 0 };
  if (trial === undefined || trial.hold !== hold) return fresh;
  if (!sameBoot({ ...trial.start, uptimeMs: trial.lastMs }, look)) {
    const back = look.wallMs < trial.start.wallMs - TOLERANCE_MS;
    return back ? fresh : { ...fresh, observedMs: trial.observedMs };
  }
  if (Math.abs(offLine(trial.start, look)) > tolerance(trial.start, look)) return fresh;
  return { hold, start: trial.start, lastMs: look.uptimeMs, observedMs: trial.observedMs + look.uptimeMs - trial.lastMs };
}

/** Containers may have an uptime of their own: one that went back is of another beginning. */
const sameBoot = (a: ClockLook, b: ClockLook): boolean => a.bootId === b.bootId && b.uptimeMs >= a.uptimeMs;
const offLine = (a: ClockLook, b: ClockLook): number => b.wallMs - a.wallMs - (b.uptimeMs - a.uptimeMs);
const tolerance = (a: ClockLook, b: ClockLook): number => TOLERANCE_MS + TOLERANCE_PART * (b.uptimeMs - a.uptimeMs);
