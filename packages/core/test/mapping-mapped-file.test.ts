import type { Worker } from 'node:worker_threads';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  MADV_DONTNEED, MADV_RANDOM, MAPPING_BYTES_MAX, type MapMode, type MappedFile, PAGE_BYTES, SECTION_BYTES, advise, isResident, mapFile,
  releaseMapping,
} from '../dist/index.js';
import { Peer, collectedUntil, mappingsOf, runScript, temporaryDirectory, temporaryFile, thrownBy } from './mapping-tools.js';

/** Bytes that tell their place: no two pages are alike. */
const painted = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 12) * 7 + 1) & 255);

function mapPath(file: string, mode: MapMode, more: { offset?: number; length?: number; scratchBytes?: number } = {}): MappedFile {
  const fd = fs.openSync(file, mode === 'shared' ? 'r+' : 'r');
  try {
    return mapFile(fd, { path: file, length: fs.fstatSync(fd).size, mode, ...more });
  } finally {
    fs.closeSync(fd);
  }
}

const bytesOf = (mapped: MappedFile): Uint8Array => new Uint8Array(mapped.buffer, 0, mapped.fileBytes);

describe('a file mapped shared', () => {
  test('is a SharedArrayBuffer that holds the file, and the descriptor may be closed', () => {
    const content = painted(10_000);
    const mapped = mapPath(temporaryFile(content), 'shared');
    expect(mapped.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(mapped.memory.buffer).toBe(mapped.buffer);
    expect(mapped.fileBytes).toBe(10_000);
    expect(Buffer.compare(bytesOf(mapped), content)).toBe(0);
  });

  test('stores reach the file, and writes to the file reach the mapping', () => {
    const file = temporaryFile(painted(8192));
    const mapped = mapPath(file, 'shared');
    bytesOf(mapped).set([1, 2, 3], 5000);
    expect([...fs.readFileSync(file).subarray(5000, 5003)]).toEqual([1, 2, 3]);
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, Buffer.from([9, 8]), 0, 2, 4096);
    fs.closeSync(fd);
    expect([...bytesOf(mapped).subarray(4096, 4098)]).toEqual([9, 8]);
  });

  test.each(['buffer', 'memory'] as const)('is seen by a thread that its %s is posted to, both ways', async (what) => {
    const mapped = mapPath(temporaryFile(4096), 'shared');
    const thread = await Peer.thread();
    await thread.ask('take', { name: 'it', [what]: mapped[what] });
    bytesOf(mapped)[17] = 71;
    expect(await thread.ask('load', { name: 'it', at: 17 })).toBe(71);
    await thread.ask('store', { name: 'it', at: 18, value: 81 });
    expect(bytesOf(mapped)[18]).toBe(81);
  });

  test('is seen by another process that maps the file, both ways', async () => {
    const file = temporaryFile(4096);
    const mapped = mapPath(file, 'shared');
    const other = await Peer.process();
    await other.ask('map', { name: 'it', path: file, mode: 'shared' });
    bytesOf(mapped)[17] = 71;
    expect(await other.ask('load', { name: 'it', at: 17 })).toBe(71);
    await other.ask('store', { name: 'it', at: 18, value: 81 });
    expect(bytesOf(mapped)[18]).toBe(81);
  });

  test('outlives the name of the file', () => {
    const file = temporaryFile(painted(4096));
    const mapped = mapPath(file, 'shared');
    fs.unlinkSync(file);
    expect(bytesOf(mapped)[100]).toBe(painted(4096)[100]);
  });
});

describe('a file mapped private', () => {
  test('keeps stores to itself: the file and its other mappings do not change', () => {
    const content = painted(8192);
    const file = temporaryFile(content);
    const [mine, shared] = [mapPath(file, 'private'), mapPath(file, 'shared')];
    bytesOf(mine).sort();
    expect(bytesOf(mine)[0]).toBe(0);
    expect(Buffer.compare(fs.readFileSync(file), content)).toBe(0);
    expect(Buffer.compare(bytesOf(shared), content)).toBe(0);
  });

  test('follows the file on pages that nobody has stored into', () => {
    const file = temporaryFile(8192);
    const [mine, shared] = [mapPath(file, 'private'), mapPath(file, 'shared')];
    bytesOf(mine)[0] = 1; // this freezes the first page
    bytesOf(shared).set([5], 1);
    bytesOf(shared).set([5], 4096);
    expect([bytesOf(mine)[1], bytesOf(mine)[4096]]).toEqual([0, 5]);
  });

  test('needs no right to write the file', () => {
    const file = temporaryFile(painted(4096));
    fs.chmodSync(file, 0o400);
    const mapped = mapPath(file, 'private');
    bytesOf(mapped)[0] = 99;
    expect(bytesOf(mapped)[0]).toBe(99);
  });
});

