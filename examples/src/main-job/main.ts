#!/usr/bin/env node
import { resolve } from 'node:path';
import { emptyDataFolder, checkKeptFolder, markComplete, storePath } from './data-folder.js';
import { type Options, parseOptions, USAGE, UsageError } from './options.js';
import { createProgress } from './progress.js';
import { renderReport } from './report.js';
import { runJob } from './run-job.js';
import { findSources } from '../sources/find-sources.js';

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === null) {
      process.stdout.write(USAGE);
      return 0;
    }
    await run(options);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nnpm start -- --help shows the options.\n`);
      return 2;
    }
    // The stack only where nobody foresaw the error: those with a message of their own say what to do.
    const foreseen = error instanceof Error && error.name !== 'Error' && error.name !== 'TypeError';
    process.stderr.write(`\nFAILED: ${foreseen ? `${error.name}: ${error.message}` : (error as Error)?.stack ?? String(error)}\n`);
    return 1;
  }
}

async function run({ data, recordings, keep, json }: Options): Promise<void> {
  const sources = findSources(recordings);
  if (sources.length === 0) throw new UsageError(`there are no recordings below ${recordings}`);
  if (keep) checkKeptFolder(data, sources);
  else emptyDataFolder(data, sources);
  const report = await runJob({
    sources,
    recordings,
    store: resolve(storePath(data)),
    write: !keep,
    onWritten: () => markComplete(data, sources),
    progress: createProgress(process.stderr),
  });
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `\n${renderReport(report)}\n`);
}
