/** Runs tasks in a thread of the pool: finds the function, and brings back what it gives or throws. */
import { DeepwaterError, didYouMean, serializeError, threadKernelId } from '@deepwater/core/engine';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { limitMappings } from '../open-chunk.js';
import { checkCloneable } from './cloneable.js';
import type { TaskAnswer, TaskMessage } from './protocol.js';
import type { TaskHelper } from './task-control.js';
import { TransferredResult } from './task-result.js';

type TaskFunction = (payload: unknown, helper: TaskHelper) => unknown;

/** The feed tasks are what most queries ask for: the first shall not wait for them. */
const PRELOADED = new URL('./feed-tasks.js', import.meta.url).href;

export async function taskRunner(helper: TaskHelper, mappingsMax: number): Promise<(message: TaskMessage) => unknown> {
  threadKernelId(); // loads native code
  limitMappings(mappingsMax);
  const modules = new Map<string, Record<string, unknown>>();
  const moduleOf = async (url: string): Promise<Record<string, unknown>> => {
    const known = modules.get(url);
    if (known !== undefined) return known;
    const loaded = await import(url) as Record<string, unknown>;
    modules.set(url, loaded);
    return loaded;
  };
  await moduleOf(PRELOADED);
  return async ([module, name, payload]) => {
    try {
      const known = modules.get(module) ?? await moduleOf(module);
      const given = functionOf(known, module, name)(payload, helper);
      const result = given instanceof Promise ? await given as unknown : given;
      if (result instanceof TransferredResult) return handedOver(result);
      // The feed tasks give plain data, many times a second.
      if (module !== PRELOADED) checkCloneable(name, result);
      return [result] satisfies TaskAnswer;
    } catch (error) {
      return [undefined, serializeError(error)] satisfies TaskAnswer;
    }
  };
}

function functionOf(exported: Record<string, unknown>, module: string, name: string): TaskFunction {
  const found = exported[name];
  if (typeof found === 'function') return found as TaskFunction;
  throw new DeepwaterError('DW_OPTION_INVALID', `${module} exports no function ${name}${didYouMean(name, Object.keys(exported))}. Give the name of a function that takes (payload, helper).`, {
    values: { module, name, known: Object.keys(exported) },
  });
}

function handedOver({ result, transfer }: TransferredResult): unknown {
  // Piscina's own form of it. Its declaration speaks of one transferable; what it does takes a list as well.
  return move({ [transferableSymbol]: transfer, [valueSymbol]: [result] } as never);
}
