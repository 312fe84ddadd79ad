import fs from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POSITION, RING, type Schema, crc32 } from '@deepwater/core';
import { type Ring, type RingIdentity, createRing, openRing, ringFileBytes } from '../dist/index.js';
import {
  FEED_UID, SEED, TRADES, afterThisTest, assertProperty, compile, feedSpecs, fileRing, fill, headWords, identity, mappingsOf, memoryRing, runScript,
  smallFileSystem, temporaryDirectory, thrownBy, trades,
} from './ring-fixtures.js';

const open = (file: string, schema: Schema = trades): Ring => openRing(file, schema, FEED_UID, 'read-only');
const corrupt = (file: string) => thrownBy(() => open(file));

describe('a new ring', () => {
  test('is what it was asked to be, to everybody who opens it', () => {
    const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => Buffer.from(each).toString('hex'));
    const identities: fc.Arbitrary<RingIdentity> = fc.record({
      feedName: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/), feedUid: hex(8), storeId: hex(16), bootId: hex(16), persist: fc.boolean(),
      slotCount: fc.integer({ min: 6, max: 12 }).map((power) => 2 ** power), baseSequence: fc.nat(2 ** 52), createdUs: fc.maxSafeNat(),
    });
    assertProperty(fc.property(feedSpecs.map(compile), identities, (schema, id) => {
      const file = path.join(temporaryDirectory(), 'it.ring');
      createRing(file, 'owner', schema, id, 0);
      const ring = openRing(file, schema, id.feedUid, 'read-only');
      const { createdUs: _createdUs, ...seen } = id;
      expect(ring).toMatchObject({
        ...seen, path: file, schemaHash: schema.hash, slotStride: schema.slotStride, slotsOffset: RING.HEADER_BYTES, head: id.baseSequence, tail: id.baseSequence,
        epoch: 0, retired: false, writerOpen: false, writerPid: 0,
      });
      expect(fs.statSync(file).size).toBe(ringFileBytes(schema, id.slotCount));
    }), 60);
  });

  test('has all of its memory reserved, belongs to the owner, and holds zeros', () => {
    const ring = fileRing(trades, { slotCount: 4096 });
    const stat = fs.statSync(ring.path);
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(stat.size);
    expect(stat.mode & 0o777).toBe(0o600);
    expect(new Uint8Array(ring.buffer, RING.HEADER_BYTES).every((byte) => byte === 0)).toBe(true);
  });

  test('what its owner says about it is seen through every mapping', () => {
    const ring = fileRing(trades);
    const reader = open(ring.path);
    ring.epoch = 0xffff_ffff;
    ring.setWriter(true, 4321);
    ring.resetPosition(RING.HEAD, 2 ** 40 + 5);
    ring.resetPosition(RING.TAIL, 2 ** 40 + 1);
    expect(reader).toMatchObject({ epoch: 0xffff_ffff, writerOpen: true, writerPid: 4321, head: 2 ** 40 + 5, tail: 2 ** 40 + 1, retired: false });
    ring.retire();
    ring.setWriter(false, 4321);
    expect(reader).toMatchObject({ retired: true, writerOpen: false });
  });

  test('can have scratch space behind its slots', () => {
    const file = path.join(temporaryDirectory(), 'it.ring');
    const ring = createRing(file, 'owner', trades, identity(), 200_000);
    expect(ring.buffer.byteLength - ring.mapped.scratchOffset).toBeGreaterThanOrEqual(200_000);
    new Uint8Array(ring.buffer, ring.mapped.scratchOffset).fill(1);
    expect(open(file).head).toBe(0);
    expect(fs.statSync(file).size).toBe(ringFileBytes(trades, 64));
  });

  test('does not take the place of another, and too large a one is refused before a file is made', () => {
    const ring = fileRing(trades);
    expect(thrownBy(() => createRing(ring.path, 'owner', trades, identity(), 0))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'EEXIST' } });
    expect(open(ring.path).head).toBe(0);
    const file = `${ring.path}.large`;
    expect(thrownBy(() => createRing(file, 'owner', trades, identity({ slotCount: 2 ** 27 }), 0))).toMatchObject({ code: 'DW_LIMIT_EXCEEDED', values: { slotCount: 2 ** 27 } });
    expect(fs.existsSync(file)).toBe(false);
  });

  test('is not opened with more scratch space than a mapping has room for', () => {
    const { path: file } = fileRing(trades);
    expect(thrownBy(() => openRing(file, trades, FEED_UID, 'read-only', 2 ** 32 - 65536))).toMatchObject({ code: 'DW_LIMIT_EXCEEDED', message: expect.stringContaining('Lower maxRun') });
  });

  test('on full shared memory is not there: no file, no mapping', ({ skip }) => {
    const small = smallFileSystem(1 << 20);
    if ('reason' in small) return skip(small.reason);
    const file = path.join(small.directory, 'it.ring');
    expect(thrownBy(() => createRing(file, 'owner', trades, identity({ slotCount: 65536 }), 0))).toMatchObject({
      code: 'DW_DISK_FULL', values: { call: 'fallocate', errno: 'ENOSPC', path: file },
    });
    fill(small.directory);
    expect(thrownBy(() => createRing(file, 'owner', trades, identity(), 0))).toMatchObject({ code: 'DW_DISK_FULL', values: { path: file } });
    expect(fs.readdirSync(small.directory)).toEqual(['filling']);
    expect(mappingsOf(file)).toBe(0);
  });
});

