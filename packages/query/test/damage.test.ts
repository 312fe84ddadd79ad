import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOG, CHUNK, DeepwaterError, ENTRY, ENTRY_BYTES, crc32, chunkPath, replaceSystem, ringPaths, system } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { failure, feed, trades, watched } from './support/small-feed.js';
import { FEED_UID, type FeedFixture } from './support/feed-fixture.js';
import { assertAsyncProperty } from './support/seed.js';

/** Three sealed chunks of 256, an open one with 100 rows, and 50 rows in the ring. */
function history(): FeedFixture {
  const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
  for (let n = 0; n < 918; n++) fixture.write(n, 1, 1000 + n);
  fixture.drain(868);
  return fixture;
}

function patch(file: string, offset: number, change: (bytes: Buffer) => void, length = 256): void {
  const fd = fs.openSync(file, 'r+');
  const bytes = Buffer.alloc(length);
  fs.readSync(fd, bytes, 0, length, offset);
  change(bytes);
  fs.writeSync(fd, bytes, 0, length, offset);
  fs.closeSync(fd);
}

const entryAt = (index: number): number => CATALOG.HEADER_BYTES + index * ENTRY_BYTES;
const prices = (fixture: FeedFixture, start = 0, end = 1e9): unknown[] => watched(fixture).reader.rangeSync(start, end).map(([price]) => price);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('where catalog and chunk disagree, nothing wrong is given out', () => {
  test('an entry whose checksum fails: the chunk is asked', () => {
    const fixture = history();
    patch(fixture.paths.catalog, entryAt(1), (entry) => { entry.writeBigUInt64LE(1n, ENTRY.RANGES + 8); });
    expect(prices(fixture)).toEqual(upTo(918));
    expect(prices(fixture, 1300, 1400)).toEqual(upTo(400).slice(300));
    expect(watched(fixture).reader.atSync(1300)).toEqual([300, 1, 1300]);
    expect(watched(fixture).reader.lastSync(700)).toHaveLength(700);
  });

  test('another first sequence: an error that names the chunk', async () => {
    const fixture = history();
    patch(fixture.paths.catalog, entryAt(3), (entry) => { entry.writeBigUInt64LE(700n, ENTRY.FIRST_SEQUENCE); });
    const error = await failure(() => watched(fixture).reader.rangeSync(0, 1e9));
    expect(error.code).toBe('DW_FILE_CORRUPT');
    expect(error.message).toContain(`${chunkPath(fixture.paths, 4)} and the catalog of its feed disagree: it begins with record 768, the catalog says 700`);
    expect(error.message).toContain('deepwater repair');
  });

  test('a sealed entry that counts fewer rows, and says so under a right checksum', async () => {
    const fixture = history();
    patch(fixture.paths.catalog, entryAt(0), (entry) => {
      entry.writeUInt32LE(200, ENTRY.ROWS);
      entry.writeUInt32LE(crc32(entry.subarray(ENTRY.SEAL_REASON, ENTRY.CRC), crc32(entry.subarray(0, ENTRY.STATE))), ENTRY.CRC);
    });
    expect((await failure(() => prices(fixture, 1000, 1100))).message).toContain('it holds 256 rows, the catalog counts 200');
  });

  test('a state that there is not', async () => {
    const fixture = history();
    patch(fixture.paths.catalog, entryAt(2), (entry) => { entry.writeUInt32LE(9, ENTRY.STATE); });
    expect(await failure(() => prices(fixture))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });
});

describe('missing files', () => {
  test('a chunk that is gone without having been deleted is an error, a deleted one is not', async () => {
    const fixture = history();
    const file = chunkPath(fixture.paths, 2);
    fs.renameSync(file, `${file}.away`);
    const error = await failure(() => prices(fixture));
    expect(error).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    expect(error.message).toContain(`${file} is missing`);
    // What does not need it can be read.
    expect(prices(fixture, 1000, 1100)).toEqual(upTo(100));
    fs.renameSync(`${file}.away`, file);
    fixture.deleteOldest();
    fixture.deleteOldest();
    expect(prices(fixture)).toEqual(upTo(918).slice(512));
  });

  test('chunks without a catalog are not an empty feed', async () => {
    const fixture = history();
    fs.unlinkSync(fixture.paths.catalog);
    const error = await failure(() => prices(fixture));
    expect(error.code).toBe('DW_FILE_CORRUPT');
    expect(error.message).toContain('catalog.dwc is missing and there are chunks');
  });

  test('without the ring, the chunks are all there is', () => {
    const fixture = history();
    fs.unlinkSync(ringPaths(fixture.paths.directory, 'trades').ring);
    expect(prices(fixture)).toEqual(upTo(868));
    expect(watched(fixture).reader.bounds()).toEqual({ first: 0, next: 868 });
  });
});

describe('damaged chunks', () => {
  test('a block descriptor whose checksum fails: its rows are looked at', () => {
    const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
    // Out of order over the chunk, so that blocks decide; in order within them.
    for (let n = 0; n < 256; n++) fixture.write(n, 1, 5000 - Math.floor(n / 64) * 1000 + (n % 64));
    fixture.drain();
    const at = fixture.geometry.blockTableOffset + 2 * fixture.geometry.blockBytes;
    patch(chunkPath(fixture.paths, 1), at, (block) => { block[9] = (block[9] as number) ^ 0xff; }, fixture.geometry.blockBytes);
    expect(prices(fixture, 3010, 3020)).toEqual(upTo(148).slice(138));
  });

  test('a header of another schema', async () => {
    const fixture = history();
    const other = new FeedReader({ ...fixture.source, spec: feed({ ...trades, fields: [{ name: 'price', type: 'float64' }, { name: 'ts', type: 'uint64' }] }).spec });
    expect((await failure(() => other.rangeSync(0, 1))).code).toBe('DW_FILE_CORRUPT');
  });

  test.each([
    ['its magic', CHUNK.MAGIC, 'DW_FILE_CORRUPT'],
    ['its version', CHUNK.VERSION, 'DW_FORMAT_VERSION'],
    ['its feed', CHUNK.FEED_UID, 'DW_FILE_CORRUPT'],
    ['its schema hash', CHUNK.SCHEMA_HASH, 'DW_FILE_CORRUPT'],
    ['its capacity', CHUNK.CAPACITY_ROWS, 'DW_FILE_CORRUPT'],
    ['its first sequence', CHUNK.FIRST_SEQUENCE, 'DW_FILE_CORRUPT'],
    ['its count of rows', CHUNK.SEALED_ROWS, 'DW_FILE_CORRUPT'],
  ])('%s changed in one bit', async (_, offset, code) => {
    const fixture = history();
    patch(chunkPath(fixture.paths, 2), 0, (header) => { header[offset] = (header[offset] as number) ^ 4; }, CHUNK.HEADER_BYTES);
    expect((await failure(() => prices(fixture))).code).toBe(code);
  });

  test('a file cut short is refused before it is mapped', async () => {
    const fixture = history();
    fs.truncateSync(chunkPath(fixture.paths, 1), 8192);
    expect((await failure(() => prices(fixture))).code).toBe('DW_FILE_CORRUPT');
    fs.truncateSync(chunkPath(fixture.paths, 1), 10);
    expect((await failure(() => prices(fixture))).code).toBe('DW_FILE_CORRUPT');
  });

  test('a link in the place of a chunk is not followed', async () => {
    const fixture = history();
    const file = chunkPath(fixture.paths, 1);
    fs.renameSync(file, path.join(fixture.base, 'elsewhere'));
    fs.symlinkSync(path.join(fixture.base, 'elsewhere'), file);
    expect((await failure(() => prices(fixture))).message).toContain('ELOOP');
  });
});

describe('cells that a disk has changed', () => {
  /** Row 100 of chunk 2: record 356, in block 1 of it (records 320 to 383). */
  function damaged(column: number): FeedFixture {
    const fixture = history();
    patch(chunkPath(fixture.paths, 2), (fixture.geometry.columnOffsets[column] as number) + 100 * 8 + 3, (bytes) => { bytes[0] = (bytes[0] as number) ^ 1; }, 1);
    return fixture;
  }

  test('are never given: the error says which records and times', async () => {
    const error = await failure(() => prices(damaged(0)));
    expect(error.code).toBe('DW_FILE_CORRUPT');
    expect(error.message).toContain('the cells of price in block 1');
    expect(error.message).toContain('records 320 to 383, times 1320 to 1383 of ts');
  });

  test('in no form, and by no way of looking for them', async () => {
    const whole = { start: 0, end: 1e9 };
    const reads: ((fixture: FeedFixture) => unknown)[] = [
      (fixture) => watched(fixture).reader.rangeSync(whole.start, whole.end, { format: 'columns' }),
      (fixture) => watched(fixture).reader.rangeSync(whole.start, whole.end, { format: 'segments' }),
      (fixture) => watched(fixture).reader.rangeSync(whole.start, whole.end, { format: 'raw' }),
      (fixture) => [...watched(fixture).reader.batchesSync(whole.start, whole.end)],
      (fixture) => watched(fixture).reader.rangeSync(1356, 1357),
      (fixture) => watched(fixture).reader.lastSync(700),
      (fixture) => watched(fixture).reader.atSync(1356),
      (fixture) => watched(fixture).reader.readFromSync(356, 1),
      (fixture) => watched(fixture).reader.rangeSync(whole.start, whole.end, { where: { price: { lt: 400 } }, columns: ['size'] }),
      (fixture) => watched(fixture).reader.aggregateSync(whole.start, whole.end, { aggregates: { sum: { sum: 'price' } } }),
      (fixture) => watched(fixture).reader.barsSync(whole.start, whole.end, { ticks: 100 }),
      (fixture) => watched(fixture).reader.barsSync(whole.start, whole.end, { resolution: '1ms' }),
      async (fixture) => { await watched(fixture).reader.range(whole.start, whole.end); },
    ];
    for (const read of reads) expect(await failure(() => read(damaged(0))), read.toString()).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test('keep nobody from the others', () => {
    expect(prices(damaged(0), 1000, 1320)).toEqual(upTo(320));
    expect(prices(damaged(0), 1384, 1e9)).toEqual(upTo(918).slice(384));
    // Another column of the same rows.
    expect(watched(damaged(0)).reader.rangeSync(1350, 1360, { columns: ['size'] })).toHaveLength(10);
  });

  test('are found by whoever searches times among them', async () => {
    expect((await failure(() => prices(damaged(2), 1356, 1357))).message).toContain('the cells of ts in block 1');
    expect((await failure(() => watched(damaged(2)).reader.atSync(1356))).code).toBe('DW_FILE_CORRUPT');
  });

  test('a stream ends with the error, before the records that are damaged', () => {
    const fixture = damaged(0);
    // Else its records would come from there.
    fs.unlinkSync(ringPaths(fixture.paths.directory, 'trades').ring);
    const { reader } = watched(fixture);
    for (let n = 0, from = 0; n < 2; n++) {
      const stream = reader.streamSync({ fromSequence: from, allowMainThread: true });
      const given: unknown[] = [];
      expect(() => { while (given.length < 400) given.push(stream.next().value?.[0]); }).toThrow('in block 1');
      expect(given).toEqual(upTo(stream.position).slice(from));
      from = stream.position;
      expect(from).toBeLessThanOrEqual(320);
    }
  });

  test('a catalog that says that another has taken its place keeps nobody waiting for ever', () => {
    const fixture = history();
    patch(fixture.paths.catalog, CATALOG.RETIRED, (bytes) => { bytes.writeUInt32LE(1); });
    fs.writeFileSync(fixture.paths.spec, JSON.stringify({ uid: FEED_UID }));
    const { monotonicMs } = system;
    let ahead = 0;
    const putBack = replaceSystem({ ...system, monotonicMs: () => monotonicMs() + (ahead += 50) });
    try {
      expect(() => watched(fixture).reader.streamSync({ fromSequence: 0, allowMainThread: true }).next()).toThrow('says that another has taken its place, and none has');
    } finally {
      putBack();
    }
    patch(fixture.paths.catalog, CATALOG.RETIRED, (bytes) => { bytes.writeUInt32LE(7); });
    expect(() => watched(fixture).reader.streamSync({ fromSequence: 0, allowMainThread: true }).next()).toThrow('it has 7');
    expect(() => prices(fixture)).toThrow('it has 7');
  });

  test('a descriptor in the place of another is not believed, though it is whole', () => {
    const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
    for (let n = 0; n < 256; n++) fixture.write(n, 1, 5000 - Math.floor(n / 64) * 1000 + (n % 64));
    fixture.drain();
    const { blockTableOffset: at, blockBytes } = fixture.geometry;
    const file = chunkPath(fixture.paths, 1);
    const [first, second] = [0, 1].map((block) => Buffer.from(fs.readFileSync(file).subarray(at + block * blockBytes, at + (block + 1) * blockBytes))) as [Buffer, Buffer];
    patch(file, at, (bytes) => { Buffer.concat([second, first]).copy(bytes); }, 2 * blockBytes);
    // By the ranges of the descriptors, record 5 would not be looked for where it is; the rows themselves cannot be proven by them either.
    expect(() => prices(fixture, 5005, 5006)).toThrow('do not have the checksum');
  });
});

describe('any one byte of the fronts of files', () => {
  test('changed in a chunk: the same records, or an error', async () => {
    const whole = upTo(918);
    await assertAsyncProperty(fc.asyncProperty(fc.constantFrom(1, 2, 3), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 255 }), async (chunkId, place, mask) => {
      const fixture = history();
      const front = fixture.geometry.blockTableOffset + fixture.geometry.blockCount * fixture.geometry.blockBytes;
      patch(chunkPath(fixture.paths, chunkId), Math.floor(place * front), (bytes) => { bytes[0] = (bytes[0] as number) ^ mask; }, 1);
      await sameOrError(fixture, whole);
    }), 150);
  });

  test('changed in the catalog: the same records, or an error; but for a state that says deleted', async () => {
    const whole = upTo(918);
    await assertAsyncProperty(fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 255 }), async (place, mask) => {
      const fixture = history();
      const offset = Math.floor(place * entryAt(5));
      // What the ring is of are words that only their writer can vouch for.
      fc.pre(offset < CATALOG.RING_PLACE || offset >= CATALOG.FIRST_LIVE);
      fc.pre(offset < CATALOG.HEADER_BYTES || (offset - CATALOG.HEADER_BYTES) % ENTRY_BYTES !== ENTRY.STATE);
      patch(fixture.paths.catalog, offset, (bytes) => { bytes[0] = (bytes[0] as number) ^ mask; }, 1);
      await sameOrError(fixture, whole);
    }), 150);
  });
});

