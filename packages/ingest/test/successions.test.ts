/** What a keeper, a lane or a writer finds that comes after one that died over its work. All in one thread. */
import fs from 'node:fs';
import path from 'node:path';
import {
  CATALOG, CHUNK, CHUNK_STATE, type DeepwaterError, ENTRY, ENTRY_STATE, POSITION, RING, chunkPath, compileSchema, feedPaths, openCatalog, peekChunk, replaceSystem, system,
} from '@deepwater/core';
import { attachWriter } from '@deepwater/ingest';
import { afterAll, describe, expect, test } from 'vitest';
import { LANE } from '../dist/control-layout.js';
import { KeeperLane } from '../dist/keeper-lane.js';
import { Lane } from '../dist/lane.js';
import type { FeedSource, KeeperReply, KeeperRequest } from '../dist/lane-source.js';
import { chunksOf, feedSource, firstWrong, openFiles, recordOf, selfChecking, temporaryStore } from './support/feed.js';
import { OneThread } from './support/one-thread.js';

const stores: { remove: () => void }[] = [];
afterAll(() => { for (const store of stores) store.remove(); });

function newSource(spec: object = {}): FeedSource {
  const store = temporaryStore();
  stores.push(store);
  fs.mkdirSync(path.join(store.path, 'feeds'));
  return feedSource(store.path, { ...selfChecking, ...spec });
}

const resized = (source: FeedSource, ringRecords: number): FeedSource => ({ ...source, spec: { ...source.spec, ringRecords } });
const pathsOf = (source: FeedSource): ReturnType<typeof feedPaths> => feedPaths(source.basePath, source.spec.name);
const catalogOf = (source: FeedSource): ReturnType<typeof openCatalog>['view'] => openCatalog(pathsOf(source).catalog, compileSchema(source.spec), source.feedUid, true).view;

function write(engine: OneThread, from: number, to: number): void {
  for (let n = from; n < to; n++) engine.writer.writeValues(...recordOf(n));
}

/** Rows in chunks, each of which is what was written. */
function rowsIn(source: FeedSource): number {
  const chunks = [...chunksOf(source)];
  expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
  return chunks.reduce((sum, { rows }) => sum + rows, 0);
}

function thrown(run: () => unknown): Partial<DeepwaterError> {
  try {
    run();
  } catch (error) {
    return error as DeepwaterError;
  }
  return {};
}

/** A lane that moves what there is, beside a keeper. */
async function moveAll(keeper: KeeperLane, init = keeper.init()): Promise<void> {
  const requests: KeeperRequest[] = [];
  const lane = new Lane(init, (request) => requests.push(request));
  for (let round = 0; round < 50 && !lane.finish(system.monotonicMs()); round++) {
    for (const request of requests.splice(0)) {
      if (request.kind === 'prepare') lane.take({ kind: 'prepared', laneId: 1, chunk: keeper.prepare(), catalog: keeper.catalog.mapped } satisfies KeeperReply);
      else if (request.kind === 'activated') keeper.activated(request.chunkId, request.catalogIndex);
      else if (request.kind === 'grow') keeper.grow(request.chunkId, request.rows);
      else if (request.kind === 'seal') keeper.seal(request.chunkId, request.catalogIndex, request.facts);
    }
    await keeper.idle();
  }
  for (const request of requests) if (request.kind === 'activated') keeper.activated(request.chunkId, request.catalogIndex);
  expect(lane.waiting).toBe(0);
}

