import fs from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CATALOG, CATALOG_ENTRIES_MIN, type CatalogEntry, type CatalogFile, type ChunkHeader, ENTRY, ENTRY_BYTES, ENTRY_STATE, type NewEntry, RING_PLACE,
  SEAL_REASON, type SealedFacts, addChunks, crc32, createCatalog, growCatalog, onFailpoint, openCatalog,
} from '../dist/index.js';
import { TRADES, compile, trades } from './chunk-fixtures.js';
import { Peer, afterThisTest, fill, mappingsOf, smallFileSystem, temporaryDirectory, temporaryFile, thrownBy } from './mapping-tools.js';
import { assertProperty } from './schema-arbitraries.js';

const FEED = '00112233445566ff';

function make(entries?: number, schema = trades): { file: string; catalog: CatalogFile } {
  const file = path.join(temporaryDirectory(), 'catalog.dwc');
  return { file, catalog: createCatalog(file, 'owner', schema, FEED, entries) };
}

const newEntry = (i: number, more: Partial<NewEntry> = {}): NewEntry =>
  ({ chunkId: i + 1, firstSequence: i * 1000, epoch: 1, gapBefore: 0, createdUs: 1_738_368_000_000_000 + i, ...more });
const facts = (i: number, more: Partial<SealedFacts> = {}): SealedFacts =>
  ({ rows: 1000, indexPoints: i % 1000, sortedMask: i & 3, sealedUs: 1_738_368_000_000_000 + i, sealReason: SEAL_REASON.FULL, ranges: [{ min: BigInt(i), max: BigInt(i) + 9n }, { min: -BigInt(i), max: 5n }], ...more });

describe('a catalog', () => {
  test('new: empty, without a ring or a writer, and only the owner may read it', () => {
    const { file, catalog } = make();
    expect(catalog.view).toMatchObject({
      count: 0, capacity: CATALOG_ENTRIES_MIN, epoch: 0, retired: false, firstLive: 0,
      ringPlace: { place: RING_PLACE.NONE, user: 0 }, writer: { open: false, pid: 0, bootId: '0'.repeat(32) },
    });
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(file).blocks * 512).toBeGreaterThanOrEqual(fs.statSync(file).size);
  });

  test('has room for as many entries as were asked for', () => {
    expect(make(1000).catalog.view.capacity).toBeGreaterThanOrEqual(1000);
    expect(make(1).catalog.view.capacity).toBe(CATALOG_ENTRIES_MIN);
  });

  test('does not take the place of another', () => {
    const { file, catalog } = make();
    catalog.view.append(newEntry(0));
    expect(thrownBy(() => createCatalog(file, 'owner', trades, FEED))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'EEXIST' } });
    expect(openCatalog(file, trades, FEED, false).view.count).toBe(1);
  });

  test('what its writer says about itself is seen through every mapping, in other processes too', async () => {
    const { file, catalog } = make();
    const reader = openCatalog(file, trades, FEED, false).view;
    const boot = '0123456789abcdef0123456789abcdef';
    catalog.view.setWriter(true, 4321, boot);
    catalog.view.setRingPlace(RING_PLACE.FEED_DIRECTORY, 1000);
    catalog.view.epoch = 0xffff_ffff;
    expect(reader).toMatchObject({ epoch: 0xffff_ffff, writer: { open: true, pid: 4321, bootId: boot }, ringPlace: { place: RING_PLACE.FEED_DIRECTORY, user: 1000 }, retired: false });
    catalog.view.retire();
    catalog.view.setWriter(false, 4321, boot);
    expect(reader).toMatchObject({ retired: true, writer: { open: false } });
    const other = await Peer.process();
    await other.ask('map', { name: 'it', path: file, mode: 'read-only' });
    expect(await other.ask('load', { name: 'it', at: CATALOG.RETIRED })).toBe(1);
  });

  test('on a full disk is not there', ({ skip }) => {
    const small = smallFileSystem(256 * 1024);
    if ('reason' in small) return skip(small.reason);
    const file = path.join(small.directory, 'catalog.dwc');
    fill(small.directory);
    expect(thrownBy(() => createCatalog(file, 'owner', trades, FEED))).toMatchObject({ code: 'DW_DISK_FULL', values: { call: 'fallocate', path: file } });
    expect(fs.readdirSync(small.directory)).toEqual(['filling']);
    expect(mappingsOf(file)).toBe(0);
  });
});

