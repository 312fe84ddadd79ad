/** `cleanup.json` in the base path: what one clean-up leaves for the next to know. */
import path from 'node:path';
import { type Access, STORE_FILES, readSmallFile, replaceFile } from '@deepwater/core/engine';
import type { ClockHold, ClockLook, ClockState, ClockTrial } from './clock-line.js';

const FORMAT = 1;
const BYTES_MAX = 64 * 1024;

export interface CleanupMemory {
  readonly clock: ClockState;
  /** When a clean-up last ended. */
  readonly ranAt?: ClockLook;
  /** Why it deleted nothing by age, where it did not. */
  readonly hold?: ClockHold;
}

/**
 * Reads what is remembered. A file that is missing or damaged is as if nobody had ever looked: deletion by age then waits for
 * the clock to prove itself, and no data is lost by it.
 */
export function readCleanupMemory(basePath: string): { memory: CleanupMemory; problem?: string } {
  const file = path.join(basePath, STORE_FILES.CLEANUP);
  try {
    const text = readSmallFile(file, BYTES_MAX);
    if (text === undefined) return { memory: { clock: {} } };
    const parsed = JSON.parse(text) as { format?: unknown; clock?: unknown; ranAt?: unknown; hold?: unknown };
    const memory = parsed.format === FORMAT ? memoryOf(parsed) : undefined;
    return memory === undefined ? { memory: { clock: {} }, problem: `${file} does not hold what it should` } : { memory };
  } catch (error) {
    return { memory: { clock: {} }, problem: `${file} cannot be read: ${(error as Error).message}` };
  }
}

export function writeCleanupMemory(basePath: string, { clock, ranAt, hold }: CleanupMemory, access: Access): void {
  replaceFile(path.join(basePath, STORE_FILES.CLEANUP), `${JSON.stringify({ format: FORMAT, clock, ranAt, hold }, null, 2)}\n`, access);
}

function memoryOf({ clock, ranAt, hold }: { clock?: unknown; ranAt?: unknown; hold?: unknown }): CleanupMemory | undefined {
  const { anchor, believedMs, trial } = Object(clock) as { [key in keyof ClockState]?: unknown };
  const sound =
    (anchor === undefined ? believedMs === undefined : isLook(anchor) && isTime(believedMs)) &&
    (trial === undefined || isTrial(trial)) && (ranAt === undefined || isLook(ranAt)) && (hold === undefined || HOLDS.has(hold));
  return sound ? { clock: clock as ClockState, ...(ranAt === undefined ? {} : { ranAt }), ...(hold === undefined ? {} : { hold: hold as ClockHold }) } as CleanupMemory : undefined;
}

const HOLDS = new Set<unknown>(['first', 'jump', 'far', 'boot', 'behind'] satisfies ClockTrial['hold'][]);

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);

function isLook(value: unknown): value is ClockLook {
  const { wallMs, bootId, uptimeMs } = Object(value) as { [key in keyof ClockLook]?: unknown };
  return isTime(wallMs) && typeof bootId === 'string' && isTime(uptimeMs);
}

function isTrial(value: unknown): boolean {
  const { hold, start, lastMs, observedMs } = Object(value) as { [key in keyof ClockTrial]?: unknown };
  return HOLDS.has(hold) && isLook(start) && isTime(lastMs) && isTime(observedMs);
}
