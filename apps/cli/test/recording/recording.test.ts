import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { NO_DATA, hasSharedData } from '../../../../test/support/recordings.js';

const hasScript = existsSync('/usr/bin/script');
const why = hasScript ? NO_DATA : ' (skipped: there is no script(1) to make a terminal)';

test.skipIf(!hasSharedData || !hasScript)(`an exchange that is recorded with a dashboard loses nothing${why}`, async () => {
  // It ends with 1 where it found problems, which it tells.
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('soak.mjs', import.meta.url)), '--minutes', '0.15', '--speed', '90'], { timeout: 90_000 })
    .catch((error: { code?: unknown; stdout: string }) => {
      if (error.code === 1 && error.stdout !== '') return error;
      throw error;
    });
  const told = JSON.parse(stdout) as { problems: string[]; rounds: number; trades: number };
  expect(told.problems).toEqual([]);
  expect(told.rounds).toBeGreaterThan(0);
  expect(told.trades).toBeGreaterThanOrEqual(21_313);
}, 100_000);
