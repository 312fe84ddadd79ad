import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineMappings, type MappedFile, SECTION_BYTES, mapFile, replaceSystem } from '../dist/index.js';
import { mappingsOf, temporaryDirectory } from './mapping-tools.js';
import { assertProperty } from './schema-arbitraries.js';

/** A cache over files whose first byte is their number, and what it opened. */
function cacheOver(files: number, limit: number) {
  const directory = temporaryDirectory();
  const nameOf = (i: number): string => path.join(directory, `file-${i}-`);
  for (let i = 0; i < files; i++) fs.writeFileSync(nameOf(i), Buffer.alloc(4096, i + 1));
  const cache = new EngineMappings(limit);
  const opened: number[] = [];
  const pin = (i: number): MappedFile =>
    cache.pin(nameOf(i), (pool) => {
      opened.push(i);
      const fd = fs.openSync(nameOf(i), 'r');
      try {
        return mapFile(fd, { path: nameOf(i), length: 4096, mode: 'read-only', pool });
      } finally {
        fs.closeSync(fd);
      }
    });
  return {
    cache, opened, pin,
    unpin: (i: number) => cache.unpin(nameOf(i)),
    drop: (i: number) => cache.drop(nameOf(i)),
    use: (i: number) => {
      pin(i);
      cache.unpin(nameOf(i));
    },
    mapped: () => Array.from({ length: files }, (_, i) => i).filter((i) => mappingsOf(nameOf(i)) > 0),
  };
}

const firstByte = (mapped: MappedFile): number => new Uint8Array(mapped.buffer)[0];

describe('the cache of engine mappings', () => {
  test('maps a file once, however often it is asked for', () => {
    const { pin, opened, mapped } = cacheOver(2, 10);
    expect([pin(0), pin(1), pin(0), pin(0)].map(firstByte)).toEqual([1, 2, 1, 1]);
    expect(opened).toEqual([0, 1]);
    expect(mapped()).toEqual([0, 1]);
  });

  test('keeps to its limit: the least recently used go at once, without garbage collection', () => {
    const { cache, use, opened, mapped } = cacheOver(6, 3);
    for (const i of [0, 1, 2, 0, 3, 4]) use(i);
    expect(cache.size).toBe(3);
    expect(mapped()).toEqual([0, 3, 4]); // 0 was used after 1 and 2
    use(1);
    expect(opened).toEqual([0, 1, 2, 3, 4, 1]);
    expect(mapped()).toEqual([1, 3, 4]);
  });

  test('address space is used again: a thousand files go through a handful of Memories, and each reads as itself', () => {
    const { pin, unpin } = cacheOver(40, 3);
    const memories = new Set<WebAssembly.Memory>();
    for (let round = 0; round < 1000; round++) {
      const i = (round * 7) % 40;
      const mapped = pin(i);
      memories.add(mapped.memory);
      expect(firstByte(mapped)).toBe(i + 1);
      // Pages behind the file are empty, whoever had the Memory before.
      expect(new Uint8Array(mapped.buffer)[4096]).toBe(0);
      unpin(i);
    }
    expect(memories.size).toBeLessThanOrEqual(4);
  });

  test('the Memory of a simulated file, in which all of its mappings lie, is given to no other file', () => {
    const { cache, pin, unpin } = cacheOver(2, 10);
    const memory = new WebAssembly.Memory({ shared: true, initial: 1, maximum: 1 });
    const mapped: MappedFile = { memory, buffer: memory.buffer as unknown as SharedArrayBuffer, fileBytes: 4096, scratchOffset: SECTION_BYTES };
    const restore = replaceSystem({ mapping: { map: () => mapped, place() {}, release() {} } });
    try {
      for (const name of ['seen by one', 'and by another']) {
        cache.pin(name, () => mapFile(-1, { path: name, length: 4096, mode: 'read-only' }));
        cache.unpin(name);
        cache.drop(name);
      }
    } finally {
      restore();
    }
    const pinned = [0, 1].map(pin);
    expect(pinned.map(firstByte)).toEqual([1, 2]);
    for (const i of [0, 1]) unpin(i);
  });

  test('what a scan has pinned stays, even past the limit, and is still the file', () => {
    const { cache, pin, unpin, use, mapped } = cacheOver(6, 2);
    const pinned = [0, 1, 2].map(pin);
    for (const i of [3, 4, 5]) use(i);
    expect(mapped()).toEqual([0, 1, 2, 5]);
    expect(pinned.map(firstByte)).toEqual([1, 2, 3]);
    for (const i of [0, 1, 2]) unpin(i);
    use(5);
    expect(cache.size).toBe(2);
    expect(mapped()).toEqual([2, 5]);
  });

  test('a file pinned twice stays until both pins are gone', () => {
    const { pin, unpin, drop, mapped } = cacheOver(1, 2);
    pin(0);
    pin(0);
    unpin(0);
    expect(mapped()).toEqual([0]);
    unpin(0);
    unpin(0); // one too many does no harm
    expect(mapped()).toEqual([0]);
    drop(0);
    expect(mapped()).toEqual([]);
  });

  test('a file dropped while it is pinned goes with the last pin, and not before', () => {
    const { pin, unpin, drop, mapped } = cacheOver(1, 2);
    const pinned = pin(0);
    pin(0);
    drop(0);
    unpin(0);
    expect([firstByte(pinned), mapped()]).toEqual([1, [0]]);
    unpin(0);
    expect(mapped()).toEqual([]);
    expect(firstByte(pin(0))).toBe(1);
    unpin(0);
    expect(mapped()).toEqual([0]);
  });

  test('clear lets go of all that is not in use, and what was dropped is opened anew', () => {
    const { cache, pin, use, opened, mapped } = cacheOver(3, 5);
    pin(0);
    use(1);
    use(2);
    cache.clear();
    expect(mapped()).toEqual([0]);
    use(2);
    expect(opened).toEqual([0, 1, 2, 2]);
  });

  test('a file that cannot be opened leaves nothing behind', () => {
    const cache = new EngineMappings(2);
    const fail = (): never => { throw new Error('no such file'); };
    expect(() => cache.pin('x', fail)).toThrow('no such file');
    expect(cache.size).toBe(0);
  });

  test('any order of use: as a naive cache does, never over the limit but for pins', () => {
    const step = fc.record({ action: fc.constantFrom('use', 'use', 'pin', 'unpin', 'drop'), file: fc.nat(7) });
    assertProperty(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
      const over = cacheOver(8, limit);
      let model: { file: number; pins: number; unwanted: boolean }[] = []; // least recently used first
      for (const { action, file } of steps) {
        over[action as 'use' | 'pin' | 'unpin' | 'drop'](file);
        const known = model.find((entry) => entry.file === file);
        if (action === 'use' || action === 'pin') {
          model = model.filter((entry) => entry !== known);
          const entry = { file, pins: (known?.pins ?? 0) + 1, unwanted: known?.unwanted ?? false };
          model.push(entry);
          for (const old of [...model]) if (model.length > limit && old.pins === 0) model.splice(model.indexOf(old), 1);
          if (action === 'use') entry.pins -= 1;
        } else if (known !== undefined) {
          if (action === 'drop') known.unwanted = true;
          else known.pins = Math.max(0, known.pins - 1);
          if (known.unwanted && known.pins === 0) model = model.filter((entry) => entry !== known);
        }
        expect(over.cache.size).toBe(model.length);
      }
      expect(over.mapped()).toEqual(model.map(({ file }) => file).sort());
    }), 40);
  });
});
