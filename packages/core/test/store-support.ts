import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export { temporaryDirectory } from '../../../test/support/afterwards.js';

/**
 * Runs a worker file of these tests in several processes that begin at the same moment: each says that it is ready, then
 * all are told to go. Gives the JSON that each prints.
 */
export async function runTogether<T>(file: string, argumentLists: readonly (readonly string[])[]): Promise<T[]> {
  const children = argumentLists.map((args) => startProcess(file, ...args));
  const outputs = children.map((child) => {
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    return async () => (await lines.next()).value as string;
  });
  for (const line of outputs) {
    if ((await line()) !== 'ready') throw new Error(`${file} did not get ready`);
  }
  for (const child of children) child.stdin!.write('go\n');
  return Promise.all(outputs.map(async (line) => JSON.parse(await line()) as T));
}

/** Starts a worker file as a process. */
export function startProcess(file: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [pathOf(file), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`./workers/${file}`, import.meta.url));
}

/** What is thrown, or rejected with. */
export async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
