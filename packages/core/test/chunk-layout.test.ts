import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK, BLOCK_ROWS_MAX, CHUNK, RESERVE_BYTES_MIN, SECTION_BYTES, chunkGeometry, firstReservation, geometryOf } from '../dist/index.js';
import { compile, trades } from './chunk-fixtures.js';
import { assertProperty, feedSpecs } from './schema-arbitraries.js';

const sizes = fc.oneof(fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 4096, max: 1024 ** 3 }));

describe('the geometry of a chunk', () => {
  test('header, schema, block table and columns lie in this order and never overlap; columns begin at sections', () => {
    assertProperty(fc.property(feedSpecs, sizes, (spec, bytes) => {
      const schema = compile(spec);
      const g = chunkGeometry(schema, bytes);
      expect(g.schemaOffset).toBeGreaterThanOrEqual(CHUNK.HEADER_BYTES);
      expect(g.blockTableOffset).toBeGreaterThanOrEqual(g.schemaOffset + Buffer.byteLength(schema.canonical));
      expect(g.columnsOffset).toBeGreaterThanOrEqual(g.blockTableOffset + g.blockCount * g.blockBytes);
      let end = g.columnsOffset;
      schema.columns.forEach(({ width }, i) => {
        expect(g.columnOffsets[i]).toBeGreaterThanOrEqual(end);
        expect(g.columnOffsets[i] % SECTION_BYTES).toBe(0);
        expect(g.columnWidths[i]).toBe(width);
        end = g.columnOffsets[i] + g.capacityRows * width;
      });
      expect(g.fileBytes).toBeGreaterThanOrEqual(end);
      expect(g.blockBytes).toBeGreaterThanOrEqual(BLOCK.RANGES + 16 * schema.clocks.length + 4 * schema.columns.length + 4);
    }));
  });

  test('rows fill whole blocks, take no more than was asked, and there is one block at least', () => {
    assertProperty(fc.property(feedSpecs, sizes, (spec, bytes) => {
      const schema = compile(spec);
      const { capacityRows, blockRows, blockCount } = chunkGeometry(schema, bytes);
      expect(blockRows).toBeLessThanOrEqual(BLOCK_ROWS_MAX);
      expect(capacityRows).toBeGreaterThanOrEqual(blockRows);
      expect(blockCount).toBe(Math.ceil(capacityRows / blockRows));
      expect(capacityRows % blockRows).toBe(0);
      if (capacityRows > 64) expect(capacityRows * schema.rowBytes).toBeLessThanOrEqual(bytes);
    }));
  });

  test('follows from the two numbers that a header holds', () => {
    assertProperty(fc.property(feedSpecs, sizes, (spec, bytes) => {
      const schema = compile(spec);
      const geometry = chunkGeometry(schema, bytes);
      expect(geometryOf(schema, geometry.capacityRows, geometry.blockRows)).toEqual(geometry);
    }));
  });

  test('of 64 MB of trades is this', () => {
    expect(chunkGeometry(trades, 64 << 20)).toMatchObject({ capacityRows: 2_670_592, blockRows: 16_384, blockCount: 163, fileBytes: 66_846_720 });
  });
});

test('a quiet feed begins with a megabyte in whole blocks, or with all of a small chunk', () => {
  assertProperty(fc.property(feedSpecs, sizes, (spec, bytes) => {
    const schema = compile(spec);
    const geometry = chunkGeometry(schema, bytes);
    const rows = firstReservation(geometry, schema.rowBytes);
    expect(rows === geometry.capacityRows || rows * schema.rowBytes >= RESERVE_BYTES_MIN).toBe(true);
    expect(rows).toBeLessThanOrEqual(geometry.capacityRows);
    expect(rows % geometry.blockRows).toBe(0);
    expect((rows - geometry.blockRows) * schema.rowBytes).toBeLessThan(RESERVE_BYTES_MIN);
  }));
});
