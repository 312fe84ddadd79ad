/**
 * Plants bugs in our own code, one at a time, and runs the test that has to fail because of each. Exits with 1 where one survives.
 *
 *     node test/mutants/run.mjs [--only TEXT] [--sample N --seed S] [--json]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const hook = pathToFileURL(path.join(root, 'test', 'mutants', 'hook.mjs')).href;

/** Why a mutant cannot be planted; undefined where it can. */
export function unfit({ file, find }) {
  const count = readFileSync(path.join(root, file), 'utf8').split(find).length - 1;
  return count === 1 ? undefined : `${file} has it ${count} times`;
}

/** @returns the names of the tests that failed, and whether the run came to an end */
export async function runMutant(mutant) {
  const folder = mkdtempSync(path.join(tmpdir(), 'deepwater-mutant-'));
  const report = path.join(folder, 'report.json');
  try {
    const args = [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', mutant.test, '--reporter=json', `--outputFile=${report}`, ...(mutant.only === undefined ? [] : ['-t', mutant.only])];
    const child = spawn(process.execPath, args, {
      cwd: root, stdio: 'ignore',
      env: { ...process.env, SEED: '1', STORE_KILLS_PART: '1', DEEPWATER_MUTANT: JSON.stringify(mutant), NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${hook}` },
    });
    await new Promise((resolve) => child.on('exit', resolve));
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    return testResults.flatMap(({ assertionResults, status, message }) => [
      ...assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName),
      ...(status === 'failed' && assertionResults.length === 0 ? [`the file does not load: ${message}`] : []),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { only: { type: 'string' }, sample: { type: 'string' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } });
  let chosen = MUTANTS.filter(({ name }) => values.only === undefined || name.includes(values.only));
  if (values.sample !== undefined) {
    let state = Number(values.seed) >>> 0;
    const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
    chosen = chosen.map((mutant) => ({ mutant, at: next() })).sort((a, b) => a.at - b.at).slice(0, Number(values.sample)).map(({ mutant }) => mutant);
  }
  const results = [];
  for (const mutant of chosen) {
    const problem = unfit(mutant);
    const failed = problem === undefined ? await runMutant(mutant) : [];
    const loads = !failed.some((name) => name.startsWith('the file does not load'));
    const killed = problem === undefined && loads && failed.length > 0;
    results.push({ name: mutant.name, test: mutant.test, killed, failed, ...(problem === undefined ? {} : { problem }) });
    if (!values.json) console.log(`${killed ? 'killed  ' : 'SURVIVED'}  ${mutant.name}  (${mutant.test}: ${problem ?? (failed[0] ?? 'passed')})`);
  }
  const survivors = results.filter(({ killed }) => !killed);
  if (values.json) console.log(JSON.stringify({ results, killed: results.length - survivors.length, survived: survivors.length }, null, 2));
  else console.log(`${results.length - survivors.length} of ${results.length} killed`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
}