describe('a file mapped read-only', () => {
  test('shows the file as it becomes', () => {
    const file = temporaryFile(4096);
    const [reader, writer] = [mapPath(file, 'read-only'), mapPath(file, 'shared')];
    bytesOf(writer)[7] = 70;
    expect(bytesOf(reader)[7]).toBe(70);
  });

  test('a store is a fault, not a change', async () => {
    const file = temporaryFile(painted(4096));
    const { signal, output } = await runScript(new URL('./workers/mapping-fault.mjs', import.meta.url), [file]);
    expect({ signal, output }).toEqual({ signal: 'SIGSEGV', output: `read ${painted(1)[0]}\n` });
    expect(fs.readFileSync(file)[0]).toBe(painted(1)[0]);
  });
});

describe('places and sizes', () => {
  test('a range of a file from a page border on', () => {
    const content = painted(5 * PAGE_BYTES);
    const mapped = mapPath(temporaryFile(content), 'read-only', { offset: 2 * PAGE_BYTES, length: PAGE_BYTES + 100 });
    expect(Buffer.compare(bytesOf(mapped), content.subarray(2 * PAGE_BYTES, 3 * PAGE_BYTES + 100))).toBe(0);
  });

  test.each([1, PAGE_BYTES, SECTION_BYTES - 1, SECTION_BYTES, SECTION_BYTES + 1])('%i bytes: scratch space follows at the next section and is memory of its own', (length) => {
    const file = temporaryFile(painted(length));
    const mapped = mapPath(file, 'shared', { scratchBytes: 100_000 });
    expect(mapped.scratchOffset).toBe(length > SECTION_BYTES ? 2 * SECTION_BYTES : SECTION_BYTES);
    expect(mapped.buffer.byteLength).toBe(mapped.scratchOffset + 2 * SECTION_BYTES);
    const scratch = new Uint8Array(mapped.buffer, mapped.scratchOffset);
    expect(scratch.every((byte) => byte === 0)).toBe(true);
    scratch.fill(255);
    expect(Buffer.compare(fs.readFileSync(file), painted(length))).toBe(0);
  });

  test.each([
    ['no bytes', { length: 0 }],
    ['less than none', { length: -4096 }],
    ['no number', { length: Number.NaN }],
    ['more than a mapping holds', { length: MAPPING_BYTES_MAX + 1 }],
    ['more than a mapping holds, with scratch', { length: MAPPING_BYTES_MAX, scratchBytes: 1 }],
    ['an offset between pages', { length: 10, offset: 100 }],
  ])('%s: DW_LIMIT_EXCEEDED with the numbers', (_what, range) => {
    const file = temporaryFile(painted(4096));
    expect(thrownBy(() => mapPath(file, 'shared', range))).toMatchObject({ code: 'DW_LIMIT_EXCEEDED', values: { path: file, length: range.length } });
  });

  test('a bad descriptor, and a shared mapping of a file opened for reading, say so', () => {
    const file = temporaryFile(4096);
    expect(thrownBy(() => mapFile(999_999, { path: file, length: 4096, mode: 'shared' }))).toMatchObject({
      code: 'DW_SYSTEM_CALL', values: { call: 'mmap', errno: 'EBADF', path: file },
    });
    const fd = fs.openSync(file, 'r');
    expect(thrownBy(() => mapFile(fd, { path: file, length: 4096, mode: 'shared' }))).toMatchObject({
      code: 'DW_SYSTEM_CALL', values: { call: 'mmap', errno: 'EACCES', path: file },
    });
    fs.closeSync(fd);
  });

  test('it is told which ranges are in memory: those that somebody wrote or looked at', () => {
    // Holes: nothing of it has ever been read.
    const mapped = mapPath(temporaryFile(512 * 2 ** 20), 'shared');
    const at = (page: number): number => page * PAGE_BYTES;
    const far = 300 * 2 ** 20;
    expect([isResident(mapped.buffer, 0, 1), isResident(mapped.buffer, far, 1)]).toEqual([false, false]);
    const bytes = bytesOf(mapped);
    bytes[far + 5] = 1;
    expect(isResident(mapped.buffer, far + 4000, 10)).toBe(true);
    // The kernel may have read ahead, but not that much.
    expect(isResident(mapped.buffer, 0, 1)).toBe(false);
    expect(isResident(mapped.buffer, 5, 0)).toBe(true);
    bytes.fill(1, 0, at(5000));
    expect(isResident(mapped.buffer, 100, at(4000))).toBe(true);
    expect([isResident(mapped.buffer, 0, at(4096)), isResident(mapped.buffer, 0, at(4096) + 1)]).toEqual([true, false]);
  });

  test('advice changes no byte, whatever range it is given for', () => {
    const content = painted(3 * PAGE_BYTES + 5);
    const mapped = mapPath(temporaryFile(content), 'shared');
    for (const [offset, length] of [[0, 1], [5000, 9000], [0, 1 << 30], [1 << 20, 10], [10, 0], [10, -5]] as const) {
      advise(mapped, offset, length, MADV_RANDOM);
      advise(mapped, offset, length, MADV_DONTNEED);
    }
    expect(Buffer.compare(bytesOf(mapped), content)).toBe(0);
  });
});

