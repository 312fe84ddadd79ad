import os from 'node:os';
import { DeepwaterError } from '../errors/index.js';
import { libc } from './system.js';

/** Names by number; of two names for one number (EAGAIN, EWOULDBLOCK) the first. libuv's own table lacks EDQUOT. */
const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(os.constants.errno).reverse().map(([name, errno]) => [errno, name]));

/** errno's name, such as `ENOSPC`; the bare number where the platform has no name for it. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

const NEXT_STEP: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on that file system, shorten retentionHours, or put the store elsewhere.',
  EDQUOT: 'Raise the quota, or free space.',
  EMFILE: 'Raise the limit of open files (ulimit -n).',
  ENFILE: 'The machine has no file handles left; close programs or raise fs.file-max.',
  ENOMEM: 'The process or machine is out of memory or of mappings (vm.max_map_count).',
  EACCES: 'Check the owner and mode of that path.',
  EPERM: 'Check the owner and mode of that path.',
  EROFS: 'The file system is read-only; open the store elsewhere, or only for reading.',
  EIO: 'The device failed; check the system log and the disk, then run `deepwater repair --dry-run`.',
  ELOOP: 'A symbolic link stands where Deepwater keeps a file; it does not follow links. Remove the link.',
};

/** The error for a system call that failed: its name, errno's name, and the path. */
export function systemError(call: string, path: string, errno: number, cause?: unknown): DeepwaterError {
  const name = errnoName(errno);
  const code = name === 'ENOSPC' || name === 'EDQUOT' ? 'DW_DISK_FULL' : 'DW_SYSTEM_CALL';
  const next = NEXT_STEP[name] ?? 'Check the path and the system log.';
  return new DeepwaterError(code, `${call} failed with ${name} on ${path}. ${next}`, {
    values: { call, errno: name, path },
    cause,
  });
}

/** The error for the call that just failed in this thread. */
export function lastSystemError(call: string, path: string): DeepwaterError {
  return systemError(call, path, libc().errno());
}

/** Whether an error says that what is under a name is not the file that should be there: damaged, or a link, which is not followed. */
export function isUnusableFile(error: unknown): error is DeepwaterError {
  return DeepwaterError.isDeepwaterError(error) && (error.code === 'DW_FILE_CORRUPT' || error.values['errno'] === 'ELOOP');
}

/** Turns an error thrown by `node:fs` into ours; other errors pass through unchanged. */
export function fromNodeError(error: unknown, path: string): unknown {
  if (error instanceof DeepwaterError) return error;
  const e = error as NodeJS.ErrnoException;
  if (typeof e?.errno === 'number' && typeof e.syscall === 'string') {
    return systemError(e.syscall, path, -e.errno, error);
  }
  return error;
}
