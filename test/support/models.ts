/** The models of `models/` and how they are run: by Spin, which makes a C program that looks at every state there is. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { plantable, withPlanting } from './planting.js';
import { root } from './source-files.js';

/** One run: a model with these `-D` names. A name that begins with BUG_ plants a bug, and a counterexample is expected. */
export interface ModelRun {
  readonly model: string;
  readonly defines: readonly string[];
  /** Looks for an endless run that breaks the model's LTL formula too, every process getting its turn. */
  readonly live?: boolean;
}

export interface ModelResult {
  /** What was violated first; undefined where nothing is, in any state. */
  readonly violated: string | undefined;
  readonly states: number;
}

const runs = (model: string, ...lines: readonly string[]): ModelRun[] => lines.map((line) => ({ model, defines: line.split(' ').filter((name) => name !== ''), ...(/\bLIVE\b/.test(line) ? { live: true } : {}) }));

export const MODEL_RUNS: readonly ModelRun[] = [
  ...runs('ring', '', 'PERSIST', 'WEAK', 'WEAK PERSIST', 'KILL END=7',
    'BUG_HEAD_FIRST', 'BUG_NO_VALIDATION', 'BUG_NO_EIGHTH', 'BUG_LONG_RUNS', 'BUG_LOW_WORDS', 'BUG_HIGH_LATE', 'BUG_SETTLE_LIVE',
    'PERSIST BUG_NOT_GATED', 'WEAK BUG_NO_BELL_LOOK', 'WEAK BUG_PLAIN_COPY'),
  ...runs('bell', '', 'THREADS_ONLY LIVE', 'PROCESSES_ONLY LIVE', 'KILL_SLEEPER', 'SUCCESSOR_THREAD', 'SUCCESSOR_OPENS', 'SUCCESSOR_RECOVERS PROCESSES_ONLY',
    'BUG_NO_MEMBARRIER', 'THREADS_ONLY LIVE BUG_NO_MEMBARRIER', 'BUG_LOOK_BEFORE_BIT', 'BUG_WAKE_BEFORE_SWAP', 'BUG_COUNT_LATE', 'PROCESSES_ONLY BUG_SLEEP_ON_BITS',
    'SUCCESSOR_THREAD BUG_INHERIT_IN_SILENCE', 'SUCCESSOR_RECOVERS PROCESSES_ONLY BUG_OPEN_IN_SILENCE'),
  ...runs('commit', '', 'KILL_PROCESS', 'KILL_INGEST', 'KILL_KEEPER',
    'BUG_NOT_GATED', 'BUG_COMMIT_FIRST', 'BUG_TAIL_FIRST', 'BUG_ENTRY_LATE', 'BUG_SEALED_FIRST', 'BUG_ENTRY_SEALED_FIRST', 'BUG_CUT_CATALOG_FIRST',
    'KILL_PROCESS BUG_TAIL_LEFT', 'KILL_PROCESS BUG_RING_FORGOTTEN', 'KILL_INGEST BUG_TAIL_LEFT'),
  ...runs('sync', 'ACCIDENTS=1', 'KILL',
    'ACCIDENTS=1 BUG_MARK_FIRST', 'ACCIDENTS=1 BUG_COUNT_LATE', 'ACCIDENTS=1 BUG_ONE_SYNC', 'ACCIDENTS=1 BUG_TRUST_COUNT', 'ACCIDENTS=1 BUG_BLOCK_UNCHECKED',
    'ACCIDENTS=1 BUG_NO_JUMP', 'ACCIDENTS=1 BUG_CATALOG_LATE', 'BUG_JUMP_ONCE', 'KILL BUG_ADOPT_FIRST', 'KILL BUG_SEALED_FIRST'),
];

