import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { RING, RING_PLACE, crc32, ringPaths } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { failure, feed, trades, watched } from './support/small-feed.js';
import type { FeedFixture } from './support/feed-fixture.js';

/** 100 records in a chunk, 20 in the ring. */
function history(): FeedFixture {
  const fixture = feed(undefined, { capacityRows: 256, blockRows: 64, ringSlots: 64 });
  for (let n = 0; n < 120; n++) {
    if (fixture.writer.position - fixture.tail >= 20) fixture.drain(1);
    fixture.write(n, 1, 1000 + n);
  }
  return fixture;
}

const ringOf = (fixture: FeedFixture): string => ringPaths(fixture.paths.directory, 'trades').ring;
const count = (fixture: FeedFixture): number => watched(fixture).reader.rangeSync(0, 1e9).length;

function patchIdentity(file: string, change: (header: Buffer) => void, seal = true): void {
  const fd = fs.openSync(file, 'r+');
  const header = Buffer.alloc(RING.EPOCH);
  fs.readSync(fd, header, 0, header.length, 0);
  change(header);
  if (seal) header.writeUInt32LE(crc32(header.subarray(0, RING.IDENTITY_CRC)), RING.IDENTITY_CRC);
  fs.writeSync(fd, header, 0, header.length, 0);
  fs.closeSync(fd);
}

describe('which ring counts', () => {
  test('one of this store, this feed and this boot', () => {
    expect(count(history())).toBe(120);
    for (const offset of [RING.STORE_ID, RING.BOOT_ID]) {
      const fixture = history();
      patchIdentity(ringOf(fixture), (header) => { header[offset] = (header[offset] as number) ^ 1; });
      expect(count(fixture)).toBe(100);
    }
  });

  test('a damaged one is an error; one that is just being made is none yet', async () => {
    const fixture = history();
    patchIdentity(ringOf(fixture), (header) => { header[RING.SLOT_COUNT] = 65; });
    expect(await failure(() => count(fixture))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    patchIdentity(ringOf(fixture), (header) => { header.fill(0); }, false);
    expect(count(fixture)).toBe(100);
  });

  test('a successor is found, and until it is there the chunks are read', () => {
    const fixture = history();
    const { reader } = watched(fixture);
    expect(reader.rangeSync(0, 1e9)).toHaveLength(120);
    fixture.drain();
    const aside = `${ringOf(fixture)}.next`;
    fs.copyFileSync(ringOf(fixture), aside);
    fixture.ring.retire();
    fs.unlinkSync(ringOf(fixture));
    expect(reader.rangeSync(0, 1e9)).toHaveLength(120);
    fs.renameSync(aside, ringOf(fixture));
    expect(reader.bounds()).toEqual({ first: 0, next: 120 });
  });

  test('a store can have its rings in a place of its own', () => {
    const fixture = history();
    const ringDir = path.join(fixture.base, 'rings');
    fs.mkdirSync(ringDir);
    fs.renameSync(ringOf(fixture), ringPaths(ringDir, 'trades').ring);
    fixture.catalog.view.setRingPlace(RING_PLACE.SHARED_MEMORY, 0);
    expect(new FeedReader({ ...fixture.source, ringDir }).rangeSync(0, 1e9)).toHaveLength(120);
    expect(count(fixture)).toBe(100);
  });
});

describe('the ring goes on where chunks end', () => {
  test('over the wrap of its slots, and past 2^32', () => {
    const base = 2 ** 32 - 100;
    const fixture = feed(undefined, { capacityRows: 64, blockRows: 32, ringSlots: 64, baseSequence: base });
    for (let n = 0; n < 300; n++) {
      if (fixture.writer.position - fixture.tail >= 64) fixture.drain(17);
      fixture.write(n, 1, 1000 + n);
      if (n % 29 !== 0) continue;
      const { reader } = watched(fixture);
      expect(reader.rangeSync(0, 1e9).map(([price]) => price)).toEqual(Array.from({ length: n + 1 }, (_, i) => i));
      expect(reader.bounds()).toEqual({ first: base, next: base + n + 1 });
    }
  });

  test('of a memory feed only what is safe from being overwritten is given', () => {
    const fixture = feed({ ...trades, persist: false }, { ringSlots: 64 });
    for (let n = 0; n < 1000; n++) fixture.write(n, 1, 1000 + n);
    const { reader } = watched(fixture);
    expect(reader.bounds()).toEqual({ first: 944, next: 1000 });
    expect(reader.rangeSync(0, 1e9).map(([price]) => price)).toEqual(Array.from({ length: 56 }, (_, i) => 944 + i));
    expect(reader.lastSync(3).map(([price]) => price)).toEqual([997, 998, 999]);
    expect(reader.atSync(1990)).toEqual([990, 1, 1990]);
  });
});
