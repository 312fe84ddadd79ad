import { ENTRY_STATE } from '@deepwater/core/engine';
import type { CatalogIndex } from '../catalog-index.js';
import type { TimeBounds } from '../time-bounds.js';

/**
 * Rows of a chunk of history without a time that is wanted, as its catalog entry says: a stream that begins late in a long
 * history passes over thousands of chunks, and to open each of them would take it seconds.
 * @param next the number to go on with; only a chunk that begins there is passed over, whatever lies before another is accounted for first
 * @param historyEnd rows from this number on are wanted whatever their times
 * @returns 0 where the chunk has to be looked into
 */
export function rowsOutside(catalog: CatalogIndex, index: number, next: number, historyEnd: number, bounds: TimeBounds | undefined): number {
  if (bounds === undefined || next >= historyEnd || catalog.firstSequence(index) !== next) return 0;
  if (catalog.state(index) !== ENTRY_STATE.SEALED || !catalog.holds(index)) return 0;
  const rows = catalog.rows(index);
  return next + rows <= historyEnd && catalog.relation(index, bounds) === 'outside' ? rows : 0;
}
