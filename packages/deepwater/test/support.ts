import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export { openPlatform } from '../../../test/support/platforms.js';
export { temporaryDirectory } from '../../../test/support/afterwards.js';

export const TRADES = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'timestamp_us', type: 'uint64' },
  ],
  timestamp: 'timestamp_us',
  chunkSizeMb: 1,
} as const;

/** The time of the first trade; each is a millisecond after the one before. */
export const START = 1738368000000000;
export const trade = (n: number): [number, number, string, number] => [100 + n / 8, n, n % 2 === 0 ? 'B' : 'S', START + n * 1000];

/** What is thrown, or rejected with. */
export async function failure(run: () => unknown): Promise<Error & { code?: string; values?: Record<string, unknown> }> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** A process of these tests: it prints lines, and reads them. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;

  /** @param program a file, and whose rights it is to have, where that is not the user of the tests */
  constructor(program: string | { readonly file: string; readonly uid: number }, ...args: string[]) {
    const { file, ...rights } = typeof program === 'string' ? { file: program } : { ...program, gid: program.uid };
    this.child = spawn(process.execPath, [fileURLToPath(new URL(`./processes/${file}`, import.meta.url)), ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...rights });
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    let stderr = '';
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({ code, signal, stderr })));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The next line it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the process ended: ${JSON.stringify(await this.ended)}`);
    return value;
  }

  say(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }
}
