import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MODEL_RUNS, type ModelResult, type ModelRun, checkModel, modelsUnavailable, removeModels } from './support/models.js';
import { root } from './support/source-files.js';

const unavailable = modelsUnavailable();
if (unavailable !== undefined) console.log(`the models are not checked: ${unavailable}`);

const titled = MODEL_RUNS.map((run) => ({ ...run, title: [run.model, ...run.defines].join(' '), bugs: run.defines.filter((name) => name.startsWith('BUG_')) }));

afterAll(removeModels);

/** Checks under way at once. */
const AT_ONCE = 2;
const queue: (() => void)[] = [];
let free = AT_ONCE;

async function inTurn(run: ModelRun): Promise<ModelResult> {
  if (free === 0) await new Promise<void>((resolve) => queue.push(resolve));
  else free -= 1;
  try {
    return await checkModel(run);
  } finally {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

describe.skipIf(unavailable !== undefined)('the models of the protocols, in every state they can be in', () => {
  it.concurrent.for(titled.filter(({ bugs }) => bugs.length === 0))('$title: holds', async (run, { expect }) => {
    const { violated, states } = await inTurn(run);
    expect(violated).toBeUndefined();
    expect(states).toBeGreaterThan(10_000);
  });

  it.concurrent.for(titled.filter(({ bugs }) => bugs.length > 0))('$title: the planted bug is found', async (run, { expect }) => {
    expect((await inTurn(run)).violated).toBeDefined();
  });
});

describe('the list of runs', () => {
  const models = readdirSync(path.join(root, 'models')).filter((name) => name.endsWith('.pml')).map((name) => name.slice(0, -4));
  const bugsOf = (model: string): string[] => [...new Set(readFileSync(path.join(root, 'models', `${model}.pml`), 'utf8').match(/\bBUG_\w+/g))].sort();

  it('has every model, and every bug that can be planted in one', () => {
    expect([...new Set(MODEL_RUNS.map(({ model }) => model))].sort()).toEqual(models.sort());
    for (const model of models) {
      expect([...new Set(titled.filter((run) => run.model === model).flatMap(({ bugs }) => bugs))].sort(), model).toEqual(bugsOf(model));
    }
  });

  it('is explained in models/README.md, name by name', () => {
    const text = readFileSync(path.join(root, 'models', 'README.md'), 'utf8');
    const names = new Set(MODEL_RUNS.flatMap(({ model, defines }) => [`${model}.pml`, ...defines.map((name) => name.split('=')[0] as string)]));
    expect([...names].filter((name) => !text.includes(name))).toEqual([]);
  });
});
