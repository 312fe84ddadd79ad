import type { ErrorCode } from './codes.js';

/** Shared through the global symbol registry, so that two copies of this package know each other's errors. */
const BRAND = Symbol.for('deepwater.error');

/** What may be given to a {@link DeepwaterError} besides its code and message. */
export interface DeepwaterErrorOptions {
  /** The values that the message speaks of, for programs: plain data, named as in the docs. */
  readonly values?: Record<string, unknown>;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Every error that Deepwater gives to its users. `code` is stable and listed in `docs/ERRORS.md`; `message` says what
 * happened, with the values, and the next step; `values` holds the same values for programs.
 */
export class DeepwaterError extends Error {
  static {
    // On the prototype, not on each error: printing an error then shows `code` and `values` only.
    Object.defineProperty(this.prototype, 'name', { value: 'DeepwaterError', writable: true, configurable: true });
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  readonly code: ErrorCode;
  readonly values: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: DeepwaterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.values = Object.freeze({ ...options.values });
  }

  /** A plain object for logs: safe for `JSON.stringify` (a bigint becomes its decimal text), without the stack. */
  toJSON(): Record<string, unknown> {
    const cause = this.cause;
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      values: JSON.parse(JSON.stringify(this.values, jsonValue)) as unknown,
      ...(cause === undefined ? {} : { cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) }),
    };
  }

  /** Whether `error` is a DeepwaterError, of this or another copy of the package. */
  static isDeepwaterError(error: unknown): error is DeepwaterError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
