import type { ErrorCode } from './codes.js';
import { DeepwaterError } from './deepwater-error.js';
import { describeValue } from './describe.js';

/**
 * An error as plain data that the structured clone takes, to cross from one thread to another. (The clone of an Error
 * keeps neither its class nor its code.)
 */
export interface SerializedError {
  /** `value`: something was thrown, or was a cause, that is not an Error. */
  readonly kind: 'deepwater' | 'error' | 'dom' | 'value';
  readonly name: string;
  readonly message: string;
  /** The nearest built-in class: an unknown subclass of RangeError comes back as a RangeError with its name. */
  readonly base?: string;
  readonly stack?: string;
  readonly code?: string;
  /** `values` of a DeepwaterError; of other errors the own properties (`code`, `errno`, `syscall`, …). */
  readonly values?: Record<string, unknown>;
  /** Only of kind `value`. */
  readonly value?: unknown;
  readonly cause?: SerializedError;
  /** The errors of an AggregateError. */
  readonly errors?: readonly SerializedError[];
}

const BUILT_IN = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError } as const;

/** Chains of causes, and nested values, are cut here; cycles end here too. */
const DEPTH_MAX = 8;
const ENTRIES_MAX = 100;

/** `error`, whatever was thrown, as plain data. Causes are kept to a depth of 8, lists to 100 entries. */
export function serializeError(error: unknown): SerializedError {
  return serialize(error, 0);
}

/** The error that {@link serializeError} was given: same class, code, values, message, stack and cause. */
export function deserializeError(serialized: SerializedError): Error {
  const revived = revive(serialized);
  // `throw 'text'` in a worker still has to reject with an Error here.
  return revived instanceof Error ? revived : new Error(serialized.message, { cause: revived });
}

function serialize(error: unknown, depth: number): SerializedError {
  if (!(error instanceof Error)) {
    return { kind: 'value', name: 'Error', message: `thrown: ${describeValue(error)}`, value: plain(error, depth) };
  }
  const common = {
    name: String(error.name),
    message: String(error.message),
    ...(typeof error.stack === 'string' ? { stack: error.stack } : {}),
    ...(error.cause !== undefined && depth < DEPTH_MAX ? { cause: serialize(error.cause, depth + 1) } : {}),
  };
  if (DeepwaterError.isDeepwaterError(error)) {
    return { kind: 'deepwater', ...common, code: error.code, values: plainEntries(error.values, depth) };
  }
  if (error instanceof DOMException) return { kind: 'dom', ...common };
  return {
    kind: 'error',
    ...common,
    base: error instanceof AggregateError ? 'AggregateError' : baseOf(error),
    values: plainEntries(error, depth),
    ...(error instanceof AggregateError && depth < DEPTH_MAX
      ? { errors: error.errors.slice(0, ENTRIES_MAX).map((inner) => serialize(inner, depth + 1)) }
      : {}),
  };
}

function baseOf(error: Error): string {
  const base = Object.entries(BUILT_IN).find(([name, type]) => name !== 'Error' && error instanceof type);
  return base === undefined ? 'Error' : base[0];
}

function revive(serialized: SerializedError): unknown {
  const { kind, message, values = {} } = serialized;
  if (kind === 'value') return serialized.value;
  const options = serialized.cause === undefined ? {} : { cause: revive(serialized.cause) };
  let error: Error;
  if (kind === 'deepwater') {
    error = new DeepwaterError(serialized.code as ErrorCode, message, { values, ...options });
  } else if (kind === 'dom') {
    error = new DOMException(message, { name: serialized.name, ...options });
  } else {
    error = reviveBuiltIn(serialized, options);
    for (const [key, value] of Object.entries(values)) define(error, key, value, true);
    if (error.name !== serialized.name) define(error, 'name', serialized.name, false);
  }
  if (serialized.stack !== undefined) define(error, 'stack', serialized.stack, false);
  return error;
}

function reviveBuiltIn(serialized: SerializedError, options: ErrorOptions): Error {
  if (serialized.base === 'AggregateError') {
    return new AggregateError((serialized.errors ?? []).map(revive), serialized.message, options);
  }
  const base = serialized.base ?? 'Error';
  const type = Object.hasOwn(BUILT_IN, base) ? BUILT_IN[base as keyof typeof BUILT_IN] : Error;
  return new type(serialized.message, options);
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  // defineProperty, not assignment: a key named `__proto__` stays a key.
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

const NOT_VALUES = new Set(['name', 'message', 'stack', 'cause', 'errors']);

function plainEntries(source: object, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const isError = source instanceof Error;
  for (const key of Object.keys(source).slice(0, ENTRIES_MAX)) {
    if (isError && NOT_VALUES.has(key)) continue;
    define(out, key, plain((source as Record<string, unknown>)[key], depth + 1), true);
  }
  return out;
}

/** `value` as data that the structured clone takes; what it does not take becomes its description. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return describeValue(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return describeValue(value);
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((item) => plain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? plainEntries(value, depth) : describeValue(value);
}