describe('entries', () => {
  test('of an active chunk say where it begins; sealed, all there is to know; deleted, still', () => {
    const { file, catalog } = make();
    const reader = openCatalog(file, trades, FEED, false).view;
    const entry = newEntry(0, { chunkId: 2 ** 40, firstSequence: 2 ** 52, epoch: 7, gapBefore: 2 ** 36 });
    expect(catalog.view.append(entry)).toBe(0);
    const unknown = { rows: 0, indexPoints: 0, sortedMask: 0, sealedUs: 0, sealReason: 0, ranges: [] };
    expect(reader.entry(0)).toEqual({ index: 0, state: ENTRY_STATE.ACTIVE, ...entry, ...unknown });
    expect(reader.entryHolds(0)).toBe(false);
    catalog.view.seal(0, facts(3));
    expect(reader.entry(0)).toEqual({ index: 0, state: ENTRY_STATE.SEALED, ...entry, ...facts(3) });
    expect(reader.entryHolds(0)).toBe(true);
    catalog.view.markDeleted(0);
    expect(reader.entry(0)).toEqual({ index: 0, state: ENTRY_STATE.DELETED, ...entry, ...facts(3) });
    expect(reader.entryHolds(0)).toBe(true);
  });

  test('of a feed with 8 clocks hold all their ranges', () => {
    const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
    const schema = compile({ name: 'f', fields: names.map((name, i) => ({ name, type: i % 2 === 0 ? 'uint64' : 'int64' })), timestamp: 't0', clocks: names.slice(1) });
    const { file, catalog } = make(10, schema);
    const ranges = names.map((_, i) => (i % 2 === 0 ? { min: 0n, max: 2n ** 64n - 1n } : { min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    catalog.view.append(newEntry(0));
    catalog.view.append(newEntry(1));
    catalog.view.seal(0, facts(0, { ranges, sortedMask: 255 }));
    expect(openCatalog(file, schema, FEED, false).view.entry(0)).toMatchObject({ state: ENTRY_STATE.SEALED, ranges, sortedMask: 255 });
    expect(catalog.view.entry(1)).toMatchObject({ firstSequence: 1000, state: ENTRY_STATE.ACTIVE });
  });

  test('any changed byte of a sealed entry but its state is noticed, and in no other entry', () => {
    const { catalog } = make();
    const bytes = new Uint8Array(catalog.mapped.buffer);
    for (const i of [0, 1, 2]) {
      catalog.view.append(newEntry(i));
      catalog.view.seal(i, facts(i));
    }
    const from = CATALOG.HEADER_BYTES + ENTRY_BYTES;
    for (let at = 0; at < ENTRY_BYTES; at++) {
      bytes[from + at] ^= 0x21;
      const inState = at >= ENTRY.STATE && at < ENTRY.STATE + 4;
      expect([0, 1, 2].map((i) => catalog.view.entryHolds(i)), `byte ${at}`).toEqual([true, inState, true]);
      bytes[from + at] ^= 0x21;
    }
  });

  test('deleted in any order: the first live one is the first that is not deleted', () => {
    assertProperty(fc.property(fc.shuffledSubarray(Array.from({ length: 12 }, (_, i) => i)), (order) => {
      const { catalog: { view } } = make();
      const deleted = new Set<number>();
      for (let i = 0; i < 12; i++) {
        view.append(newEntry(i));
        if (i < 11) view.seal(i, facts(i));
      }
      for (const index of order) {
        view.markDeleted(index);
        deleted.add(index);
        let first = 0;
        while (deleted.has(first)) first++;
        expect(view.firstLive).toBe(first);
        expect(view.state(index)).toBe(ENTRY_STATE.DELETED);
      }
    }), 60);
  });

  test('any life of a feed reads back as a plain list would, through the writer’s and a reader’s mapping', () => {
    const operation = fc.record({ kind: fc.constantFrom('append', 'append', 'append', 'seal', 'delete', 'grow'), pick: fc.nat(), gap: fc.nat(5000) });
    assertProperty(fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const made = make();
      let { catalog } = made;
      const model: CatalogEntry[] = [];
      for (const { kind, pick, gap } of operations) {
        if (kind === 'append') {
          const last = model.at(-1);
          const entry = newEntry(model.length, { firstSequence: last === undefined ? gap : last.firstSequence + 1 + gap, gapBefore: gap });
          model.push({ index: model.length, ...entry, state: ENTRY_STATE.ACTIVE, rows: 0, indexPoints: 0, sortedMask: 0, sealedUs: 0, sealReason: SEAL_REASON.NONE, ranges: [] });
          expect(catalog.view.append(entry)).toBe(model.length - 1);
        } else if (kind === 'grow') {
          if (catalog.view.capacity < 4000) catalog = growCatalog(made.file, trades, FEED);
        } else if (model.length > 0) {
          const index = pick % model.length;
          if (kind === 'seal' && model[index].state === ENTRY_STATE.ACTIVE) {
            catalog.view.seal(index, facts(pick));
            model[index] = { ...model[index], state: ENTRY_STATE.SEALED, ...facts(pick) };
          } else if (kind === 'delete' && model[index].state === ENTRY_STATE.SEALED) {
            catalog.view.markDeleted(index);
            model[index] = { ...model[index], state: ENTRY_STATE.DELETED };
          }
        }
      }
      const reader = openCatalog(made.file, trades, FEED, false);
      for (const { view } of [catalog, reader]) {
        expect(view.count).toBe(model.length);
        expect(model.map((_, i) => view.entry(i))).toEqual(model);
        expect(model.map((_, i) => view.firstSequence(i))).toEqual(model.map((entry) => entry.firstSequence));
        expect(model.map((_, i) => view.state(i))).toEqual(model.map((entry) => entry.state));
        expect(model.map((_, i) => view.entryHolds(i))).toEqual(model.map((entry) => entry.state !== ENTRY_STATE.ACTIVE));
      }
    }), 60);
  });
});

describe('finding a chunk by sequence number', () => {
  test('gives the last live entry that begins at or before it, or the one before the first live', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 ** 40 })), { minLength: 1, maxLength: 80 });
    assertProperty(fc.property(steps, fc.nat(100), fc.nat(40), fc.array(fc.nat(), { maxLength: 20 }), (gaps, start, deletedCount, probes) => {
      const { catalog: { view } } = make();
      let sequence = start;
      const firsts = gaps.map((gap) => (sequence += gap));
      firsts.forEach((firstSequence, i) => {
        view.append(newEntry(i, { firstSequence }));
        if (i < firsts.length - 1) view.seal(i, facts(i));
      });
      const deleted = Math.min(deletedCount, firsts.length - 1);
      for (let i = 0; i < deleted; i++) view.markDeleted(i);
      const wanted = [...firsts, ...firsts.map((each) => each - 1), ...firsts.map((each) => each + 1), ...probes, 0, Number.MAX_SAFE_INTEGER];
      for (const each of wanted) {
        let naive = deleted - 1;
        for (let i = deleted; i < firsts.length; i++) if (firsts[i] <= each) naive = i;
        expect(view.indexOfSequence(each), `of ${each}`).toBe(naive);
      }
    }), 100);
  });

  test('in an empty catalog gives none', () => {
    expect(make().catalog.view.indexOfSequence(5)).toBe(-1);
  });
});

