/**
 * Processes that work on a store are killed (SIGKILL) at every failpoint and at random moments: while they make, change, write, clean up
 * and delete feeds (life.mjs), repair what is damaged (repairs.mjs) and migrate what is old (migrations.mjs). After each death the store
 * is looked at as any user would.
 *
 *     node packages/deepwater/test/store-kills/store-kills.mjs --kills 2000 --seed 7
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { FAILPOINTS } from '../../../core/dist/index.js';
import { LIFE_POINTS, Life } from './life.mjs';
import { MIGRATION_POINTS, Migrations } from './migrations.mjs';
import { randomFrom } from './record.mjs';
import { REPAIR_POINTS, Repairs } from './repairs.mjs';
import { buildVictims } from './victims.mjs';

/** Of a writer alone: packages/ingest/test/kills has them, by the hundred. The short run leaves them to it. */
const OF_WRITERS = /^(prepare|activate|move|grow|retire|seal|sync|open|close|symbol)\./;
const LANES = [
  { name: 'life', Lane: Life, points: LIFE_POINTS, share: 0.6 },
  { name: 'repair', Lane: Repairs, points: REPAIR_POINTS, share: 0.25 },
  { name: 'migration', Lane: Migrations, points: MIGRATION_POINTS, share: 0.15 },
];
/** Points that this harness kills at; the rest is of writers that were killed elsewhere, or told below why not. */
export const STORE_POINTS = [...new Set(LANES.flatMap(({ points }) => points))];
export const SHORT_POINTS = STORE_POINTS.filter((point) => !OF_WRITERS.test(point) || REPAIR_POINTS.includes(point));

/** What the lives of a lane die of: every point once, then points and moments at random. */
function deaths(points, count, random) {
  const once = points.map((point) => ({ at: `${point}:1` }));
  while (once.length < count) once.push(random() < 0.6 ? { at: `${points[Math.floor(random() * points.length)]}:${random() < 0.5 ? 1 : 1 + Math.floor(random() ** 2 * 6)}` } : { at: undefined });
  return once.map((death) => ({ death, order: random() })).sort((a, b) => a.order - b.order).map(({ death }) => death);
}

/**
 * @param {{ kills?: number, part?: number, seed: number, directory?: string, onProgress?: (done: number) => void }} options without `kills`: once at each
 * point that writers alone do not come to, or at this part of them, chosen by the seed
 */
export async function killStores({ kills, part = 1, seed, directory = '/dev/shm', onProgress = () => {} }) {
  const built = await buildVictims();
  const root = fs.mkdtempSync(path.join(directory, 'deepwater-store-kills-'));
  const tmp = path.join(root, 'tmp');
  fs.mkdirSync(tmp);
  let done = 0;
  const lanes = LANES.map(({ name, Lane, points, share }, i) => {
    fs.mkdirSync(path.join(root, name));
    const lane = new Lane(path.join(root, name), path.join(built.directory, 'victim.js'), seed + i * 1_000_003);
    const random = randomFrom(seed + 7 * i);
    const short = points.filter((point) => SHORT_POINTS.includes(point)).map((point) => ({ point, order: random() })).sort((a, b) => a.order - b.order).map(({ point }) => point);
    const wanted = kills === undefined ? short.slice(0, Math.ceil(short.length * part)) : points;
    return { name, lane, wanted, dies: deaths(wanted, kills === undefined ? 0 : Math.round(kills * share), random) };
  });
  const run = async ({ lane, dies }) => {
    lane.prepare(dies[0].at);
    for (const [cycle] of dies.entries()) {
      await lane.cycle(cycle, dies[cycle + 1]);
      onProgress(++done);
    }
  };
  let failed = true;
  try {
    // Two at a time: the life of a store takes as long as the others together.
    const [life, ...others] = lanes;
    await Promise.all([run(life), (async () => { for (const lane of others) await run(lane); })()]);
    await checkTemporary(tmp, lanes[1].lane);
    failed = false;
    const points = Object.assign({}, ...lanes.map(({ lane }) => lane.points));
    const sum = (key) => lanes.reduce((total, { lane }) => total + (lane.counts[key] ?? 0), 0);
    return {
      cycles: done, seed, random: sum('random'), atFailpoints: Object.values(points).reduce((total, count) => total + count, 0), unharmed: sum('unharmed'), damages: sum('damages'),
      records: sum('records'), deletesBrokenOff: sum('deletesSeen'), points, neverReached: [...new Set(lanes.flatMap(({ wanted }) => wanted))].filter((point) => !(point in points)),
    };
  } finally {
    await Promise.all(lanes.map(({ lane }) => lane.discard()));
    built.remove();
    // What went wrong is left for a look, where somebody asks for it.
    if (!failed || process.env['KEEP'] === undefined) fs.rmSync(root, { recursive: true, force: true });
  }
}

/** What killed processes left in the directory for temporary files, the next repair removes; after an hour, which has to have passed. */
async function checkTemporary(tmp, repairs) {
  const old = Date.now() / 1000 - 7200;
  for (const name of fs.readdirSync(tmp)) fs.utimesSync(path.join(tmp, name), old, old);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = tmp;
  try {
    await repairs.repairAgain();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  if (fs.readdirSync(tmp).length > 0) throw new Error(`left behind in the directory for temporary files: ${fs.readdirSync(tmp).join(', ')}`);
}

/** Failpoints that no harness kills at. */
export const elsewhere = (pointsOfWriters) => FAILPOINTS.filter((point) => !STORE_POINTS.includes(point) && !pointsOfWriters.includes(point));

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '2000' }, seed: { type: 'string' }, json: { type: 'boolean', default: false } } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const began = performance.now();
  const result = await killStores({
    kills: Number(values.kills), seed,
    onProgress: (done) => { if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${values.kills} (seed ${seed})`); else if (done % 100 === 0) process.stderr.write(`${done} of ${values.kills}\n`); },
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (values.json) console.log(JSON.stringify({ ...result, seconds: Number(seconds) }));
  else console.log(`\n${result.cycles} cycles in ${seconds} s (seed ${seed}): ${result.random} killed at random, ${result.atFailpoints} at failpoints, ${result.unharmed} ended by themselves; ${result.records} records, ${result.damages} damages, ${result.deletesBrokenOff} feeds whose deletion was broken off\n${Object.entries(result.points).map(([name, count]) => `  ${name} ${count}`).join('\n')}\nnever reached: ${result.neverReached.join(', ') || 'none'}`);
}
