import { RING_BYTES_DEFAULT, RING_RECORDS_DEFAULT_MIN, RING_RECORDS_MIN, type Schema } from '@deepwater/core/engine';
import type { FeedSource } from './lane-source.js';

/** Slots of a feed's ring: as the spec says, else what takes about 4 MiB. */
export function ringSlots(source: FeedSource, schema: Schema): number {
  const { ringRecords, ringBytes } = source.spec;
  if (ringRecords !== undefined) return ringRecords;
  const bytes = ringBytes ?? RING_BYTES_DEFAULT;
  const floor = ringBytes === undefined ? RING_RECORDS_DEFAULT_MIN : RING_RECORDS_MIN;
  return Math.max(floor, 2 ** Math.floor(Math.log2(bytes / schema.slotStride)));
}
