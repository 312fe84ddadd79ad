/**
 * The registry's LMDB environment, open only while it is used.
 *
 * LMDB trusts its file: a damaged page is a crash of the process, not an error (of 60 files with a few changed bytes, 16
 * ended in SIGSEGV, SIGBUS or SIGABRT). So the file is opened only where its checksum holds, by one process at a time,
 * and the checksum is taken again after each change. A process killed in between leaves a checksum that does not hold,
 * and the registry is made again from the feed files.
 *
 *   registry/data.mdb       LMDB; keys are feed names, values the texts of the feed files
 *   registry/lock.mdb       LMDB's own, made anew at each opening
 *   registry/checksum.json  { "bytes": …, "crc32": … } of data.mdb, and "feeds": a checksum of what is in it, so that a store
 *                           whose feed files say the same opens without LMDB
 */
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { RootDatabase } from 'lmdb';
import { DeepwaterError } from '../errors/index.js';
import { crc32 } from '../layout/crc.js';
import { listDirectory, makeDirectory, removeTree } from '../mapping/directories.js';
import { type Access, closeFile, fileMode, fileStat, openOrCreate, readSmallFile, readWholeFile, regularFileSize, writeFully } from '../mapping/files.js';
import { failpoint } from '../mapping/failpoint.js';
import { processAlive } from '../mapping/host.js';
import { system } from '../mapping/system.js';
import { STORE_FILES } from '../store/feed-paths.js';

export type RegistryDatabase = RootDatabase<string, string>;

/** LMDB maps this file and stores into it: it has to have its blocks before, or a full disk is a bus error. */
const LOCK_BYTES = 16 * 1024;
const CHECKSUM_BYTES = 64;

interface RegistryPaths {
  readonly directory: string;
  readonly data: string;
  readonly lock: string;
  readonly checksum: string;
}

export function registryPaths(basePath: string): RegistryPaths {
  const directory = path.join(basePath, STORE_FILES.REGISTRY);
  return {
    directory,
    data: path.join(directory, 'data.mdb'),
    lock: path.join(directory, 'lock.mdb'),
    checksum: path.join(directory, 'checksum.json'),
  };
}

/**
 * Runs `use` in one write transaction of the registry and closes it again. The caller holds the store's lock and knows
 * from {@link registryProblem} that the file is sound.
 *
 * @throws DeepwaterError DW_OPTION_INVALID in a worker thread, DW_DISK_FULL, DW_REGISTRY_CORRUPT; whatever `use` throws,
 * with nothing changed
 */
export async function inRegistry<T>(basePath: string, access: Access, use: (database: RegistryDatabase) => T): Promise<T> {
  refuseWorkerThread();
  const paths = registryPaths(basePath);
  makeDirectory(paths.directory, access);
  reserveLockFile(paths.lock, access);
  // Not at the top: threads that import this package for other things do without the native module.
  const { open } = await import('lmdb');
  let thrown: { error: unknown } | undefined;
  // Of a transaction that was not carried out, nobody knows: the next opening looks.
  let feeds = -1;
  try {
    const database = open<string, string>({
      path: paths.directory,
      encoding: 'string',
      compression: false,
      cache: false,
      maxDbs: 1,
      // A commit that has returned is on the device.
      overlappingSync: false,
    });
    try {
      system.files.chmod(paths.data, fileMode(access));
      return database.transactionSync(() => {
        try {
          const result = use(database);
          feeds = feedsChecksum([...database.getRange()].map(({ key, value }) => [key, value]));
          return result;
        } catch (error) {
          thrown = { error };
          throw error;
        }
      });
    } finally {
      await database.close();
      failpoint('registry.committed');
      writeChecksum(paths, feeds, access);
    }
  } catch (error) {
    throw thrown === undefined ? registryError(error, paths.directory) : thrown.error;
  }
}

/**
 * The texts of feed files that the registry has, by name. LMDB writes to what it opens: a copy elsewhere is opened, and removed again. Where the
 * registry is not sound, it has none.
 * @throws DeepwaterError DW_OPTION_INVALID in a worker thread
 */
export async function readRegistryTexts(basePath: string): Promise<Map<string, string>> {
  refuseWorkerThread();
  if (registryProblem(basePath) !== undefined) return new Map();
  removeOldCopies();
  const directory = path.join(os.tmpdir(), `deepwater-registry-${process.pid}-${randomBytes(8).toString('hex')}`);
  makeDirectory(directory, 'owner');
  try {
    const { data } = registryPaths(basePath);
    const copy = path.join(directory, 'data.mdb');
    const to = openOrCreate(copy, 'owner');
    try {
      writeFully(to, readWholeFile(data), 0, copy);
    } finally {
      closeFile(to);
    }
    const { open } = await import('lmdb');
    const database = open<string, string>({ path: directory, encoding: 'string', compression: false, cache: false, maxDbs: 1 });
    try {
      return new Map([...database.getRange()].map(({ key, value }) => [key, value]));
    } finally {
      await database.close();
    }
  } finally {
    removeTree(directory);
  }
}

