/** The models of `models/` and how they are run: by Spin, which makes a C program that looks at every state there is. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
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
/** Memory that one check may take, MiB. */
const MEMORY_MAX = 1000;

const call = promisify(execFile);

/** Checks one model in all of its states. @throws where it does not compile, or there are more states than fit */
export async function checkModel({ model, defines, live = false }: ModelRun): Promise<ModelResult> {
  const cwd = mkdtempSync(path.join(tmpdir(), 'deepwater-model-'));
  try {
    const names = defines.map((name) => `-D${name}`);
    await call('spin', ['-a', ...names, path.join(root, 'models', `${model}.pml`)], { cwd });
    // Where a counterexample is expected it comes soon: compiling takes longer then.
    const optimise = defines.some((name) => name.startsWith('BUG_')) ? '-O0' : '-O1';
    await call('gcc', [optimise, '-w', `-DMEMLIM=${MEMORY_MAX}`, ...(live ? ['-DNFAIR=3'] : ['-DSAFETY', '-DNOFAIR']), '-o', 'pan', 'pan.c'], { cwd });
    const { stdout } = await call('./pan', [`-m${DEPTH_MAX}`, ...(live ? ['-a', '-f'] : [])], { cwd, maxBuffer: 1 << 26 });
    const states = Number(/(\d+) states, stored/.exec(stdout)?.[1]);
    const errors = /errors: (\d+)/.exec(stdout)?.[1];
    if (errors === undefined || /max search depth too small|reached -DMEMLIM|out of memory/.test(stdout)) throw new Error(`${model} ${defines.join(' ')} was not looked at in all of its states:\n${stdout}`);
    const violated = errors === '0' ? undefined : /^pan:1: (.*) \(at depth/m.exec(stdout)?.[1] ?? 'something';
    return { violated, states };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
