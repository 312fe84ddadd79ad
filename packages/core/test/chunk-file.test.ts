import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  CHUNK, CHUNK_STATE, MAPPING_BYTES_MAX, SEAL_REASON, chunkGeometry, closeFile, crc32, createChunk, openChunkForReading,
  openChunkForRecovery, peekChunk, putU64, readAt, reserveRows, writeFully,
} from '../dist/index.js';
import { IDENTITY, TRADES, compile, makeChunk, trades } from './chunk-fixtures.js';
import { afterThisTest, fill, mappingsOf, smallFileSystem, temporaryDirectory, temporaryFile, thrownBy } from './mapping-tools.js';

describe('a new chunk', () => {
  test('is prepared, has its full size, and room on the disk for its front and first rows only', () => {
    const { path: file, chunk } = makeChunk(trades, chunkGeometry(trades, 8 << 20), 16384);
    const { geometry, header } = chunk;
    const stat = fs.statSync(file);
    expect(stat.size).toBe(geometry.fileBytes);
    expect(stat.mode & 0o777).toBe(0o600);
    const reserved = geometry.columnsOffset + 16384 * trades.rowBytes;
    expect(stat.blocks * 512).toBeGreaterThanOrEqual(reserved);
    expect(stat.blocks * 512).toBeLessThan(reserved + geometry.columnCount * 2 * 4096 + 4096);
    expect(header).toMatchObject({ ...IDENTITY, state: CHUNK_STATE.PREPARED, reservedRows: 16384, committedRows: 0, syncedRows: 0, activationHolds: false });
  });

  test('grows by reserving rows of every column', () => {
    const { path: file, chunk } = makeChunk(trades, chunkGeometry(trades, 8 << 20), 0);
    const before = fs.statSync(file).blocks * 512;
    reserveRows(chunk.fd, chunk.geometry, 4096, 36864, file);
    expect(fs.statSync(file).blocks * 512 - before).toBeGreaterThanOrEqual(32768 * trades.rowBytes);
    expect(fs.statSync(file).size).toBe(chunk.geometry.fileBytes);
  });

  test('rows written through the descriptor are seen by a reader that mapped the chunk before, once they are committed', () => {
    const { path: file, chunk } = makeChunk();
    const reader = openChunkForReading(file, trades);
    expect(reader.geometry).toEqual(chunk.geometry);
    expect(reader.header.committedRows).toBe(0);
    const [at] = chunk.geometry.columnOffsets;
    writeFully(chunk.fd, new Uint8Array(Float64Array.of(1.5, -2.5).buffer), at, file);
    chunk.header.committedRows = 2;
    expect(reader.header.committedRows).toBe(2);
    expect([...new Float64Array(reader.mapped.buffer, at, 2)]).toEqual([1.5, -2.5]);
  });

  test('does not take the place of a file that is there', () => {
    const directory = temporaryDirectory();
    const file = temporaryFile(Buffer.from('precious'), directory, 'chunk.dwk');
    const run = () => createChunk(file, 'owner', IDENTITY, trades, chunkGeometry(trades, 1), 0);
    expect(thrownBy(run)).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'EEXIST', path: file } });
    expect(fs.readFileSync(file, 'utf8')).toBe('precious');
  });

  test('on a full disk is not there: no file, no mapping, no descriptor', ({ skip }) => {
    const small = smallFileSystem(1 << 20);
    if ('reason' in small) return skip(small.reason);
    const file = path.join(small.directory, 'chunk.dwk');
    const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const geometry = chunkGeometry(trades, 4 << 20);
    const make = (rows: number) => createChunk(file, 'owner', IDENTITY, trades, geometry, rows);
    expect(thrownBy(() => make(geometry.capacityRows))).toMatchObject({ code: 'DW_DISK_FULL', values: { call: 'fallocate', errno: 'ENOSPC', path: file } });
    fill(small.directory);
    expect(thrownBy(() => make(0))).toMatchObject({ code: 'DW_DISK_FULL', values: { path: file } });
    expect(fs.readdirSync(small.directory)).toEqual(['filling']);
    expect(mappingsOf(file)).toBe(0);
    expect(descriptors()).toBe(before);
    fs.unlinkSync(path.join(small.directory, 'filling'));
    closeFile(make(64).fd);
  });

  test('that finds the disk full while growing keeps its rows', ({ skip }) => {
    const small = smallFileSystem(1 << 20);
    if ('reason' in small) return skip(small.reason);
    const file = path.join(small.directory, 'chunk.dwk');
    const geometry = chunkGeometry(trades, 4 << 20);
    const { fd, header } = createChunk(file, 'owner', IDENTITY, trades, geometry, 64);
    afterThisTest(() => fs.closeSync(fd));
    writeFully(fd, Buffer.alloc(64 * 8, 7), geometry.columnOffsets[0], file);
    header.committedRows = 64;
    expect(thrownBy(() => reserveRows(fd, geometry, 64, geometry.capacityRows, file))).toMatchObject({ code: 'DW_DISK_FULL', values: { path: file } });
    const reader = openChunkForReading(file, trades);
    expect(reader.header.committedRows).toBe(64);
    expect(new Uint8Array(reader.mapped.buffer, geometry.columnOffsets[0], 512).every((byte) => byte === 7)).toBe(true);
  });
});