describe('the end of a mapping', () => {
  test('released, it reads zeros at once and takes stores that go nowhere', () => {
    const content = painted(10_000);
    const file = temporaryFile(content);
    const mapped = mapPath(file, 'shared');
    const kept = bytesOf(mapped);
    expect(mappingsOf(file)).toBe(1);
    releaseMapping(mapped);
    expect(mappingsOf(file)).toBe(0);
    expect(kept.every((byte) => byte === 0)).toBe(true);
    kept.fill(7);
    expect(Buffer.compare(fs.readFileSync(file), content)).toBe(0);
  });

  test('released twice, and released read-only, is fine', () => {
    const file = temporaryFile(painted(4096));
    const mapped = mapPath(file, 'read-only');
    releaseMapping(mapped);
    releaseMapping(mapped);
    expect(bytesOf(mapped)[0]).toBe(0);
  });

  test('forgotten, it is unmapped by garbage collection', async () => {
    const file = temporaryFile(painted(8192));
    (() => {
      const held = Array.from({ length: 40 }, () => mapPath(file, 'private'));
      expect(held.every((mapped) => bytesOf(mapped)[1] === painted(2)[1])).toBe(true);
      expect(mappingsOf(file)).toBe(40);
    })();
    expect(await collectedUntil(() => mappingsOf(file) === 0)).toBe(true);
  });

  test('a view keeps it; the last reference may be in another thread', async () => {
    const file = temporaryFile(painted(8192));
    const thread = await Peer.thread();
    const views = [bytesOf(mapPath(file, 'shared'))];
    expect(await collectedUntil(() => true)).toBe(true);
    expect(views[0]?.[5]).toBe(painted(6)[5]);
    await thread.ask('take', { name: 'it', buffer: views.pop()?.buffer });
    for (let i = 0; i < 5; i++) await collectedUntil(() => true);
    expect(mappingsOf(file)).toBe(1);
    expect(await thread.ask('load', { name: 'it', at: 5 })).toBe(painted(6)[5]);
    await thread.ask('drop', { name: 'it' });
    expect(await collectedUntil(async () => (await thread.ask('collect'), mappingsOf(file) === 0))).toBe(true);
  });

  test('a thread that ends lets go of what it held', async () => {
    const file = temporaryFile(painted(8192));
    const thread = await Peer.thread();
    await thread.ask('map', { name: 'it', path: file, mode: 'shared' });
    expect(mappingsOf(file)).toBe(1);
    await (thread.host as Worker).terminate();
    expect(await collectedUntil(() => mappingsOf(file) === 0)).toBe(true);
  });
});

test('a mapping is found under its file’s own name in /proc, so the counts above mean something', () => {
  const file = path.join(temporaryDirectory(), 'unmistakable');
  fs.writeFileSync(file, painted(4096));
  expect(mappingsOf(file)).toBe(0);
  const mapped = mapPath(file, 'shared');
  expect(mappingsOf(file)).toBe(1);
  releaseMapping(mapped);
});
