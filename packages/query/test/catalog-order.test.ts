import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SEAL_REASON, compileSchema, createCatalog, parseFeedSpec } from '@deepwater/core';
import { CatalogIndex } from '../dist/catalog-index.js';

const directory = mkdtempSync(path.join(tmpdir(), 'deepwater-catalog-order-'));
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

/** Rows of chunks, each with the number that it begins with. */
function indexOf(chunks: readonly (readonly [first: number, rows: number])[]): CatalogIndex {
  const schema = compileSchema(parseFeedSpec({ name: 'order', fields: [{ name: 'ts', type: 'uint64' }], timestamp: 'ts' }));
  const file = createCatalog(path.join(directory, `${Math.random()}.dwc`), 'owner', schema, '00112233445566ff');
  chunks.forEach(([firstSequence, rows], i) => {
    const index = file.view.append({ chunkId: i + 1, firstSequence, epoch: 1, gapBefore: 0, createdUs: 1 });
    file.view.seal(index, { rows, indexPoints: 0, sortedMask: 1, sealedUs: 2, sealReason: SEAL_REASON.FULL, ranges: [{ min: 0n, max: 1n }] });
  });
  return new CatalogIndex(file);
}

test.each([
  ['behind it', [[0, 64], [64, 64], [64, 0], [128, 64]], 1],
  ['behind it, and another', [[0, 64], [64, 64], [64, 0], [64, 0], [128, 64]], 1],
  ['before it', [[0, 64], [64, 0], [64, 64], [128, 64]], 2],
  ['at the end', [[0, 64], [64, 64], [64, 0]], 1],
] as const)('the chunk with a record is found with one without rows %s that begins at the same number', (_where, chunks, expected) => {
  const catalog = indexOf(chunks);
  for (const sequence of [64, 65, 127]) expect(catalog.indexOfSequence(sequence, chunks.length)).toBe(expected);
  expect(catalog.indexOfSequence(63, chunks.length)).toBe(0);
  if (chunks.length > 3) expect(catalog.indexOfSequence(128, chunks.length)).toBe(chunks.length - 1);
});
