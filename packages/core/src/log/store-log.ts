import path from 'node:path';
import type { Logger } from 'pino';
import { DeepwaterError, describeValue } from '../errors/index.js';
import type { Access } from '../mapping/files.js';
import { STORE_FILES } from '../store/feed-paths.js';
import { redactText, redactValues } from './redact.js';
import { RotatingLog } from './rotating-log.js';
import type { StoreEvent } from './store-event.js';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** What goes to the log: this level and the more serious ones; `silent` makes no file. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The log of a store, `deepwater.log` in its base path: JSON lines with `level`, `time` (ISO 8601), `pid`, `msg` and
 * `values`. Rotated at 10 MiB, 5 older files kept. Several processes may write it at once.
 */
export class StoreLog {
  private constructor(
    private readonly logger: Logger | undefined,
    private readonly file: RotatingLog | undefined,
  ) {}

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_FILE_CORRUPT where a link or a directory stands in the log's place */
  static async open(basePath: string, level: LogLevel, access: Access): Promise<StoreLog> {
    if (!LOG_LEVELS.includes(level)) {
      throw new DeepwaterError('DW_OPTION_INVALID', `logLevel is ${describeValue(level)}; give one of ${LOG_LEVELS.join(', ')}.`, {
        values: { option: 'logLevel', given: describeValue(level) },
      });
    }
    if (level === 'silent') return new StoreLog(undefined, undefined);
    const file = new RotatingLog(path.join(basePath, STORE_FILES.LOG), access);
    // Not at the top: threads and programs that only read do without it.
    const { pino, stdTimeFunctions } = await import('pino');
    const logger = pino(
      {
        level,
        base: { pid: process.pid },
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => file.write(line) },
    );
    return new StoreLog(logger, file);
  }

  /** Logs an event, where its level is asked for, without what looks like a secret. Never throws. */
  readonly event = ({ level, message, values }: StoreEvent): void => {
    if (this.logger?.isLevelEnabled(level) !== true) return;
    if (values === undefined) this.logger[level](redactText(message));
    else this.logger[level]({ values: redactValues(values) }, redactText(message));
  };

  /** Writes what is waiting and closes the file. */
  async close(): Promise<void> {
    await this.file?.close();
  }

  /** The same without waiting for anything: for the end of the process. */
  closeSync(): void {
    this.file?.closeSync();
  }
}
