/** Runs worlds one after the other, each with habits of its own, until so many steps are done. */
import { Random } from './random.js';
import type { Shape } from './records.js';
import { type Habits, type Tally, World, newTally } from './world.js';

/** Steps in which one store is written, calls of the engine not counted. */
const STEPS_OF_WORLD = 2000;

export interface SimulateOptions {
  readonly seed: number;
  readonly steps: number;
  /** Told after each world. */
  readonly onWorld?: (tally: Tally, seed: number) => void;
}

/** @throws where the engine breaks a promise; the message says how to have the same again */
export async function simulate({ seed, steps, onWorld }: SimulateOptions): Promise<Tally> {
  const tally = newTally();
  const seeds = new Random(seed);
  // The first world has the seed that was given, so that a world that failed is run again by its own.
  for (let worldSeed = seed; tally.steps < steps; worldSeed = seeds.word()) {
    await runWorld(worldSeed, tally);
    onWorld?.(tally, worldSeed);
  }
  return tally;
}

async function runWorld(seed: number, tally: Tally): Promise<void> {
  const random = new Random(seed);
  const habits = habitsOf(random);
  const world = new World(habits, random, tally);
  try {
    for (let step = 0; step < STEPS_OF_WORLD; step++) {
      const settling = world.step();
      if (settling !== undefined) await settling;
    }
    await world.finish();
  } catch (error) {
    throw new Error(
      `seed ${seed}: ${(error as Error).message}\nThe last steps:\n${world.log.slice(-60).join('\n')}\nThe same again: npm run soak -- simulation --seed ${seed} --steps 1\n${JSON.stringify(habits)}`,
      { cause: error },
    );
  } finally {
    world.end();
  }
}

function habitsOf(random: Random): Habits {
  const shape: Shape = {
    padding: random.pick([0, 0, 48]),
    symbols: random.chance(0.3),
    chunkSizeBytes: random.pick([4096, 4096, 8192, 32768]),
    ringRecords: random.pick([64, 64, 128, 512]),
    durability: random.pick([{ level: 'flush', intervalMs: 50 }, { level: 'sync', intervalMs: 100 }]),
  };
  return {
    shape,
    rule: random.pick(['ordered', 'each']),
    processEnds: random.pick([0, 0.001, 0.004]),
    threadEnds: random.pick([0, 0.001, 0.004]),
    powerLoss: random.pick([0, 0.001, 0.004]),
    batches: random.pick([0, 0.1, 0.5]),
    diskFills: random.pick([0, 0, 0, 0.003]),
    syncs: random.pick([0.1, 0.5, 0.9]),
  };
}
