/**
 * Output to a file. It is written under a name of its own beside the file that was asked for, and gets that name when it is
 * whole: whoever opens the file finds the old one or the new one. What exists and is no regular file (a FIFO, a device) is written to
 * as it is.
 */
import { close, openSync, unlinkSync, write } from 'node:fs';
import { realpath, rename, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { DeepwaterError } from '@deepwater/core';
import { gathered } from './gathered.js';
import type { Output } from './output.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @throws DeepwaterError DW_OUTPUT_FAILED */
export async function openOutputFile(name: string): Promise<Output> {
  const { target, regular } = await tried(name, () => targetOf(name));
  const output = new FileOutput(name, target, regular ? `${target}.${process.pid}.part` : undefined);
  await tried(name, async () => { output.open(); });
  return output;
}

const writeTo = promisify(write);
const closeFile = promisify(close);

class FileOutput implements Output {
  readonly kind: Output['kind'];
  /** A file is always there to be written to. */
  readonly closed = new AbortController().signal;
  readonly #gathered = gathered((piece) => this.#put(typeof piece === 'string' ? Buffer.from(piece) : piece));
  readonly print = this.#gathered.print;
  readonly write = this.#gathered.write;
  readonly flush = this.#gathered.flush;
  #fd = -1;

  /** @param part where it is written, until it is whole */
  constructor(private readonly name: string, private readonly target: string, private readonly part: string | undefined) {
    this.kind = part === undefined ? 'pipe' : 'file';
  }

  open(): void {
    if (this.part === undefined) {
      this.#fd = openSync(this.target, 'w');
      return;
    }
    // Before the file is there, and in one turn of the event loop: a signal finds both or neither.
    for (const signal of SIGNALS) process.once(signal, this.#stopped);
    process.once('exit', this.#remove);
    try {
      this.#fd = openSync(this.part, 'wx', 0o666);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.flush();
    await tried(this.name, async () => {
      await closeFile(this.#fd);
      if (this.part !== undefined) await rename(this.part, this.target);
    });
    this.#forget();
  }

  async abandon(): Promise<void> {
    await closeFile(this.#fd).catch(() => undefined);
    this.#remove();
    this.#forget();
  }

  async #put(bytes: Uint8Array): Promise<void> {
    await tried(this.name, async () => {
      for (let done = 0; done < bytes.byteLength; ) done += (await writeTo(this.#fd, bytes, done)).bytesWritten;
    });
  }

  /** Ends the process by the signal, as if nobody had caught it. */
  readonly #stopped = (signal: NodeJS.Signals): void => {
    this.#remove();
    this.#forget();
    process.kill(process.pid, signal);
  };

  readonly #remove = (): void => {
    if (this.part === undefined) return;
    try {
      unlinkSync(this.part);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') process.stderr.write(`deepwater: ${this.part} could not be removed: ${(error as Error).message}\n`);
    }
  };

  #forget(): void {
    for (const signal of SIGNALS) process.off(signal, this.#stopped);
    process.off('exit', this.#remove);
  }
}

/** What a name leads to: the file behind a symbolic link is the one to be replaced. */
async function targetOf(name: string): Promise<{ target: string; regular: boolean }> {
  try {
    const target = await realpath(name);
    const found = await stat(target);
    if (found.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    return { target, regular: found.isFile() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { target: name, regular: true };
  }
}

async function tried<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (DeepwaterError.isDeepwaterError(cause)) throw cause;
    throw new DeepwaterError('DW_OUTPUT_FAILED', `--output ${JSON.stringify(name)} cannot be written: ${(cause as Error).message}. Nothing of it is left; name another file, or make room.`, {
      values: { file: name, errno: (cause as NodeJS.ErrnoException).code }, cause,
    });
  }
}
