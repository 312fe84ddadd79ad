import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { STORE_FILES, sharedRingDirectory } from '@deepwater/core';
import { Platform } from 'deepwater';

/** Makes an empty directory for a store inside a scratch directory. */
export function newStorePath(directory: string): string {
  return mkdtempSync(path.join(directory, 'store-'));
}

/** Opens a store of its own for the time of `run`, and removes it afterwards, its rings in shared memory included. */
export async function withStore<T>(directory: string, run: (platform: Platform, basePath: string) => Promise<T>): Promise<T> {
  const basePath = newStorePath(directory);
  try {
    const platform = await Platform.open(basePath, { logLevel: 'error' });
    try {
      return await run(platform, basePath);
    } finally {
      await platform.close();
    }
  } finally {
    removeStore(basePath);
  }
}

/** Removes a store that nobody has open. Killed writers leave rings in shared memory: those go too. */
export function removeStore(basePath: string): void {
  const manifest = path.join(basePath, STORE_FILES.MANIFEST);
  if (existsSync(manifest)) {
    const { storeId } = JSON.parse(readFileSync(manifest, 'utf8')) as { storeId: string };
    rmSync(sharedRingDirectory(storeId), { recursive: true, force: true });
  }
  rmSync(basePath, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes a scratch directory with every store in it. */
export function removeScratch(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) removeStore(path.join(directory, name));
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
