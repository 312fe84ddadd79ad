import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BlockDescriptor, CHUNK, CHUNK_STATE, ChunkHeader, type ChunkGeometry, DeepwaterError, SEAL_REASON, type Schema, chunkGeometry,
  crc32, geometryOf, rebuildSchema,
} from '../dist/index.js';
import { IDENTITY, TRADES, compile, trades } from './chunk-fixtures.js';
import { thrownBy } from './mapping-tools.js';
import { assertProperty, feedSpecs } from './schema-arbitraries.js';

/** The front of a chunk in memory. */
function front(schema: Schema = trades, geometry: ChunkGeometry = chunkGeometry(schema, 200_000)) {
  const bytes = new Uint8Array(new SharedArrayBuffer(geometry.columnsOffset));
  const header = new ChunkHeader(bytes, '/store/chunk.dwk');
  header.writeIdentity(IDENTITY, schema, geometry);
  return { bytes, header, geometry };
}

const ACTIVATION = { firstSequence: 2 ** 52 + 1, epoch: 0xffff_ffff, gapBefore: 2 ** 36, activatedUs: 1_738_368_000_000_001, bootId: '0123456789abcdef0123456789abcdef' };
const RANGES = [{ min: 1_738_368_000_000_000n, max: 2n ** 53n - 1n }, { min: -(2n ** 63n), max: -1n }];
const SEAL = { rows: 320, reason: SEAL_REASON.AGE, sealedUs: 1_738_368_000_000_002, sortedMask: 0b10, indexPoints: 319, ranges: RANGES };

/** What a check says: the geometry, or the code of its error. Anything else fails the test. */
function verdict(header: ChunkHeader, schema: Schema, size: number): ChunkGeometry | string {
  try {
    return header.check(schema, size);
  } catch (error) {
    if (error instanceof DeepwaterError) return error.code;
    throw error;
  }
}