/** Why models cannot be run here; undefined where they can. */
export function modelsUnavailable(): string | undefined {
  const missing = [['spin', '-V'], ['gcc', '--version']].filter(([tool, version]) => spawnSync(tool as string, [version as string]).error !== undefined).map(([tool]) => tool);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed (apt-get install spin gcc)`;
}

/** Steps of the longest path that is followed, far beyond that of any model. */
const DEPTH_MAX = 200_000;
/** Of the size of the table of states: two million places, for as many states as there are. */
const HASH_BITS = 21;
/** Memory that one check may take, MiB. */
const MEMORY_MAX = 1000;

const call = promisify(execFile);

/** Programs that have more than one bug in them, by what they are made of. */
const programs = new Map<string, Promise<{ readonly directory: string; readonly bugs: readonly string[] }>>();

/** Removes the programs that were made. */
export async function removeModels(): Promise<void> {
  for (const program of await Promise.allSettled(programs.values())) if (program.status === 'fulfilled') rmSync(program.value.directory, { recursive: true, force: true });
  programs.clear();
}

/** Checks one model in all of its states. @throws where it does not compile, or there are more states than fit */
export async function checkModel({ model, defines, live = false }: ModelRun): Promise<ModelResult> {
  const text = readFileSync(path.join(root, 'models', `${model}.pml`), 'utf8');
  const bug = defines.find((name) => name.startsWith('BUG_'));
  const others = defines.filter((name) => name !== bug);
  if (bug === undefined || live || !plantable(text).includes(bug)) {
    const directory = await made(model, text, defines, live);
    try {
      return await checked(directory, defines, model, live, 0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  const key = [model, ...others].join(' ');
  let program = programs.get(key);
  if (program === undefined) {
    const bugs = plantable(text);
    programs.set(key, (program = made(model, withPlanting(text, bugs), [...others, 'BUG_PLANTED'], false).then((directory) => ({ directory, bugs }))));
  }
  const { directory, bugs } = await program;
  return checked(directory, defines, model, false, bugs.indexOf(bug) + 1);
}

/** Makes the program that looks at all states. @returns where it is */
async function made(model: string, text: string, defines: readonly string[], live: boolean): Promise<string> {
  const cwd = mkdtempSync(path.join(tmpdir(), 'deepwater-model-'));
  try {
    writeFileSync(path.join(cwd, 'model.pml'), text);
    await call('spin', ['-a', ...defines.map((name) => `-D${name}`), 'model.pml'], { cwd });
    // Where a counterexample is expected it comes soon, and elsewhere there are a million states at most: compiling takes longest.
    const hasBug = defines.some((name) => name.startsWith('BUG_'));
    const optimise = hasBug && model !== 'sync' ? '-O0' : '-Og';
    // In these models the processes that are named last come upon a bug a hundred times sooner.
    const lastFirst = hasBug && !live && (model === 'commit' || model === 'ring') ? ['-DREVERSE'] : [];
    await call('gcc', [optimise, '-w', ...lastFirst, `-DMEMLIM=${MEMORY_MAX}`, ...(live ? ['-DNFAIR=3'] : ['-DSAFETY', '-DNOFAIR']), '-o', 'pan', 'pan.c'], { cwd });
    return cwd;
  } catch (error) {
    rmSync(cwd, { recursive: true, force: true });
    throw error;
  }
}

async function checked(cwd: string, defines: readonly string[], model: string, live: boolean, planted: number): Promise<ModelResult> {
  const { stdout } = await call('./pan', [`-m${DEPTH_MAX}`, `-w${HASH_BITS}`, ...(live ? ['-a', '-f'] : [])], { cwd, maxBuffer: 1 << 26, env: { ...process.env, PLANTED: String(planted) } });
  const states = Number(/(\d+) states, stored/.exec(stdout)?.[1]);
  const errors = /errors: (\d+)/.exec(stdout)?.[1];
  if (errors === undefined || /max search depth too small|reached -DMEMLIM|out of memory/.test(stdout)) throw new Error(`${model} ${defines.join(' ')} was not looked at in all of its states:\n${stdout}`);
  const violated = errors === '0' ? undefined : /^pan:1: (.*) \(at depth/m.exec(stdout)?.[1] ?? 'something';
  return { violated, states };
}
