/**
 * Frames of live connections into files that `readCaptures` reads: lines of JSON (cryptofeed's format 2), packed with gzip. What has gathered in a
 * second is a gzip member of its own, so that all but the last second of what a killed recorder wrote can be read.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { DeepwaterError } from '@deepwater/core';

export interface CaptureWriterOptions {
  /** Where the files go; made where it is missing. */
  readonly directory: string;
  /** Files are named `<name>-<time>.jsonl.gz`, and the header says it. */
  readonly name: string;
  /** A new file is begun after so long, ms. Default: an hour. */
  readonly fileMs?: number;
  /** Told once of what ends the recording: a full disk, for example. */
  readonly onError: (error: DeepwaterError) => void;
}

const FILE_MS = 3_600_000;
const MEMBER_MS = 1000;
const MEMBER_CHARS = 1 << 20;
/** Text that may wait for the disk; more means that it cannot keep up. */
const WAITING_CHARS_MAX = 256 << 20;
const packed = promisify(gzip);
/** Frames repeat themselves: the fastest level is within a third of the best. */
const LEVEL = 1;

export class CaptureWriter {
  #lines: string[] = [];
  #chars = 0;
  /** Characters that are being written. */
  #writing = 0;
  #work: Promise<void> = Promise.resolve();
  #file: FileHandle | undefined;
  #path = '';
  #fileUs = 0;
  #failed = false;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Map<number, string>();
  /** Bytes of all files so far. */
  bytes = 0;

  constructor(private readonly options: CaptureWriterOptions) {
    this.#timer = setInterval(() => { this.#flush(); }, MEMBER_MS).unref();
  }

  /** The file that is being written; empty before the first line is there. */
  get path(): string {
    return this.#path;
  }

  /** Whether it goes on. */
  get recording(): boolean {
    return !this.#failed;
  }

  connected(connection: number, address: string, us: number): void {
    this.#line(us, `{"t":"connect","conn":${this.#connection(connection)},"ts":${us / 1e6},"addr":${JSON.stringify(address)}}\n`);
    this.#open.set(connection, address);
  }

  disconnected(connection: number): void {
    this.#open.delete(connection);
  }

  sent(connection: number, text: string, us: number): void {
    this.#line(us, `{"t":"send","conn":${this.#connection(connection)},"ts":${us / 1e6},"data":${JSON.stringify(text)}}\n`);
  }

  received(connection: number, text: string, us: number): void {
    this.#line(us, `{"t":"recv","conn":${this.#connection(connection)},"ts":${us / 1e6},"data":${JSON.stringify(text)}}\n`);
  }

  /** The answer of a REST request. */
  replied(url: string, body: string, us: number): void {
    this.#line(us, `{"t":"http","conn":"${this.options.name}.http","ts":${us / 1e6},"url":${JSON.stringify(url)},"data":${JSON.stringify(body)}}\n`);
  }

  /** Resolves when everything is on the device. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    await this.#work;
    await this.#end().catch((error: unknown) => { this.#fail(error); });
  }

  #connection(id: number): string {
    return `"${this.options.name}.ws.${id}"`;
  }

  #line(us: number, line: string): void {
    if (this.#failed) return;
    if (us - this.#fileUs >= (this.options.fileMs ?? FILE_MS) * 1000) this.#begin(us);
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#chars >= MEMBER_CHARS) this.#flush();
    if (this.#chars + this.#writing > WAITING_CHARS_MAX) this.#fail(new Error(`the disk does not keep up: ${WAITING_CHARS_MAX} characters wait`));
  }

  /** The next line goes to a new file, which says again which connections there are. */
  #begin(us: number): void {
    this.#flush();
    this.#fileUs = us;
    const { directory, name } = this.options;
    const path = join(directory, `${name}-${new Date(us / 1000).toISOString().replaceAll(':', '').replace('.', '-')}.jsonl.gz`);
    this.#path = path;
    this.#work = this.#work.then(async () => {
      await this.#end();
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Never over something that is there.
      this.#file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND, 0o600);
    }).catch((error: unknown) => { this.#fail(error); });
    this.#lines.push(`{"t":"header","format":2,"exchange":${JSON.stringify(name)},"recorded":${us / 1e6},"recorder":"deepwater"}\n`);
    for (const [connection, address] of this.#open) this.#lines.push(`{"t":"connect","conn":${this.#connection(connection)},"ts":${us / 1e6},"addr":${JSON.stringify(address)},"continued":true}\n`);
  }

  #flush(): void {
    if (this.#lines.length === 0 || this.#failed) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#chars = 0;
    this.#writing += text.length;
    this.#work = this.#work.then(async () => {
      if (this.#failed) return;
      const member = await packed(text, { level: LEVEL });
      await this.#file?.appendFile(member);
      this.bytes += member.length;
    }).catch((error: unknown) => { this.#fail(error); }).finally(() => { this.#writing -= text.length; });
  }

  async #end(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  #fail(cause: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#lines = [];
    this.#chars = 0;
    const { directory } = this.options;
    const { message, code } = cause as NodeJS.ErrnoException;
    this.options.onError(new DeepwaterError('DW_OUTPUT_FAILED', `Raw frames are not recorded any more in ${directory}: ${message}. What is there can be read; make room and start again.`, { values: { directory, file: this.#path, errno: code }, cause }));
  }
}
