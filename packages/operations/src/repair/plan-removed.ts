import { type FeedPaths, type RemovedChunk, isUnusableFile, readRemoved } from '@deepwater/core';
import type { CatalogEvidence } from './catalog-evidence.js';

export interface RemovedPlan {
  readonly removed: RemovedChunk | undefined;
  /** What is wrong with the file; undefined where nothing is. */
  readonly problem: string | undefined;
  /** Nothing tells any more what retention removed. */
  readonly unknown: boolean;
}

/** What retention removed last, by its own file, else by the catalog's entries of what is deleted: where both are whole and differ, the entries are believed. */
export function planRemoved(paths: FeedPaths, feedUid: string, clockCount: number, { entries }: CatalogEvidence): RemovedPlan {
  const last = entries.filter(({ deleted, holds }) => deleted && holds).at(-1)?.entry;
  let removed: RemovedChunk | undefined;
  let problem: string | undefined;
  try {
    removed = readRemoved(paths, feedUid, clockCount);
  } catch (error) {
    if (!isUnusableFile(error)) throw error;
    problem = error.message;
  }
  const same = entries.find(({ entry, holds }) => holds && entry.chunkId === removed?.chunkId)?.entry;
  if (removed !== undefined && same !== undefined && (same.firstSequence !== removed.firstSequence || same.rows !== removed.rows)) {
    problem = `it says that chunk ${removed.chunkId} had records ${removed.firstSequence} to ${removed.firstSequence + removed.rows}, and the catalog says ${same.firstSequence} to ${same.firstSequence + same.rows}`;
  }
  if (problem === undefined) return { removed, problem, unknown: false };
  return { removed: last, problem, unknown: last === undefined };
}
