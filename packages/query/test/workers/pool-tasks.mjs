/** Tasks of the pool's tests. */
import { setImmediate } from 'node:timers';
import { threadId } from 'node:worker_threads';
import { DeepwaterError } from '@deepwater/core/engine';
import { handOver } from '@deepwater/query';

export const echo = (payload) => payload;
export const thread = () => threadId;

export function add({ words, by }) {
  return Atomics.add(words, 0, by);
}

/** Holds its thread until it is let go, or cancelled; word 0: how many hold, 1: let go, 2: how many were cancelled. */
export function hold({ words }, helper) {
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  while (Atomics.load(words, 1) === 0) {
    if (helper.cancelled()) {
      Atomics.add(words, 2, 1);
      return 'cancelled';
    }
    Atomics.wait(words, 1, 0, 1);
  }
  return 'let go';
}

/** Tells how far it is and then holds, so that whoever looks sees it. */
export function holdAt({ words, done, of }, helper) {
  helper.progress(done, of);
  hold({ words }, helper);
  helper.progress(of, of);
  return 'done';
}

export function fail() {
  throw new DeepwaterError('DW_RANGE_INVALID', 'the task failed', { values: { low: 5n, nested: { a: 1 } }, cause: new RangeError('below') });
}

export const failLater = async () => { throw new TypeError('later'); };

/** Ends its thread the first times it is asked to; the count is kept in a shared word. */
export function exit({ words, times, code = 3 }) {
  if (Atomics.add(words, 0, 1) < times) process.exit(code);
  return Atomics.load(words, 0);
}

export function uncaught({ words }) {
  Atomics.add(words, 0, 1);
  return new Promise(() => { setImmediate(() => { throw new Error('nobody catches it'); }); });
}

export function fill({ words }) {
  Atomics.add(words, 0, 1);
  const all = [];
  for (;;) all.push(new Array(10_000).fill({}).map(() => ({ a: Math.random() })));
}

export function uncloneable(kind) {
  if (kind === 'function') return () => {};
  if (kind === 'promise') return { list: [1, { later: new Promise(() => {}) }] };
  if (kind === 'symbol') return new Map([['key', Symbol('none')]]);
  const circle = { at: new Date(0), cells: new Float64Array(2) };
  circle.itself = circle;
  return circle;
}

export function column({ rows }) {
  const cells = new Float64Array(rows).fill(0.5);
  return handOver({ cells }, [cells.buffer]);
}

export const length = ({ buffer }) => buffer.byteLength;

/** Waits for its turn: parts end in the order that the test wants. */
export function part({ words, turn, index }, helper) {
  while (Atomics.load(words, 0) !== turn) {
    if (helper.cancelled()) return 'cancelled';
    Atomics.wait(words, 0, Atomics.load(words, 0), 1);
  }
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  return index;
}
