/**
 * The bus under stress: two feeds written at full speed by one process, a persisted one that rotates every few
 * milliseconds and a memory feed that is overwritten all the time, and subscribers of every kind on them, in threads and
 * in processes: fast, slow, stopped with SIGSTOP, and killed with SIGKILL and started again. Every field of every record
 * is checked by every subscriber. On the persisted feed none may be lost; on the memory feed records and reported losses
 * must add up exactly.
 *
 *     node packages/deepwater/test/bus/soak.mjs --records 1e9 --seed 7
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child, orEnd, pause, randomFrom } from './child.mjs';

/**
 * @param records records of both feeds together
 * @returns what every subscriber saw
 * @throws Error with all that went wrong
 */
export async function soak({ records, seed, progress = () => {} }) {
  const basePath = mkdtempSync(path.join(tmpdir(), 'deepwater-soak-'));
  const end = Math.ceil(records / 2);
  const next = randomFrom(seed);
  const results = new Map();
  const failures = [];
  const positions = new Map();
  const waiting = new Map();
  const said = (name, state) => new Promise((resolve) => { waiting.set(`${name} ${state}`, resolve); });
  const onLine = (line) => {
    waiting.get(`${line.name} ${line.state}`)?.(line);
    if (line.state === 'failed') failures.push(line.message);
    if (line.state === 'done') results.set(line.name, line);
    if (line.position !== undefined) positions.set(line.name, line.position);
    progress(line);
  };
  const kinds = (place) => Object.fromEntries(['kept', 'passing'].flatMap((feed) => [
    [`${place} ${feed} fast`, { feed, wait: 'spin-then-park', slow: 0 }],
    [`${place} ${feed} slow`, { feed, wait: 'park', slow: 40 }],
  ]));
  const named = (jobs) => Object.entries(jobs).map(([name, job]) => ({ name, seed: Math.floor(next() * 2 ** 32), ...job }));
  const children = new Set();
  let kills = 0;
  let stops = 0;
  const start = (job) => {
    const child = new Child('./subscriber.mjs', { ...job, end, basePath }, onLine);
    children.add(child);
    void child.ended.then(({ code, signal }) => {
      children.delete(child);
      if (code !== 0 && signal !== 'SIGKILL') failures.push(`${job.name} ended with ${code ?? signal}`);
    });
    return child;
  };
  try {
    const ready = said('writer', 'ready');
    const writer = new Child('./writer.mjs', { basePath, end, threads: named(kinds('thread')) }, onLine);
    children.add(writer);
    await orEnd(ready, writer);
    const steady = named(kinds('process'));
    const stopped = named({ 'process kept stopped': { feed: 'kept', wait: 'park', slow: 0 }, 'process passing stopped': { feed: 'passing', wait: 'spin-then-park', slow: 0 } });
    const killed = named({ 'process kept killed': { feed: 'kept', wait: 'park', slow: 0 }, 'process passing killed': { feed: 'passing', wait: 'park', slow: 0 } });
    const running = new Map();
    for (const job of [...steady, ...stopped, ...killed]) {
      const begun = said(job.name, 'begun');
      running.set(job.name, start({ ...job, fromSequence: 0 }));
      await orEnd(begun, running.get(job.name));
    }
    const written = said('writer', 'done');
    writer.say('go');
    let over = false;
    const torment = (async () => {
      while (!over) {
        await pause(20 + next() * 120);
        const { name } = stopped[Math.floor(next() * stopped.length)];
        running.get(name).process.kill('SIGSTOP');
        await pause(next() * 150);
        running.get(name).process.kill('SIGCONT');
        stops += 1;
        const victim = killed[Math.floor(next() * killed.length)];
        if (results.has(victim.name)) continue;
        const child = running.get(victim.name);
        child.process.kill('SIGKILL');
        await child.ended;
        kills += 1;
        if (results.has(victim.name)) continue;
        // Goes on somewhere before the place it was last seen at.
        const fromSequence = Math.floor((positions.get(victim.name) ?? 0) * (0.5 + next() / 2));
        const begun = said(victim.name, 'begun');
        running.set(victim.name, start({ ...victim, fromSequence }));
        await orEnd(begun, running.get(victim.name));
      }
    })();
    await orEnd(written, writer);
    over = true;
    await torment;
    await Promise.all([...children].filter((child) => child !== writer).map(({ ended }) => ended));
    writer.say('close');
    await writer.ended;
  } finally {
    for (const { process: child } of children) child.kill('SIGKILL');
    await Promise.all([...children].map(({ ended }) => ended));
    rmSync(basePath, { recursive: true, force: true });
  }
  const names = [...Object.keys(kinds('thread')), ...Object.keys(kinds('process')), ...['stopped', 'killed'].flatMap((kind) => [`process kept ${kind}`, `process passing ${kind}`])];
  for (const name of names) {
    const seen = results.get(name);
    if (seen === undefined) failures.push(`${name} did not come to the end`);
    else if (seen.feed === 'kept' && seen.lost !== 0) failures.push(`${name} lost ${seen.lost} records of a persisted feed`);
  }
  if (failures.length > 0) throw new Error(`${failures.length} things went wrong (seed ${seed}):\n${failures.join('\n')}`);
  return { seed, kills, stops, writer: results.get('writer'), subscribers: names.map((name) => results.get(name)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { records: { type: 'string', default: '1e9' }, seed: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    console.log('Runs the bus under stress and checks every record.\n\n  --records N  of both feeds together (1e9)\n  --seed N     of pauses, stops and kills (random)\n  --json       the result as JSON\n  -h, --help');
  } else {
    const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
    const records = Number(values.records);
    let told = 0;
    const progress = ({ name, state, position }) => {
      if (name !== 'writer' || state !== 'at' || !process.stderr.isTTY || performance.now() - told < 500) return;
      told = performance.now();
      process.stderr.write(`\r${((200 * position) / records).toFixed(1)} % written`);
    };
    try {
      const result = await soak({ records, seed, progress });
      if (values.json) console.log(JSON.stringify(result, undefined, 2));
      else {
        const { writer, subscribers, kills, stops } = result;
        console.log(`${writer.records} records in ${writer.seconds.toFixed(1)} s, ${writer.chunks} chunks; ${stops} stops, ${kills} kills (seed ${seed})`);
        for (const { name, records: seen, lost, runs } of subscribers) console.log(`${name.padEnd(26)} ${seen} records in ${runs} runs, ${lost} lost and reported`);
      }
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