/** A copy is read in moments; one of another PID namespace may be in use though nobody is to be seen. */
const COPY_MS_MAX = 3_600_000;

/** Copies of this user's that a process which was killed did not come to remove. Those that cannot be removed harm nobody. */
function removeOldCopies(): void {
  for (const name of listDirectory(os.tmpdir()) ?? []) {
    const pid = /^deepwater-registry-(\d+)-[0-9a-f]{16}$/.exec(name)?.[1];
    if (pid === undefined || processAlive(Number(pid))) continue;
    const directory = path.join(os.tmpdir(), name);
    const stat = fileStat(directory);
    if (stat?.kind !== 'directory' || stat.owner !== process.geteuid?.() || system.wallMs() - Number(stat.modifiedNs / 1_000_000n) < COPY_MS_MAX) continue;
    try {
      removeTree(directory);
    } catch {
      // Somebody else removes it as well.
    }
  }
}

/** A thread can be terminated inside a transaction, and then blocks every process of the store. */
export function refuseWorkerThread(): void {
  if (isMainThread) return;
  throw new DeepwaterError('DW_OPTION_INVALID', 'The registry is opened in the main thread only. In a worker thread, open the store with { readOnly: true }.');
}

/** Why the registry's file must not be opened; undefined where it may be. */
export function registryProblem(basePath: string): string | undefined {
  const { data, checksum } = registryPaths(basePath);
  if (fileStat(data) === undefined) return 'it is missing';
  try {
    const { bytes, crc32: wanted } = Object(JSON.parse(readSmallFile(checksum, CHECKSUM_BYTES) ?? 'null')) as Partial<Checksum>;
    // The size first: a file of any size may stand there.
    if (fileStat(data)?.size !== bytes) return 'its size is not the one it was left with';
    return checksumOf(data).crc32 === wanted ? undefined : 'its checksum does not hold';
  } catch (error) {
    return `it cannot be checked: ${(error as Error).message}`;
  }
}

/** Whether the registry is sound and has exactly these feed files. Needs no LMDB. */
export function registryHas(basePath: string, files: readonly (readonly [name: string, text: string])[]): boolean {
  if (registryProblem(basePath) !== undefined) return false;
  const { feeds } = JSON.parse(readSmallFile(registryPaths(basePath).checksum, CHECKSUM_BYTES) ?? 'null') as { feeds?: unknown };
  return feeds === feedsChecksum(files);
}

function feedsChecksum(files: readonly (readonly [name: string, text: string])[]): number {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return crc32(Buffer.from(JSON.stringify(sorted)));
}

interface Checksum {
  readonly bytes: number;
  readonly crc32: number;
}

function checksumOf(file: string): Checksum {
  const bytes = readWholeFile(file);
  return { bytes: bytes.byteLength, crc32: crc32(bytes) };
}

/** In place: a disk that has filled up since is no reason to disown a sound registry. Torn, it does not hold. */
function writeChecksum({ checksum, data }: RegistryPaths, feeds: number, access: Access): void {
  const text = `${JSON.stringify({ ...checksumOf(data), feeds }).padEnd(CHECKSUM_BYTES - 1)}\n`;
  const fd = openOrCreate(checksum, access);
  try {
    writeFully(fd, Buffer.from(text), 0, checksum);
  } finally {
    closeFile(fd);
  }
}

function reserveLockFile(file: string, access: Access): void {
  const fd = openOrCreate(file, access);
  try {
    if (regularFileSize(fd, file) < LOCK_BYTES) writeFully(fd, new Uint8Array(LOCK_BYTES), 0, file);
  } finally {
    closeFile(fd);
  }
}

function registryError(error: unknown, directory: string): unknown {
  if (DeepwaterError.isDeepwaterError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  // LMDB gives errno as its code, without a name.
  const full = (error as { code?: unknown }).code === 28 || message.includes('No space left');
  return new DeepwaterError(
    full ? 'DW_DISK_FULL' : 'DW_REGISTRY_CORRUPT',
    full
      ? `There is no room for the registry ${directory}. Free space on that file system, or put the store elsewhere.`
      : `The registry ${directory} cannot be used: ${message}. Remove that directory; it is made again from the feed files.`,
    { values: { path: directory, reason: message }, cause: error },
  );
}
