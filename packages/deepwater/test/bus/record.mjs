/** Records that check themselves: every field follows from the sequence number and the feed. */

export const FEEDS = { kept: 1, passing: 2 };

export const specOf = (name) => ({
  name,
  fields: [
    { name: 'n', type: 'float64' },
    { name: 'check', type: 'uint32' },
    { name: 'low', type: 'uint16' },
    { name: 'ts', type: 'uint64' },
  ],
  timestamp: 'ts',
  persist: name === 'kept',
  // Chunks of a megabyte: a few milliseconds at full speed.
  chunkSizeMb: 1,
  ringRecords: 16_384,
});

/** A number of 32 bits that no neighbour and no record of the other feed shares. */
export function checkOf(feed, n) {
  let h = Math.imul(n % 4294967296 ^ Math.floor(n / 4294967296), 0x9e3779b1) ^ Math.imul(feed, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

export const timeOf = (n) => 1_700_000_000_000_000 + n;
