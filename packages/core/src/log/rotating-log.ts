import fs from 'node:fs';
import { type RotatingFileStream, createStream } from 'rotating-file-stream';
import { DeepwaterError } from '../errors/index.js';
import { type Access, fileMode } from '../mapping/files.js';

/** Rotated at this size; so many older files are kept beside it, `.1` the newest. */
export const LOG_BYTES_MAX = 10 * 1024 * 1024;
export const LOG_FILES_KEPT = 5;
/** Lines that may wait for a slow disk; further ones are dropped and counted. */
const LINES_WAITING_MAX = 10_000;
/** After a failure, lines are dropped for so long before the file is tried again. */
const RETRY_MS = 10_000;

/**
 * A log file that rotates. Lines are written in the background and in order; they do not keep the process alive. A log
 * that cannot be written is no reason to stop: lines are dropped and counted, and Node.js prints one warning.
 */
export class RotatingLog {
  #stream: RotatingFileStream | undefined;
  readonly #waiting: string[] = [];
  #dropped = 0;
  #retryAt = 0;
  #closed = false;

  /** @throws DeepwaterError DW_FILE_CORRUPT where something else than a file stands in its place: links are not followed */
  constructor(
    readonly path: string,
    private readonly access: Access,
    private readonly rotateBytes: number = LOG_BYTES_MAX,
  ) {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile()) {
      throw new DeepwaterError('DW_FILE_CORRUPT', `${path} is not a regular file; links are not followed. Remove it, or open the store with { logLevel: 'silent' }.`, {
        values: { path },
      });
    }
  }

  /** Adds a line, its end included. Never throws. */
  write(line: string): void {
    if (this.#closed) return;
    const stream = this.#waiting.length < LINES_WAITING_MAX ? this.#open() : undefined;
    if (stream === undefined) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.write(`${JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg: `${dropped} lines were dropped: the log could not be written.` })}\n`);
    }
    this.#waiting.push(line);
    stream.write(line, (error) => {
      if (error === null || error === undefined) this.#waiting.shift();
    });
  }

  /** Writes what is waiting, then closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.end();
    });
  }

  /** Writes what is waiting now: for the end of the process. The line being written just then may come twice. */
  closeSync(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#waiting.length === 0) return;
    try {
      fs.appendFileSync(this.path, this.#waiting.join(''), { mode: fileMode(this.access) });
    } catch (error) {
      this.#warn(error as Error);
    }
  }

  #open(): RotatingFileStream | undefined {
    if (this.#stream !== undefined) return this.#stream;
    if (performance.now() < this.#retryAt) return undefined;
    const stream = createStream(this.path, {
      size: `${this.rotateBytes}B`,
      rotate: LOG_FILES_KEPT,
      mode: fileMode(this.access),
    });
    stream.on('error', (error) => {
      this.#dropped += this.#waiting.length;
      this.#waiting.length = 0;
      this.#stream = undefined;
      this.#retryAt = performance.now() + RETRY_MS;
      this.#warn(error);
    });
    this.#stream = stream;
    return stream;
  }

  #warn(error: Error): void {
    process.emitWarning(`${this.path} cannot be written: ${error.message}. Lines are dropped and counted until it can.`, 'DeepwaterWarning');
  }
}
