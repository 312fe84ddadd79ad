import { execFileSync } from 'node:child_process';
import type { AllocationArgument, AllocationResult } from '../children/allocation.js';
import type { AllocationReadArgument, AllocationReadResult } from '../children/allocation-read.js';
import { type BenchContext, type Benchmark, type Line, line } from '../lib/benchmark.js';
import { runChild } from '../lib/child.js';
import { sampleOf } from '../lib/sample.js';
import { newStorePath, removeStore } from '../lib/stores.js';

/** Rounds to nothing: the smallest object has 16 bytes, and waiting for the ring costs a little now and then. */
const TARGET_BYTES = 0.5;
/** Large enough for 10^7 records at 40 bytes: nothing is collected, so growth is allocation. */
const NODE_FLAGS = ['--expose-gc', '--min-semi-space-size=512', '--max-semi-space-size=512'];

/** Versions of Node that `--all-nodes` runs this on, fetched by npx. */
const OTHER_NODES = (process.env['DEEPWATER_BENCH_NODES'] ?? '22,24,26').split(',').filter((version) => version !== '');

/** The path of a Node of a major version; undefined where it cannot be had. */
function nodeOf(version: string): string | undefined {
  try {
    return execFileSync('npx', ['-y', `node@${version}`, '-p', 'process.execPath'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

async function measure(context: BenchContext, label: string, node: string | undefined): Promise<Line[]> {
  const records = context.pick(10_000_000, 1_000_000);
  const ones: number[] = [];
  const batches: number[] = [];
  const problems: string[] = [];
  let version = label;
  for (let run = 0; run < context.pick(5, 1); run++) {
    const basePath = newStorePath(context.directory);
    try {
      const argument: AllocationArgument = { basePath, records };
      const { result } = await runChild<AllocationResult>('allocation', argument, { nodeFlags: NODE_FLAGS, ...(node === undefined ? {} : { node }) });
      if (result.collections > 0) problems.push(`${result.collections} collections during the run: the count is not true`);
      problems.push(...result.problems);
      ones.push(result.oneBytes);
      batches.push(result.batchBytes);
      version = result.node;
      context.progress(`Node ${version}: ${result.oneBytes.toFixed(3)} bytes a record, in batches ${result.batchBytes.toFixed(3)}`);
    } finally {
      removeStore(basePath);
    }
  }
  const lineOf = (id: string, what: string, values: number[]): Line => {
    const sample = sampleOf(values);
    return line({
      id: `${id}${label}`, what: `${what}, Node ${version}`, unit: 'bytes', sample, problems,
      target: { text: `0 bytes (< ${TARGET_BYTES}) in every run`, met: sample.max < TARGET_BYTES },
    });
  };
  return [
    lineOf('allocation', `heap bytes for each of ${records.toLocaleString('en')} records written by writeValues`, ones),
    lineOf('allocation-batch', 'heap bytes for each record written by writeColumns', batches),
  ];
}

/** The same for a subscriber. */
async function measureReading(context: BenchContext, label: string, node: string | undefined): Promise<Line[]> {
  const records = context.pick(10_000_000, 1_000_000);
  const seen: AllocationReadResult[] = [];
  for (let run = 0; run < context.pick(5, 1); run++) {
    const basePath = newStorePath(context.directory);
    try {
      const argument: AllocationReadArgument = { basePath, records };
      const { result } = await runChild<AllocationReadResult>('allocation-read', argument, { nodeFlags: NODE_FLAGS, ...(node === undefined ? {} : { node }) });
      seen.push(result);
      context.progress(`Node ${result.node}: ${result.runBytes.toFixed(3)} bytes a record in runs, ${result.singleBytes.toFixed(3)} one at a time, ${result.spinBytes.toFixed(3)} spinning; ${result.idleBytes.toFixed(0)} bytes a second idle`);
    } finally {
      removeStore(basePath);
    }
  }
  const problems = seen.flatMap((result) => result.collections > 0 ? [`${result.collections} collections during the run: the count is not true`, ...result.problems] : result.problems);
  const lineOf = (id: string, what: string, pick: (result: AllocationReadResult) => number): Line => {
    const sample = sampleOf(seen.map(pick));
    return line({
      id: `${id}${label}`, what: `heap bytes for each record ${what}, Node ${seen.at(-1)?.node ?? ''}`, unit: 'bytes', sample, problems,
      target: { text: `0 bytes (< ${TARGET_BYTES}) in every run`, met: sample.max < TARGET_BYTES },
    });
  };
  return [
    {
      ...lineOf('allocation-read', `of ${records.toLocaleString('en')} that a subscriber takes in runs, every value checked through the flyweight`, ({ runBytes }) => runBytes),
      notes: [`a subscriber that spins in vain with a deadline, which means looking at the clock, allocates ${Math.round(sampleOf(seen.map(({ idleBytes }) => idleBytes)).median)} bytes a second (median)`],
    },
    lineOf('allocation-read-single', 'in runs of one, writing it included', ({ singleBytes }) => singleBytes),
    lineOf('allocation-read-spin', 'that forEach gives to a spinning subscriber beside a thread that writes at full speed', ({ spinBytes }) => spinBytes),
  ];
}

export const allocation: Benchmark = {
  name: 'allocation',
  title: 'what the write path and subscribers allocate',
  async run(context) {
    const lines = [...await measure(context, '', undefined), ...await measureReading(context, '', undefined)];
    if (!context.allNodes) return lines;
    for (const version of OTHER_NODES) {
      const node = nodeOf(version);
      if (node === undefined) context.progress(`Node ${version} cannot be had here`);
      else lines.push(...await measure(context, `-node${version}`, node), ...await measureReading(context, `-node${version}`, node));
    }
    return lines;
  },
};
