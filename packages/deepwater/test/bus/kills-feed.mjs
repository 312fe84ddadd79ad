import { specOf } from './record.mjs';

/** Chunks of some three thousand records, and a ring of about as many. */
export function killsFeed(name) {
  const { chunkSizeMb: _, ...spec } = specOf(name);
  return { ...spec, ...(name === 'kept' ? { chunkSizeBytes: 64 * 1024 } : {}), ringRecords: 4096 };
}
