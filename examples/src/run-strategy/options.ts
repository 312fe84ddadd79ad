import { parseArgs } from 'node:util';
import { SAMPLE_DATA } from '../folders.js';
import { UsageError } from '../main-job/options.js';
import { EXAMPLES, type Example } from './examples.js';

export const USAGE = `Runs example strategies on real market data: over history, or live while a writer replays the recordings.

usage: npm run example -- [name ...] [options]

${EXAMPLES.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}

  --live           replay the recordings into the feeds while the strategy follows them
  --speed <x>      with --live: times as fast as they were recorded (default 20; 0: as fast as possible)
  --sweep          try a thousand sets of parameters of a breakout strategy on a day of ETH-USD, in backtests
  --report <file>  with --sweep: write an HTML report
  --shared <dir>   whole recordings, laid out like the sample that the repository carries (default: the sample)
  --json           print the results as JSON
  --help           this text

exit code: 0 all ran to their end; 1 something failed; 2 wrong usage
`;

export interface Options {
  readonly examples: readonly Example[];
  readonly live: boolean;
  readonly speed: number;
  readonly recordings: string;
  readonly json: boolean;
  readonly sweep: boolean;
  readonly report?: string;
}

/** @returns null when the usage was asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): Options | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const names = EXAMPLES.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no strategy ${unknown}; there are ${names.join(', ')}`);
  const speed = Number(values.speed);
  if (!(speed >= 0) || values.speed.trim() === '') throw new UsageError(`--speed ${values.speed} is not a number of 0 or more`);
  if (values.report !== undefined && !values.sweep) throw new UsageError('--report goes with --sweep');
  const examples = positionals.length === 0 ? EXAMPLES : EXAMPLES.filter(({ name }) => positionals.includes(name));
  return { examples, live: values.live, speed, recordings: values.shared ?? SAMPLE_DATA, json: values.json, sweep: values.sweep, ...(values.report === undefined ? {} : { report: values.report }) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        live: { type: 'boolean', default: false },
        speed: { type: 'string', default: '20' },
        shared: { type: 'string' },
        sweep: { type: 'boolean', default: false },
        report: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