describe('a ring that cannot be the feed’s', () => {
  test('any changed byte of the identity is found', () => {
    const ring = fileRing(trades);
    const bytes = new Uint8Array(ring.buffer);
    for (let at = 0; at < 256; at++) {
      bytes[at] ^= 0x11;
      expect(corrupt(ring.path), `byte ${at}`).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: ring.path } });
      bytes[at] ^= 0x11;
    }
    expect(open(ring.path).head).toBe(0);
  });

  test.each([0, 1, 4095, 4096, 4097, 4096 + 64 * 32 - 1])('a file cut to %i bytes is found before its slots are looked at', (size) => {
    const ring = fileRing(trades, { slotCount: 128 });
    fs.truncateSync(ring.path, size);
    expect(corrupt(ring.path)).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: ring.path } });
  });

  test('another feed’s, another schema’s, a missing one, a link', () => {
    const { path: file } = fileRing(trades);
    fs.symlinkSync(file, `${file}.link`);
    expect(thrownBy(() => openRing(file, trades, 'ff'.repeat(8), 'shared'))).toMatchObject({ code: 'DW_FILE_CORRUPT', message: expect.stringContaining('another feed') as string });
    expect(thrownBy(() => open(file, compile({ ...TRADES, timestampUnit: 'ns' })))).toMatchObject({ code: 'DW_FILE_CORRUPT', message: expect.stringContaining('another schema') as string });
    expect(corrupt(`${file}.none`)).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ENOENT' } });
    expect(corrupt(`${file}.link`)).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP' } });
  });

  test.each([0, 63, 65, 96, 2 ** 31, 2 ** 32 - 1])('%i slots, under a good checksum, are found', (slotCount) => {
    const ring = fileRing(trades);
    const view = new DataView(ring.buffer);
    view.setUint32(RING.SLOT_COUNT, slotCount, true);
    view.setUint32(RING.IDENTITY_CRC, crc32(new Uint8Array(ring.buffer, 0, RING.IDENTITY_CRC)), true);
    expect(corrupt(ring.path)).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test.each([
    ['a head behind the first number', { head: 99, tail: 99 }],
    ['a tail past the head', { head: 200, tail: 201 }],
    ['a head that no number reaches', { head: 2 ** 53, tail: 200 }],
    ['a head in the sky', { head: 2 ** 64 - 2 ** 33, tail: 200 }],
  ])('%s is found', (_what, { head, tail }) => {
    const ring = fileRing(trades, { baseSequence: 100 });
    ring.resetPosition(RING.HEAD, head);
    ring.resetPosition(RING.TAIL, tail);
    expect(corrupt(ring.path)).toMatchObject({ code: 'DW_FILE_CORRUPT', message: expect.stringContaining('positions') as string });
  });

  test('bytes of any kind in the first page: found, or positions that make sense; never a crash or a hang', async () => {
    const { code, output } = await runScript(new URL('./workers/damaged-rings.mjs', import.meta.url), [temporaryDirectory(), String(SEED)], 40_000);
    expect({ code, output }, `seed ${SEED}`).toEqual({ code: 0, output: 'looked at 2000 rings\n' });
  });
});

describe('a ring in use', () => {
  test('is never taken for damaged by somebody who opens it while writer and ingest move on', async () => {
    const ring = memoryRing(trades);
    const worker = new Worker(new URL('./workers/position-mover.mjs', import.meta.url), { workerData: { words: ring.words } });
    afterThisTest(() => worker.terminate());
    await once(worker, 'message');
    let looks = 0;
    const seen = new Set<number>();
    const problems: string[] = [];
    for (const end = performance.now() + 700; performance.now() < end; looks++) {
      const problem = ring.problem(trades, FEED_UID, ring.mapped.fileBytes);
      if (problem !== undefined) problems.push(problem);
      if ((looks & 63) === 0) seen.add(ring.head);
    }
    expect(problems.slice(0, 3), `of ${looks} looks`).toEqual([]);
    expect(seen.size).toBeGreaterThan(10);
  });

  test('whose writer died in the middle of a wrap still says where it was, and can be put right', () => {
    const wrap = 7 * 2 ** 32;
    for (const [stores, expected] of [[1, wrap - 1], [2, wrap]] as const) {
      const ring = memoryRing(trades, { baseSequence: wrap - 10 });
      ring.resetPosition(RING.HEAD, wrap - 1);
      const order = [[POSITION.HIGH_B, 7], [POSITION.LOW, 0]] as const;
      for (const [word, value] of order.slice(0, stores)) Atomics.store(ring.words, (RING.HEAD + word) >> 2, value);
      expect(ring.head).toBe(expected);
      expect(ring.problem(trades, FEED_UID, ring.mapped.fileBytes)).toBeUndefined();
      ring.resetPosition(RING.HEAD, ring.head); // as the next writer does
      expect(headWords(ring)).toEqual(stores === 1 ? [-1, 6, 6] : [0, 7, 7]);
    }
  });
});
