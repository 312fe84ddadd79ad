/**
 * Everything at once, for as long as is asked: feeds are written at a pace, rotate, and lose their oldest chunks to retention;
 * strategies follow them live; queries of every kind run in the pool; clean-ups run. Every record is checked by every strategy and by
 * every query. Memory, descriptors, mappings and threads are sampled; none may grow.
 *
 *     node packages/deepwater/test/together/soak.mjs --minutes 30 --seed 7 [--json]
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { Platform } from '../../dist/index.js';
import { checkOf, timeOf } from '../bus/record.mjs';
import { pause, randomFrom } from '../bus/child.mjs';

const NAMES = ['a', 'b', 'c', 'd'];
const SEEDS = Object.fromEntries(NAMES.map((name, i) => [name, i + 1]));
const spec = (name) => ({
  name, timestamp: 'ts', chunkSizeMb: 1, retentionMb: 6, ringRecords: 16_384,
  fields: [{ name: 'n', type: 'float64' }, { name: 'check', type: 'uint32' }, { name: 'low', type: 'uint16' }, { name: 'ts', type: 'uint64' }],
});

function sample() {
  const status = readFileSync('/proc/self/status', 'latin1');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const { heapUsed, external } = process.memoryUsage();
  return {
    // Anonymous memory: pages of mapped files come and go with the page cache.
    anonymousMb: field('RssAnon') / 1024, heapMb: heapUsed / 2 ** 20, externalMb: external / 2 ** 20,
    descriptors: readdirSync('/proc/self/fd').length, mappings: readFileSync('/proc/self/maps', 'latin1').split('\n').length, threads: field('Threads'),
  };
}

const quantile = (values, part) => [...values].sort((a, b) => a - b)[Math.floor(values.length * part)];
/** What waits to be collected comes and goes, results' mappings by the thousand: of those the least that is seen again and again. */
const COLLECTED = new Set(['heapMb', 'externalMb', 'mappings']);
/** Half of what a process may have by default (vm.max_map_count). */
const MAPPINGS_MAX = 32_000;

/** How much a figure grew from the first third to the last, the warm-up left out. */
function growth(samples) {
  const warm = samples.slice(Math.floor(samples.length / 5));
  const third = Math.max(1, Math.floor(warm.length / 3));
  return Object.fromEntries(Object.keys(samples[0]).map((name) => {
    const part = COLLECTED.has(name) ? 0.1 : 0.5;
    const early = quantile(warm.slice(0, third).map((each) => each[name]), part);
    const late = quantile(warm.slice(-third).map((each) => each[name]), part);
    return [name, { early: Math.round(early * 10) / 10, late: Math.round(late * 10) / 10, most: Math.round(Math.max(...warm.map((each) => each[name])) * 10) / 10 }];
  }));
}

/**
 * @param {{ seconds: number, seed: number, perSecond?: number, onProgress?: (line: string) => void }} options perSecond: records of each feed
 * @throws Error with what went wrong
 */