describe('a keeper that is started again under a living writer', () => {
  test('leaves a head alone that the writer is just carrying over', () => {
    const source = newSource({ persist: false });
    const first = new KeeperLane(1, source, { access: 'owner' });
    const words = new Int32Array(first.init().ring.buffer, RING.HEAD, 3);
    const [low, highA, highB] = [0, POSITION.HIGH_A >> 2, POSITION.HIGH_B >> 2] as const;
    // Of the three stores of a wrap the first is made.
    const high = words[highA]!;
    Atomics.store(words, low, -1);
    Atomics.store(words, highB, high + 1);
    const second = new KeeperLane(1, source, { access: 'owner' }, first.control.buffer);
    expect([words[low], words[highA], words[highB]]).toEqual([-1, high, high + 1]);
    // It goes on.
    Atomics.store(words, low, 0);
    Atomics.store(words, highA, high + 1);
    expect(openFiles(source).ring!.head).toBe((high + 1) * 2 ** 32);
    second.close();
  });

  test('completes a head that a dead writer left half carried over', () => {
    const source = newSource({ persist: false });
    const first = new KeeperLane(1, source, { access: 'owner' });
    const words = new Int32Array(first.init().ring.buffer, RING.HEAD, 3);
    Atomics.store(words, 0, -1);
    Atomics.store(words, POSITION.HIGH_B >> 2, words[POSITION.HIGH_A >> 2]! + 1);
    const second = new KeeperLane(1, source, { access: 'owner' });
    expect(words[POSITION.HIGH_B >> 2]).toBe(words[POSITION.HIGH_A >> 2]);
    second.close();
  });

  test('keeps the ring, though the feed now asks for another size and it is empty', async () => {
    const source = newSource({ ringRecords: 1024 });
    const dead = new OneThread(source);
    write(dead, 0, 100);
    await dead.die();
    const engine = new OneThread(resized(source, 4096));
    expect(engine.writer.ring.slotCount).toBe(1024);
    expect(await engine.move()).toBeUndefined();
    const keeper = new KeeperLane(1, engine.source, { access: 'owner' }, engine.control.buffer);
    expect(engine.writer.ring.retired).toBe(false);
    write(engine, 100, 150);
    await moveAll(keeper);
    expect(rowsIn(source)).toBe(150);
    keeper.close();
    engine.end();
  });

  test.each([
    ['gone', (file: string) => { fs.rmSync(file); }],
    ['damaged', (file: string) => {
      const fd = fs.openSync(file, 'r+');
      fs.writeSync(fd, Buffer.from('not a ring'), 0, 10, 0);
      fs.closeSync(fd);
    }],
  ])('refuses to open where the ring is %s, and makes no other', async (_what, harm) => {
    const source = newSource({ ringRecords: 1024 });
    const engine = new OneThread(source);
    write(engine, 0, 100);
    expect(await engine.move()).toBeUndefined();
    const { path: file } = engine.writer.ring;
    harm(file);
    const before = fs.existsSync(file) ? fs.statSync(file).ino : undefined;
    expect(thrown(() => new KeeperLane(1, source, { access: 'owner' }, engine.control.buffer))).toMatchObject({ code: 'DW_INGEST_FAILED', values: { feed: 'checked' } });
    expect(fs.existsSync(file) ? fs.statSync(file).ino : undefined).toBe(before);
    engine.end();
  });
});

test('whoever inherits the right to write rings for those whose bits the dead thread had taken', () => {
  const engine = new OneThread(newSource());
  const { seat } = engine.writer;
  const local = new Int32Array(seat.local);
  const bell = new Int32Array(seat.init.bell, 0, 2);
  const slept = [local[0]!, bell[1]!];
  Atomics.store(engine.control.words, LANE.HOLDER, 2 ** 30); // no thread's
  const next = attachWriter({ kind: 'deepwater.writer', feed: engine.writer.feed, seat });
  expect([local[0]! - slept[0]!, bell[1]! - slept[1]!]).toEqual([1, 1]);
  next.closeSync();
  engine.end();
});

test('an ingest worker that dies before the first chunk after a jump leaves the hole to its successor to tell', async () => {
  const source = newSource();
  const dead = new OneThread(source);
  write(dead, 0, 100);
  expect(await dead.move()).toBeUndefined();
  const ring = dead.writer.ring.path;
  await dead.die();
  fs.rmSync(ring);
  const engine = new OneThread(source);
  expect(engine.writer.position).toBe(100 + 2 ** 36);
  const init = engine.keeper.reopen();
  expect(init.gapBefore).toBe(2 ** 36);
  engine.writer.writeValues(...recordOf(0));
  await moveAll(engine.keeper, init);
  expect(catalogOf(source).entry(1)).toMatchObject({ firstSequence: 100 + 2 ** 36, gapBefore: 2 ** 36 });
  // Told once.
  expect(engine.keeper.reopen().gapBefore).toBe(0);
  await engine.keeper.idle();
  engine.keeper.close();
  engine.end();
});

describe('a chunk that was not sealed while many after it were', () => {
  /** A feed of some twenty chunks. */
  const small = { chunkSizeBytes: 4096, ringRecords: 1024 };

  test('is sealed by the next writer', async () => {
    const source = newSource(small);
    const engine = new OneThread(source);
    for (let n = 0; n < 3000; n += 500) {
      write(engine, n, n + 500);
      expect(await engine.move()).toBeUndefined();
    }
    expect(await engine.close()).toBeUndefined();
    const view = catalogOf(source);
    expect(view.count).toBeGreaterThan(12);
    const chunk = chunkPath(pathsOf(source), view.entry(1).chunkId);
    for (const [file, at, state] of [[pathsOf(source).catalog, CATALOG.HEADER_BYTES + 256 + ENTRY.STATE, ENTRY_STATE.ACTIVE], [chunk, CHUNK.STATE, CHUNK_STATE.ACTIVE]] as const) {
      const fd = fs.openSync(file, 'r+');
      fs.writeSync(fd, Uint8Array.of(state, 0, 0, 0), 0, 4, at);
      fs.closeSync(fd);
    }
    const next = new OneThread(source);
    expect(next.writer.position).toBe(3000);
    expect(await next.close()).toBeUndefined();
    expect(catalogOf(source).state(1)).toBe(ENTRY_STATE.SEALED);
    expect(peekChunk(chunk).header.state).toBe(CHUNK_STATE.SEALED);
    expect(rowsIn(source)).toBe(3000);
  });

  test('is sealed after the death of the ingest worker, under its own entry', async () => {
    const source = newSource(small);
    const engine = new OneThread(source);
    let down = true;
    const { fdatasyncAsync } = system.files;
    const end = replaceSystem({ files: { ...system.files, fdatasyncAsync: (fd) => (down ? Promise.reject(Object.assign(new Error('EIO'), { errno: -5, code: 'EIO', syscall: 'fdatasync' })) : fdatasyncAsync(fd)) } });
    try {
      for (let n = 0; n < 3000; n += 500) {
        write(engine, n, n + 500);
        await engine.move();
      }
      down = false;
      engine.keeper.reopen();
      await engine.keeper.idle();
      const view = catalogOf(source);
      expect(view.count).toBeGreaterThan(12);
      expect(Array.from({ length: view.count }, (_, index) => view.state(index))).toEqual(Array.from({ length: view.count }, () => ENTRY_STATE.SEALED));
      expect(rowsIn(source)).toBe(3000);
    } finally {
      end();
      engine.keeper.close();
      engine.end();
    }
  });
});

