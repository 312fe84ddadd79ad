/** Power losses on a simulated disk, at any call of the engine; see simulation/power-loss.ts. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceSystem, system } from '@deepwater/core/engine';
import { openManifest, parseFeedSpec, readFeedFile, writeFeedFile } from '@deepwater/core';
import { expect, test } from 'vitest';
import { Disk, type NameRule } from './simulation/disk.js';
import { Kernel } from './simulation/kernel.js';
import { materialise } from './simulation/materialise.js';
import type { Model } from './simulation/model.js';
import { losePower } from './simulation/power-loss.js';
import { Random } from './simulation/random.js';
import { FEED, type Shape, idOf, specOf } from './simulation/records.js';
import { type Habits, newMount } from './simulation/world.js';
import { openPlatform, temporaryDirectory } from './support.js';

const SEED = Number(process.env['SEED'] ?? 41);
/** The system as it is before any simulation. */
const REAL = { ...system, mapping: undefined };
const RULES: readonly NameRule[] = ['ordered', 'each'];

const shape = (chunkSizeBytes: number, symbols: boolean): Shape => ({ padding: 0, symbols, chunkSizeBytes, ringRecords: 64, durability: { level: 'flush', intervalMs: 50 } });

const habits = (rule: NameRule, of: Shape): Habits => ({
  shape: of, rule, processEnds: 0.002, threadEnds: 0.001, powerLoss: 0.001, batches: 0.2, diskFills: 0, syncs: 0.8,
});

test.each(RULES)(`each state that a power loss may leave opens, with all that was promised and nothing else: names reach the disk by the rule '%s' (seed ${SEED})`, async (rule) => {
  let states = 0;
  for (let seed = SEED; seed < SEED + 4; seed++) {
    const of = shape(seed % 2 === 0 ? 4096 : 16_384, seed % 3 === 0);
    states += (await losePower({ seed, habits: habits(rule, of), steps: 600, chance: 0.025, variants: 2 })).states;
  }
  expect(states).toBeGreaterThan(50);
});

test(`a power loss while the catalog is made larger (seed ${SEED})`, async () => {
  let largest = 0;
  const small = { ...shape(4096, false), padding: 48, ringRecords: 512 };
  const many = { ...habits('each', small), processEnds: 0.02, threadEnds: 0, powerLoss: 0, batches: 0.5 };
  await losePower({
    seed: SEED, habits: many, steps: 6000, fromStep: 3000, chance: 0.003, variants: 1,
    onState: (disk) => { largest = Math.max(largest, disk.find(`${disk.mount}/store/feeds/${FEED}/catalog.dwc`)?.size ?? 0); },
  });
  expect(largest).toBeGreaterThan(100_000);
});

test(`some of the states, as real directories, open with the real engine (seed ${SEED})`, async () => {
  let opened = 0;
  const of = shape(4096, true);
  await losePower({
    seed: SEED, habits: habits('each', of), steps: 500, chance: 0.03, variants: 1,
    onState: async (disk, model) => {
      if (opened === 8) return;
      opened += 1;
      await openForReal(disk, model, of);
    },
  });
  expect(opened).toBe(8);
});

async function openForReal(disk: Disk, model: Model, of: Shape): Promise<void> {
  const basePath = join(temporaryDirectory(), 'data');
  mkdirSync(basePath, { recursive: true });
  const feeds = disk.find(`${disk.mount}/store/feeds`)!;
  const putBack = replaceSystem(REAL);
  try {
    await (await openPlatform(basePath)).close();
    materialise(feeds, join(basePath, 'feeds'));
    const platform = await openPlatform(basePath);
    const known = new Map(model.ids.map((id, i) => [id, model.sequences[i]!]));
    const reader = await platform.createReader(FEED);
    const read = (): number[] => (reader.readFromSync(0, 1e9).records as unknown[][]).map((record) => idOf(record, of));
    const before = read();
    expect(before.filter((id) => !known.has(id)), 'records that were never written').toEqual([]);
    const there = new Set(before);
    expect([...known].filter(([id, sequence]) => sequence < model.durableEnd && !there.has(id)), 'records that were promised and are gone').toEqual([]);
    const writer = await platform.createWriter(FEED);
    expect(writer.position).toBeGreaterThanOrEqual(model.ids.length === before.length ? model.seenEnd : model.seenEnd + 1);
    await writer.flush();
    expect(read()).toEqual(before);
    await platform.close();
  } finally {
    putBack();
  }
}

test.each(RULES)(`small files are there as they were before or as they are after, by the rule '%s' (seed ${SEED})`, async (rule) => {
  const random = new Random(SEED);
  const kernel = new Kernel(new Disk(newMount(), rule), 1);
  const states: { disk: Disk; after: boolean }[] = [];
  const putBack = replaceSystem(kernel.system());
  const spec = parseFeedSpec(specOf(shape(4096, false)));
  const file = (createdAt: string): Parameters<typeof writeFeedFile>[1] => ({ format: 1, name: FEED, uid: 'feedfeedfeedfeed', spec, createdAt });
  const [first, second] = ['2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'] as const;
  const basePath = `${kernel.disk.mount}/store`;
  try {
    await openManifest(basePath);
    writeFeedFile(basePath, file(first), 'owner');
    kernel.disk.endSync(kernel.disk.beginSync(kernel.disk.root));
    const lose = (after: boolean): void => { for (let i = 0; i < 4; i++) states.push({ disk: kernel.disk.afterPowerLoss(newMount(), random), after }); };
    kernel.atCall = () => { lose(false); };
    await openManifest(basePath, { ringDir: '/rings' });
    writeFeedFile(basePath, file(second), 'owner');
    kernel.atCall = undefined;
    lose(true);
    for (const { disk, after } of states) {
      const back = replaceSystem(new Kernel(disk, 2).system());
      try {
        const { manifest } = await openManifest(`${disk.mount}/store`, { readOnly: true });
        const feed = readFeedFile(`${disk.mount}/store`, FEED);
        if (after) expect([manifest.ringDir, feed?.createdAt]).toEqual(['/rings', second]);
        else expect([first, second]).toContain(feed?.createdAt);
      } finally {
        back();
      }
    }
  } finally {
    putBack();
  }
  expect(states.length).toBeGreaterThan(40);
});
