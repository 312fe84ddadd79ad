/** Directory calls with our errors and our rules: no links followed, modes as the store has them, names made durable. */
import path from 'node:path';
import { DeepwaterError } from '../errors/index.js';
import { type Access, call, directoryMode, fileStat, removeFile } from './files.js';
import { fromNodeError } from './system-error.js';
import { system } from './system.js';

/** Makes a directory (and its parents) with our mode; refuses a link or a file in its place. */
export function makeDirectory(directory: string, access: Access): void {
  makeMissing(directory, access);
  const stat = call(directory, () => system.files.lstat(directory));
  if (stat?.kind !== 'directory') {
    throw new DeepwaterError('DW_BASE_PATH_INVALID', `${directory} is not a directory. Choose another path, or remove what stands there.`, {
      values: { path: directory },
    });
  }
}

/** One directory after the other: `mkdir` with `recursive` never returns below /proc on Node 20. */
function makeMissing(directory: string, access: Access): void {
  try {
    system.files.mkdir(directory, directoryMode(access));
    if (access === 'group') system.files.chmod(directory, directoryMode(access));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = path.dirname(directory);
    if (code !== 'ENOENT' || parent === directory) throw fromNodeError(error, directory);
    if (fileStat(parent) !== undefined) throw fromNodeError(error, directory);
    makeMissing(parent, access);
    makeMissing(directory, access);
  }
}

/** Names in a directory, sorted; undefined where there is no such directory. */
export function listDirectory(directory: string): string[] | undefined {
  try {
    return system.files.readdir(directory).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fromNodeError(error, directory);
  }
}

/** Removes a directory with all that is in it, or a file; links are not followed. Fine where nothing is there. */
export function removeTree(file: string): void {
  const stat = fileStat(file);
  if (stat === undefined) return;
  if (stat.kind !== 'directory') {
    removeFile(file);
    return;
  }
  for (const name of listDirectory(file) ?? []) removeTree(path.join(file, name));
  try {
    system.files.rmdir(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fromNodeError(error, file);
  }
}

/** Removes a directory that is empty; whether it was there, empty, and ours to remove. */
export function removeEmptyDirectory(directory: string): boolean {
  try {
    system.files.rmdir(directory);
    return true;
  } catch {
    return false;
  }
}