describe('a chunk of another boot', () => {
  const boot = Buffer.alloc(16, 0x11);

  /** A feed with a chunk of 3000 rows that are on the device, its writer dead. `touch` gets the first page of the chunk. */
  async function left(touch: (page: Buffer) => void): Promise<{ source: FeedSource; chunk: string }> {
    const source = newSource();
    const engine = new OneThread(source);
    write(engine, 0, 3000);
    expect(await engine.sync()).toBeUndefined();
    const ring = engine.writer.ring.path;
    await engine.die();
    fs.rmSync(ring);
    const chunk = chunkPath(pathsOf(source), 1);
    const bytes = fs.readFileSync(chunk);
    touch(bytes);
    fs.writeFileSync(chunk, bytes);
    return { source, chunk };
  }

  test('becomes one of this boot in one write: whoever is killed before it has changed nothing of its place', async () => {
    const { source, chunk } = await left(() => {});
    const before = fs.readFileSync(chunk).subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC + 4);
    const place = (): Buffer => fs.readFileSync(chunk).subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC + 4);
    const { write: pwrite } = system.files;
    let killed = false;
    const end = replaceSystem({ bootId: () => '22'.repeat(16), files: { ...system.files, write: (fd, bytes, from, length, position) => {
      if (!killed && position === CHUNK.ACTIVATION && fs.readlinkSync(`/proc/self/fd/${fd}`) === chunk) {
        killed = true;
        expect([length, place().equals(before)]).toEqual([CHUNK.ACTIVATION_CRC + 4 - CHUNK.ACTIVATION, true]);
        throw Object.assign(new Error('killed'), { errno: -5, code: 'EIO', syscall: 'write' });
      }
      return pwrite(fd, bytes, from, length, position);
    } } });
    try {
      expect(thrown(() => new OneThread(source))).toMatchObject({ code: 'DW_SYSTEM_CALL' });
      expect(killed && place().equals(before)).toBe(true);
      const next = new OneThread(source);
      expect(await next.close()).toBeUndefined();
      const { header } = peekChunk(chunk);
      expect([header.bootId, header.activationHolds, header.firstSequence]).toEqual(['22'.repeat(16), true, 0]);
      expect(rowsIn(source)).toBe(3000);
    } finally {
      end();
    }
  });

  test('whose boot id was written without its checksum is one again, as its entry vouches for it', async () => {
    const { source, chunk } = await left((page) => { page.writeUInt32LE((page.readUInt32LE(CHUNK.ACTIVATION_CRC) ^ 1) >>> 0, CHUNK.ACTIVATION_CRC); });
    expect(peekChunk(chunk).header.activationHolds).toBe(false);
    expect(await new OneThread(source).close()).toBeUndefined();
    expect(peekChunk(chunk).header.activationHolds).toBe(true);
    expect(rowsIn(source)).toBe(3000);
  });

  test('is not said to be whole where its entry says something else', async () => {
    const { source, chunk } = await left((page) => { page.writeUInt32LE(7, CHUNK.EPOCH); });
    expect(await new OneThread(source).close()).toBeUndefined();
    expect(peekChunk(chunk).header.activationHolds).toBe(false);
  });

  test('that is damaged and in no catalog is left as it is', async () => {
    const { source, chunk } = await left((page) => { page.writeUInt32LE((page.readUInt32LE(CHUNK.ACTIVATION_CRC) ^ 1) >>> 0, CHUNK.ACTIVATION_CRC); });
    const { catalog } = pathsOf(source);
    const bytes = fs.readFileSync(catalog);
    boot.copy(bytes, CATALOG.BOOT_ID); // so that it is made again from the chunks
    fs.writeFileSync(catalog, bytes);
    const before = fs.readFileSync(chunk);
    const engine = new OneThread(source);
    expect(engine.keeper.notes.join('\n')).toContain('it is left as it is');
    expect(engine.writer.position).toBeGreaterThanOrEqual(2 ** 36);
    expect(await engine.close()).toBeUndefined();
    expect(fs.readFileSync(chunk).equals(before)).toBe(true);
  });
});