/** Every read gives what was written, or an error of ours. */
async function sameOrError(fixture: FeedFixture, whole: readonly number[]): Promise<void> {
  const reads: (() => unknown)[] = [
    () => { expect(prices(fixture)).toEqual(whole); },
    () => { expect(prices(fixture, 1100, 1500)).toEqual(whole.slice(100, 500)); },
    () => { expect(watched(fixture).reader.atSync(1300)?.[0]).toBe(300); },
    () => { expect(watched(fixture).reader.lastSync(500).map(([price]) => price)).toEqual(whole.slice(-500)); },
    () => { expect(watched(fixture).reader.newest({ now: 2000 })).toEqual({ time: 1917, sequence: 917, wild: 0 }); },
  ];
  for (const read of reads) {
    try {
      await read();
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error)) throw error;
    }
  }
}

describe('after a power loss', () => {
  test('only synced rows, and blocks whose checksums hold, exist', () => {
    const fixture = feed(undefined, { capacityRows: 1024, blockRows: 64 });
    for (let n = 0; n < 400; n++) fixture.write(n, 1, 1000 + n);
    fixture.drain();
    fs.unlinkSync(ringPaths(fixture.paths.directory, 'trades').ring);
    const file = chunkPath(fixture.paths, 1);
    patch(file, 0, (header) => {
      header.fill(0x55, CHUNK.BOOT_ID, CHUNK.BOOT_ID + 16);
      header.writeUInt32LE(crc32(header.subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC)), CHUNK.ACTIVATION_CRC);
      header.writeUInt32LE(0, CHUNK.FLAGS); // as older versions left it
      header.writeUInt32LE(crc32(header.subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC)), CHUNK.ACTIVATION_CRC);
      header.writeUInt32LE(0, CHUNK.SYNCED_CHECK);
      header.writeUInt32LE(70, CHUNK.SYNCED_ROWS);
    }, CHUNK.HEADER_BYTES);
    // Blocks 0 to 5 are described; block 4 lost a page.
    patch(file, (fixture.geometry.columnOffsets[0] as number) + 4 * 64 * 8, (page) => { page.fill(0); });
    expect(prices(fixture)).toEqual(upTo(4 * 64));
  });
});