export async function together({ seconds, seed, perSecond = 20_000, onProgress = () => {} }) {
  const basePath = mkdtempSync(path.join(tmpdir(), 'deepwater-together-'));
  const next = randomFrom(seed);
  const failures = [];
  const counts = { records: 0, queries: 0, bars: 0, cleanups: 0, chunksRemoved: 0 };
  const platform = await Platform.open(basePath, { cleanupMinutes: 0, handleSignals: false, onEvent: ({ level, message }) => { if (level === 'error') failures.push(message); } });
  try {
    const writers = new Map();
    for (const name of NAMES) {
      await platform.createFeed(spec(name));
      writers.set(name, await platform.createWriter(name));
    }
    const strategies = [];
    for (const feeds of [['a', 'b'], ['c', 'd'], NAMES]) {
      const name = feeds.join('');
      const strategy = await platform.spawnStrategy(new URL('./strategy.mjs', import.meta.url), { name, feeds, params: { seeds: SEEDS } });
      strategy.on('emit', ({ message }) => failures.push(message));
      strategy.on('loss', (loss) => failures.push(`${name} lost ${JSON.stringify(loss)}`));
      strategy.on('error', (error) => failures.push(`${name}: ${error.stack}`));
      strategies.push(strategy);
    }
    const readers = new Map(await Promise.all(NAMES.map(async (name) => [name, await platform.createReader(name)])));
    const samples = [];
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    const over = () => elapsed() >= seconds || failures.length > 0;

    const write = async () => {
      while (!over()) {
        const due = Math.floor(elapsed() * perSecond);
        for (const [name, writer] of writers) {
          for (let n = writer.position; n < due; n++) writer.writeValues(n, checkOf(SEEDS[name], n), n % 65536, timeOf(n));
        }
        counts.records = NAMES.length * due;
        await pause(5);
      }
    };
    const query = async () => {
      while (!over()) {
        const name = NAMES[Math.floor(next() * NAMES.length)];
        const reader = readers.get(name);
        const most = 1 + Math.floor(next() ** 2 * 300_000);
        const pick = next();
        if (pick < 0.6) {
          const { n, check } = await reader.last(most, { format: 'columns', columns: ['n', 'check'] });
          const wrong = n.findIndex((value, i) => value !== n[0] + i || check[i] !== checkOf(SEEDS[name], value));
          if (wrong >= 0) failures.push(`last ${most} of ${name}: record ${n[wrong]} at ${wrong} after ${n[wrong - 1]}`);
        } else if (pick < 0.8) {
          const { next: head } = reader.activity();
          const from = Math.max(0, head - most);
          const { records } = await reader.aggregate(timeOf(from), timeOf(head), { aggregates: { records: 'count' } });
          if (records > head - from) failures.push(`aggregate of ${name}: ${records} records where ${head - from} are`);
        } else {
          counts.bars += (await reader.bars(timeOf(0), timeOf(1e12), { resolution: '1s', price: 'n', size: 'low' })).length;
        }
        counts.queries += 1;
        await pause(next() * 20);
      }
    };
    const clean = async () => {
      while (!over()) {
        await pause(1500);
        const report = await platform.cleanup();
        counts.cleanups += 1;
        for (const feed of report.feeds) counts.chunksRemoved += feed.removed.reduce((sum, { chunks }) => sum + chunks, 0);
      }
    };
    const watch = async () => {
      for (let at = 0; !over(); at++) {
        samples.push(sample());
        if (at % 10 === 9) onProgress(`${Math.round(elapsed())} s, ${counts.records.toLocaleString('en')} records, ${counts.queries} queries, ${counts.chunksRemoved} chunks removed, ${Math.round(samples.at(-1).anonymousMb)} MB`);
        await pause(Math.min(1000, seconds * 20));
      }
    };
    await Promise.all([write(), query(), query(), clean(), watch()]);
    // Everybody has everything, then all is closed.
    for (const writer of writers.values()) await writer.flush();
    const ends = Object.fromEntries([...writers].map(([name, writer]) => [name, writer.position]));
    for (const strategy of strategies) {
      for (let look = 0; failures.length === 0 && look < 600; look++) {
        const { custom: own } = await strategy.metrics();
        if (Object.entries(own).length > 0 && Object.entries(own).every(([feed, position]) => position === ends[feed])) break;
        if (look === 599) failures.push(`a strategy is at ${JSON.stringify(own)}, the feeds at ${JSON.stringify(ends)}`);
        await pause(50);
      }
      await strategy.stop();
    }
    if (failures.length > 0) throw new Error(failures.slice(0, 5).join('\n'));
    return { seconds: Math.round(elapsed()), seed, ...counts, samples: samples.length, growth: growth(samples) };
  } finally {
    await platform.close();
    rmSync(basePath, { recursive: true, force: true });
  }
}

/** What has grown more than noise does; empty where nothing has. */
export function grown({ growth: figures }) {
  const limits = { anonymousMb: 1.15, heapMb: 1.5, externalMb: 1.25, descriptors: 1.1, mappings: 1.2, threads: 1.01 };
  const slack = { anonymousMb: 24, heapMb: 24, externalMb: 16, descriptors: 6, mappings: 2000, threads: 0 };
  const grew = Object.entries(limits).flatMap(([name, limit]) => (figures[name].late > figures[name].early * limit + slack[name] ? [`${name} grew from ${figures[name].early} to ${figures[name].late}`] : []));
  return figures.mappings.most > MAPPINGS_MAX ? [...grew, `there were ${figures.mappings.most} mappings at once`] : grew;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' }, json: { type: 'boolean', default: false } } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const result = await together({ seconds: Number(values.minutes) * 60, seed, onProgress: (line) => { process.stderr.write(process.stderr.isTTY ? `\r${line}   ` : `${line}\n`); } });
  const problems = grown(result);
  console.log(values.json ? JSON.stringify({ ...result, problems }) : `\n${JSON.stringify(result, null, 2)}\n${problems.length === 0 ? 'nothing lost, nothing grew' : problems.join('\n')}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
