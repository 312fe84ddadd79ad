import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Handlers, handlersOf, importModule, isClass } from '@deepwater/strategy/engine';

/**
 * The handlers of a strategy for one run, with state of their own. Of a default class that is an instance: the module itself is loaded once a
 * thread. Other modules are loaded anew for each run, so that their variables begin anew, too; what they import is not.
 * @param run tells this run from all others
 * @throws DeepwaterError DW_STRATEGY_INVALID
 */
export async function handlersForRun(module: string, run: string): Promise<Handlers> {
  // A file that has changed since is another module.
  const shared = await load(module, `deepwater=${changed(module)}`);
  const exported = isClass(shared) ? shared : await load(module, `deepwater=${run}`);
  return handlersOf(exported, module);
}

function load(module: string, query: string): Promise<Record<string, unknown>> {
  const url = new URL(module);
  url.search = url.search === '' ? query : `${url.search}&${query}`;
  return importModule(module, url.href);
}

function changed(module: string): string {
  try {
    return String(statSync(fileURLToPath(module)).mtimeMs);
  } catch {
    // Loading it says what is wrong.
    return '0';
  }
}
