import { expect, test } from 'vitest';
import { together } from './together/soak.mjs';
import { SEED } from '../../../test/support/seed.js';


// Half an hour of it, which also shows that nothing grows: npm run soak -- together
test(`ingest, strategies, queries and retention at once: nothing is lost, nothing wrong is read (seed ${SEED})`, async () => {
  const { records, queries, cleanups, chunksRemoved, growth } = await together({ seconds: 10, seed: SEED, perSecond: 40_000 });
  console.log(`${records} records, ${queries} queries, ${cleanups} clean-ups removed ${chunksRemoved} chunks; ${growth.anonymousMb.most} MB, ${growth.descriptors.most} descriptors`);
  expect(records).toBeGreaterThan(1_200_000);
  expect(queries).toBeGreaterThan(50);
  expect(cleanups).toBeGreaterThan(2);
  expect(chunksRemoved).toBeGreaterThan(0);
  expect(growth.descriptors.late).toBeLessThan(growth.descriptors.early + 40);
  expect(growth.threads.late).toBeLessThanOrEqual(growth.threads.early + 1);
});
