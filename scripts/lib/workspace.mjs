// What the root commands share: installing what is missing, building, and running Node programs of the workspace.
//
// Nothing but Node and npm is taken for granted. Children run on the very Node that runs this script (it may not be the
// one that PATH finds first), so its folder leads their PATH.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The environment of every child: this Node first, then the workspace's own tools; no telemetry, no update notes. */
const childEnv = {
  ...process.env,
  PATH: [dirname(process.execPath), join(root, 'node_modules', '.bin'), process.env.PATH].filter(Boolean).join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
  npm_config_update_notifier: 'false',
};
// When we were started by npx, its own options come with the environment and would be taken by the npx that we start.
delete childEnv.npm_config_call;
delete childEnv.npm_config_package;

/** Makes the workspace ready: right Node, packages installed, everything compiled. Ends the process when it cannot. */
export async function prepare() {
  checkNodeVersion();
  await installWhatIsMissing();
  return build();
}

/** Refuses a Node older than package.json's `engines.node`, with a clear message instead of a syntax error later. */
export function checkNodeVersion() {
  const wanted = manifest.engines.node.replace('>=', '').split('.').map(Number);
  const actual = process.versions.node.split('.').map(Number);
  if (actual[0] > wanted[0] || (actual[0] === wanted[0] && actual[1] >= wanted[1])) return;
  console.error(`Deepwater needs Node ${manifest.engines.node}; this is ${process.versions.node}. Install a newer Node and run the command again.`);
  process.exit(1);
}

/** Installs with the pinned pnpm unless node_modules already is what pnpm-lock.yaml describes. */
export async function installWhatIsMissing() {
  // pnpm keeps a copy of the lockfile that it last installed from, written when the installation is complete.
  const installed = readIfThere(join(root, 'node_modules', '.pnpm', 'lock.yaml'));
  if (installed !== null && installed === readIfThere(join(root, 'pnpm-lock.yaml'))) return;
  const pnpm = manifest.packageManager;
  const result = await quietly(`Installing packages with ${pnpm}`, 'npx', ['-y', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], { CI: 'true' });
  if (result !== 0) process.exit(1);
}

/** Compiles every package in the order of its dependencies. @returns {Promise<boolean>} whether it compiled */
export async function build() {
  return await quietly('Building', process.execPath, [toolPath('turbo', 'bin/turbo'), 'run', 'build', '--concurrency=100%']) === 0;
}

/** Path of a JavaScript program inside an installed package, to be run with process.execPath. */
export function toolPath(packageName, program) {
  return join(root, 'node_modules', packageName, program);
}

/** Runs a program with this terminal. Signals sent to us reach it too. @returns {Promise<number>} its exit code */
export function run(command, args, extraEnv = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...childEnv, ...extraEnv }, stdio: 'inherit' });
    // Ctrl-C reaches the whole process group by itself: wait for the child's own clean-up instead of dying before it.
    const ignore = () => undefined;
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', ignore).on('SIGTERM', forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward);
      resolve(exitCode(code, signal));
    });
  });
}

/** Runs a program, says what and how long, and shows its output only when it fails. @returns {Promise<number>} its exit code */
export function quietly(title, command, args, extraEnv = {}) {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...childEnv, ...extraEnv }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    const finish = (code) => {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.log(code === 0 ? `${title}: done in ${seconds} s` : `${title}: FAILED after ${seconds} s\n${output.trimEnd()}`);
      resolve(code);
    };
    child.on('error', (error) => { output += error.message; finish(1); });
    child.on('close', (code, signal) => finish(exitCode(code, signal)));
  });
}

/** The exit code that a shell would report: 128 + signal number for a killed program. */
function exitCode(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
