import { expect, test } from 'vitest';
import { soak } from './bus/soak.mjs';
import { SEED as seed } from '../../../test/support/seed.js';

const records = Number(process.env['SOAK_RECORDS'] ?? 1e7);

test(`${records} self-checking records reach every subscriber whole, once and in order (seed ${seed})`, async () => {
  const { writer, subscribers, kills, stops } = await soak({ records, seed });
  console.log(`${writer.records} records in ${writer.chunks} chunks, ${stops} stops, ${kills} kills; lost by subscribers of the memory feed: ${subscribers.map(({ lost }) => lost).join(' ')}`);
  expect(subscribers).toHaveLength(12);
  expect(kills).toBeGreaterThan(0);
  expect(stops).toBeGreaterThan(0);
  expect(writer.chunks).toBeGreaterThan(20);
}, 240_000);
