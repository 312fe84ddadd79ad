import { expect, it } from 'vitest';
import { POINTS } from '../../ingest/test/kills/kills.mjs';
import { elsewhere, killStores } from './store-kills/store-kills.mjs';
import { SEED } from '../../../test/support/seed.js';

/** Cycles: once at a quarter of a store's failpoints in CI, others in each run; 2,000 by `npm run soak -- store-kills`. */
const KILLS = process.env['KILLS'] === undefined ? undefined : Number(process.env['KILLS']);
/** Of a store's failpoints, chosen by the seed. */
const PART = Number(process.env['STORE_KILLS_PART'] ?? 0.25);

it(`stores whose processes are killed at every step keep what was acknowledged, and nothing else (seed ${SEED})`, { timeout: 300_000 + (KILLS ?? 0) * 3000 }, async () => {
  const { cycles, random, atFailpoints, unharmed, points, neverReached, records, damages } = await killStores({ seed: SEED, ...(KILLS === undefined ? { part: PART } : { kills: KILLS }) });
  console.log(`${cycles} cycles: ${atFailpoints} killed at ${Object.keys(points).length} failpoints, ${random} at random, ${unharmed} ended by themselves; ${records} records, ${damages} damages`);
  expect(neverReached).toEqual([]);
});

it('every failpoint is one that writers or stores are killed at', () => {
  expect(elsewhere(POINTS)).toEqual([]);
});
