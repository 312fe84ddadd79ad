/** npm run bench: runs the benchmarks one after the other and says which target each line meets. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BENCHMARKS } from './benchmarks/index.js';
import { clockCostNs } from './lib/clock.js';
import { writeTable } from './lib/docs.js';
import { LOAD_WARNING, STOLEN_WARNING, describeMachine, loadAverage, processorTimes, stolenSince } from './lib/machine.js';
import { type Outcome, type Report, figure, holds, markdownOf } from './lib/report.js';
import { killRunning, runBenchmark } from './lib/run-benchmark.js';
import { makeScratch } from './lib/scratch.js';
import { type BenchOptions, HELP, parseOptions } from './options.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Progress goes to stderr: what is on stdout is the table. */
const tell = (text: string): void => { process.stderr.write(`${text}\n`); };

async function run(options: BenchOptions): Promise<Report> {
  const date = new Date().toISOString();
  const loadBefore = loadAverage();
  const times = processorTimes();
  const machine = describeMachine(clockCostNs());
  tell(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load average ${loadBefore.toFixed(2)}, clock ${figure(machine.clockCostNs.median)} ns`);
  if (loadBefore > LOAD_WARNING) tell(`WARNING: the load average is above ${LOAD_WARNING}: these will be the figures of a busy machine`);

  const scratch = makeScratch(options.directory ?? path.join(ROOT, 'data'));
  const interrupted = (): void => {
    killRunning();
    scratch.remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const outcomes: Outcome[] = [];
  try {
    for (const benchmark of BENCHMARKS) {
      if (options.only.length > 0 && !options.only.includes(benchmark.name)) continue;
      tell(`${benchmark.name}: ${benchmark.title}`);
      const order = { quick: options.quick, directory: scratch.directory, memoryDirectory: scratch.memoryDirectory, allNodes: options.allNodes };
      const outcome = await runBenchmark(benchmark, order, (text) => { tell(`  ${text}`); });
      for (const { id, sample, unit, target, problems } of outcome.lines) {
        tell(`  ${id}: ${problems.length > 0 ? `INVALID (${problems[0]})` : `${figure(sample.median)} ${unit}`}${target === undefined ? '' : `, target ${target.text} ${target.met ? 'met' : 'missed'}`}`);
      }
      if (outcome.stolen > STOLEN_WARNING) tell(`  (the host kept ${(outcome.stolen * 100).toFixed(1)} % of the processors for other guests meanwhile)`);
      if (outcome.failure !== undefined) tell(`  FAILED: ${outcome.failure}`);
      outcomes.push(outcome);
    }
  } finally {
    scratch.remove();
  }
  return { date, quick: options.quick, machine, loadBefore, loadAfter: loadAverage(), stolen: stolenSince(times), outcomes };
}

/** Where results go: those of a run of everything, at full length, are kept apart from the others. */
function resultFile(options: BenchOptions): string {
  if (options.json !== undefined) return path.resolve(options.json);
  return path.join(ROOT, 'bench', 'results', options.quick || options.only.length > 0 ? 'partial.json' : 'latest.json');
}

try {
  const options = parseOptions(process.argv.slice(2), BENCHMARKS.map(({ name }) => name));
  if (options.help) {
    console.log(`${HELP}\n\nBenchmarks:\n${BENCHMARKS.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join('\n')}`);
  } else {
    const report = await run(options);
    const table = markdownOf(report);
    const file = resultFile(options);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(file.replace(/(\.json)?$/, '.md'), table);
    console.log(table);
    if (options.writeDocs) writeTable(path.join(ROOT, 'docs', 'BENCHMARKS.md'), table);
    process.exitCode = holds(report) ? 0 : 1;
  }
} catch (error) {
  tell(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
