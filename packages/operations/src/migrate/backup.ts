import path from 'node:path';
import {
  type Access, CHUNK_STATE, DeepwaterError, chunkIdOf, closeFile, createExclusive, failpoint, fileStat, linkFile, listDirectory, makeDirectory, openExisting, peekChunk,
  readAt, readSmallFile, removeTree, replaceFile, setFileSize, syncData, syncDirectory, writeFully,
} from '@deepwater/core';

/** In a backup, once it is whole: which store it is of, and of what format. */
const MARK = 'backup.json';
const PIECE_BYTES = 256 * 1024;

/** Whether a directory is a whole backup of a store; undefined where nothing is there. */
function stateOf(directory: string, storeId: string): 'whole' | 'begun' | 'foreign' | undefined {
  const names = listDirectory(directory);
  if (names === undefined) return undefined;
  const text = readSmallFile(path.join(directory, MARK), 4096);
  if (text === undefined) return names.length === 0 || names.every((name) => name === 'store') ? 'begun' : 'foreign';
  return (JSON.parse(text) as { storeId?: unknown }).storeId === storeId ? 'whole' : 'foreign';
}

/**
 * Copies a store: sealed chunks, which never change, by a second name where the file system gives one; all else byte by byte. The backup
 * that an interrupted migration had finished is kept, one that it had begun is made again.
 * @throws DeepwaterError DW_OPTION_INVALID where something else stands there, DW_DISK_FULL, DW_SYSTEM_CALL
 */
export function backUp(basePath: string, directory: string, storeId: string, format: number, access: Access): void {
  const state = stateOf(directory, storeId);
  if (state === 'whole') return;
  if (state === 'foreign') {
    throw new DeepwaterError('DW_OPTION_INVALID', `The backup cannot go to ${directory}: there is something else. Name another directory with --backup, or go without with --no-backup.`, { values: { backup: directory } });
  }
  if (state === 'begun') removeTree(directory);
  makeDirectory(directory, access);
  copyDirectory(basePath, path.join(directory, 'store'), access);
  failpoint('migrate.backup-copied');
  replaceFile(path.join(directory, MARK), `${JSON.stringify({ storeId, format, of: basePath }, null, 2)}\n`, access);
  syncDirectory(path.dirname(directory));
  failpoint('migrate.backup-whole');
}

function copyDirectory(from: string, to: string, access: Access): void {
  makeDirectory(to, access);
  for (const name of listDirectory(from) ?? []) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    const kind = fileStat(source)?.kind;
    if (kind === 'directory') copyDirectory(source, target, access);
    else if (kind === 'file' && !(isSealed(source, name) && linkFile(source, target))) copyFile(source, target, access);
  }
  syncDirectory(to);
}

function isSealed(file: string, name: string): boolean {
  if (chunkIdOf(name) === undefined) return false;
  try {
    return peekChunk(file).header.state === CHUNK_STATE.SEALED;
  } catch {
    return false;
  }
}

/** Holes stay holes. */
function copyFile(source: string, target: string, access: Access): void {
  const from = openExisting(source, false);
  try {
    const to = createExclusive(target, access);
    try {
      const size = fileStat(source)?.size ?? 0;
      setFileSize(to, size, target);
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let at = 0; at < size; at += PIECE_BYTES) {
        const bytes = piece.subarray(0, readAt(from, piece, at, source));
        if (bytes.some((byte) => byte !== 0)) writeFully(to, bytes, at, target);
      }
      syncData(to, target);
    } finally {
      closeFile(to);
    }
  } finally {
    closeFile(from);
  }
}

/** Bytes that a backup copies, where sealed chunks get a second name. */
export function bytesToCopy(directory: string): number {
  let bytes = 0;
  for (const name of listDirectory(directory) ?? []) {
    const file = path.join(directory, name);
    const stat = fileStat(file);
    if (stat?.kind === 'directory') bytes += bytesToCopy(file);
    else if (stat?.kind === 'file' && !isSealed(file, name)) bytes += stat.allocated;
  }
  return bytes;
}
