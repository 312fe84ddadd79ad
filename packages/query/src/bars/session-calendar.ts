/** Sessions: which of them a time lies in. */
import { type Clock, DeepwaterError, describeValue } from '@deepwater/core/engine';
import { edgesUpTo } from '../kernels/plain-sums.js';
import { timeOf } from '../time-bounds.js';
import type { SessionOption } from './bar.js';
import { FAR_FUTURE, FAR_PAST, type Grid, type Span } from './grid.js';
import { type SessionRule, ruleCalendar } from './session-rule.js';

/** @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID */
export function sessionCalendar(session: SessionOption, clock: Clock): Grid {
  if (Array.isArray(session)) return new ListedSessions(session, clock);
  if (typeof session === 'object' && session !== null) return ruleCalendar(session as SessionRule, clock.unit);
  throw new DeepwaterError('DW_OPTION_INVALID', `session is ${describeValue(session)}; give { timeZone, open, close }, or a list of [open, close].`, {
    values: { session: describeValue(session) },
  });
}

/** Sessions one after the other, in order. */
class ListedSessions implements Grid {
  readonly #opens: bigint[] = [];
  readonly #closes: bigint[] = [];

  constructor(list: readonly unknown[], clock: Clock) {
    let last = FAR_PAST;
    list.forEach((each, index) => {
      if (!Array.isArray(each) || each.length !== 2) throw invalid(index, `is ${describeValue(each)}; give [open, close]`);
      const open = timeOf(each[0], clock, `session[${index}][0]`);
      const close = timeOf(each[1], clock, `session[${index}][1]`);
      if (close <= open) throw invalid(index, `closes (${close}) when it opens (${open}) or before; give open < close`);
      if (open < last) throw invalid(index, `opens at ${open}, before the session before it closes (${last}); give them in order and without overlap`);
      last = close;
      this.#opens.push(open);
      this.#closes.push(close);
    });
  }

  at(time: bigint): Span {
    const opened = edgesUpTo(this.#opens, time);
    const close = this.#closes[opened - 1];
    if (close !== undefined && time < close) return { start: this.#opens[opened - 1] as bigint, end: close, isBar: true };
    return { start: close ?? FAR_PAST, end: this.#opens[opened] ?? FAR_FUTURE, isBar: false };
  }
}

function invalid(index: number, what: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `Session ${index} ${what}.`, { values: { session: index } });
}
