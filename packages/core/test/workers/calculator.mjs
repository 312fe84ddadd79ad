// A service for the tests of rpc: it answers, fails in every way, and dies when told to.
import { setImmediate } from 'node:timers';
import { threadId } from 'node:worker_threads';
import { DeepwaterError, exposeService } from '../../dist/engine.js';

exposeService({
  add: (a, b) => a + b,
  thread: () => threadId,
  echo: (value) => value,
  never: () => new Promise(() => {}),
  failOurs() {
    throw new DeepwaterError('DW_DISK_FULL', 'no room', { values: { path: '/x', free: 0n }, cause: new RangeError('inner') });
  },
  async failBuiltIn() {
    throw Object.assign(new TypeError('not that'), { code: 'EBADTHING' });
  },
  failText() {
    throw 'just text';
  },
  unclonable: () => () => {},
  crash() {
    setImmediate(() => {
      throw new SyntaxError('nobody catches this');
    });
    return new Promise(() => {});
  },
  quit() {
    process.exit(7);
  },
  nested: { deep: { answer: () => 42 } },
});
