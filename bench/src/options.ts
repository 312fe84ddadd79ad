import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of the benchmarks to run; empty for all. */
  readonly only: readonly string[];
  readonly quick: boolean;
  /** Where the results go as JSON, and as Markdown beside it; bench/results/ when left out. */
  readonly json: string | undefined;
  /** Where stores are made; a directory of its own below it is used and removed. */
  readonly directory: string | undefined;
  readonly allNodes: boolean;
  readonly writeDocs: boolean;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [options]

Runs the benchmarks, each in a process of its own, and prints a Markdown table: what was measured, and which target
each line meets. JSON and Markdown go to bench/results/.

  --only <names>   only these, separated by commas (may be given more than once)
  --quick          two minutes or three in all: shows that everything works, not how fast
  --dir <path>     where stores are made, on the disk to be measured (default: data/ in the repository)
  --json <file>    where the results go; the Markdown goes beside it
  --all-nodes      run the allocation lines on other versions of Node too (DEEPWATER_BENCH_NODES, default 22,24,26)
  --write-docs     copy the table into docs/BENCHMARKS.md (a full run only)
  --help           this text

The exit code is 1 where a benchmark failed or measured wrong values, not where a target was missed.`;

/** @throws RangeError for what does not exist, with the names that do */
export function parseOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'only': { type: 'string', multiple: true },
      'quick': { type: 'boolean', default: false },
      'json': { type: 'string' },
      'dir': { type: 'string' },
      'all-nodes': { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      'help': { type: 'boolean', default: false },
    },
  });
  const only = (values.only ?? []).flatMap((list) => list.split(',')).map((name) => name.trim()).filter((name) => name !== '');
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new RangeError(`no benchmark is called ${unknown.join(', ')}; there are: ${names.join(', ')}`);
  if (values['write-docs'] && (values.quick || only.length > 0)) throw new RangeError('--write-docs takes a full run: leave out --quick and --only');
  return {
    only, quick: values.quick, json: values.json, directory: values.dir, allNodes: values['all-nodes'], writeDocs: values['write-docs'], help: values.help,
  };
}
