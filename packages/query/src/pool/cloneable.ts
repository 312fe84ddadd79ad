import { DeepwaterError, describeValue } from '@deepwater/core/engine';

/** What the structured clone does not take, by the tag that `Object.prototype.toString` gives. */
const UNCLONEABLE = new Set(['Promise', 'WeakMap', 'WeakSet', 'WeakRef', 'Generator', 'AsyncGenerator', 'AsyncFunction', 'GeneratorFunction', 'Module']);

/**
 * Looks through a task's result for what cannot be posted: a thread that tries to ends, and cannot say why.
 * @throws DeepwaterError DW_OPTION_INVALID, with the place
 */
export function checkCloneable(task: string, result: unknown): void {
  const seen = new Set<object>();
  const look = (value: unknown, place: () => string): void => {
    if (typeof value === 'function' || typeof value === 'symbol') throw uncloneable(task, place(), value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
    seen.add(value);
    if (UNCLONEABLE.has(Object.prototype.toString.call(value).slice(8, -1))) throw uncloneable(task, place(), value);
    if (value instanceof Map) {
      for (const [key, each] of value) {
        look(key, () => `a key of ${place()}`);
        look(each, () => `${place()}.get(${describeValue(key)})`);
      }
    } else if (value instanceof Set) {
      for (const each of value) look(each, () => `a member of ${place()}`);
    } else if (Array.isArray(value)) {
      value.forEach((each, i) => { look(each, () => `${place()}[${i}]`); });
    } else if (!(value instanceof Error)) {
      for (const key of Object.keys(value)) look((value as Record<string, unknown>)[key], () => `${place()}.${key}`);
    }
  };
  look(result, () => 'result');
}

function uncloneable(task: string, place: string, value: unknown): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `The task ${task} gave a result that cannot leave its thread: ${place} is ${describeValue(value)}, which the structured clone does not take. Give plain data.`, {
    values: { task, place, value: describeValue(value) },
  });
}
