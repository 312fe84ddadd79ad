import { constants } from 'node:fs';
import path from 'node:path';
import { DeepwaterError, describeValue } from '../errors/index.js';
import { listDirectory } from '../mapping/directories.js';
import { type Access, call, directoryMode, syncDirectory } from '../mapping/files.js';
import { fromNodeError } from '../mapping/system-error.js';
import { type FileStat, system } from '../mapping/system.js';
import { STORE_FILES } from './feed-paths.js';
import { CLEANUP_LOCK, STORE_LOCK } from './store-lock.js';

/** What system calls say when a path may not be written to. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * A base path as given, as the directory it stands for: absolute, links resolved (the base path may be a link, nothing
 * below it). A missing directory is made, with its parents, unless the store is opened only for reading.
 *
 * @throws DeepwaterError DW_BASE_PATH_INVALID, DW_BASE_PATH_READ_ONLY, DW_DISK_FULL
 */
export function resolveBasePath(given: unknown, readOnly: boolean, access: Access): string {
  if (typeof given !== 'string' || given === '' || given.includes('\0')) {
    throw invalid(given, 'it is not a path', 'Give the path of a directory, such as "./data".');
  }
  const absolute = path.resolve(given);
  const stat = statOf(absolute);
  if (stat !== undefined) {
    if (stat.kind !== 'directory') throw invalid(absolute, 'it is not a directory', 'Give a directory, or a path where one can be made.');
  } else if (readOnly) {
    throw invalid(absolute, 'it does not exist', 'Nothing is made when a store is opened only for reading; check the path.');
  } else {
    makeDirectories(absolute, access);
  }
  const real = call(absolute, () => system.files.realpath(absolute));
  if (!readOnly) checkWritable(real);
  return real;
}

/**
 * Refuses to begin a store among files that are not ours.
 * @throws DeepwaterError DW_BASE_PATH_INVALID, naming some of them
 */
export function checkOnlyOurs(basePath: string): void {
  const others = (listDirectory(basePath) ?? []).filter((name) => !isOurs(name));
  if (others.length === 0) return;
  const shown = others.slice(0, 3).map(describeValue).join(', ');
  throw invalid(
    basePath,
    `it has no ${STORE_FILES.MANIFEST}, but ${others.length} other ${others.length === 1 ? 'entry' : 'entries'} (${shown}${others.length > 3 ? ', …' : ''})`,
    'Give an empty directory, or a new one inside it.',
  );
}

/** Names that a store uses or leaves behind. */
const OUR_NAMES = new Set<string>([...Object.values(STORE_FILES), STORE_LOCK, CLEANUP_LOCK]);
/** Manifests that were not finished, logs that were rotated, registries that were put aside. */
const OUR_LEFTOVERS = [STORE_FILES.MANIFEST, STORE_FILES.LOG, STORE_FILES.REGISTRY, STORE_FILES.CLEANUP].map((name) => `${name}.`);

function isOurs(name: string): boolean {
  // lost+found is in the root of every fresh ext4 file system.
  return name === 'lost+found' || OUR_NAMES.has(name) || OUR_LEFTOVERS.some((start) => name.startsWith(start));
}

export function invalid(given: unknown, why: string, next: string): DeepwaterError {
  const shown = typeof given === 'string' && given !== '' && !given.includes('\0') ? given : describeValue(given);
  return new DeepwaterError('DW_BASE_PATH_INVALID', `The base path ${shown} cannot be used: ${why}. ${next}`, {
    values: { basePath: shown, reason: why },
  });
}

export function readOnlyError(basePath: string, cause: unknown): DeepwaterError {
  const errno = errnoOf(cause);
  return new DeepwaterError(
    'DW_BASE_PATH_READ_ONLY',
    `The base path ${basePath} cannot be written to (${errno}). Correct the permissions, or open the store with { readOnly: true }.`,
    { values: { basePath, errno }, cause },
  );
}

/** Whether an error, of Node.js or ours, says that a path may not be written to. */
export function saysReadOnly(error: unknown): boolean {
  return READ_ONLY.has(errnoOf(error));
}

function errnoOf(error: unknown): string {
  const { code, values } = error as { code?: unknown; values?: { errno?: unknown } };
  return String(values?.errno ?? code);
}

function statOf(file: string): FileStat | undefined {
  try {
    const stat = system.files.stat(file);
    if (stat !== undefined) return stat;
    const link = system.files.lstat(file);
    if (link === undefined) return undefined;
    if (link.kind !== 'link') return statOf(file); // made by another process in this moment
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') throw fromNodeError(error, file);
    throw invalid(file, `the system says ${code}`, 'Check each part of the path.');
  }
  // A link to nowhere exists, and nothing can be made in its place.
  throw invalid(file, 'the system says ENOENT', 'Check each part of the path.');
}

/** Makes what is missing of a path, one directory at a time (the recursive mkdir of Node.js never returns under /proc). */
function makeDirectories(directory: string, access: Access): void {
  const missing: string[] = [];
  let above = directory;
  while (statOf(above) === undefined) {
    missing.unshift(above);
    above = path.dirname(above);
  }
  for (const each of missing) {
    try {
      system.files.mkdir(each, directoryMode(access));
      system.files.chmod(each, directoryMode(access)); // whatever the umask is
      syncDirectory(path.dirname(each));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue; // another process was quicker
      // /proc says ENOENT although the parent is there: it makes no directories.
      if (saysReadOnly(error) || code === 'ENOENT') throw readOnlyError(each, error);
      throw fromNodeError(error, each);
    }
  }
}

function checkWritable(basePath: string): void {
  const owner = call(basePath, () => system.files.stat(basePath))?.owner;
  const user = process.geteuid?.();
  try {
    system.files.access(basePath, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw readOnlyError(basePath, error);
  }
  if (user !== undefined && user !== 0 && owner !== user) {
    throw invalid(basePath, `it belongs to user ${owner}, not to this one (${user})`, 'Give a directory of your own, or open the store with { readOnly: true }.');
  }
}
