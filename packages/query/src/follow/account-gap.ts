import { ENTRY_STATE } from '@deepwater/core/engine';
import type { CatalogIndex } from '../catalog-index.js';
import type { TimeBounds } from '../time-bounds.js';
import type { Losses } from './losses.js';

/**
 * Says which of the numbers [from, to) were records that are gone: those of chunks that retention has deleted, and those
 * between chunks that no jump in the numbers (`gapBefore`) explains. The others were never given to a record, or are not wanted.
 * @param end the entry that begins at or after `to`; the count of entries where there is none
 * @param historyEnd of the numbers below this one, records with times within `bounds` are wanted. The entry of a deleted chunk
 * only knows its earliest and latest time, so where some of its records were wanted, all of them count.
 */
export function accountGap(catalog: CatalogIndex, from: number, to: number, end: number, losses: Losses, historyEnd = 0, bounds?: TimeBounds): void {
  if (from >= to) return;
  const { view } = catalog;
  // Deleted entries keep their numbers: the first entry that can reach into the range is the last to begin at or before it.
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (view.firstSequence(middle) <= from) low = middle + 1;
    else high = middle;
  }
  let at = from;
  for (let index = Math.max(0, low - 1); index <= end && at < to; index++) {
    if (index === view.count) break;
    const entry = view.entry(index);
    const begins = Math.min(entry.firstSequence, to);
    // The first entry there is: what lies before it was in chunks that even the catalog has forgotten.
    losses.add(at, Math.min(begins - entry.gapBefore, to));
    at = Math.max(at, begins);
    if (index === end || entry.state === ENTRY_STATE.ACTIVE) continue;
    const after = Math.min(entry.firstSequence + entry.rows, to);
    const wanted = bounds === undefined || after > historyEnd || !catalog.holds(index) || catalog.relation(index, bounds) !== 'outside';
    if (entry.state === ENTRY_STATE.DELETED && wanted) losses.add(at, after);
    at = Math.max(at, after);
  }
}
