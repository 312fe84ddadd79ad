/** Which store it is, where the manifest does not tell. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import {
  type Access, DeepwaterError, type FoundStore, RING, RING_MAGIC, STORE_FILES, STORE_FORMAT, bootId, closeFile, feedDirectories, fileStat, findStore, getHex, getText, isUnusableFile, listDirectory, openExisting, processAlive,
  readAt, sharedRingDirectory, system,
} from '@deepwater/core';
import type { Damage } from './report.js';

export interface StoreSubject {
  readonly basePath: string;
  readonly storeId: string;
  readonly access: Access;
  readonly ringDir: string | undefined;
  readonly createdAt: string;
  /** What is wrong with the manifest. */
  readonly damage: Damage | undefined;
}

/** @throws DeepwaterError DW_BASE_PATH_INVALID where there is no store, DW_FORMAT_VERSION for one of another format */
export function findManifest(given: string): StoreSubject {
  let found: FoundStore;
  try {
    found = findStore(given);
  } catch (error) {
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
    const mendable = error.code === 'DW_BASE_PATH_INVALID' || isUnusableFile(error);
    const basePath = path.resolve(given);
    if (!mendable || fileStat(path.join(basePath, STORE_FILES.FEEDS))?.kind !== 'directory') throw error;
    return remade(system.files.realpath(basePath), error);
  }
  const { basePath, format, manifest: { storeId, access, ringDir, createdAt } } = found;
  if (format !== STORE_FORMAT) {
    throw new DeepwaterError('DW_FORMAT_VERSION', `The store at ${basePath} has format ${format}; one of format ${STORE_FORMAT} can be repaired. Run \`deepwater migrate\` first.`, { values: { basePath, format, supported: STORE_FORMAT } });
  }
  return { basePath, storeId, access, ringDir, createdAt, damage: undefined };
}

function remade(basePath: string, problem: DeepwaterError): StoreSubject {
  const missing = fileStat(path.join(basePath, STORE_FILES.MANIFEST)) === undefined;
  const feeds = path.join(basePath, STORE_FILES.FEEDS);
  const access: Access = ((fileStat(feeds)?.mode ?? 0) & 0o040) === 0 ? 'owner' : 'group';
  const id = idOfRings(basePath);
  return {
    basePath, storeId: id ?? randomBytes(16).toString('hex'), access, ringDir: undefined, createdAt: new Date(system.wallMs()).toISOString(),
    damage: {
      file: STORE_FILES.MANIFEST, what: missing ? 'it is missing' : problem.message, lost: false,
      remedy: id === undefined
        ? 'it is made again with a new store id; rings of killed writers in shared memory are found by the id, and there are none of these feeds'
        : 'it is made again, with the store id that the rings of killed writers have',
    },
  };
}

/** The store id that rings have whose feeds are this store's: what killed writers left is found by it. */
function idOfRings(basePath: string): string | undefined {
  const uids = new Set(feedDirectories(basePath).flatMap((name) => feedUidOf(path.join(basePath, STORE_FILES.FEEDS, name)) ?? []));
  const shared = path.dirname(sharedRingDirectory('0'));
  const directories = [...(listDirectory(shared) ?? []).map((name) => path.join(shared, name)), ...feedDirectories(basePath).map((name) => path.join(basePath, STORE_FILES.FEEDS, name))];
  for (const directory of directories) {
    if (fileStat(directory)?.kind !== 'directory') continue;
    for (const name of listDirectory(directory) ?? []) {
      if (!name.endsWith('.ring')) continue;
      const ring = frontOf(path.join(directory, name), RING.HEAD);
      if (ring === undefined || getText(ring, RING.MAGIC, 8) !== RING_MAGIC || !uids.has(getHex(ring, RING.FEED_UID, 8)) || isWrittenTo(ring)) continue;
      return getHex(ring, RING.STORE_ID, 16);
    }
  }
  return undefined;
}

/** Somebody writes here, and not into this store, which nobody has open while it is repaired: this one is a copy of his. */
function isWrittenTo(ring: DataView): boolean {
  return ring.getUint32(RING.WRITER_OPEN, true) === 1 && getHex(ring, RING.BOOT_ID, 16) === bootId() && processAlive(ring.getUint32(RING.WRITER_PID, true));
}

/** By the feed's catalog, which has it at the same place in every version. */
function feedUidOf(directory: string): string | undefined {
  const front = frontOf(path.join(directory, 'catalog.dwc'), 64);
  return front === undefined ? undefined : getHex(front, 16, 8);
}

function frontOf(file: string, length: number): DataView | undefined {
  if (fileStat(file)?.kind !== 'file') return undefined;
  const fd = openExisting(file, false);
  try {
    const bytes = Buffer.alloc(length);
    return readAt(fd, bytes, 0, file) < length ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } finally {
    closeFile(fd);
  }
}
