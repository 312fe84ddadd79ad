import { existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { SHARED_MEMORY } from '@deepwater/core';
import { removeScratch } from './stores.js';

/** Directories of one run, removed with everything in them however the run ends. */
export interface Scratch {
  readonly directory: string;
  readonly memoryDirectory: string | undefined;
  remove(): void;
}

export function makeScratch(parent: string): Scratch {
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(path.join(realpathSync(parent), 'bench-'));
  const memoryDirectory = existsSync(SHARED_MEMORY) ? mkdtempSync(path.join(SHARED_MEMORY, 'deepwater-bench-')) : undefined;
  const remove = (): void => {
    removeScratch(directory);
    if (memoryDirectory !== undefined) removeScratch(memoryDirectory);
  };
  return { directory, memoryDirectory, remove };
}
