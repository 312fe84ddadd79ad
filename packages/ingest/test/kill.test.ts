import { expect, it } from 'vitest';
import { killWriters } from './kills/kills.mjs';
import { SEED } from '../../../test/support/seed.js';

/** Cycles: 200 in CI, 10,000 by `npm run soak -- writers`. */
const KILLS = Number(process.env['KILLS'] ?? 200);

it(`writers killed ${KILLS} times, at random and at failpoints, lose nothing that was accepted (seed ${SEED})`, { timeout: 60_000 + KILLS * 3000 }, async () => {
  const { random, atFailpoints, unharmed, records, chunks, withRowsInRing, points } = await killWriters({ kills: KILLS, seed: SEED });
  console.log(`${random} killed at random, ${atFailpoints} at ${Object.keys(points).length} failpoints, ${unharmed} ended by themselves; ${records} records in ${chunks} chunks; ${withRowsInRing} times with records only in the ring`);
  expect(random + atFailpoints).toBeGreaterThan(KILLS * 0.5);
  expect(Object.keys(points).length).toBeGreaterThan(KILLS / 20);
  expect(records).toBeGreaterThan(KILLS * 100);
});
