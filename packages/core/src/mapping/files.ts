/**
 * File calls with our errors and our rules: no symbolic links, no unexpected owner, no truncation of what may be
 * mapped. All are synchronous: the threads that call them exist to wait for disks.
 */
import { constants } from 'node:fs';
import path from 'node:path';
import { DeepwaterError } from '../errors/index.js';
import { failpoint } from './failpoint.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from './libc.js';
import { type FileStat, libc, system } from './system.js';
import { fromNodeError, lastSystemError } from './system-error.js';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;
/** For what exists: links are refused, and a pipe in a file's place does not hold up the thread that opens it. */
const O_AS_FILE = O_NOFOLLOW | O_NONBLOCK;

/** Who may read what Deepwater creates: the owner, or the owner's group too (never to write). */
export type Access = 'owner' | 'group';

export const fileMode = (access: Access): number => (access === 'group' ? 0o640 : 0o600);
export const directoryMode = (access: Access): number => (access === 'group' ? 0o750 : 0o700);

/** Runs a call of the system, with our error where it fails. */
export function call<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw fromNodeError(error, file);
  }
}

/** Opens a file that must exist. @throws DeepwaterError DW_SYSTEM_CALL, with ELOOP for a symbolic link. */
export function openExisting(file: string, writable: boolean): number {
  return call(file, () => system.files.open(file, (writable ? O_RDWR : O_RDONLY) | O_AS_FILE));
}

/** Creates a file that must not exist. @throws DeepwaterError DW_SYSTEM_CALL with EEXIST where it does. */
export function createExclusive(file: string, access: Access): number {
  return call(file, () => {
    const fd = system.files.open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode(access));
    if (access === 'group') system.files.fchmod(fd, fileMode(access)); // whatever the umask says
    return fd;
  });
}

/** Opens a file for writing, creating it where it is missing; never follows a link, never truncates. */
export function openOrCreate(file: string, access: Access): number {
  for (;;) {
    try {
      return createExclusive(file, access);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    try {
      return openExisting(file, true);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error; // removed in between: made anew
    }
  }
}

const isErrno = (error: unknown, name: string): boolean => error instanceof DeepwaterError && error.values['errno'] === name;

/**
 * Gives a descriptor back. Whatever close(2) says, it is given back; what it may say of data, fdatasync says as well, to whom it
 * matters. So this fails only where there was no such descriptor, which is a mistake of ours.
 */
export function closeFile(fd: number): void {
  try {
    system.files.close(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBADF') throw fromNodeError(error, `fd ${fd}`);
  }
}

/** Size in bytes of an open regular file owned by this user, root, or the owner of its directory. */
export function regularFileSize(fd: number, file: string): number {
  const stat = call(file, () => system.files.fstat(fd));
  if (stat.kind !== 'file') {
    throw new DeepwaterError('DW_FILE_CORRUPT', `${file} is not a regular file. Remove it, then run \`deepwater repair\`.`, {
      values: { path: file, mode: stat.mode },
    });
  }
  const user = process.geteuid?.();
  if (stat.owner !== 0 && stat.owner !== user) {
    const parent = call(file, () => system.files.stat(path.dirname(file)));
    if (parent?.owner !== stat.owner) {
      throw new DeepwaterError(
        'DW_FILE_CORRUPT',
        `${file} belongs to user ${stat.owner}, neither to this user (${user}) nor to the owner of its directory (${parent?.owner ?? 'nobody'}); ` +
          'it is not opened. Check who put it there.',
        { values: { path: file, owner: stat.owner, user, directoryOwner: parent?.owner } },
      );
    }
  }
  return stat.size;
}

/** Grows a new, not yet mapped file to its logical size (sparse). */
export function setFileSize(fd: number, size: number, file: string): void {
  call(file, () => system.files.ftruncate(fd, size));
}

/** Reserves disk blocks for a range, so that writing it later cannot meet a full disk. */
export function reserve(fd: number, offset: number, length: number, file: string): void {
  if (length <= 0) return;
  if (libc().fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length) !== 0) throw lastSystemError('fallocate', file);
}

/** Gives the blocks of a range back; it reads as zeros afterwards. */
export function punchHole(fd: number, offset: number, length: number, file: string): void {
  if (length <= 0) return;
  if (libc().fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) !== 0) {
    throw lastSystemError('fallocate(PUNCH_HOLE)', file);
  }
}

/** Writes all of `bytes` at `offset`, over short writes. */
export function writeFully(fd: number, bytes: Uint8Array, offset: number, file: string): void {
  let done = 0;
  while (done < bytes.byteLength) {
    const wrote = call(file, () => system.files.write(fd, bytes, done, bytes.byteLength - done, offset + done));
    if (wrote === 0) throw new DeepwaterError('DW_SYSTEM_CALL', `pwrite wrote nothing to ${file}. Check the device.`, { values: { path: file, offset } });
    done += wrote;
  }
}

