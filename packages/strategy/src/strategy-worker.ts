/** The thread of a strategy. */
import { workerData } from 'node:worker_threads';
import { DeepwaterError, describeValue, exposeService, threadKernelId } from '@deepwater/core/engine';
import type { StrategyInit, StrategyMessage, StrategyService } from './protocol.js';
import { type Handlers, handlersOf } from './strategy-module.js';
import { StrategyRun } from './strategy-run.js';

const init = workerData as StrategyInit;
/** What metrics may be; whatever else is there is described. */
const PLAIN = new Set(['number', 'bigint', 'string', 'boolean']);
let run: StrategyRun | undefined;

async function load(): Promise<Handlers> {
  let exported: Record<string, unknown>;
  try {
    exported = await import(init.module) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new DeepwaterError('DW_STRATEGY_INVALID', `The strategy module ${init.module} does not load: ${why}`, { values: { module: init.module }, cause: error });
  }
  const handlers = handlersOf(exported, init.module);
  if (handlers.onBar !== undefined && init.bars === undefined) {
    throw new DeepwaterError('DW_OPTION_INVALID', `The strategy module ${init.module} has onBar, and spawnStrategy was not told which bars: give { bars: { resolution: '1m' } }.`, {
      values: { module: init.module },
    });
  }
  return handlers;
}

async function finish(started: StrategyRun): Promise<void> {
  const failures = await started.finish();
  // What the strategy printed last goes out before the thread is ended.
  await new Promise<void>((resume) => { setImmediate(resume); });
  init.events.postMessage({ kind: 'end', failures } satisfies StrategyMessage);
}

const service: StrategyService = {
  ready() {
    threadKernelId(); // loads native code
  },
  async start() {
    const started = new StrategyRun(init, await load());
    await started.begin();
    run = started;
    // Timers, promises and sockets of the strategy: what they throw ends it like what a handler throws.
    process.on('uncaughtException', (error) => { started.fail('uncaught', error); });
  },
  go(changed) {
    if (run === undefined) return;
    // What `onParams` throws ends it like what any handler throws.
    if (changed.length > 0) run.setParams(changed[0]).catch(() => {});
    void finish(run);
  },
  stop() {
    run?.stop();
  },
  async setParams(params) {
    await run?.setParams(params);
  },
  metrics() {
    const own = Object.entries(run?.context.metrics ?? {});
    return Object.fromEntries(own.map(([name, value]) => [name, PLAIN.has(typeof value) ? value : describeValue(value)]));
  },
};
exposeService(service);
