/** The thread of a strategy. */
import { workerData } from 'node:worker_threads';
import { exposeService, threadKernelId } from '@deepwater/core/engine';
import { plainMetrics } from './copied.js';
import type { StrategyInit, StrategyMessage, StrategyService } from './protocol.js';
import { type Handlers, checkBarsGiven, handlersOf, importModule } from './strategy-module.js';
import { StrategyRun } from './strategy-run.js';

const init = workerData as StrategyInit;
let run: StrategyRun | undefined;

async function load(): Promise<Handlers> {
  const handlers = handlersOf(await importModule(init.module), init.module);
  checkBarsGiven(init.module, handlers, init.bars, 'spawnStrategy');
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
    return plainMetrics(run?.context.metrics ?? {});
  },
};
exposeService(service);
