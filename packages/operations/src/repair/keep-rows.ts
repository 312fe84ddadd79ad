import { SEAL_REASON } from '@deepwater/core';
import type { LookedChunk } from './looked-chunk.js';
import type { Stretch } from './write-stretch.js';

/** Whether rows of it have to go. */
export const isSplit = ({ runs, rows, had, seal }: LookedChunk): boolean => runs.some(({ state }) => state === 'damaged') || (had > rows && seal !== undefined);

/** Rows that can be kept, as [from, to). */
export function intact({ runs }: LookedChunk): [number, number][] {
  const kept: [number, number][] = [];
  for (const { state, from, to } of runs) {
    if (state === 'damaged') continue;
    const last = kept.at(-1);
    if (last?.[1] === from) last[1] = to;
    else kept.push([from, to]);
  }
  return kept;
}

/** A chunk of rows [from, to) of another. */
export function stretchOf(chunk: LookedChunk, from: number, to: number, id: number): Stretch {
  const { first, epoch, gapBefore, createdUs, activatedUs, bootId, seal, geometry, path: file, blocks } = chunk;
  return {
    id, first: first + from, rows: to - from, epoch, gapBefore: from === 0 ? gapBefore : 0, createdUs, activatedUs, bootId, geometry,
    reason: seal?.reason ?? SEAL_REASON.RECOVERED, sealedUs: seal?.sealedUs ?? activatedUs, source: { path: file, from, blocks },
  };
}