describe('made again from chunks', () => {
  test('one without rows stands before that with the records from its number on, whatever their ids and wherever they are known from', () => {
    const full = { id: 7, header: { ...newEntry(0, { chunkId: 7, firstSequence: 320 }), seal: () => ({ ...facts(0), reason: SEAL_REASON.FULL }) } as unknown as ChunkHeader };
    const empty = newEntry(0, { firstSequence: 320 });
    for (const chunkId of [6, 8]) {
      // The empty one's file is gone; the catalog before the power loss tells of it.
      const earlier = make().catalog.view;
      earlier.seal(earlier.append({ ...empty, chunkId }), facts(0, { rows: 0 }));
      const { view } = make().catalog;
      addChunks(view, { chunks: [full], files: 1, removed: undefined }, trades, earlier);
      expect([view.entry(0), view.entry(1)].map((entry) => [entry.chunkId, entry.firstSequence, entry.rows])).toEqual([[chunkId, 320, 0], [7, 320, 1000]]);
    }
  });
});

describe('growth', () => {
  test('a reader that mapped the catalog before stays right for what its mapping holds, and sees that there is more', () => {
    const { file, catalog } = make();
    const reader = openCatalog(file, trades, FEED, false);
    const held = (reader.mapped.fileBytes - CATALOG.HEADER_BYTES) / ENTRY_BYTES;
    for (let i = 0; i < CATALOG_ENTRIES_MIN; i++) catalog.view.append(newEntry(i));
    const grown = growCatalog(file, trades, FEED);
    expect(grown.view.capacity).toBe(2 * CATALOG_ENTRIES_MIN);
    for (let i = CATALOG_ENTRIES_MIN; i < 2 * CATALOG_ENTRIES_MIN; i++) grown.view.append(newEntry(i));
    for (const i of [0, 7, CATALOG_ENTRIES_MIN - 1]) grown.view.seal(i, facts(i));
    expect(held).toBe(CATALOG_ENTRIES_MIN);
    expect(reader.view.count).toBeGreaterThan(held);
    expect(reader.view.entry(7)).toMatchObject({ state: ENTRY_STATE.SEALED, ...newEntry(7), ...facts(7) });
    expect(reader.view.entry(CATALOG_ENTRIES_MIN - 1)).toMatchObject({ state: ENTRY_STATE.SEALED, ...newEntry(CATALOG_ENTRIES_MIN - 1) });
    const again = openCatalog(file, trades, FEED, false).view;
    expect(again.count).toBe(2 * CATALOG_ENTRIES_MIN);
    expect(again.entry(2 * CATALOG_ENTRIES_MIN - 1)).toMatchObject({ state: ENTRY_STATE.ACTIVE, ...newEntry(2 * CATALOG_ENTRIES_MIN - 1) });
    // The old mapping of the writer goes on, too: it is the same file.
    catalog.view.seal(3, facts(3));
    expect(again.entry(3).state).toBe(ENTRY_STATE.SEALED);
  });

  test('that finds the disk full changes nothing', ({ skip }) => {
    const small = smallFileSystem(256 * 1024);
    if ('reason' in small) return skip(small.reason);
    const file = path.join(small.directory, 'catalog.dwc');
    const catalog = createCatalog(file, 'owner', trades, FEED);
    catalog.view.append(newEntry(0));
    fill(small.directory);
    const size = fs.statSync(file).size;
    expect(thrownBy(() => growCatalog(file, trades, FEED))).toMatchObject({ code: 'DW_DISK_FULL', values: { path: file } });
    expect(fs.statSync(file).size).toBe(size);
    expect(openCatalog(file, trades, FEED, true).view).toMatchObject({ count: 1, capacity: CATALOG_ENTRIES_MIN });
  });

  test('is never taken for damage by a reader that opens the catalog at that moment', async () => {
    const directory = temporaryDirectory();
    const flag = new Int32Array(new SharedArrayBuffer(12));
    const worker = new Worker(new URL('./workers/catalog-grower.mjs', import.meta.url), { workerData: { directory, flag, spec: TRADES, feed: FEED, files: 3000 } });
    afterThisTest(() => worker.terminate());
    await once(worker, 'message');
    Atomics.store(flag, 0, 1);
    let opened = 0;
    let capacities = 0;
    for (let last = 0; Atomics.load(flag, 0) !== -1; opened++) {
      const file = path.join(directory, `catalog-${Atomics.load(flag, 1)}`);
      const { capacity } = openCatalog(file, trades, FEED, false).view;
      if (capacity !== last) capacities++;
      last = capacity;
      if (capacities > 30) Atomics.store(flag, 2, 1);
    }
    expect(capacities, `different capacities in ${opened} looks`).toBeGreaterThan(10);
  });
});

