import { DeepwaterError, describeValue, deserializeError, didYouMean } from '@deepwater/core/engine';
import type { ThreadDeath } from '@deepwater/core/engine';
import type { Failure } from './protocol.js';

/** A failure as an error: what failed, at which record, and what was thrown, with its stack, as the cause. */
export function strategyError(strategy: string, { phase, error, feed, sequence, time }: Failure): DeepwaterError {
  const cause = deserializeError(error);
  const record = feed === undefined ? '' : sequence === undefined ? ` (feed ${feed})` : ` at record ${sequence} of feed ${feed}`;
  const where = phase === 'feed' ? 'could not go on' : phase === 'uncaught' ? 'did not catch an error' : `threw in ${phase}`;
  return new DeepwaterError('DW_STRATEGY_FAILED', `Strategy ${strategy} ${where}${record}: ${cause.name}: ${cause.message}`, {
    values: { strategy, phase, ...(feed === undefined ? {} : { feed }), ...(sequence === undefined ? {} : { sequence }), ...(time === undefined ? {} : { time }) },
    cause,
  });
}

/** What `onStart` threw. */
export function onStartError(strategy: string, error: unknown): DeepwaterError {
  const cause = error instanceof Error ? error : new Error(String(error));
  return new DeepwaterError('DW_STRATEGY_FAILED', `Strategy ${strategy} threw in onStart: ${cause.name}: ${cause.message}`, { values: { strategy, phase: 'onStart' }, cause });
}

/** What a thread's start was rejected with. */
export function startError(strategy: string, error: unknown): DeepwaterError {
  if (DeepwaterError.isDeepwaterError(error)) return error;
  return new DeepwaterError('DW_STRATEGY_FAILED', `Strategy ${strategy} could not be started: ${String(error)}`, { values: { strategy }, cause: error });
}

/** The thread ended without saying why: `process.exit`, out of memory. */
export function deathOf(strategy: string, { exitCode, error }: ThreadDeath): DeepwaterError {
  const how = error === undefined ? `its thread ended with exit code ${exitCode}` : `its thread ended with ${error.name}: ${error.message}`;
  return new DeepwaterError('DW_STRATEGY_FAILED', `Strategy ${strategy} is gone: ${how}. Nothing of its module could be asked why; look for process.exit, and at its memory.`, { values: { strategy, exitCode }, ...(error === undefined ? {} : { cause: error }) });
}

export function tooLate(strategy: string, what: string, ms: number): DeepwaterError {
  return new DeepwaterError('DW_STRATEGY_TIMEOUT', `Strategy ${strategy} did not ${what} within ${ms} ms; its thread was ended. A handler that does not return holds up everything else: give it less to do, or raise the timeout.`, {
    values: { strategy, ms },
  });
}

export function notRunning(strategy: string, state: string): DeepwaterError {
  return new DeepwaterError('DW_STRATEGY_STOPPED', `Strategy ${strategy} is ${state}; parameters are for one that runs. Spawn it again with them.`, { values: { strategy, state } });
}

/** Errors that a restart does not mend: of the feed or of the module, not of a handler. */
export function isFinal(error: DeepwaterError): boolean {
  const FINAL = ['DW_FEED_UNKNOWN', 'DW_HANDLE_INVALID', 'DW_STRATEGY_INVALID', 'DW_OPTION_INVALID'];
  if (error.code !== 'DW_STRATEGY_FAILED') return FINAL.includes(error.code);
  return error.values['phase'] === 'feed' && DeepwaterError.isDeepwaterError(error.cause) && FINAL.includes(error.cause.code);
}

/** A feed whose reader or writer a context does not have. @param caller who was to be told of it @param known those that it has */
export function unknownFeed(strategy: string, call: 'reader' | 'writer', feed: unknown, known: readonly string[], caller: 'spawnStrategy' | 'backtest'): DeepwaterError {
  const hint = typeof feed === 'string' ? didYouMean(feed, known) : '';
  const option = call === 'writer' ? 'writes' : 'feeds';
  return new DeepwaterError('DW_FEED_UNKNOWN', `Strategy ${strategy} has no ${call} of feed ${describeValue(feed)}${hint}. Name the feed in { ${option}: […] } of ${caller}.`, {
    values: { strategy, feed: describeValue(feed), known },
  });
}

/** What a context was given and the structured clone refuses. */
export function notCopyable(strategy: string, call: string, cause: unknown): DeepwaterError {
  return new DeepwaterError('DW_VALUE_TYPE', `context.${call} of strategy ${strategy} was given something that cannot be copied to another thread: ${(cause as Error).message} Give plain data.`, {
    values: { strategy }, cause,
  });
}
