import { type CatalogView, ENTRY_STATE } from '@deepwater/core/engine';

/** The catalog's entry of a chunk that is in use and not sealed; -1 where there is none. Only the last ones are: looking at a few is enough. */
export function activeEntryOf(view: CatalogView, chunkId: number): number {
  for (let index = view.count - 1; index >= 0 && index > view.count - 8; index--) {
    if (view.entry(index).chunkId === chunkId && view.state(index) === ENTRY_STATE.ACTIVE) return index;
  }
  return -1;
}
