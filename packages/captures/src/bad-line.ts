import { DeepwaterError } from '@deepwater/core';

/** A line of a capture that is not what its format says. */
export function badLine(path: string, index: number, expected: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `captures: line ${index + 1} of ${path} is not ${expected}.`, { values: { path, line: index + 1 }, cause });
}
