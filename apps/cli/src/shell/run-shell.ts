import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { parseArgsStringToArgv } from 'string-argv';
import { stdoutClosed } from '../output/stdout.js';
import { askLine } from './ask-line.js';
import { complete } from './complete.js';

export interface ShellOptions {
  readonly prompt: string;
  /** What may be typed. */
  readonly commands: readonly Command[];
  readonly run: (args: readonly string[]) => Promise<number>;
  readonly feeds: () => Promise<readonly string[]>;
}

/** Names of feeds for Tab are asked for again when they are so old. */
const FEEDS_AGE_MS = 2000;
/** A command that ends sooner after Ctrl+C says nothing about it. */
const PATIENCE_MS = 500;

/** Runs lines of standard input as commands until it ends, or `exit`. @returns the exit code: of the last command that failed, or 0 */
export async function runShell(options: ShellOptions): Promise<number> {
  const { prompt, commands } = options;
  let failed = 0;
  /** @returns whether to go on */
  const take = async (line: string): Promise<boolean> => {
    const args = argsOf(line);
    if (args[0] === 'exit' || args[0] === 'quit') return false;
    if (args.length > 0) failed = (await attended(() => runOne(args, options))) || failed;
    return !stdoutClosed.aborted;
  };
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) {
    for await (const line of createInterface({ input: process.stdin, terminal: false })) if (!await take(line)) break;
    return failed;
  }
  const feeds = remembered(options.feeds);
  let history: string[] = [];
  for (;;) {
    const asked = await askLine(prompt, history, (line) => complete(line, commands, feeds));
    if (asked.lines === undefined) return 0;
    history = asked.history;
    for (const line of asked.lines) if (!await take(line)) return 0;
  }
}

/** Words as a shell has them; `#` begins a remark, and who types the name of the program, as everywhere else, means the same. */
function argsOf(line: string): string[] {
  const words = parseArgsStringToArgv(line);
  if (words[0]?.startsWith('#') === true) return [];
  return words[0] === 'deepwater' ? words.slice(1) : words;
}

async function runOne(args: readonly string[], { commands, run }: ShellOptions): Promise<number> {
  const [name = '', about] = args;
  if (name === 'help' && about === undefined) {
    const width = Math.max(...commands.map((command) => command.name().length));
    // The first part of what they say of themselves: a line has room for that.
    const lines = commands.map((command) => `  ${command.name().padEnd(width)}  ${command.description().split(/[:;(]/, 1)[0]!.trim()}`);
    process.stdout.write(`${lines.join('\n')}\n\nhelp COMMAND says what a command takes. Tab completes; Ctrl+C ends what runs, exit or Ctrl+D the shell.\n`);
    return 0;
  }
  const named = name === 'help' ? about : name;
  if (!commands.some((command) => command.name() === named)) {
    process.stderr.write(`deepwater: there is no ${JSON.stringify(named)} here; help lists what there is\n`);
    return 1;
  }
  return run(name === 'help' ? [named!, '--help'] : args);
}

/** While a command runs, Ctrl+C is for it; a second one ends the process, where it does not listen. */
async function attended(work: () => Promise<number>): Promise<number> {
  let presses = 0;
  let late: NodeJS.Timeout | undefined;
  const pressed = (): void => {
    if (++presses > 1) process.exit(130);
    late = setTimeout(() => { process.stderr.write('deepwater: it goes on; Ctrl+C again ends the shell\n'); }, PATIENCE_MS);
  };
  process.on('SIGINT', pressed);
  try {
    return await work();
  } finally {
    process.off('SIGINT', pressed);
    clearTimeout(late);
  }
}

function remembered(ask: () => Promise<readonly string[]>): () => Promise<readonly string[]> {
  let known: readonly string[] = [];
  let untilMs = -Infinity;
  return async () => {
    if (performance.now() >= untilMs) {
      known = await ask();
      untilMs = performance.now() + FEEDS_AGE_MS;
    }
    return known;
  };
}
