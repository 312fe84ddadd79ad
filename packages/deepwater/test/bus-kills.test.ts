import { expect, test } from 'vitest';
import { kills } from './bus/kills.mjs';
import { SEED as seed } from '../../../test/support/seed.js';

/** More: `npm run soak -- kills`. */
const count = Number(process.env['BUS_KILLS'] ?? 10);

test(`${count} kills of threads and processes: the rest goes on and sees every record, and nothing of the dead is left (seed ${seed})`, async () => {
  const { killed, records, subscribers } = await kills({ count, seed });
  console.log(`${records} records of each feed; killed: ${JSON.stringify(killed)}`);
  expect(Math.min(...Object.values(killed))).toBeGreaterThan(0);
  expect(subscribers).toHaveLength(14);
  expect(subscribers.filter(({ feed, lost }) => feed === 'kept' && lost !== 0)).toEqual([]);
}, 240_000);
