// npm test: installs what is missing, builds, runs every test and beside them type checking and lint; CI runs the same.
//
// The last line is `N passed, N failed`, with `, N skipped` when something was: the tests, and building, linting and
// type checking as one check each. Random tests take a seed that follows from the commit; SEED=… gives another. Arguments go to Vitest, so `npm test -- packages/core` runs a part.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, quietly, root, run, toolPath } from './lib/workspace.mjs';

const totals = { passed: 0, failed: 0, skipped: 0 };

if (check(await prepare())) {
  const checking = quietly('Type checking and linting', process.execPath, [join(root, 'scripts', 'check.mjs')]);
  await runTests(process.argv.slice(2));
  const code = await checking;
  const died = ![0, 2, 4, 6].includes(code);
  const found = [died || (code & 2) !== 0 ? 'type checking' : '', died || (code & 4) !== 0 ? 'linting' : ''];
  for (const name of found) check(name === '');
  if (code !== 0) console.log(`FAILED, see above: ${found.filter((name) => name !== '').join(', ')}`);
}
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** Counts one check. */
function check(holds) {
  if (holds) totals.passed++;
  else totals.failed++;
  return holds;
}

/** Runs Vitest with its output visible and adds its counts. */
async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'deepwater-test-report-'));
  try {
    const reportPath = join(folder, 'report.json');
    const code = await run(process.execPath, [
      toolPath('vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`, ...args,
    ], seedOfCommit());
    addReport(reportPath, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For the environment (test/support/seed.ts); nothing where there is no commit to take it from. */
function seedOfCommit() {
  try {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return { RUN_SEED: String(Number.parseInt(commit.slice(0, 8), 16) % 2 ** 31) };
  } catch {
    return {};
  }
}

/** Adds the counts of Vitest's JSON report. A run that failed with no failed test to show for it is itself a failure. */
function addReport(reportPath, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(reportPath, 'utf8'));
  } catch (error) {
    console.error(`Vitest left no report (exit code ${code}): ${error.message}`);
    totals.failed++;
    return;
  }
  const failedBefore = totals.failed;
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  // A file that cannot be loaded, or whose hooks throw, fails without a failed test of its own.
  totals.failed += report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')).length;
  if (code !== 0 && totals.failed === failedBefore) totals.failed++;
}
