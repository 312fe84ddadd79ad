#!/usr/bin/env node
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../main-job/options.js';
import { createProgress } from '../main-job/progress.js';
import { parseOptions, USAGE } from './options.js';
import { renderResults, renderSweep } from './render.js';
import { type ExampleResult, runExample } from './run-example.js';
import { runSweep } from './sweep.js';

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === null) {
      process.stdout.write(USAGE);
      return 0;
    }
    const { examples, live, speed, recordings, json, sweep, report } = options;
    const progress = createProgress(process.stderr);
    const results: ExampleResult[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'deepwater-example-'));
    try {
      if (sweep) {
        const best = await runSweep({ recordings, store: join(folder, 'sweep'), progress, ...(report === undefined ? {} : { report }) });
        process.stdout.write(json ? `${JSON.stringify(best, null, 2)}\n` : `\n${renderSweep(best)}\n`);
        return 0;
      }
      for (const example of examples) results.push(await runExample(example, { recordings, store: join(folder, example.name), live, speed, progress }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    process.stdout.write(json ? `${JSON.stringify(results, null, 2)}\n` : `\n${renderResults(results)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nnpm run example -- --help shows the strategies and options.\n`);
      return 2;
    }
    process.stderr.write(`\nFAILED: ${(error as Error)?.stack ?? String(error)}\n`);
    return 1;
  }
}
