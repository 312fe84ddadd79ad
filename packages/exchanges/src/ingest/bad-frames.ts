/** What could not be read: counted by its reason, told once for each, and kept aside where that is wanted. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DeepwaterError } from 'deepwater';
import type { BadFrame } from '../exchange.js';
import { KindCounts } from './kind-counts.js';

/** Bytes kept aside at most: whoever sends garbage all day does not fill the disk. */
const KEPT_BYTES_MAX = 256 << 20;

export class BadFrames {
  readonly #counts = new KindCounts();
  #file: FileHandle | undefined;
  #work: Promise<void> = Promise.resolve();
  #bytes = 0;

  private constructor(private readonly path: string | undefined, private readonly onError: (error: DeepwaterError) => void) {}

  /** @param path a file for lines of JSON: `t` (when it came, µs), `source`, `connection`, `reason`, `message`, `frame`; it is added to @throws DeepwaterError DW_OUTPUT_FAILED */
  static async open(path: string | undefined, onError: (error: DeepwaterError) => void): Promise<BadFrames> {
    const made = new BadFrames(path, onError);
    if (path === undefined) return made;
    try {
      made.#file = await open(path, constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY, 0o600);
      made.#bytes = (await made.#file.stat()).size;
    } catch (cause) {
      throw made.#failure(cause);
    }
    return made;
  }

  /** @returns how many of its kind there have been */
  add(source: string, connection: number, bad: BadFrame, frame: string, receivedUs: number): number {
    const count = this.#counts.add(bad.reason);
    this.#keep(() => `${JSON.stringify({ t: receivedUs, source, connection, reason: bad.reason, message: bad.message, frame })}\n`);
    return count;
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.all;
  }

  reset(): void {
    this.#counts.reset();
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#file?.close();
    this.#file = undefined;
  }

  #keep(line: () => string): void {
    if (this.#file === undefined || this.#bytes >= KEPT_BYTES_MAX) return;
    const bytes = Buffer.from(line(), 'utf8');
    this.#bytes += bytes.length;
    if (this.#bytes >= KEPT_BYTES_MAX) this.onError(new DeepwaterError('DW_LIMIT_EXCEEDED', `${this.path ?? ''} has ${KEPT_BYTES_MAX} bytes of bad frames: more are counted and not kept.`, { values: { file: this.path } }));
    this.#work = this.#work.then(async () => { await this.#file?.appendFile(bytes); }).catch((cause: unknown) => {
      this.#bytes = Infinity;
      this.onError(this.#failure(cause));
    });
  }

  #failure(cause: unknown): DeepwaterError {
    return new DeepwaterError('DW_OUTPUT_FAILED', `Bad frames cannot be kept in ${this.path ?? ''}: ${(cause as Error).message}. Name another file, or make room.`, { values: { file: this.path }, cause });
  }
}
