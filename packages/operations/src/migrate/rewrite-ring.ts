import {
  type Access, type FeedSpec, type FoundStore, RING, type Schema, compileSchema, failpoint, fileExists, removeFile, renameFile, ringPaths, sharedRingDirectory,
} from '@deepwater/core';
import { type Ring, createRing, openRing } from '@deepwater/ring';
import path from 'node:path';

/** Where the ring of a feed may lie; that of a store's original is none of a copy's. */
export function ringFiles({ basePath, home, manifest: { ringDir, storeId } }: FoundStore, feedDirectory: string, spec: FeedSpec): string[] {
  if (!home) return [];
  const directories = [ringDir === undefined ? sharedRingDirectory(storeId) : path.join(ringDir, storeId), feedDirectory];
  return directories.map((directory) => ringPaths(path.resolve(basePath, directory), spec.name).ring);
}

/** A ring that a writer left, with the records that no chunk has; undefined where there is none of this schema. */
export function leftRing(file: string, schema: Schema, feedUid: string): Ring | undefined {
  if (!fileExists(file)) return undefined;
  try {
    const ring = openRing(file, schema, feedUid, 'read-only');
    return ring.retired ? undefined : ring;
  } catch {
    return undefined; // of another schema, or damaged: the next writer says so and makes a new one
  }
}

/** Records in a ring that no chunk has: [from, to). */
export function recordsIn(ring: Ring): { from: number; to: number } {
  const { head, tail, slotCount, baseSequence, persist } = ring;
  return { from: persist ? tail : Math.max(baseSequence, head - slotCount), to: head };
}

/** Writes a ring anew whose rows had no index column: all of its records, none of them an index point. */
export function rewriteRing(old: Ring, spec: FeedSpec, earlier: Schema, access: Access): void {
  const schema = compileSchema(spec);
  const next = `${old.path}.migrated`;
  removeFile(next);
  const { feedUid, feedName, storeId, bootId, persist, slotCount, baseSequence } = old;
  const ring = createRing(next, access, schema, { feedUid, feedName, storeId, bootId, persist, slotCount, baseSequence, createdUs: 0 }, 0);
  const [source, target] = [new Uint8Array(old.buffer), new Uint8Array(ring.buffer)];
  const { from, to } = recordsIn(old);
  for (let sequence = from; sequence < to; sequence++) {
    const slot = sequence % slotCount;
    for (const [i, { slotOffset, width }] of earlier.columns.entries()) {
      const at = old.slotsOffset + slot * old.slotStride + slotOffset;
      target.set(source.subarray(at, at + width), ring.slotsOffset + slot * ring.slotStride + (schema.columns[i] as { slotOffset: number }).slotOffset);
    }
  }
  ring.resetPosition(RING.HEAD, to);
  ring.resetPosition(RING.TAIL, persist ? from : baseSequence);
  ring.epoch = old.epoch;
  ring.setWriter(old.writerOpen, old.writerPid);
  renameFile(next, old.path);
  failpoint('migrate.ring-rewritten');
}
