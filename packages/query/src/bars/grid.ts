/** Where time bars begin and end. */

/** Times [start, end): a bar's, or those between two sessions, which are in no bar. */
export interface Span {
  readonly start: bigint;
  readonly end: bigint;
  readonly isBar: boolean;
}

/** Before all times, and after them: beyond every clock. */
export const FAR_PAST = -(2n ** 70n);
export const FAR_FUTURE = 2n ** 70n;

/** Bars, or sessions. */
export interface Grid {
  /** The span that a time lies in. */
  at(time: bigint): Span;
}

/** Bars at whole multiples of a width since 1970. */
export class EvenGrid implements Grid {
  constructor(readonly width: bigint) {}

  at(time: bigint): Span {
    const start = time - floorMod(time, this.width);
    return { start, end: start + this.width, isBar: true };
  }
}

/** Bars at whole multiples of a width since the opening of each session, or one a session. */
export class SessionGrid implements Grid {
  constructor(readonly sessions: Grid, readonly width: bigint | undefined) {}

  at(time: bigint): Span {
    const session = this.sessions.at(time);
    if (!session.isBar || this.width === undefined) return session;
    const start = time - (time - session.start) % this.width;
    const end = start + this.width;
    return { start, end: end < session.end ? end : session.end, isBar: true };
  }
}

/** The remainder of a division that rounds down, for times before 1970 as well. */
export function floorMod(time: bigint, width: bigint): bigint {
  return ((time % width) + width) % width;
}
