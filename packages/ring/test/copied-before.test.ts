import { expect, test } from 'vitest';
import { copiedBefore } from '../dist/copied-before.js';
import type * as Gather from '../dist/gather.js';

/** What `Atomics` is asked for while something runs, the word's buffer with each. */
function stores(run: () => void): ArrayBufferLike[] {
  const { store } = Atomics;
  const seen: ArrayBufferLike[] = [];
  Atomics.store = ((array: Int32Array, index: number, value: number) => {
    seen.push(array.buffer);
    return store(array, index, value);
  }) as typeof Atomics.store;
  try {
    run();
  } finally {
    Atomics.store = store;
  }
  return seen;
}

test('a copy of rows ends with a store on processors that may let the next load overtake it, and with nothing on x64', () => {
  const here = copiedBefore('arm64');
  expect(stores(() => { here(); here(); })).toHaveLength(2);
  expect(stores(copiedBefore('x64'))).toEqual([]);
});

test('gatherField ends with it', async () => {
  const { arch } = process;
  Object.defineProperty(process, 'arch', { value: 'arm64' });
  try {
    const again: string = '../dist/gather.js?arm64'; // a module of its own
    const { gatherField } = (await import(again)) as typeof Gather;
    const buffer = new SharedArrayBuffer(4096);
    new Int32Array(buffer).fill(7);
    const target = new Uint8Array(64);
    const ring = { slotCount: 16, slotStride: 16, slotsOffset: 1024, buffer } as unknown as Parameters<typeof Gather.gatherField>[0];
    const field = { width: 4, slotOffset: 4 } as Parameters<typeof Gather.gatherField>[1];
    const seen = stores(() => { gatherField(ring, field, 10, 20, target, 0); });
    expect(new Int32Array(target.buffer).slice(0, 11)).toEqual(Int32Array.from([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0]));
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toBe(buffer);
  } finally {
    Object.defineProperty(process, 'arch', { value: arch });
  }
});
