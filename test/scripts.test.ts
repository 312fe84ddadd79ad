import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { root } from './support/source-files.js';

/** What a root command's helper says of a program that it ran: its exit code. */
function runBy(program: string, extraEnv: object): number | null {
  const helper = pathToFileURL(join(root, 'scripts', 'lib', 'workspace.mjs')).href;
  const script = `const { run } = await import(${JSON.stringify(helper)}); process.exitCode = await run(process.execPath, ['-e', ${JSON.stringify(program)}], ${JSON.stringify(extraEnv)});`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }).status;
}

test('what a long test is to be run with reaches it', () => {
  expect(runBy('process.exit(process.env.FAULTS === "all" ? 7 : 1)', { FAULTS: 'all' })).toBe(7);
});

test('a program that is killed counts as failed', () => {
  expect(runBy('process.kill(process.pid, "SIGKILL")', {})).toBe(128 + 9);
});
