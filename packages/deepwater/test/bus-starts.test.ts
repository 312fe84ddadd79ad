import { expect, test } from 'vitest';
import { starts } from './bus/starts.mjs';
import { SEED as seed } from '../../../test/support/seed.js';

/** A thousand: `npm run soak -- starts`. */
const count = Number(process.env['STREAM_STARTS'] ?? 200);

test(`${count} streams begun at random moments against live writers each give every record from there on, once and in order (seed ${seed})`, async () => {
  const { starts: whole, kinds, records, chunks, writers, kills } = await starts({ count, seed });
  console.log(`${records} records from ${chunks} chunks of ${writers} writers, ${kills} of them killed; ${JSON.stringify(kinds)}`);
  expect(whole).toBe(count);
  expect(Math.min(...Object.values(kinds))).toBeGreaterThan(0);
  expect(writers).toBeGreaterThan(1);
  expect(chunks).toBeGreaterThan(20);
}, 240_000);
