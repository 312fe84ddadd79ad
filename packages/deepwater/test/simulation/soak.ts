/** `npm run soak -- simulation` and `npm run soak -- power-loss`. */
import { parseArgs } from 'node:util';
import { losePower } from './power-loss.js';
import { Random } from './random.js';
import type { Habits } from './world.js';
import { simulate } from './simulate.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '100000000' }, states: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const started = performance.now();
const perSecond = (count: number): string => `${Math.round(count / ((performance.now() - started) / 1000)).toLocaleString('en')} a second`;

async function simulation(): Promise<void> {
  const steps = Number(values.steps);
  console.log(`simulation: ${steps.toLocaleString('en')} steps from seed ${seed}`);
  let told = 0;
  const tally = await simulate({
    seed, steps,
    onWorld: ({ steps: done }, worldSeed) => {
      if (done - told < 1_000_000) return;
      told = done;
      console.log(`${done.toLocaleString('en')} steps, ${perSecond(done)}; last world ${worldSeed}`);
    },
  });
  console.log(`nothing promised was lost, nothing wrong was read: ${JSON.stringify(tally)}`);
}

async function powerLoss(): Promise<void> {
  const wanted = Number(values.states);
  console.log(`power losses: ${wanted.toLocaleString('en')} states from seed ${seed}`);
  let states = 0;
  for (let run = seed; states < wanted; run++) {
    const random = new Random(run);
    const habits: Habits = {
      shape: {
        padding: random.pick([0, 48]), symbols: random.chance(0.4), chunkSizeBytes: random.pick([4096, 8192, 16_384]), ringRecords: random.pick([64, 256]),
        durability: { level: 'flush', intervalMs: 50 },
      },
      rule: random.pick(['ordered', 'each']),
      processEnds: 0.002, threadEnds: 0.001, powerLoss: 0.001, batches: 0.2, diskFills: random.pick([0, 0.002]), syncs: 0.8,
    };
    states += (await losePower({ seed: run, habits, steps: 800, chance: 0.05, variants: 3 })).states;
    if (run % 20 === 0) console.log(`${states.toLocaleString('en')} states, ${perSecond(states)}; run ${run}`);
  }
  console.log(`each of ${states.toLocaleString('en')} states opened with all that was promised`);
}

try {
  await (positionals[0] === 'power-loss' ? powerLoss() : simulation());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
