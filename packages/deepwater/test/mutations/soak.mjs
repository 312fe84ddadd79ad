/**
 * Mutations by the million: node soak.mjs --count 1e6 --seed 7 [--workers 2] [--every 250] [--only 1234] [--from 5000]. Each worker process takes stretches of the numbers from 0 (or
 * `from`, where an earlier run stopped) to `count`; one that says nothing for too long hangs, one that dies has crashed, and either is a failure at the number it had begun. A failing number replays
 * exactly with `--seed` and `--only`. One in `--every` is of a whole store (whole.mjs).
 */
import { clearTimeout, setTimeout } from 'node:timers';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const RUNNER = fileURLToPath(new URL('run.mjs', import.meta.url));
/** Mutations of one process at most: what it leaks ends with it. */
const STRETCH_MAX = 25_000;
/** Mutations that a process goes through between two lines it says take a second or two. */
const SILENT_MS_MAX = 60_000;

/**
 * @param onProgress is told how many are done
 * @returns how many mutations were tried, what the reads answered, and what failed
 */
export async function mutations({ count, seed, from: first = 0, workers = 2, every, onProgress = () => {} }) {
  const codes = {};
  const failures = [];
  const at = new Map();
  const children = new Set();
  let next = first;
  let ended = 0;
  const stretchOf = Math.min(STRETCH_MAX, Math.ceil(count / workers));
  const told = () => onProgress([...at.values()].reduce((sum, each) => sum + each, ended));
  async function work(worker) {
    while (next < count && failures.length === 0) {
      const from = next;
      const to = (next = Math.min(count, from + stretchOf));
      const { failure, answers } = await stretch(from, to, seed, every, (index) => { at.set(worker, index - from); told(); }, children);
      if (failures.length > 0) return;
      at.delete(worker);
      ended += to - from;
      for (const [code, times] of Object.entries(answers)) codes[code] = (codes[code] ?? 0) + times;
      if (failure !== undefined) {
        failures.push(failure);
        // What the others would find waits for another run.
        for (const child of children) child.kill('SIGKILL');
      }
      told();
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, Math.ceil(count / 1000))) }, (_, worker) => work(worker)));
  return { count: ended, seed, codes, failures };
}

/** One process, and what it says. */
function stretch(from, to, seed, every, onAt, children = new Set()) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [RUNNER, '--seed', `${seed}`, '--from', `${from}`, '--to', `${to}`, ...(every === undefined ? [] : ['--every', every])], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    let last = from;
    let done;
    let failure;
    let stderr = '';
    let hung = false;
    const hang = () => { hung = true; child.kill('SIGKILL'); };
    let timer = setTimeout(hang, SILENT_MS_MAX);
    child.stderr.on('data', (text) => { stderr = `${stderr}${text}`.slice(-4000); });
    createInterface({ input: child.stdout }).on('line', (line) => {
      clearTimeout(timer);
      timer = setTimeout(hang, SILENT_MS_MAX);
      const said = JSON.parse(line);
      if (said.at !== undefined) onAt((last = said.at));
      else if (said.failed !== undefined) failure ??= said;
      else if (said.done !== undefined) done = said;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      children.delete(child);
      if (failure === undefined && (done === undefined || code !== 0)) {
        failure = { failed: `one of ${last} and those after it`, seed, wrong: hung ? 'hangs' : `ended with ${signal ?? code}: ${stderr}` };
      }
      resolve({ failure, answers: done?.codes ?? {} });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' }, workers: { type: 'string' }, only: { type: 'string' }, every: { type: 'string' }, from: { type: 'string' } } });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  if (values.only !== undefined) {
    const from = Number(values.only);
    const { failure, answers } = await stretch(from, from + 1, seed, values.every, () => {});
    console.log(failure ?? answers);
    process.exitCode = failure === undefined ? 0 : 1;
  } else {
    const count = Number(values.count ?? 1e6);
    const started = performance.now();
    let shown = 0;
    const result = await mutations({
      count, seed, from: Number(values.from ?? 0), every: values.every, workers: Number(values.workers ?? availableParallelism()),
      onProgress(done) {
        if (performance.now() - shown < 5000) return;
        shown = performance.now();
        const seconds = (performance.now() - started) / 1000;
        process.stderr.write(`\r${done.toLocaleString('en')} of ${count.toLocaleString('en')} mutations, ${Math.round(done / seconds)}/s  `);
      },
    });
    process.stderr.write('\n');
    console.log(JSON.stringify({ ...result, seconds: Math.round((performance.now() - started) / 1000) }, null, 2));
    process.exitCode = result.failures.length === 0 ? 0 : 1;
  }
}
