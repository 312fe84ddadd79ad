/** The self-checking records of feeds whose store is worked on: each is a function of its sequence number. */
export { randomFrom } from '../../../ingest/test/kills/record.mjs';

/** @param {number} n @returns {[number, number, string, number]} */
export const recordOf = (n) => [n, (n * n) % 1_000_003, `S${Math.floor(n / 700)}`, 1_700_000_000_000_000 + n * 7];

export const specOf = (name) => ({
  name,
  fields: [{ name: 'sequence', type: 'float64' }, { name: 'square', type: 'float64' }, { name: 'symbol', type: 'symbol' }, { name: 'ts', type: 'uint64', as: 'number' }],
  timestamp: 'ts', chunkSizeBytes: 8192, ringRecords: 256, retentionHours: 0,
});

export const OPTIONS = { logLevel: 'silent', cleanupMinutes: 0, handleSignals: false };
