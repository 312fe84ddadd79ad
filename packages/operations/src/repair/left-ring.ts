/** The ring that a writer left, as a repair needs it: where it stands, and whether it can be used. */
import { DeepwaterError, RING, type Schema, bootId, fileStat, ringPaths } from '@deepwater/core';
import { type Ring, openRing } from '@deepwater/ring';
import path from 'node:path';

export interface LeftRing {
  readonly file: string;
  readonly ring: Ring | undefined;
  /** Why it cannot be used, and is none that merely belongs to another boot or store. */
  readonly problem: string | undefined;
}

/** @param directories where rings of this store may lie */
export function findLeftRing(directories: readonly string[], name: string, schema: Schema, feedUid: string, storeId: string, persist: boolean): LeftRing | undefined {
  for (const directory of directories) {
    const { ring: file } = ringPaths(directory, name);
    const stat = fileStat(file);
    if (stat === undefined) continue;
    try {
      const ring = openRing(file, schema, feedUid, 'read-only');
      if (ring.storeId !== storeId || ring.bootId !== bootId() || ring.retired || ring.persist !== persist) continue;
      const { head, tail, slotCount } = ring;
      const problem = persist && (head < tail || head - tail > slotCount) ? `it says that it holds records ${tail} to ${head}, and has room for ${slotCount}` : undefined;
      return { file, ring: problem === undefined ? ring : undefined, problem };
    } catch (error) {
      if (DeepwaterError.isDeepwaterError(error) && error.code === 'DW_SYSTEM_CALL' && error.values['errno'] !== 'ELOOP') throw error;
      return { file, ring: undefined, problem: (error as Error).message };
    }
  }
  return undefined;
}

/**
 * Has the ring begin where the chunks end, where it still holds the records from there on: the next writer moves them.
 * @returns whether it could
 */
export function ringHolds({ head, slotCount, baseSequence, persist }: Ring, from: number): boolean {
  return persist && from <= head && head - from <= slotCount && from >= baseSequence;
}

/** @throws DeepwaterError DW_SYSTEM_CALL */
export function setTail(file: string, schema: Schema, feedUid: string, tail: number): void {
  openRing(file, schema, feedUid, 'shared').resetPosition(RING.TAIL, tail);
}

export const inFeedDirectory = (file: string, feedDirectory: string): boolean => path.dirname(file) === feedDirectory;
