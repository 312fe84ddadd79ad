/** Values that options of strategies and of backtests have in common, checked. */
import path from 'node:path';
import { DeepwaterError, describeValue } from '@deepwater/core/engine';
import { checkKeys, countOf } from '@deepwater/query';

const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const NAME_CHARACTERS = 100;

/** Names of feeds, each once. @throws DeepwaterError DW_OPTION_INVALID */
export function namesOf(option: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.some((name) => typeof name !== 'string')) throw wrong(option, value, 'a list of names of feeds');
  const twice = (value as string[]).find((name, index) => value.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(option, twice, 'each feed once');
  return [...value as string[]];
}

/** The name of a strategy; that of its file where it was given none. @throws DeepwaterError DW_OPTION_INVALID */
export function strategyName(module: URL, name: unknown = path.basename(module.pathname).replace(/\.[cm]?[jt]s$/, '')): string {
  if (typeof name === 'string' && name !== '' && name.length <= NAME_CHARACTERS) return name;
  throw wrong('name', name, `a text of 1 to ${NAME_CHARACTERS} characters`);
}

/** Bars for `onBar`: the names of their options. @throws DeepwaterError DW_OPTION_INVALID */
export function checkBarKeys(bars: unknown): void {
  checkKeys(bars, ['resolution', 'price', 'size', 'side']);
}

/** A timer takes no more than 24 days, and runs at once beyond. @throws DeepwaterError DW_OPTION_INVALID */
export function timeoutOf(option: string, value: unknown): number | undefined {
  const ms = countOf(option, value, 1);
  if (ms === undefined || ms <= TIMEOUT_MS_MAX) return ms;
  throw wrong(option, value, `at most ${TIMEOUT_MS_MAX} ms`);
}

export function wrong(option: string, value: unknown, wanted: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `${option} is ${describeValue(value)}; give ${wanted}.`, { values: { [option]: describeValue(value) } });
}
