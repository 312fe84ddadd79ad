/** A file that is imported: what it holds, unpacked by what its first bytes say, and what tells it from every other. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { constants, crc32, createGunzip, createInflateRaw } from 'node:zlib';
import { DeepwaterError } from '@deepwater/core';
import { Decompress } from 'fzstd';
import { ZIP_METHOD, type ZipEntry, contentOffset, isZip, zipEntries } from './zip.js';

/** Bytes that are read and unpacked at once. */
const BLOCK_BYTES = 1 << 20;

/** One text in a file: the file itself, or an entry of a zip. */
export interface Part {
  /** Of the entry, or of the file without its folder. */
  readonly name: string;
  /** Its bytes, unpacked, from the beginning; a block is good until the next one is asked for. */
  blocks(): AsyncIterable<Uint8Array>;
}

export class SourceFile {
  /** Packed bytes that were read of the parts. */
  bytesRead = 0;
  /** A gzip that breaks off is read as far as it goes: what a recorder was killed over. */
  cutOff = false;

  private constructor(readonly path: string, readonly handle: FileHandle, readonly bytes: number, private readonly changedMs: number, private readonly head: Buffer) {}

  /** @throws DeepwaterError DW_IMPORT_UNREADABLE for what is not there, is no file, or may not be read */
  static async open(name: string): Promise<SourceFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(name, 'r');
      const stat = await handle.stat();
      if (stat.isDirectory()) throw new Error('it is a directory');
      if (!stat.isFile()) throw new Error('it is no regular file, and an import that is interrupted has to read it again');
      const head = Buffer.alloc(Math.min(stat.size, 64));
      await handle.read(head, 0, head.length, 0);
      return new SourceFile(path.resolve(name), handle, stat.size, stat.mtimeMs, head);
    } catch (cause) {
      await handle?.close();
      throw unreadable(name, cause);
    }
  }

  get name(): string { return path.basename(this.path); }

  /** Whether it begins with these bytes, as it lies there. */
  beginsWith(magic: string): boolean {
    return this.head.subarray(0, magic.length).toString('latin1') === magic;
  }

  /** Bytes [start, end) as they lie there, in a memory of their own. */
  async range(start: number, end: number): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.handle.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw new Error(`it ends at byte ${start + done}, where ${end} were expected`);
      done += bytesRead;
    }
    this.bytesRead += bytes.length;
    return bytes.buffer;
  }

  /** SHA-256 of the bytes as they lie there. @throws the signal's reason */
  async hash(signal?: AbortSignal, told: (bytes: number) => void = () => undefined): Promise<string> {
    const hash = createHash('sha256');
    for await (const block of this.#read(0, this.bytes)) {
      signal?.throwIfAborted();
      hash.update(block);
      told(block.byteLength);
    }
    return hash.digest('hex');
  }

  /** What is in it. @throws DeepwaterError DW_IMPORT_UNREADABLE for a damaged zip */
  async parts(): Promise<Part[]> {
    if (!isZip(this.head)) return [{ name: this.name.replace(/\.(gz|zst)$/i, ''), blocks: () => this.#guarded(this.#unpacked()) }];
    try {
      return (await zipEntries(this.handle, this.bytes)).map((entry) => ({ name: entry.name, blocks: () => this.#guarded(this.#entry(entry)) }));
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
  }

  /** Whether it is packed: then it may be damaged where no line shows it. */
  get packed(): boolean { return isZip(this.head) || this.#isGzip || this.#isZstd; }

  /** Unpacks all of it for nothing but to know that it can be. @throws DeepwaterError DW_IMPORT_UNREADABLE */
  async tryUnpacking(signal?: AbortSignal): Promise<void> {
    if (!this.packed) return;
    const before = this.bytesRead;
    for (const part of await this.parts()) for await (const block of part.blocks()) if (block.byteLength > 0 && signal?.aborted === true) return;
    this.bytesRead = before;
  }

  /** @throws DeepwaterError DW_IMPORT_UNREADABLE where the file is not any more what it was when it was opened */
  async checkUnchanged(): Promise<void> {
    const { size, mtimeMs } = await this.handle.stat();
    if (size === this.bytes && mtimeMs === this.changedMs) return;
    throw unreadable(this.path, new Error('it was changed while it was read'));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  get #isGzip(): boolean { return this.head.length >= 2 && this.head.readUInt16BE(0) === 0x1f8b; }
  get #isZstd(): boolean { return this.head.length >= 4 && this.head.readUInt32LE(0) === 0xfd2fb528; }

  #unpacked(): AsyncIterable<Uint8Array> {
    const packed = this.#counted(0, this.bytes, this.packed);
    if (this.#isGzip) return throughZlib(packed, createGunzip({ chunkSize: BLOCK_BYTES, finishFlush: this.cutOff ? constants.Z_SYNC_FLUSH : constants.Z_FINISH }));
    return this.#isZstd ? zstd(packed) : packed;
  }

  async *#entry(entry: ZipEntry): AsyncGenerator<Uint8Array, void, void> {
    const { method, packedBytes, bytes, name } = entry;
    const start = await contentOffset(this.handle, entry);
    const packed = this.#counted(start, start + packedBytes, true);
    if (method !== ZIP_METHOD.STORED && method !== ZIP_METHOD.DEFLATED) throw new Error(`${name} in the zip is packed by method ${method}; unpack it first`);
    let crc = 0;
    let length = 0;
    for await (const block of method === ZIP_METHOD.STORED ? packed : throughZlib(packed, createInflateRaw({ chunkSize: BLOCK_BYTES }))) {
      crc = crc32(block, crc);
      length += block.byteLength;
      yield block;
    }
    if (length !== bytes || crc !== entry.crc) throw new Error(`${name} in the zip does not have the checksum that the zip has of it`);
  }

  async *#counted(from: number, to: number, kept: boolean): AsyncGenerator<Uint8Array, void, void> {
    for await (const block of this.#read(from, to, kept)) {
      this.bytesRead += block.byteLength;
      yield block;
    }
  }

  /**
   * Bytes [from, to): the next block is read while this one is worked on. @param kept whoever takes the blocks keeps them for longer than that; otherwise
   * their memory is used again
   */
  async *#read(from: number, to: number, kept = false): AsyncGenerator<Buffer, void, void> {
    const memory = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, to - from)));
    let turn = 0;
    const ask = (at: number) => {
      const length = Math.min(BLOCK_BYTES, to - at);
      const asked = this.handle.read(kept ? Buffer.allocUnsafeSlow(length) : memory[turn++ & 1]!, 0, length, at);
      // Whoever stops in between does not wait for it.
      asked.catch(() => undefined);
      return asked;
    };
    let next = from < to ? ask(from) : undefined;
    for (let at = from; next !== undefined;) {
      const { buffer, bytesRead } = await next;
      if (bytesRead === 0) throw new Error(`it ends at byte ${at}, where ${to} were expected`);
      at += bytesRead;
      next = at < to ? ask(at) : undefined;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async *#guarded(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    const from = blocks[Symbol.asyncIterator]();
    try {
      for (;;) {
        let step: IteratorResult<Uint8Array>;
        try {
          step = await from.next();
        } catch (cause) {
          throw unreadable(this.path, cause);
        }
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      await from.return?.();
    }
  }
}

/** Unpacked by threads of the process's own, so that two cores work. */
function throughZlib(packed: AsyncIterable<Uint8Array>, unpack: Transform): AsyncIterable<Uint8Array> {
  const from = Readable.from(packed, { objectMode: true, highWaterMark: 4 });
  from.on('error', (error) => unpack.destroy(error));
  unpack.on('close', () => from.destroy());
  return from.pipe(unpack) as unknown as AsyncIterable<Uint8Array>;
}

async function* zstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const ready: Uint8Array[] = [];
  let ended = false;
  const stream = new Decompress((piece, last) => {
    // Its memory is used again.
    if (piece.byteLength > 0) ready.push(piece.slice());
    ended ||= last === true;
  });
  for await (const block of packed) {
    stream.push(block);
    while (ready.length > 0) yield ready.shift() as Uint8Array;
  }
  stream.push(new Uint8Array(0), true);
  yield* ready;
  if (!ended) throw new Error('the zstd stream is cut off');
}

export function unreadable(file: string, cause: unknown): DeepwaterError {
  if (DeepwaterError.isDeepwaterError(cause) || (cause as Error).name === 'AbortError') return cause as DeepwaterError;
  const { message } = cause as Error;
  return new DeepwaterError('DW_IMPORT_UNREADABLE', `${file} cannot be imported: ${message}.`, { values: { file, errno: (cause as NodeJS.ErrnoException).code }, cause });
}
