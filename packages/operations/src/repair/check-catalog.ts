import { ENTRY_STATE, type RemovedChunk, removedEnd } from '@deepwater/core';
import type { CatalogEvidence } from './catalog-evidence.js';
import type { LookedChunk } from './looked-chunk.js';

/** Whether a catalog that is sound by itself is that of the chunks; what is wrong, or undefined. One that is stale is nobody's word. */
export function catalogDiffers({ there, stale, entries }: CatalogEvidence, kept: readonly LookedChunk[], removed: RemovedChunk | undefined): string | undefined {
  if (!there) return kept.length > 0 ? 'it is missing' : undefined;
  if (stale) return undefined;
  const known = new Map(entries.map((each) => [each.entry.chunkId, each]));
  for (const { id, first, epoch, gapBefore, rows, had, seal } of kept) {
    const found = known.get(id);
    if (found === undefined) {
      if (had > 0 && first >= removedEnd(removed)) return `it does not know chunk ${id}, which has records from ${first} on`;
      continue;
    }
    const { entry, holds } = found;
    if (entry.firstSequence !== first) return `it says that chunk ${id} begins with record ${entry.firstSequence}, and it begins with ${first}`;
    if (entry.epoch !== epoch || entry.gapBefore !== gapBefore) return `it tells of another chunk ${id}`;
    if (holds && entry.state === ENTRY_STATE.SEALED && seal !== undefined && (entry.rows !== rows || entry.sortedMask !== seal.sortedMask || entry.indexPoints !== seal.indexPoints)) return `it tells of chunk ${id} what its seal does not`;
  }
  return undefined;
}
