/** Stores of which everything that can be broken is known. */
import fs from 'node:fs';
import path from 'node:path';
import { chunkPath, ringPaths, serializeFeed } from '../../../core/dist/index.js';
import { Target } from './mutate.mjs';
import { Oracle } from './oracle.mjs';
import { FEED, OTHER, makeStore } from './store.mjs';

/** A store with everything that can be broken in it. */
export async function prepare(base, variant) {
  const made = await makeStore(base, variant);
  const { geometry, paths } = made;
  const other = path.join(base, 'feeds', OTHER);
  const tableEnd = geometry.blockTableOffset + geometry.blockCount * geometry.blockBytes;
  const chunks = made.chunkRows.map((rows, index) => {
    // The rows behind the last complete block of a chunk that is not sealed have no checksum yet.
    const open = variant !== 'closed' && index === made.chunkRows.length - 1;
    return chunkTarget(index, open ? rows - (rows % geometry.blockRows) : rows, open, variant === 'killed' ? rows : 0);
  });
  function chunkTarget(index, rows, open, allRows) {
    return new Target(chunkPath(paths, index + 1), 'chunk', [
    [0, 512, 3], [512, 1024, 2], [1024, 1300, 2], [1300, 4096, 0.2], [4096, geometry.blockTableOffset, 1], [geometry.blockTableOffset, tableEnd, 4],
    ...geometry.columnOffsets.map((offset, i) => [offset, offset + rows * geometry.columnWidths[i], 1]),
    [geometry.columnOffsets[0] + rows * geometry.columnWidths[0], geometry.columnOffsets[1], 0.2],
  ], open ? [] : [olderChunk(chunkPath(paths, index + 1), geometry)], [chunkPath(paths, ((index + 1) % 3) + 1), path.join(other, 'chunks', path.basename(chunkPath(paths, index + 1))), paths.catalog],
  open ? geometry.columnOffsets.map((offset, i) => [offset + rows * geometry.columnWidths[i], offset + Math.max(rows, allRows) * geometry.columnWidths[i]]) : []);
  }
  const catalog = new Target(paths.catalog, 'catalog', [[0, 64, 2], [128, 1056, 3], [4096, 4096 + 3 * 256, 5], [4096 + 3 * 256, 4096 + 5 * 256, 0.5]],
    [olderCatalog(paths.catalog)], [path.join(other, 'catalog.dwc'), chunkPath(paths, 1)]);
  const symbols = new Target(paths.symbols, 'symbols', [[0, 64, 1], [64, 4096, 0.2], [4096, fs.statSync(paths.symbols).size, 4]], [], [path.join(other, 'symbols.dws'), paths.catalog]);
  const feed = new Target(paths.spec, 'feed', [[0, fs.statSync(paths.spec).size, 1]], [], [path.join(other, 'feed.json')]);
  const targets = [...chunks, ...chunks, catalog, catalog, symbols, feed];
  if (variant === 'killed') {
    const { ring, bell } = ringPaths(paths.directory, FEED);
    // Rows in the ring are in memory, and so is the count of them; what it is of, and where it begins, is held against the rest.
    targets.push(new Target(ring, 'ring', [[0, 640, 3], [768, 780, 1]], [], [bell, paths.catalog]), new Target(bell, 'bell', [[0, 2048, 1]], [], [ring]));
  }
  const source = { basePath: base, storeId: made.storeId, feedUid: made.feed.uid, spec: made.feed.spec };
  return { ...made, base, source, targets, oracle: new Oracle(made), feedText: serializeFeed(made.feed) };
}

/** A chunk as it was with one block less. */
function olderChunk(file, geometry) {
  const bytes = fs.readFileSync(file);
  const rows = Math.max(0, bytes.readUInt32LE(768) - geometry.blockRows);
  bytes.writeUInt32LE(2, 512);
  bytes.writeUInt32LE(rows, 768);
  bytes.writeUInt32LE(rows, 896);
  bytes.fill(0, 1024, 1280);
  const block = Math.floor(rows / geometry.blockRows);
  bytes.fill(0, geometry.blockTableOffset + block * geometry.blockBytes, geometry.blockTableOffset + geometry.blockCount * geometry.blockBytes);
  geometry.columnOffsets.forEach((offset, i) => { bytes.fill(0, offset + rows * geometry.columnWidths[i], offset + geometry.capacityRows * geometry.columnWidths[i]); });
  return bytes;
}

/** A catalog as it was before the last chunk. */
function olderCatalog(file) {
  const bytes = fs.readFileSync(file);
  const count = bytes.readUInt32LE(128) - 1;
  bytes.writeUInt32LE(count, 128);
  bytes.fill(0, 4096 + count * 256, 4096 + (count + 1) * 256);
  return bytes;
}
