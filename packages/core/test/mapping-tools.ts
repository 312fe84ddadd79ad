/** What the tests of files and mappings share: directories that go away, peers in other threads and processes, a full disk. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterThisTest } from '../../../test/support/afterwards.js';
import { DeepwaterError } from '../dist/index.js';

export { afterThisTest };

/** A directory that is gone after the test. */
export function temporaryDirectory(parent: string = os.tmpdir()): string {
  const directory = fs.mkdtempSync(path.join(parent, 'deepwater-test-'));
  afterThisTest(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A file with these bytes, or with zeros. */
export function temporaryFile(content: Uint8Array | number, directory: string = temporaryDirectory(), name = 'file'): string {
  const file = path.join(directory, name);
  if (typeof content === 'number') {
    fs.writeFileSync(file, '');
    fs.truncateSync(file, content);
  } else {
    fs.writeFileSync(file, content);
  }
  return file;
}

/** The DeepwaterError that `run` throws. */
export function thrownBy(run: () => unknown): DeepwaterError {
  try {
    run();
  } catch (error) {
    if (error instanceof DeepwaterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** How many mappings of a file this process has, in all of its threads. */
export function mappingsOf(file: string): number {
  return fs.readFileSync('/proc/self/maps', 'utf8').split('\n').filter((line) => line.includes(file)).length;
}

/** Collects garbage until a condition holds, or about ten seconds are over. @returns whether it holds. */
export async function collectedUntil(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    if (await condition()) return true;
  }
  return false;
}

/** Code in another thread or process that does what it is asked (see workers/mapping-peer.mjs). */
export class Peer {
  #asked = 0;

  private constructor(readonly host: Worker | ChildProcess) {}

  static async thread(): Promise<Peer> {
    const worker = new Worker(new URL('./workers/mapping-peer.mjs', import.meta.url));
    afterThisTest(() => worker.terminate());
    await once(worker, 'message');
    return new Peer(worker);
  }

  static async process(): Promise<Peer> {
    const child = fork(new URL('./workers/mapping-peer.mjs', import.meta.url), { execArgv: ['--expose-gc'], serialization: 'advanced' });
    const ended = once(child, 'exit');
    afterThisTest(() => (child.kill('SIGKILL'), ended));
    await once(child, 'message');
    return new Peer(child);
  }

  get pid(): number {
    return this.host instanceof Worker ? process.pid : (this.host.pid as number);
  }

  async ask<T>(request: string, args: object = {}): Promise<T> {
    const number = ++this.#asked;
    const { host } = this;
    const answered = new Promise<{ value: T }>((resolve, reject) => {
      const listen = (answer: { number: number; value: T; error?: string }): void => {
        if (answer.number !== number) return;
        host.off('message', listen);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(answer.error));
      };
      host.on('message', listen);
    });
    if (host instanceof Worker) host.postMessage({ number, request, args });
    else host.send({ number, request, args });
    return (await answered).value;
  }

  /** Kills a process, and waits for its end. */
  async kill(): Promise<void> {
    if (this.host instanceof Worker) throw new Error('a thread cannot be killed');
    const end = once(this.host, 'exit');
    this.host.kill('SIGKILL');
    await end;
  }
}

/** Runs a script in a process of its own; what it ended with. */
export async function runScript(script: URL, args: readonly string[], timeoutMs = 20_000): Promise<{ code: number | null; signal: string | null; output: string }> {
  const child = fork(script, args, { execArgv: ['--expose-gc'], silent: true, timeout: timeoutMs, killSignal: 'SIGKILL' });
  let output = '';
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (output += text.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, output };
}

/** A file system of its own with room for `bytes`; the reason where this user may not mount one. */
export function smallFileSystem(bytes: number): { directory: string } | { reason: string } {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], { stdio: 'pipe' });
  } catch (error) {
    fs.rmdirSync(directory);
    return { reason: `no file system can be mounted here: ${(error as Error).message.trim()}` };
  }
  afterThisTest(() => {
    execFileSync('umount', ['-l', directory], { stdio: 'pipe' });
    fs.rmdirSync(directory);
  });
  return { directory };
}

/** Leaves no room on a small file system. */
export function fill(directory: string): void {
  const fd = fs.openSync(path.join(directory, 'filling'), 'w');
  try {
    for (const size of [65536, 4096, 1]) {
      for (;;) fs.writeSync(fd, Buffer.alloc(size, 1));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    fs.closeSync(fd);
  }
}
