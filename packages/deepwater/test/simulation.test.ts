/**
 * The engine on a simulated machine: threads whose messages arrive at any moment, a disk that keeps what it must and loses what it
 * may, crashes and power losses between any two of its calls. `npm run soak -- simulation` is the same for longer.
 */
import { expect, test } from 'vitest';
import { simulate } from './simulation/simulate.js';

const SEED = Number(process.env['SEED'] ?? 20_260_101);
const STEPS = 1_000_000;

test(`nothing that was promised is lost, and nothing wrong is ever read: ${STEPS.toLocaleString('en')} steps from seed ${SEED}`, async () => {
  const tally = await simulate({ seed: SEED, steps: STEPS });
  console.log(`simulation: seed ${SEED}, ${JSON.stringify(tally)}`);
  // Had these not happened, nothing would have been shown.
  for (const count of [tally.records, tally.reads, tally.flushes, tally.syncs, tally.processEnds, tally.threadEnds, tally.powerLosses]) expect(count).toBeGreaterThan(100);
});

test('a seed gives the same run again', async () => {
  const twice = [await simulate({ seed: 7, steps: 20_000 }), await simulate({ seed: 7, steps: 20_000 })];
  expect(twice[0]).toEqual(twice[1]);
});
