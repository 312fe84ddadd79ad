/** What can be told of a store without looking into its feeds. Nothing is written, nothing locked. */
import path from 'node:path';
import {
  DeepwaterError, type Manifest, SHARED_MEMORY, STORE_FILES, closeFile, diskSpace, feedDirectories, fileExists, listDirectory, listFeedFiles, openExisting,
  openManifest, ownVersion, readAt, readFeedText, registryHas, registryProblem, regularFileSize,
} from '@deepwater/core';
import { clocksNow } from '../retention/cleanup.js';
import { readCleanupMemory } from '../retention/cleanup-file.js';
import { judgeClock } from '../retention/clock-line.js';
import { holdText, spanText } from '../retention/hold-text.js';
import { type HealthCheck, type HealthRequest, checked } from './health-check.js';

const GB = 1024 ** 3;
const MB = 1024 ** 2;
/** Rings of 4 MiB are made there; below this, the next feeds have theirs on the disk. */
const SHARED_FREE_MIN = 64 * MB;
/** How much of the log is looked at, from its end. */
const LOG_BYTES = 256 * 1024;
const LOG_HOURS = 24;

export interface StoreHealth {
  readonly checks: readonly HealthCheck[];
  /** undefined where the store cannot be opened: then nothing else can be told. */
  readonly manifest?: Manifest;
}

/** @throws DeepwaterError DW_BASE_PATH_INVALID where there is no store */
export async function checkStore({ basePath, minFreeGb }: HealthRequest): Promise<StoreHealth> {
  let manifest: Manifest;
  let copied: boolean;
  try {
    const opened = await openManifest(basePath, { readOnly: true });
    manifest = opened.manifest;
    copied = opened.origin === 'copied';
  } catch (error) {
    if (!DeepwaterError.isDeepwaterError(error) || error.code === 'DW_BASE_PATH_INVALID') throw error;
    return { checks: [{ check: 'manifest', state: 'fail', message: error.message }] };
  }
  return {
    manifest,
    checks: [
      {
        check: 'manifest', state: copied ? 'warn' : 'ok', value: `format ${manifest.format}, written by ${manifest.writtenBy}`, limit: `Deepwater ${ownVersion()}`,
        ...(copied ? { message: 'The store is a copy, or was moved to another file system; it gets an id of its own when it is opened for writing.' } : {}),
      },
      checked('registry', () => registryHealth(basePath)),
      ...feedFiles(basePath),
      checked('disk space', () => space(basePath, minFreeGb * GB, 'fail')),
      checked('shared memory', () => (manifest.ringDir === undefined ? space(SHARED_MEMORY, SHARED_FREE_MIN, 'warn') : space(manifest.ringDir, SHARED_FREE_MIN, 'warn'))),
      checked('clock', () => clockHealth(basePath)),
      checked('quarantine', () => quarantine(basePath)),
      checked('log', () => logHealth(basePath)),
    ],
  };
}

type Finding = Omit<HealthCheck, 'check' | 'feed'>;

/** A hint that is made again when the store is opened for writing: never more than a warning. */
function registryHealth(basePath: string): Finding {
  const files = feedDirectories(basePath).flatMap((name) => {
    const text = readFeedText(basePath, name);
    return text === undefined ? [] : [[name, text] as const];
  });
  const problem = registryProblem(basePath);
  if (problem === undefined && registryHas(basePath, files)) return { state: 'ok', value: `${files.length} feeds` };
  if (files.length === 0 && !fileExists(path.join(basePath, STORE_FILES.REGISTRY))) return { state: 'ok', value: 'no feeds yet' };
  return {
    state: 'warn', value: `${files.length} feed files`,
    message: problem === undefined ? 'The registry and the feed files differ; it is brought up to date when the store is opened for writing.' : `The registry is damaged: ${problem}. It is made again when the store is opened for writing.`,
  };
}

function feedFiles(basePath: string): HealthCheck[] {
  const { feeds, damaged } = listFeedFiles(basePath);
  if (damaged.length === 0) return [{ check: 'feed file', state: 'ok', value: `${feeds.length} feeds` }];
  return damaged.map(({ name, error }) => ({ check: 'feed file', feed: name, state: 'fail', message: error.message }));
}

function space(directory: string, wanted: number, below: 'warn' | 'fail'): Finding {
  // A directory for rings is made when the first one is.
  let there = directory;
  while (!fileExists(there) && there !== path.dirname(there)) there = path.dirname(there);
  const { freeBytes, totalBytes } = diskSpace(there);
  const state = freeBytes < wanted ? below : 'ok';
  return {
    state, value: `${gb(freeBytes)} of ${gb(totalBytes)} GB free`, limit: `${gb(wanted)} GB`,
    ...(state === 'ok' ? {} : { message: `${there} has ${gb(freeBytes)} GB free, less than ${gb(wanted)}. Free space, lower retention, or run \`deepwater cleanup\`.` }),
  };
}

const gb = (bytes: number): string => (bytes / GB).toFixed(bytes < 10 * GB ? 2 : 0);

/** As the next clean-up will see the clock. */
function clockHealth(basePath: string): Finding {
  const { memory, problem } = readCleanupMemory(basePath);
  if (problem !== undefined) return { state: 'warn', message: `${problem}; deletion by age waits until the clock has been watched for a day again.` };
  const look = clocksNow();
  if (memory.clock.anchor === undefined && memory.clock.trial === undefined) return { state: 'ok', value: 'not watched yet' };
  const { verdict } = judgeClock(memory.clock, look);
  const message = holdText(verdict);
  // To wait an hour after a boot, or a day after the first look, is as it should be.
  const usual = message === undefined || verdict.hold === 'boot' || verdict.hold === 'first';
  return {
    state: usual ? 'ok' : 'warn',
    value: verdict.hold === undefined ? `${spanText(Math.abs(verdict.offMs ?? 0))} off` : `held: ${verdict.hold}`,
    ...(message === undefined ? {} : { message }),
  };
}

/** What a repair could not keep. */
function quarantine(basePath: string): Finding {
  const directory = path.join(basePath, STORE_FILES.QUARANTINE);
  const entries = listDirectory(directory) ?? [];
  if (entries.length === 0) return { state: 'ok', value: 0, limit: 0 };
  return { state: 'warn', value: entries.length, limit: 0, message: `${directory} holds ${entries.length} entries that a repair could not keep. Look at them, then remove them.` };
}

/** Errors of the last day, in the last part of the log. */
function logHealth(basePath: string): Finding {
  const file = path.join(basePath, STORE_FILES.LOG);
  if (!fileExists(file)) return { state: 'skipped', message: 'There is no log.' };
  const since = clocksNow().wallMs - LOG_HOURS * 3_600_000;
  const errors = lastLines(file).flatMap((line) => {
    try {
      const { level, time, msg } = JSON.parse(line) as { level?: unknown; time?: unknown; msg?: unknown };
      return level === 'error' && Date.parse(String(time)) >= since ? [String(msg)] : [];
    } catch {
      return []; // half a line
    }
  });
  const last = errors.at(-1);
  if (last === undefined) return { state: 'ok', value: 0, limit: 0 };
  return { state: 'warn', value: errors.length, limit: 0, message: `${errors.length} errors in the last ${LOG_HOURS} hours; the last: ${last}` };
}

function lastLines(file: string): string[] {
  const fd = openExisting(file, false);
  try {
    const size = regularFileSize(fd, file);
    const bytes = Buffer.alloc(Math.min(size, LOG_BYTES));
    return bytes.toString('utf8', 0, readAt(fd, bytes, size - bytes.length, file)).split('\n');
  } finally {
    closeFile(fd);
  }
}
