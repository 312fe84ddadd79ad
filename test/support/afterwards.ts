/**
 * What tests leave behind is closed and removed when they end. `setup-afterwards.ts` sees to it for each file: files share processes, and modules
 * such as this one, so that a hook of a shared module would be that of the first file which loads it, and of no other.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Undo = () => unknown;

const ofThisTest: Undo[] = [];
const ofThisFile: Undo[] = [];
const open: { close(): unknown }[] = [];

/** Runs after the test, the last one first. */
export function afterThisTest(undo: Undo): void {
  ofThisTest.push(undo);
}

/** Runs when the tests of the file have ended and what they had opened is closed, the last one first. */
export function afterThisFile(undo: Undo): void {
  ofThisFile.push(undo);
}

/** Closed with the file's tests; that it cannot be closed is no failure of theirs. */
export function closeAfterwards<T extends { close(): unknown }>(it: T): T {
  open.push(it);
  return it;
}

/** A directory of its own, removed with what killed writers of the stores below it have left in shared memory. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'deepwater-test-'));
  afterThisFile(() => {
    try {
      removeRings(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
  return directory;
}

export const undoTest = (): Promise<void> => undoAll(ofThisTest);

export async function undoFile(): Promise<void> {
  await Promise.allSettled(open.splice(0).map(async (it) => { await it.close(); }));
  await undoAll(ofThisFile);
}

async function undoAll(undos: Undo[]): Promise<void> {
  const failures: unknown[] = [];
  for (const undo of undos.splice(0).reverse()) {
    try {
      await undo();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function removeRings(directory: string): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.name !== 'manifest.json' || !entry.isFile()) continue;
    const [, storeId] = /"storeId": "([0-9a-f]{32})"/.exec(readFileSync(join(entry.parentPath, entry.name), 'utf8')) ?? [];
    if (storeId !== undefined) rmSync(`/dev/shm/deepwater-${process.getuid!()}/${storeId}`, { recursive: true, force: true });
  }
}
