import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly nodeFlags?: readonly string[];
  /** The Node binary; this process's own when left out. */
  readonly node?: string;
  /** The child is meant to end by this signal. */
  readonly endsBy?: NodeJS.Signals;
}

export interface ChildEnd<T> {
  /** What the child said last. */
  readonly result: T;
  /** From the start of the process to its first word. */
  readonly saidAfterMs: number;
}

/** A child that takes longer hangs. */
const LIMIT_MS = 300_000;

/**
 * Runs one of the scripts in `children/` in a process of its own. It gets its argument as JSON and says its result as JSON,
 * on a line of its output.
 * @throws Error where it ends otherwise than expected, with what it wrote to stderr
 */
export function runChild<T>(script: string, argument: unknown, options: ChildOptions = {}): Promise<ChildEnd<T>> {
  const file = fileURLToPath(new URL(`../children/${script}.js`, import.meta.url));
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(options.node ?? process.execPath, [...(options.nodeFlags ?? []), file, JSON.stringify(argument)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let saidAfterMs = 0;
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (saidAfterMs === 0) saidAfterMs = performance.now() - started;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text; });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (options.endsBy === undefined ? code === 0 : signal === options.endsBy) {
        const said = output.trimEnd().split('\n').at(-1) ?? '';
        resolve({ result: (said === '' ? undefined : JSON.parse(said)) as T, saidAfterMs });
      } else {
        reject(new Error(`the child ${script} ended with ${signal ?? `code ${code}`}: ${errors.slice(-2000)}`));
      }
    });
  });
}

/** The argument of this child process. */
export function childArgument<T>(): T {
  return JSON.parse(process.argv[2]) as T;
}

/** Says this child's result. Written at once: the process may be about to be killed. */
export function sayResult(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
