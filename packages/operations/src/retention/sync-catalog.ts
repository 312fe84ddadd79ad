import { closeFile, openExisting, syncData } from '@deepwater/core/engine';

/** Makes a catalog durable: the pages that mappings have changed are the file's, too. */
export function syncCatalog(file: string): void {
  const fd = openExisting(file, true);
  try {
    syncData(fd, file);
  } finally {
    closeFile(fd);
  }
}