describe('damage', () => {
  const open = (file: string) => thrownBy(() => openCatalog(file, trades, FEED, false));

  test.each([0, 1, 100, CATALOG.HEADER_BYTES, CATALOG.HEADER_BYTES + ENTRY_BYTES, CATALOG.HEADER_BYTES + 100 * ENTRY_BYTES])('a file cut to %i bytes is found', (size) => {
    const { file } = make();
    fs.truncateSync(file, size);
    expect(open(file)).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file } });
  });

  test('any changed byte of the identity is found', () => {
    const { file, catalog } = make();
    const bytes = new Uint8Array(catalog.mapped.buffer);
    for (let at = 0; at < 64; at++) {
      bytes[at] ^= 0x40;
      expect(open(file), `byte ${at}`).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file } });
      bytes[at] ^= 0x40;
    }
    expect(openCatalog(file, trades, FEED, false).view.count).toBe(0);
  });

  test('another feed’s, or one of another schema, is not taken', () => {
    const { file } = make();
    expect(thrownBy(() => openCatalog(file, trades, 'ff00112233445566', false))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    expect(thrownBy(() => openCatalog(file, compile({ ...TRADES, timestampUnit: 'ns' }), FEED, false))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test('more entries than there is room for, and more room than there is file, are found', () => {
    const { file, catalog } = make();
    const view = new DataView(catalog.mapped.buffer);
    view.setUint32(CATALOG.COUNT, CATALOG_ENTRIES_MIN + 1, true);
    expect(open(file)).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    view.setUint32(CATALOG.CAPACITY, CATALOG_ENTRIES_MIN + 1, true);
    expect(open(file)).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    view.setUint32(CATALOG.COUNT, 0xffff_ffff, true);
    view.setUint32(CATALOG.CAPACITY, 0xffff_ffff, true);
    expect(open(file)).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test('noise of any size in a catalog’s place is found', () => {
    assertProperty(fc.property(fc.nat(20_000), fc.uint8Array({ minLength: 64, maxLength: 64 }), (size, noise) => {
      const bytes = Buffer.alloc(Math.max(size, 64));
      for (let at = 0; at < bytes.length; at += 64) bytes.set(noise.subarray(0, bytes.length - at), at);
      expect(open(temporaryFile(bytes))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    }), 60);
  });

  test('a missing one says so, and a link is not followed', () => {
    const { file } = make();
    fs.symlinkSync(file, `${file}.link`);
    expect(open(`${file}.none`)).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ENOENT' } });
    expect(open(`${file}.link`)).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP' } });
  });

  test('bytes of any kind behind the identity: found, or an entry that does not hold; never a crash', () => {
    assertProperty(fc.property(fc.integer({ min: 64, max: CATALOG.HEADER_BYTES + 10 * ENTRY_BYTES }), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, noise) => {
      const { file, catalog } = make();
      for (let i = 0; i < 10; i++) {
        catalog.view.append(newEntry(i));
        catalog.view.seal(i, facts(i));
      }
      const bytes = new Uint8Array(catalog.mapped.buffer);
      bytes.set(noise, at);
      let view;
      try {
        ({ view } = openCatalog(file, trades, FEED, false));
      } catch (error) {
        expect(error).toMatchObject({ code: 'DW_FILE_CORRUPT' });
        return;
      }
      expect(view.count).toBeLessThanOrEqual(CATALOG_ENTRIES_MIN);
      for (let i = 0; i < Math.min(10, view.count); i++) {
        const { state: _state, ...entry } = view.entry(i);
        const { ranges, rows } = entry;
        if (view.entryHolds(i) && view.state(i) !== ENTRY_STATE.ACTIVE) expect({ ranges, rows }).toEqual({ ranges: facts(i).ranges, rows: 1000 });
      }
    }), 200);
  });
});

test('the checksum of an entry is that of its bytes without its state, which changes later', () => {
  const { catalog } = make();
  catalog.view.append(newEntry(0));
  catalog.view.seal(0, facts(0));
  const entry = new Uint8Array(catalog.mapped.buffer, CATALOG.HEADER_BYTES, ENTRY_BYTES).slice();
  const stored = new DataView(entry.buffer).getUint32(ENTRY.CRC, true);
  const covered = Buffer.concat([entry.subarray(0, ENTRY.STATE), entry.subarray(ENTRY.SEAL_REASON, ENTRY.CRC)]);
  expect(stored).toBe(crc32(covered));
});

test('killed between its new size and its new capacity: as good as before for all who have it open, and made larger by the next', () => {
  const { file, catalog } = make();
  const reader = openCatalog(file, trades, FEED, false);
  const full = CATALOG_ENTRIES_MIN;
  for (let i = 0; i < full; i++) catalog.view.append(newEntry(i));
  onFailpoint((name) => { if (name === 'catalog.sized') throw new Error('killed'); });
  try {
    expect(() => growCatalog(file, trades, FEED)).toThrow('killed');
  } finally {
    onFailpoint(undefined);
  }
  const size = fs.statSync(file).size;
  expect(size).toBeGreaterThan(catalog.mapped.fileBytes);
  for (const { view } of [catalog, reader, openCatalog(file, trades, FEED, false), openCatalog(file, trades, FEED, true)]) {
    expect([view.count, view.capacity, view.entry(full - 1).chunkId]).toEqual([full, full, full]);
    view.check(FEED);
  }
  const grown = growCatalog(file, trades, FEED);
  expect([grown.view.capacity, fs.statSync(file).size]).toEqual([2 * full, size]);
  grown.view.append(newEntry(full));
  // One that has the old size mapped sees that there is more than it holds.
  expect(reader.view.count).toBe(full + 1);
  expect(openCatalog(file, trades, FEED, false).view.entry(full).chunkId).toBe(full + 1);
});
