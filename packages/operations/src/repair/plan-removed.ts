import { DeepwaterError, type FeedPaths, type RemovedChunk, readRemoved } from '@deepwater/core';
import type { CatalogEvidence } from './catalog-evidence.js';

export interface RemovedPlan {
  readonly removed: RemovedChunk | undefined;
  /** What is wrong with the file; undefined where nothing is. */
  readonly problem: string | undefined;
  /** Nothing tells any more what retention removed. */
  readonly unknown: boolean;
}

/** What retention removed last, by its own file, else by the catalog's entries of what is deleted. The file has no checksum: an entry that has one is believed rather. */
export function planRemoved(paths: FeedPaths, feedUid: string, clockCount: number, { entries }: CatalogEvidence): RemovedPlan {
  const last = entries.filter(({ deleted, holds }) => deleted && holds).at(-1)?.entry;
  let removed: RemovedChunk | undefined;
  let problem: string | undefined;
  try {
    removed = readRemoved(paths, feedUid, clockCount);
  } catch (error) {
    const { code, values } = error as DeepwaterError;
    if (!DeepwaterError.isDeepwaterError(error) || (code !== 'DW_FILE_CORRUPT' && values['errno'] !== 'ELOOP')) throw error;
    problem = error.message;
  }
  const same = entries.find(({ entry, holds }) => holds && entry.chunkId === removed?.chunkId)?.entry;
  if (removed !== undefined && same !== undefined && (same.firstSequence !== removed.firstSequence || same.rows !== removed.rows)) {
    problem = `it says that chunk ${removed.chunkId} had records ${removed.firstSequence} to ${removed.firstSequence + removed.rows}, and the catalog says ${same.firstSequence} to ${same.firstSequence + same.rows}`;
  }
  if (problem === undefined) return { removed, problem, unknown: false };
  return { removed: last, problem, unknown: last === undefined };
}
