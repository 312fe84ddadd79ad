import { DeepwaterError } from '../errors/index.js';
import { CATALOG, CATALOG_ENTRIES_MIN, ENTRY_BYTES } from '../layout/catalog-layout.js';
import { failpoint } from '../mapping/failpoint.js';
import {
  type Access, closeFile, createExclusive, openExisting, regularFileSize, removeFile, reserve, setFileSize, syncData,
} from '../mapping/files.js';
import { type MappedFile, MAPPING_BYTES_MAX, alignUp, mapFile, PAGE_BYTES } from '../mapping/mapped-file.js';
import type { Schema } from '../schema/index.js';
import { CatalogView } from './catalog-view.js';

export interface CatalogFile {
  readonly mapped: MappedFile;
  readonly view: CatalogView;
}

const bytesFor = (entries: number): number => alignUp(CATALOG.HEADER_BYTES + entries * ENTRY_BYTES, PAGE_BYTES);

/** Makes an empty catalog. @throws DeepwaterError where a file of that name exists or the disk is full. */
export function createCatalog(path: string, access: Access, schema: Schema, feedUid: string, entries = CATALOG_ENTRIES_MIN): CatalogFile {
  const fd = createExclusive(path, access);
  try {
    const size = bytesFor(Math.max(entries, CATALOG_ENTRIES_MIN));
    setFileSize(fd, size, path);
    reserve(fd, 0, size, path);
    const file = mapCatalog(fd, path, schema, size, true);
    file.view.writeIdentity(feedUid, Math.floor((size - CATALOG.HEADER_BYTES) / ENTRY_BYTES));
    return file;
  } catch (error) {
    removeFile(path);
    throw error;
  } finally {
    closeFile(fd);
  }
}

/** Opens a catalog and checks it. @throws DeepwaterError DW_FILE_CORRUPT, DW_SYSTEM_CALL (ENOENT) */
export function openCatalog(path: string, schema: Schema, feedUid: string, writable: boolean): CatalogFile {
  const fd = openExisting(path, writable);
  try {
    for (;;) {
      const size = regularFileSize(fd, path);
      if (size < CATALOG.HEADER_BYTES + ENTRY_BYTES || size > MAPPING_BYTES_MAX) {
        throw new DeepwaterError('DW_FILE_CORRUPT', `${path} has ${size} bytes, which no catalog has. It is made again when a writer opens the feed.`, {
          values: { path, size },
        });
      }
      const file = mapCatalog(fd, path, schema, size, writable);
      try {
        file.view.check(feedUid);
        return file;
      } catch (error) {
        // Its writer may have made it larger since we asked for its size: then there is more room than we mapped.
        if (regularFileSize(fd, path) === size) throw error;
      }
    }
  } finally {
    closeFile(fd);
  }
}

/**
 * Doubles the room of a catalog and maps it anew; the old mapping stays valid for what it covers. Entries are never
 * moved, so readers go on with the old mapping until `count` passes what it holds. The blocks come first, then the size, then
 * the capacity that speaks of them: one that is killed in between leaves a file with more than it says, which the next one
 * takes into use.
 */
export function growCatalog(path: string, schema: Schema, feedUid: string): CatalogFile {
  const fd = openExisting(path, true);
  try {
    const size = regularFileSize(fd, path);
    const known = mapCatalog(fd, path, schema, size, true).view;
    known.check(feedUid);
    const capacity = known.capacity * 2;
    // Never smaller: pages that others have mapped would be gone.
    const wanted = Math.max(size, bytesFor(capacity));
    reserve(fd, 0, wanted, path);
    if (wanted > size) setFileSize(fd, wanted, path);
    failpoint('catalog.sized');
    syncData(fd, path); // after a power loss it must not say that it has more room than it has
    const file = mapCatalog(fd, path, schema, wanted, true);
    file.view.check(feedUid);
    file.view.capacity = capacity;
    return file;
  } finally {
    closeFile(fd);
  }
}

function mapCatalog(fd: number, path: string, schema: Schema, size: number, writable: boolean): CatalogFile {
  const mapped = mapFile(fd, { path, length: size, mode: writable ? 'shared' : 'read-only' });
  return { mapped, view: new CatalogView(mapped.buffer, size, path, schema) };
}
