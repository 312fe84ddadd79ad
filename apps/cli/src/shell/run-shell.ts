import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { DeepwaterError } from 'deepwater';
import { type Asked, askLine } from './ask-line.js';
import type { Commands } from './commands.js';
import { complete } from './complete.js';
import { wordsOf } from './words.js';

export interface ShellOptions {
  readonly prompt: string;
  /** What may be typed. */
  readonly listed: readonly Command[];
  readonly commands: Commands;
  readonly feeds: () => Promise<readonly string[]>;
  readonly terminal: boolean;
}

/** What comes of a line: how its command ended, 'exit', or undefined where there was nothing to do. */
type Outcome = Awaited<ReturnType<Commands['run']>> | 'exit' | undefined;

/** Names of feeds for Tab are asked for again when they are so old. */
const FEEDS_AGE_MS = 2000;

/** Runs lines of standard input as commands until it ends, or `exit`. @returns the exit code: at a terminal 0, else of the last command that failed, or 0; 128 and a signal's number where one ended it */
export function runShell(options: ShellOptions): Promise<number> {
  return options.terminal ? atTerminal(options) : fromPipe(options);
}

async function fromPipe(options: ShellOptions): Promise<number> {
  let failed = 0;
  for await (const line of createInterface({ input: process.stdin, terminal: false })) {
    const outcome = await take(line, options);
    if (outcome === 'exit') break;
    if (outcome?.stopped !== undefined) return 128 + constants.signals[outcome.stopped];
    failed = (outcome?.code ?? 0) || failed;
  }
  return failed;
}

async function atTerminal(options: ShellOptions): Promise<number> {
  const feeds = remembered(options.feeds);
  let before: Pick<Asked, 'begun' | 'history'> = { begun: '', history: [] };
  for (;;) {
    const asked = await askLine(options.prompt, before, (line) => complete(line, options.listed, feeds));
    before = asked;
    if (asked.lines === undefined) return 0;
    for (const line of asked.lines) {
      const outcome = await take(line, options);
      if (outcome === 'exit') return 0;
      if (outcome?.stopped === undefined) continue;
      if (outcome.stopped !== 'SIGINT') return 128 + constants.signals[outcome.stopped];
      // What was pasted behind it is given up with it.
      before = { ...asked, begun: '' };
      break;
    }
  }
}

async function take(line: string, { listed, commands }: ShellOptions): Promise<Outcome> {
  let words: string[];
  try {
    words = wordsOf(line);
  } catch (error) {
    const { code, message } = error as DeepwaterError;
    return refused(`${code}: ${message}`);
  }
  // As everywhere else, with the name of the program in front.
  const args = words[0] === 'deepwater' ? words.slice(1) : words;
  const [name, about] = args;
  if (name === undefined) return undefined;
  if (name === 'exit' || name === 'quit') return 'exit';
  if (name === 'help' && about === undefined) return list(listed);
  const named = name === 'help' ? about : name;
  if (!listed.some((command) => command.name() === named)) return refused(`there is no ${JSON.stringify(named)} here; help lists what there is`);
  return commands.run(name === 'help' ? [named!, '--help'] : args);
}

function refused(why: string): Outcome {
  process.stderr.write(`deepwater: ${why}\n`);
  return { code: 1, stopped: undefined };
}

function list(listed: readonly Command[]): undefined {
  const width = Math.max(...listed.map((command) => command.name().length));
  // The first part of what they say of themselves: a line has room for that.
  const lines = listed.map((command) => `  ${command.name().padEnd(width)}  ${command.description().split(/[:;(]/, 1)[0]!.trim()}`);
  process.stdout.write(`${lines.join('\n')}\n\nhelp COMMAND says what a command takes.\nTab completes; Ctrl+C ends what runs, exit or Ctrl+D the shell.\n`);
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
