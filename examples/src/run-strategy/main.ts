#!/usr/bin/env node
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../command.js';
import { createProgress } from '../main-job/progress.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { renderResults, renderSweep } from './render.js';
import { type ExampleResult, runExample } from './run-example.js';
import { runSweep } from './sweep.js';

process.exitCode = await runCommand({ usage: USAGE, help: 'npm run example -- --help', parse: parseOptions, run }, process.argv.slice(2));

async function run({ examples, live, speed, recordings, json, sweep, report }: Options): Promise<string> {
  const progress = createProgress(process.stderr);
  const results: ExampleResult[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'deepwater-example-'));
  try {
    if (sweep) {
      const best = await runSweep({ recordings, store: join(folder, 'sweep'), progress, ...(report === undefined ? {} : { report }) });
      return json ? `${JSON.stringify(best, null, 2)}\n` : `\n${renderSweep(best)}\n`;
    }
    for (const example of examples) results.push(await runExample(example, { recordings, store: join(folder, example.name), live, speed, progress }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return json ? `${JSON.stringify(results, null, 2)}\n` : `\n${renderResults(results)}\n`;
}
