/** Files of another store, which may be anything: links are not followed, pipes not waited for, sizes known before bytes are read. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { unreadable } from '../unpack/source-file.js';

/** Opens a regular file; undefined where there is none. @throws DeepwaterError DW_IMPORT_UNREADABLE */
export async function openStoreFile(file: string): Promise<{ handle: FileHandle; bytes: number } | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('it is no regular file');
    return { handle, bytes: stat.size };
  } catch (cause) {
    await handle?.close();
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, cause);
  }
}

/** Bytes [at, at + length) of an open file. @throws Error where it ends before */
export async function readRange(handle: FileHandle, into: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
    if (bytesRead === 0) throw new Error(`it ends at byte ${at + done}, where ${at + into.length} were expected`);
    done += bytesRead;
  }
}

/** The whole of a file of at most `limit` bytes; undefined where there is none. @throws DeepwaterError DW_IMPORT_UNREADABLE */
export async function readStoreFile(file: string, limit: number): Promise<Buffer | undefined> {
  const found = await openStoreFile(file);
  if (found === undefined) return undefined;
  try {
    if (found.bytes > limit) throw new Error(`it has ${found.bytes} bytes, where at most ${limit} are expected`);
    const bytes = Buffer.alloc(found.bytes);
    await readRange(found.handle, bytes, 0);
    return bytes;
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    await found.handle.close();
  }
}
