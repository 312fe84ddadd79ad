import type { Clock } from '@deepwater/core/engine';
import type { Newest } from './newest.js';
import type { ReaderWarning } from './reader-source.js';

/** What a reader tells, once for each clock, of records whose times lie further ahead than clocks differ. */
export function wildWarning(feed: string, clock: Clock, newest: Newest, limit: bigint): ReaderWarning {
  const all = newest.time > limit;
  return {
    code: 'DW_CLOCK_WILD',
    message:
      `${newest.beyond} records of feed ${feed} have a ${clock.name} more than an hour ahead of this machine's clock; ` +
      `${all ? 'there are no others, so the newest of them is taken' : 'the newest other record is taken for the newest'}. ` +
      'Check the clock of whoever writes them, and of this machine.',
    values: { feed, clock: clock.name, wild: newest.beyond, newest: newest.time, limit },
  };
}
