#!/usr/bin/env node
import { resolve } from 'node:path';
import { runCommand } from '../command.js';
import { emptyDataFolder, checkKeptFolder, markComplete, storePath } from './data-folder.js';
import { type Options, parseOptions, USAGE, UsageError } from './options.js';
import { createProgress } from './progress.js';
import { renderReport } from './report.js';
import { runJob } from './run-job.js';
import { findSources } from '../sources/find-sources.js';

process.exitCode = await runCommand({ usage: USAGE, help: 'npm start -- --help', parse: parseOptions, run }, process.argv.slice(2));

async function run({ data, recordings, keep, json }: Options): Promise<string> {
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
  return json ? `${JSON.stringify(report, null, 2)}\n` : `\n${renderReport(report)}\n`;
}