/** Reads up to `bytes.byteLength` bytes at `offset`; returns how many there were. */
export function readAt(fd: number, bytes: Uint8Array, offset: number, file: string): number {
  let done = 0;
  while (done < bytes.byteLength) {
    const got = call(file, () => system.files.read(fd, bytes, done, bytes.byteLength - done, offset + done));
    if (got === 0) break;
    done += got;
  }
  return done;
}

export function syncData(fd: number, file: string): void {
  call(file, () => system.files.fdatasync(fd));
}

/** The same for a file that is not open, or is open elsewhere: what mappings have changed is made durable, too. */
export function syncFile(file: string): void {
  const fd = openExisting(file, true);
  try {
    syncData(fd, file);
  } finally {
    closeFile(fd);
  }
}

/** The same without holding up the thread: the wait takes place in libuv's pool. */
export async function syncDataAsync(fd: number, file: string): Promise<void> {
  try {
    await system.files.fdatasyncAsync(fd);
  } catch (error) {
    throw fromNodeError(error, file);
  }
}

/** What stands at a path, links not followed; undefined where nothing does. */
export function fileStat(file: string): FileStat | undefined {
  return call(file, () => system.files.lstat(file));
}

/** Whether anything stands at a path (a link that leads nowhere does not). @throws DeepwaterError DW_SYSTEM_CALL where that cannot be told */
export function fileExists(file: string): boolean {
  return call(file, () => system.files.stat(file)) !== undefined;
}

/** Gives a file or directory another name; what had that name is replaced. Durable once the directories are synced. */
export function renameFile(from: string, to: string): void {
  call(from, () => { system.files.rename(from, to); });
}

/** Gives a file a second name on the same file system; whether that can be had. @throws DeepwaterError DW_SYSTEM_CALL */
export function linkFile(from: string, to: string): boolean {
  try {
    system.files.link(from, to);
    return true;
  } catch (error) {
    // Another device, a file system without links, or a file that has as many as it may.
    if (['EXDEV', 'EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw fromNodeError(error, to);
  }
}

/** Bytes of the file system that a path is on: all, and those that this user may still use. */
export function diskSpace(file: string): ReturnType<typeof system.diskSpace> {
  return call(file, () => system.diskSpace(file));
}

/** Removes a file; whether it was there. */
export function removeFile(file: string): boolean {
  try {
    system.files.unlink(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw fromNodeError(error, file);
  }
}

/** Replaces a small file as a whole: readers see the old or the new content, and the new one survives power loss. */
export function replaceFile(file: string, content: string, access: Access): void {
  replaceWhole(file, `${file}.${process.pid}.new`, Buffer.from(content), access);
}

/** The same with any bytes, under a lock that makes one name enough. @param next what the file is called until it is whole; what has that name goes */
export function replaceWhole(file: string, next: string, content: Uint8Array, access: Access): void {
  removeFile(next);
  const fd = createExclusive(next, access);
  try {
    writeFully(fd, content, 0, next);
    failpoint('replace.written');
    syncData(fd, next);
  } catch (error) {
    removeFile(next);
    throw error;
  } finally {
    closeFile(fd);
  }
  failpoint('replace.synced');
  try {
    call(file, () => { system.files.rename(next, file); });
  } catch (error) {
    removeFile(next);
    throw error;
  }
  failpoint('replace.renamed');
  syncDirectory(path.dirname(file));
}

/** All bytes of a file. @throws DeepwaterError DW_SYSTEM_CALL */
export function readWholeFile(file: string): Buffer {
  const fd = openExisting(file, false);
  try {
    const bytes = Buffer.alloc(regularFileSize(fd, file));
    return bytes.subarray(0, readAt(fd, bytes, 0, file));
  } finally {
    closeFile(fd);
  }
}

/** The text of a small file, at most `limit` bytes; undefined where there is none. */
export function readSmallFile(file: string, limit: number): string | undefined {
  let fd: number;
  try {
    fd = system.files.open(file, O_RDONLY | O_AS_FILE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fromNodeError(error, file);
  }
  try {
    const size = regularFileSize(fd, file);
    if (size > limit) {
      throw new DeepwaterError('DW_FILE_CORRUPT', `${file} has ${size} bytes where at most ${limit} are expected. Run \`deepwater repair\`.`, {
        values: { path: file, size, limit },
      });
    }
    const bytes = Buffer.alloc(size);
    return bytes.toString('utf8', 0, readAt(fd, bytes, 0, file));
  } finally {
    closeFile(fd);
  }
}

/** Makes the names in a directory durable: a created or renamed file survives power loss only after this. */
export function syncDirectory(directory: string): void {
  const fd = call(directory, () => system.files.open(directory, O_RDONLY | O_DIRECTORY));
  try {
    call(directory, () => system.files.fsync(fd));
  } finally {
    closeFile(fd);
  }
}
