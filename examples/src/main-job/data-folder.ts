import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { TickSource } from '../sources/tick-source.js';
import { UsageError } from './options.js';

/**
 * The folder that the job works in: `store` below it is the Deepwater store, and a file beside that tells that the
 * folder is the job's own, so that nothing else is ever deleted.
 */
const MARKER = 'made-by-main-job.json';

interface Marker {
  readonly about: string;
  /** What was written, so that `--keep` compares a store with the files it was written from. */
  readonly sources: Record<string, string[]>;
  readonly complete: boolean;
}

export function storePath(folder: string): string {
  return join(folder, 'store');
}

/** Makes an empty folder for a new run. @throws UsageError where something is that no run of this job made */
export function emptyDataFolder(folder: string, sources: readonly TickSource[]): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new UsageError(`--data ${folder} is not a directory`);
    const entries = readdirSync(folder);
    if (entries.length > 0 && !entries.includes(MARKER)) {
      throw new UsageError(`--data ${folder} holds something that this job did not make; name another folder, or an empty one`);
    }
    rmSync(storePath(folder), { recursive: true, force: true });
  }
  mkdirSync(folder, { recursive: true });
  writeMarker(folder, sources, false);
}

/** Notes that everything has been written. */
export function markComplete(folder: string, sources: readonly TickSource[]): void {
  writeMarker(folder, sources, true);
}

/** Checks that a folder holds all of these sources from an earlier run. @throws UsageError */
export function checkKeptFolder(folder: string, sources: readonly TickSource[]): void {
  const path = join(folder, MARKER);
  if (!existsSync(path)) throw new UsageError(`--keep: no run of this job left a store in ${folder}; run without --keep first`);
  const marker = JSON.parse(readFileSync(path, 'utf8')) as Marker;
  if (!marker.complete) throw new UsageError(`--keep: the run that wrote ${folder} did not end; run without --keep`);
  if (JSON.stringify(marker.sources) !== JSON.stringify(describe(sources))) {
    throw new UsageError(`--keep: the store in ${folder} was written from other files; run without --keep, or name those files with --shared`);
  }
}

function writeMarker(folder: string, sources: readonly TickSource[], complete: boolean): void {
  const about = 'The main job of the Deepwater examples made this folder; it deletes and writes "store" beside this file.';
  const marker: Marker = { about, sources: describe(sources), complete };
  writeFileSync(join(folder, MARKER), `${JSON.stringify(marker, null, 2)}\n`);
}

/** Feed by feed, the names and sizes of the files. */
function describe(sources: readonly TickSource[]): Record<string, string[]> {
  const name = (file: string): string => `${basename(dirname(file))}/${basename(file)} ${statSync(file).size}`;
  return Object.fromEntries(sources.map((source) => [source.name, source.files.map(name)]));
}