describe('opening a chunk', () => {
  test('for recovery: rows are read and written through the descriptor, the front through the mapping', () => {
    const { path: file, chunk } = makeChunk();
    chunk.header.activate({ firstSequence: 5, epoch: 1, gapBefore: 0, activatedUs: 1, bootId: 'ab'.repeat(16) });
    writeFully(chunk.fd, Buffer.from([1, 2, 3]), chunk.geometry.columnOffsets[1], file);
    const again = openChunkForRecovery(file, trades);
    afterThisTest(() => fs.closeSync(again.fd));
    const bytes = Buffer.alloc(3);
    readAt(again.fd, bytes, again.geometry.columnOffsets[1], file);
    expect([...bytes]).toEqual([1, 2, 3]);
    const seal = { rows: 3, reason: SEAL_REASON.RECOVERED, sealedUs: 9, sortedMask: 3, indexPoints: 2, ranges: [{ min: 1n, max: 2n }, { min: -3n, max: 4n }] };
    again.header.writeSeal(trades, seal);
    expect(chunk.header.seal(trades)).toEqual(seal);
    expect(openChunkForReading(file, trades).header.seal(trades)).toEqual(seal);
  });

  test('to peek needs no schema and maps nothing', () => {
    const { path: file, chunk } = makeChunk();
    const mapped = mappingsOf(file);
    const { header, size } = peekChunk(file);
    expect(size).toBe(chunk.geometry.fileBytes);
    expect(header).toMatchObject({ ...IDENTITY, schemaHash: trades.hash, state: CHUNK_STATE.PREPARED });
    expect(mappingsOf(file)).toBe(mapped);
  });

  test('works on a file that may only be read', () => {
    const { path: file } = makeChunk();
    fs.chmodSync(file, 0o400);
    expect(openChunkForReading(file, trades).header.feedName).toBe('trades');
  });

  const openings = [
    ['reading', (file: string) => openChunkForReading(file, trades)],
    ['recovery', (file: string) => openChunkForRecovery(file, trades)],
  ] as const;

  test.each(openings)('for %s: a file cut anywhere is found, and no descriptor is left open', (_what, open) => {
    const { path: file, chunk } = makeChunk();
    const { geometry } = chunk;
    const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const cuts = [0, 1, 255, CHUNK.HEADER_BYTES - 1, CHUNK.HEADER_BYTES, geometry.blockTableOffset, geometry.columnsOffset, ...geometry.columnOffsets.map((at) => at + 1), geometry.fileBytes - 1];
    for (const size of cuts.sort((a, b) => b - a)) {
      fs.truncateSync(file, size);
      expect(thrownBy(() => open(file)), `${size} bytes`).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file } });
    }
    expect(thrownBy(() => peekChunk(file))).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file, size: 0 } });
    expect(descriptors()).toBe(before);
  });

  test.each(openings)('for %s: missing, of another schema, or a link', (_what, open) => {
    const { path: file } = makeChunk();
    expect(thrownBy(() => open(`${file}.none`))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ENOENT', path: `${file}.none` } });
    const other = makeChunk(compile({ ...TRADES, timestampUnit: 'ns' }));
    expect(thrownBy(() => open(other.path))).toMatchObject({ code: 'DW_CHUNK_SCHEMA_MISMATCH', values: { path: other.path } });
    fs.symlinkSync(file, `${file}.link`);
    expect(thrownBy(() => open(`${file}.link`))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP' } });
  });

  test('larger than a mapping holds, under a good checksum, is found before a column is looked at', () => {
    const { path: file, chunk } = makeChunk();
    // Rows enough for more than 4 GiB, with all offsets to match: only the size of a mapping is against it.
    const capacityRows = 16384 * Math.ceil((MAPPING_BYTES_MAX + 1) / trades.rowBytes / 16384);
    const huge = chunkGeometry(trades, capacityRows * trades.rowBytes);
    fs.truncateSync(file, huge.fileBytes);
    const bytes = Buffer.alloc(CHUNK.HEADER_BYTES);
    readAt(chunk.fd, bytes, 0, file);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(CHUNK.CAPACITY_ROWS, huge.capacityRows, true);
    view.setUint32(CHUNK.BLOCK_ROWS, huge.blockRows, true);
    view.setUint32(CHUNK.COLUMNS_OFFSET, huge.columnsOffset, true);
    view.setUint32(CHUNK.BLOCK_TABLE_OFFSET, huge.blockTableOffset, true);
    putU64(view, CHUNK.FILE_BYTES, huge.fileBytes);
    view.setUint32(CHUNK.IDENTITY_CRC, crc32(bytes.subarray(0, CHUNK.IDENTITY_CRC)), true);
    writeFully(chunk.fd, bytes, 0, file);
    expect(thrownBy(() => openChunkForReading(file, trades))).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file } });
  });
});
