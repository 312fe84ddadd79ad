import { type CatalogFile, RING_PLACE, failpoint, removeFile, setUse, syncFile } from '@deepwater/core/engine';
import type { Bell, Ring } from '@deepwater/ring';

export interface FilesToLeave {
  readonly catalog: CatalogFile;
  readonly catalogPath: string;
  readonly ring: Ring;
  readonly bell: Bell;
  /** The descriptor that holds the use of the ring. */
  readonly ringUse: number;
  /** Sequence numbers left out before the first record of this writer. */
  readonly gapBefore: number;
}

/**
 * Leaves catalog and ring as the next writer is to find them; where the ring has served, it goes. Whatever fails, or ends the process,
 * he finds what he can go on with.
 * @param clean every chunk is sealed
 */
export function leaveFiles({ catalog, catalogPath, ring, bell, ringUse, gapBefore }: FilesToLeave, persist: boolean, clean: boolean): void {
  const { view } = catalog;
  const drained = ring.tail === ring.head;
  // The entries first: a catalog that says that no writer has it open is believed after a power loss.
  syncFile(catalogPath);
  failpoint('close.catalog-synced');
  // A jump in the numbers that no record has taken up yet has to be made again by the next writer.
  const jumpPending = gapBefore > 0 && ring.head === ring.baseSequence;
  if (clean && (drained || !persist)) view.setWriter(jumpPending, 0, view.writer.bootId);
  failpoint('close.writer-cleared');
  syncFile(catalogPath);
  const last = setUse(ringUse, 'exclusive', ring.path);
  if (persist ? !(drained && clean) : !last) return;
  view.setRingPlace(RING_PLACE.NONE, 0);
  failpoint('close.ring-forgotten');
  ring.retire();
  bell.ringForAll(); // those that sleep in other processes look for the next writer's ring from now on
  removeFile(ring.path);
  failpoint('close.ring-removed');
  if (last) removeFile(ring.path.replace(/\.ring$/, '.bell'));
}
