/** The process of one benchmark: gets its order from main.ts, and sends progress and lines back. */
import { BENCHMARKS } from './benchmarks/index.js';
import type { Answer, Order } from './lib/run-benchmark.js';

/** Resolves when the answer is on its way. */
const send = (answer: Answer): Promise<void> => new Promise((resolve) => { process.send?.(answer, undefined, undefined, () => { resolve(); }); });

async function carryOut(order: Order): Promise<void> {
  try {
    const benchmark = BENCHMARKS.find(({ name }) => name === order.name);
    if (benchmark === undefined) throw new RangeError(`no benchmark is called ${order.name}`);
    const lines = await benchmark.run({
      ...order,
      pick: (full, quick) => (order.quick ? quick : full),
      progress: (text) => { void send({ kind: 'progress', text }); },
    });
    await send({ kind: 'done', lines });
  } catch (error) {
    await send({ kind: 'failed', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
  } finally {
    process.disconnect();
  }
}

// At the end, or when whoever ordered this is gone.
process.once('disconnect', () => process.exit());
process.once('message', (order: Order) => { void carryOut(order); });
