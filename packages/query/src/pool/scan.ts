/** The caller's side of a scan in the pool: short ones are one task, long ones are cut into parts that run side by side. */
import type { PartRange } from './divide.js';
import type { ScanAnswer, ScanPayload } from './scan-part.js';
import type { QueryPool, RunOptions } from './query-pool.js';

/** A task whose function goes through rows with `scanPart`. */
export interface ScanTask<P extends ScanPayload = ScanPayload> {
  readonly filename: URL;
  readonly name: string;
  readonly what: string;
  readonly payload: P;
}

/** Without a time of its own: a scan is one of the steps of a call, and the call has the time (see `limitedCall`). */
export type ScanLimits = Omit<RunOptions, 'timeoutMs' | 'priority'>;

/**
 * Runs a scan, and gives the results of its parts to `each` in order of arrival of their rows; it may say false for enough. The first task looks how long
 * the scan is. Where that is short it does all of it; else it says which parts there are, and does what comes after them.
 * @param ofPart changes the payload for a part
 * @returns the head of the feed that all of them were bound to
 */
export async function scan<R, P extends ScanPayload = ScanPayload>(
  pool: QueryPool, { payload, ...task }: ScanTask<P>, limits: ScanLimits, each: (result: R) => unknown,
  ofPart: (payload: P, part: PartRange, rowsBefore: number) => P = (given) => given,
): Promise<number> {
  const { parts, head, result, enough = false } = await pool.run<ScanAnswer<R>>({ ...task, payload }, limits);
  if (parts === undefined) {
    each(result);
    return head;
  }
  let rowsBefore = 0;
  const payloads = parts.map((part) => {
    const given = { payload: { ...ofPart({ ...payload, head }, part, rowsBefore), part }, rows: part.rows };
    rowsBefore += part.rows;
    return given;
  });
  let full = false;
  await pool.map<ScanAnswer<R>>(payloads, { ...task, ...limits }, (answer) => {
    full = each(answer.result) === false;
    return !full;
  });
  if (full) return head;
  if (!enough) each(result);
  // Retention has deleted some of them meanwhile: others take their place.
  else await scan(pool, { ...task, payload: { ...payload, head, last: undefined, from: (parts.at(-1) as PartRange).to } }, limits, each, ofPart);
  return head;
}

/** How many records of a feed a scan is about. */
export async function countInPool(pool: QueryPool, payload: ScanPayload, what: string, limits: ScanLimits = {}): Promise<number> {
  let rows = 0;
  await scan<number>(pool, { filename: FEED_TASKS, name: 'countRows', what, payload }, limits, (counted) => { rows += counted; });
  return rows;
}

export const FEED_TASKS = new URL('./feed-tasks.js', import.meta.url);
