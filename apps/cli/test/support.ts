import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../../test/support/afterwards.js';
import { openPlatform } from '../../../test/support/platforms.js';

export { openPlatform, temporaryDirectory };

const BIN = fileURLToPath(new URL('../bin/deepwater.js', import.meta.url));

export const TRADES = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'decimal', scale: 2 },
    { name: 'side', type: 'char' },
    { name: 'id', type: 'uint64', desc: 'of the exchange' },
    { name: 'note', type: 'string', bytes: 24 },
    { name: 'timestamp_us', type: 'uint64' },
    { name: 'received_ns', type: 'int64', unit: 'ns' },
  ],
  timestamp: 'timestamp_us',
  clocks: ['received_ns'],
  chunkSizeMb: 1,
} as const;

/** 2025-02-01T00:00:00Z */
export const START = 1738368000000000;

/** Each trade is a millisecond after the one before. */
export const trade = (n: number, note = ''): [number, string, string, bigint, string, number, bigint] =>
  [100 + n / 4, `${n}.25`, n % 2 === 0 ? 'B' : 'S', BigInt(n), note, START + n * 1000, BigInt(START) * 1000n + BigInt(n) * 1_000_007n];

/** A store with `count` trades in chunks, and nothing open. */
export async function storeWithTrades(count: number, note?: string): Promise<string> {
  const platform = await openPlatform();
  await platform.createFeed(TRADES);
  const writer = await platform.createWriter<typeof TRADES>('trades');
  for (let n = 0; n < count; n++) writer.writeValues(...trade(n, note));
  await platform.close();
  return platform.basePath;
}

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end, in a process of its own; stdout goes to a file where one is named. */
export async function deepwaterProcess(args: readonly string[], env: Record<string, string> = {}, outputFile?: string): Promise<Result & { signal: NodeJS.Signals | null }> {
  return new Running(args, env, outputFile).ended;
}

let resident: ChildProcess | undefined;
let commands = 0;

/** Runs the command to its end in a process that runs all such commands, of all files that share this one: most of what a command takes is to load the program. */
export async function deepwater(args: readonly string[]): Promise<Result> {
  const child = (resident ??= fork(fileURLToPath(new URL('resident.mjs', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }).once('exit', () => { resident = undefined; }));
  const id = ++commands;
  return new Promise((resolve, reject) => {
    const settle = (answer: Result & { id: number }): void => {
      if (answer.id !== id) return;
      child.off('message', settle).off('exit', ended);
      const { code, stdout, stderr } = answer;
      resolve({ code, stdout, stderr });
    };
    const ended = (code: number | null, signal: string | null): void => {
      reject(new Error(`the process of the commands ended with ${signal ?? code} at ${args.join(' ')}`));
    };
    child.on('message', settle).on('exit', ended);
    child.send({ id, args });
  });
}

/** The command, while it runs. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Result & { signal: NodeJS.Signals | null }>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], env: Record<string, string> = {}, outputFile?: string) {
    const output = outputFile === undefined ? undefined : openSync(outputFile, 'w');
    this.child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env }, stdio: ['pipe', output ?? 'pipe', 'pipe'] });
    if (output !== undefined) closeSync(output);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null, signal: signal as NodeJS.Signals | null, stdout: this.#stdout, stderr: this.#stderr,
    }));
  }

  /** Writes a line to its standard input. */
  type(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** Waits until stdout has a line like this; gives it. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.#stdout.split('\n').find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const ended = await Promise.race([once(this.child.stdout!, 'data').then(() => undefined), this.ended]);
      if (ended !== undefined && !ended.stdout.split('\n').some((line) => pattern.test(line))) throw new Error(`it ended: ${JSON.stringify(ended)}`);
    }
  }

  /** Waits until stdout has so many lines; gives all of them. */
  async lines(count: number): Promise<string[]> {
    for (;;) {
      const lines = this.#stdout.split('\n').slice(0, -1);
      if (lines.length >= count) return lines;
      const ended = await Promise.race([once(this.child.stdout!, 'data').then(() => undefined), this.ended]);
      if (ended !== undefined && ended.stdout.split('\n').length <= count) throw new Error(`it ended: ${JSON.stringify(ended)}`);
    }
  }
}

