import { type Access, DeepwaterError, type EventSink, LOG_LEVELS, type LogLevel, describeValue, didYouMean } from '@deepwater/core';
import path from 'node:path';

export interface PlatformOptions {
  /** What goes to `deepwater.log` in the base path. Default `info`; `silent` makes no log. A store opened only for reading has none. */
  readonly logLevel?: LogLevel;
  /** Who may read the store: its owner (default), or the owner's group too. Fixed when the store is made. */
  readonly access?: Access;
  /** Read only: nothing is made or changed, and a directory that cannot be written to is enough. Default false. */
  readonly readOnly?: boolean;
  /** A directory for rings instead of shared memory; kept in the manifest. Each store has a directory of its own in it. */
  readonly ringDir?: string;
  /** Close on SIGTERM and SIGINT, then let the signal end the process if nobody else listens to it. Default true. */
  readonly handleSignals?: boolean;
  /** How long SIGTERM and SIGINT wait for the store to close, ms; what is not in chunks by then is safe in its ring. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /**
   * Threads for queries: what reads have to wait for is done there, not in the thread that asks, and long scans run in as many parts.
   * They are started soon after the first asynchronous read. Long jobs have as many again. Default: cores; at most 256.
   */
  readonly poolThreads?: number;
  /**
   * Minutes between two clean-ups of the store (see `platform.cleanup`), the first of them after that time; in a thread that is started for
   * it. Processes that have the store open take turns. 0: none. Default 15; a store opened only for reading has none.
   */
  readonly cleanupMinutes?: number;
  /** Told of everything that goes to the log, whatever its level; also where there is no log. */
  readonly onEvent?: EventSink;
}

export interface CheckedOptions extends PlatformOptions {
  readonly logLevel: LogLevel;
  readonly readOnly: boolean;
  readonly handleSignals: boolean;
  readonly cleanupMinutes: number;
  readonly closeTimeoutMs: number;
}

/** A slip of the hand shall not start a thousand threads. */
const POOL_THREADS_MAX = 256;

const CLOSE_TIMEOUT_MS_MAX = 3_600_000;
/** A week: timers of Node.js do not reach further than 24 days. */
const CLEANUP_MINUTES_MAX = 7 * 24 * 60;

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

/** What each option may be, and how to say so. */
const CHECKS: Readonly<Record<keyof PlatformOptions, readonly [(value: unknown) => boolean, string]>> = {
  logLevel: [(value) => (LOG_LEVELS as readonly unknown[]).includes(value), LOG_LEVELS.join(', ')],
  access: [(value) => value === 'owner' || value === 'group', "'owner' or 'group'"],
  readOnly: [isBoolean, 'true or false'],
  ringDir: [(value) => typeof value === 'string' && value !== '' && !value.includes('\0'), 'the path of a directory'],
  handleSignals: [isBoolean, 'true or false'],
  closeTimeoutMs: [(value) => typeof value === 'number' && value >= 0 && value <= CLOSE_TIMEOUT_MS_MAX, `milliseconds, at most ${CLOSE_TIMEOUT_MS_MAX}`],
  poolThreads: [(value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= POOL_THREADS_MAX, `a whole number from 1 to ${POOL_THREADS_MAX}`],
  cleanupMinutes: [(value) => typeof value === 'number' && value >= 0 && value <= CLEANUP_MINUTES_MAX, `a number of minutes from 0 (none) to ${CLEANUP_MINUTES_MAX}`],
  onEvent: [(value) => typeof value === 'function', 'a function'],
};

/** @throws DeepwaterError DW_OPTION_INVALID */
export function checkOptions(options: unknown): CheckedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `The options of Platform.open are ${describeValue(options)}; give an object such as { logLevel: 'info' }.`, {
      values: { options: describeValue(options) },
    });
  }
  const known = Object.keys(CHECKS);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof PlatformOptions] : undefined;
    if (check === undefined) {
      throw new DeepwaterError('DW_OPTION_INVALID', `Platform.open has no option ${describeValue(key)}${didYouMean(key, known)}. The options: ${known.join(', ')}.`, {
        values: { option: key, known },
      });
    }
    const [holds, wanted] = check;
    if (!holds(value)) {
      throw new DeepwaterError('DW_OPTION_INVALID', `The option ${key} is ${describeValue(value)}; give ${wanted}.`, {
        values: { option: key, given: describeValue(value) },
      });
    }
  }
  const given = options as PlatformOptions;
  return {
    ...given,
    logLevel: given.logLevel ?? 'info',
    readOnly: given.readOnly ?? false,
    handleSignals: given.handleSignals ?? true,
    closeTimeoutMs: given.closeTimeoutMs ?? 10_000,
    cleanupMinutes: given.readOnly === true ? 0 : given.cleanupMinutes ?? 15,
    ...(given.ringDir === undefined ? {} : { ringDir: path.resolve(given.ringDir) }),
  };
}