describe('identity', () => {
  test('what was written is read, by whoever has the bytes', () => {
    assertProperty(fc.property(feedSpecs, fc.integer({ min: 1, max: 1 << 26 }), fc.maxSafeNat(), fc.stringMatching(/^[0-9a-f]{16}$/), (spec, size, number, feedUid) => {
      const schema = compile(spec);
      const geometry = chunkGeometry(schema, size);
      const identity = { chunkId: number, feedName: 'f'.repeat(64), feedUid, createdUs: number };
      const bytes = new Uint8Array(geometry.columnsOffset);
      new ChunkHeader(bytes, 'a').writeIdentity(identity, schema, geometry);
      const header = new ChunkHeader(bytes, 'b');
      expect(header.check(schema, geometry.fileBytes)).toEqual(geometry);
      expect(header).toMatchObject({ ...identity, schemaHash: schema.hash, capacityRows: geometry.capacityRows, blockRows: geometry.blockRows, fileBytes: geometry.fileBytes });
      expect(rebuildSchema(header.schemaText).hash).toBe(schema.hash);
    }), 100);
  });

  test('a chunk of another schema is told from a damaged one', () => {
    const { header, geometry } = front();
    const other = compile({ ...TRADES, timestampUnit: 'ns' });
    expect(thrownBy(() => header.check(other, geometry.fileBytes))).toMatchObject({
      code: 'DW_CHUNK_SCHEMA_MISMATCH', values: { path: '/store/chunk.dwk', found: trades.hash, expected: other.hash },
    });
  });

  test('a chunk of another version is told from a damaged one', () => {
    const { bytes, header, geometry } = front();
    new DataView(bytes.buffer).setUint32(CHUNK.VERSION, 2, true);
    expect(thrownBy(() => header.check(trades, geometry.fileBytes))).toMatchObject({ code: 'DW_FORMAT_VERSION', values: { found: 2, supported: 1 } });
  });

  test('a file that is shorter than its columns is found, a longer one is taken', () => {
    const { header, geometry } = front();
    expect(thrownBy(() => header.check(trades, geometry.fileBytes - 1))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    expect(header.check(trades, geometry.fileBytes + 1)).toEqual(geometry);
  });

  test.each(['committedRows', 'reservedRows', 'syncedRows'] as const)('more %s than there is room for are found', (word) => {
    const { header, geometry } = front();
    header[word] = geometry.capacityRows;
    expect(header.check(trades, geometry.fileBytes)).toEqual(geometry);
    header[word] = geometry.capacityRows + 1;
    expect(thrownBy(() => header.check(trades, geometry.fileBytes))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    header[word] = -1;
    expect(header[word]).toBe(2 ** 32 - 1);
    expect(thrownBy(() => header.check(trades, geometry.fileBytes))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });
});

describe('damage', () => {
  test('every change of any byte of the identity is found', () => {
    const { bytes, header, geometry } = front();
    for (let at = 0; at < 256; at++) {
      for (const change of [1, 0x80, 0xff]) {
        bytes[at] ^= change;
        const expected = at >= CHUNK.VERSION && at < CHUNK.VERSION + 4 ? 'DW_FORMAT_VERSION' : 'DW_FILE_CORRUPT';
        expect(verdict(header, trades, geometry.fileBytes), `byte ${at}`).toBe(expected);
        bytes[at] ^= change;
      }
    }
    expect(header.check(trades, geometry.fileBytes)).toEqual(geometry);
  });

  test('numbers that make no sense are found even under a good checksum', () => {
    const derived = [CHUNK.COLUMNS_OFFSET, CHUNK.BLOCK_TABLE_OFFSET, CHUNK.BLOCK_BYTES, CHUNK.FILE_BYTES];
    const chosen = [CHUNK.CAPACITY_ROWS, CHUNK.BLOCK_ROWS];
    assertProperty(fc.property(fc.constantFrom(...derived, ...chosen), fc.oneof(fc.nat(100_000), fc.nat(0xffff_ffff)), (at, value) => {
      const { bytes, header, geometry } = front();
      const view = new DataView(bytes.buffer);
      fc.pre(view.getUint32(at, true) !== value);
      view.setUint32(at, value, true);
      resign(bytes);
      const result = verdict(header, trades, geometry.fileBytes);
      // Other rows or blocks can be another chunk's true geometry, where every offset fits them.
      if (typeof result === 'object') {
        expect(chosen).toContain(at);
        expect(result).toEqual(geometryOf(trades, header.capacityRows, header.blockRows));
        expect([result.columnsOffset, result.blockTableOffset, result.fileBytes]).toEqual([geometry.columnsOffset, geometry.blockTableOffset, geometry.fileBytes]);
        expect(result.blockRows).toBeLessThanOrEqual(result.capacityRows);
      } else {
        expect(result).toBe('DW_FILE_CORRUPT');
      }
    }));
  });

  test.each([
    ['another beginning', (view: DataView) => view.setUint8(CHUNK.MAGIC + 7, 0x32)],
    ['blocks larger than the chunk', (view: DataView, { capacityRows }: ChunkGeometry) => view.setUint32(CHUNK.BLOCK_ROWS, capacityRows + 1, true)],
    ['no rows', (view: DataView) => view.setUint32(CHUNK.CAPACITY_ROWS, 0, true)],
    ['no block', (view: DataView) => view.setUint32(CHUNK.BLOCK_ROWS, 0, true)],
    ['a file of another size', (view: DataView, { fileBytes }: ChunkGeometry) => view.setUint32(CHUNK.FILE_BYTES, fileBytes - 65536, true)],
    ['columns one section on', (view: DataView, { columnsOffset }: ChunkGeometry) => view.setUint32(CHUNK.COLUMNS_OFFSET, columnsOffset + 65536, true)],
  ])('%s is found even under a good checksum', (_what, change) => {
    const { bytes, header, geometry } = front();
    change(new DataView(bytes.buffer), geometry);
    resign(bytes);
    expect(verdict(header, trades, geometry.fileBytes)).toBe('DW_FILE_CORRUPT');
  });

  test('bytes of any kind anywhere in the first page are found or harmless: never a crash, never another geometry', () => {
    const change = fc.record({ at: fc.nat(CHUNK.HEADER_BYTES - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) });
    assertProperty(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const { bytes, header, geometry } = front();
      header.activate(ACTIVATION);
      header.committedRows = 64;
      header.writeSeal(trades, SEAL);
      const before = bytes.slice(0, CHUNK.HEADER_BYTES);
      for (const { at, bytes: noise } of changes) bytes.set(noise.subarray(0, CHUNK.HEADER_BYTES - at), at);
      const touched = (from: number, to: number): boolean => Buffer.compare(before.subarray(from, to), bytes.subarray(from, to)) !== 0;
      const result = verdict(header, trades, geometry.fileBytes);
      if (touched(0, 256)) expect(['DW_FILE_CORRUPT', 'DW_FORMAT_VERSION']).toContain(result);
      else expect([geometry, 'DW_FILE_CORRUPT']).toContainEqual(result);
      if (typeof result === 'object') expect(header.committedRows).toBeLessThanOrEqual(geometry.capacityRows);
      expect(header.activationHolds).toBe(!touched(256, 512));
      const seal = header.seal(trades);
      if (touched(CHUNK.SEAL, CHUNK.SEAL_CRC + 4)) expect(seal).toBeUndefined();
      else if (header.state === CHUNK_STATE.SEALED) expect(seal).toEqual(SEAL);
    }), 500);
  });

  test('noise instead of a header is found', () => {
    assertProperty(fc.property(fc.uint8Array({ minLength: CHUNK.HEADER_BYTES, maxLength: CHUNK.HEADER_BYTES }), fc.boolean(), (noise, begins) => {
      if (begins) noise.set(Buffer.from('DWCHUNK1\x01\0\0\0'));
      expect(verdict(new ChunkHeader(noise, 'x'), trades, 1 << 30)).toMatch(/^DW_(FILE_CORRUPT|FORMAT_VERSION)$/);
    }), 100);
  });
});

/** Puts the checksum right again: damage that only reason can find. */
function resign(bytes: Uint8Array): void {
  new DataView(bytes.buffer).setUint32(CHUNK.IDENTITY_CRC, crc32(bytes.subarray(0, CHUNK.IDENTITY_CRC)), true);
}

describe('the life of a chunk', () => {
  test('activation gives it its place, and says so last', () => {
    const { header } = front();
    expect(header.activationHolds).toBe(false);
    header.activate(ACTIVATION);
    expect(header).toMatchObject({ ...ACTIVATION, state: CHUNK_STATE.ACTIVE, activationHolds: true });
  });

  test('a seal is what was written, for as many clocks as there can be', () => {
    for (const clockCount of [1, 2, 8]) {
      const names = Array.from({ length: clockCount }, (_, i) => `t${i}`);
      const schema = compile({ name: 'f', fields: names.map((name, i) => ({ name, type: i % 2 === 0 ? 'uint64' : 'int64' })), timestamp: 't0', clocks: names.slice(1) });
      const { header } = front(schema);
      const seal = { ...SEAL, sortedMask: 2 ** clockCount - 1, ranges: names.map((_, i) => (i % 2 === 0 ? { min: 0n, max: 2n ** 64n - 1n } : { min: -(2n ** 63n), max: 2n ** 63n - 1n })) };
      expect(header.seal(schema)).toBeUndefined();
      header.writeSeal(schema, seal);
      expect(header.state).toBe(CHUNK_STATE.SEALED);
      expect(header.seal(schema)).toEqual(seal);
    }
  });

  test('a seal of a chunk that is not sealed, or whose checksum fails, is none', () => {
    const { bytes, header } = front();
    header.writeSeal(trades, SEAL);
    header.state = CHUNK_STATE.ACTIVE;
    expect(header.seal(trades)).toBeUndefined();
    header.state = CHUNK_STATE.SEALED;
    for (let at = CHUNK.SEAL; at < CHUNK.SEAL_CRC + 4; at++) {
      bytes[at] ^= 0x10;
      expect(header.seal(trades), `byte ${at}`).toBeUndefined();
      bytes[at] ^= 0x10;
    }
    expect(header.seal(trades)).toEqual(SEAL);
  });

  test('words, activation and seal leave each other and the identity alone', () => {
    const { header, geometry } = front();
    header.activate(ACTIVATION);
    header.reservedRows = 128;
    header.committedRows = 100;
    header.syncedRows = 50;
    header.writeSeal(trades, SEAL);
    expect(header).toMatchObject({ ...ACTIVATION, activationHolds: true, reservedRows: 128, committedRows: 100, syncedRows: 50 });
    expect(header.seal(trades)).toEqual(SEAL);
    expect(header.check(trades, geometry.fileBytes)).toEqual(geometry);
  });
});

describe('block descriptors', () => {
  const blockOf = (schema: Schema, geometry: ChunkGeometry, salt: number): BlockDescriptor => ({
    count: salt % (geometry.blockRows + 1),
    sortedMask: salt % 2 ** schema.clocks.length,
    ranges: schema.clocks.map((clock) => ({ min: BigInt(salt) * (clock.signed ? -1n : 1n), max: BigInt(salt) * 2n })),
    columnChecksums: schema.columns.map((_, i) => Math.imul(salt, i + 0x9e3779b1) >>> 0),
  });

  test('each block’s is what was written for it, in any order of writing, and the front stays whole', () => {
    assertProperty(fc.property(feedSpecs, fc.infiniteStream(fc.nat()), (spec, salts) => {
      const schema = compile(spec);
      const rowBytes = schema.rowBytes * 16384;
      const { header, geometry } = front(schema, chunkGeometry(schema, rowBytes * 6));
      header.activate(ACTIVATION);
      const blocks = new Map<number, BlockDescriptor>();
      for (let i = 0; i < 12; i++) {
        const index = (salts.next().value as number) % geometry.blockCount;
        blocks.set(index, blockOf(schema, geometry, salts.next().value as number));
        header.writeBlock(index, geometry, schema, blocks.get(index) as BlockDescriptor);
      }
      for (let index = 0; index < geometry.blockCount; index++) expect(header.block(index, geometry, schema)).toEqual(blocks.get(index));
      expect(header.check(schema, geometry.fileBytes)).toEqual(geometry);
      expect(header.activationHolds).toBe(true);
      expect(header.schemaText).toBe(schema.canonical);
    }), 60);
  });

  test('a block that was never described has none', () => {
    for (let clocks = 1; clocks <= 8; clocks++) {
      const names = Array.from({ length: clocks }, (_, i) => `t${i}`);
      const schema = compile({ name: 'f', fields: names.map((name) => ({ name, type: 'uint64' })), timestamp: 't0', clocks: names.slice(1) });
      const { header, geometry } = front(schema);
      expect(header.block(0, geometry, schema)).toBeUndefined();
    }
  });

  test('any changed byte of a descriptor makes it none, and no other', () => {
    const { bytes, header, geometry } = front(trades, chunkGeometry(trades, 3 * 16384 * trades.rowBytes));
    const blocks = [0, 1, 2].map((i) => blockOf(trades, geometry, 1000 + i));
    blocks.forEach((block, i) => header.writeBlock(i, geometry, trades, block));
    const from = geometry.blockTableOffset + geometry.blockBytes;
    for (let at = from; at < from + geometry.blockBytes; at++) {
      bytes[at] ^= 4;
      expect([0, 1, 2].map((i) => header.block(i, geometry, trades)), `byte ${at}`).toEqual([blocks[0], undefined, blocks[2]]);
      bytes[at] ^= 4;
    }
  });
});
