/** A file of the simulated disk, or a directory with all that is in it, as a real one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Inode } from './inode.js';

/** @param path where it goes; must not exist */
export function materialise(inode: Inode, path: string): void {
  if (inode.kind === 'file') {
    const content = new Uint8Array(inode.size);
    content.set(inode.snapshot()); // pages behind the last that was ever written are not kept
    writeFileSync(path, content, { mode: 0o600 });
    return;
  }
  mkdirSync(path, { mode: 0o700 });
  for (const [name, entry] of inode.entries) materialise(entry, join(path, name));
}
