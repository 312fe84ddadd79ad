/** The self-checking records of feeds whose writers are killed: each is a function of its sequence number. */

/** @param {number} n @returns {[number, number, string, number, string, number]} */
export const recordOf = (n) => [n, (n * n) % 1_000_003, n % 3 === 0 ? 'B' : 'S', n % 65536, symbolOf(n), 1_700_000_000_000_000 + n * 7];
export const symbolOf = (n) => `S${Math.floor(n / 20_011)}`;
/** Whether a record is an index point, in a feed of mode IF. */
export const isMarked = (n) => n % 997 === 0;

export const FIELDS = [
  { name: 'sequence', type: 'float64' },
  { name: 'square', type: 'float64' },
  { name: 'side', type: 'char' },
  { name: 'small', type: 'uint16' },
  { name: 'symbol', type: 'symbol' },
  { name: 'timestamp_us', type: 'uint64' },
];

/** Numbers from 0 to 1, always the same for a seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
}
