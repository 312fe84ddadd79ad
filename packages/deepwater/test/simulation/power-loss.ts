/**
 * Power losses at any call of a run: at each some of the states that the disk may be found in are opened. First by a reader, which
 * must find all that was promised and nothing that is wrong; then by a writer, which recovers, appends and closes; then by a reader again.
 */
import type { Disk } from './disk.js';
import type { Model } from './model.js';
import { Random } from './random.js';
import { type Habits, type Tally, World, newMount, newTally } from './world.js';

export interface LossOptions {
  readonly seed: number;
  readonly habits: Habits;
  readonly steps: number;
  /** Chance of a power loss at each call; from so many chunks on, where given. */
  readonly chance: number;
  /** States of the disk that are looked at for each. */
  readonly variants: number;
  readonly fromStep?: number;
  /** Told of each state before it is opened, and of what has been promised. */
  readonly onState?: (disk: Disk, model: Model) => void | Promise<void>;
}

export interface LossTally {
  readonly run: Tally;
  readonly calls: number;
  readonly states: number;
}

/** @throws where a state is not what was promised; the message says how to have the same again */
export async function losePower({ seed, habits, steps, chance, variants, fromStep = 0, onState }: LossOptions): Promise<LossTally> {
  const random = new Random(seed);
  const losses = random.fork();
  const world = new World(habits, random, newTally());
  const waiting: { readonly disk: Disk; readonly model: Model; readonly call: string }[] = [];
  let calls = 0;
  let states = 0;
  let step = 0;
  world.onCall = (call) => {
    calls += 1;
    if (step < fromStep || !losses.chance(chance)) return;
    for (let i = 0; i < variants; i++) waiting.push({ disk: world.kernel.disk.afterPowerLoss(newMount(), losses), model: world.model.copy(), call });
  };
  try {
    for (; step < steps; step++) {
      const settling = world.step();
      if (settling !== undefined) await settling;
      for (const { disk, model, call } of waiting.splice(0)) {
        states += 1;
        await onState?.(disk, model);
        await check({ disk, model }, habits, losses.fork(), `state ${states} of seed ${seed}, at ${call}`, world);
        world.listen();
      }
    }
    return { run: world.tally, calls, states };
  } catch (error) {
    if (error instanceof LostState) throw error;
    throw new Error(`seed ${seed}: ${(error as Error).message}\n${world.log.slice(-60).join('\n')}`, { cause: error });
  } finally {
    for (const { disk } of waiting) disk.free();
    world.end();
  }
}

async function check(found: { disk: Disk; model: Model }, habits: Habits, random: Random, what: string, before: World): Promise<void> {
  found.model.powerLost();
  const world = new World(habits, random, newTally(), found);
  try {
    world.look();
    await world.finish(3);
  } catch (error) {
    const last = [...before.log.slice(-25), '--- the power is back', ...world.log];
    throw new LostState(`${what}: ${(error as Error).message}\n${last.join('\n')}\n${JSON.stringify(habits)}`, { cause: error });
  } finally {
    world.end();
  }
}

/** A state that the disk may be left in is not what was promised. */
class LostState extends Error {}
