/**
 * A small store whose every cell can be worked out from its record's number, written block by block through the layouts of
 * core, so that a few hundred records make several chunks of several blocks. Nothing of the ingest worker is used: what is
 * broken is broken here.
 *
 *     chunk 1    64 records, in order            sealed
 *     chunk 2    64 records, out of order        sealed
 *     (a hole of 5 numbers, as a power loss leaves it)
 *     chunk 3    40 records                      sealed in a store that was closed; else open, with two complete blocks
 *     ring       10 records                      in a store whose writer was killed
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  RING, RING_PLACE, SEAL_REASON, SymbolDictionary, bootId, tailChecksum, chunkPath, closeFile, columnChecksum, compileSchema, createCatalog, createChunk, describeBlock,
  feedPaths, geometryOf, readFeedFile, reserveRows, ringPaths, segmentsOfChunks, syncData, writeFully, writeSegments,
} from '../../../core/dist/index.js';
import { Bell, RowWriter, createRing, rowWriterClass } from '../../../ring/dist/index.js';
import { Platform } from '../../dist/index.js';

export const FEED = 'ticks';
/** A feed of the same schema beside it: its files are mistaken for the first one's. */
export const OTHER = 'other';
export const BLOCK_ROWS = 16;
const CAPACITY_ROWS = 64;
const CHUNK_ROWS = [64, 64, 40];
/** Numbers left out before the chunk of this index. */
const GAPS = [0, 0, 5];
const RING_ROWS = 10;
const RING_SLOTS = 64;
const SIDES = ['buy', 'sell', 'cross'];
export const T0 = 1_700_000_000_000_000;

const specOf = (name) => ({
  name,
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'uint32' },
    { name: 'side', type: 'symbol' },
    { name: 'recv', type: 'int64', unit: 'us', as: 'number' },
    { name: 'ts', type: 'uint64', as: 'number' },
  ],
  timestamp: 'ts',
  clocks: ['recv'],
  mode: 'IF',
  chunkSizeBytes: 4096,
  ringRecords: RING_SLOTS,
  retentionHours: 0,
});

/** Says of a store that was copied to a directory that it was made there: its rings are its own then. */
export function settleAt(base) {
  const file = path.join(base, 'manifest.json');
  // Without the checksum, which is of where it was: one without is believed.
  const { checksum: _, ...manifest } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const { dev, ino } = fs.lstatSync(base, { bigint: true });
  fs.writeFileSync(file, JSON.stringify({ ...manifest, device: `${dev}`, inode: `${ino}` }));
}

const isMarked = (sequence) => sequence % 13 === 0;

/** The record of a number. */
export function recordOf(sequence) {
  const disorder = sequence >= 64 && sequence < 128 ? ((sequence * 37) % 64) * 3 : 0;
  const ts = T0 + 10 * sequence + disorder;
  return [100 + (sequence % 997) / 8, ((sequence * 7) % 1000) + 1, SIDES[sequence % 3], ts + (sequence % 5), ts];
}

/**
 * Makes a store with the feed FEED (and OTHER).
 * @param variant `closed`: its writer closed; `killed`: its writer was killed on this boot; `outage`: the power failed
 * @returns what is in it
 */
export async function makeStore(base, variant) {
  const platform = await Platform.open(base, { logLevel: 'silent' });
  await platform.createFeed(specOf(FEED));
  await platform.createFeed(specOf(OTHER));
  await platform.close();
  const { storeId } = JSON.parse(fs.readFileSync(path.join(base, 'manifest.json'), 'utf8'));
  await fill(base, OTHER, 'closed', storeId, 1000);
  return await fill(base, FEED, variant, storeId, 0);
}

/** @param salt is added to the numbers that records are made of, so that those of two feeds differ */
async function fill(base, name, variant, storeId, salt) {
  const feed = readFeedFile(base, name);
  const schema = compileSchema(feed.spec);
  const geometry = geometryOf(schema, CAPACITY_ROWS, BLOCK_ROWS);
  const paths = feedPaths(base, name);
  fs.mkdirSync(paths.chunks, { mode: 0o700 });
  const symbols = SymbolDictionary.openForWriting(paths.symbols, 'owner', feed.uid);
  const side = schema.fields.find(({ type }) => type === 'symbol');
  const coder = symbols.coder(side.index);
  SIDES.forEach((text) => coder.code(text));
  const catalog = createCatalog(paths.catalog, 'owner', schema, feed.uid);
  catalog.view.epoch = 1;
  catalog.view.symbolsGiven = SIDES.length;
  const sequences = [];
  let next = 0;
  CHUNK_ROWS.forEach((rows, index) => {
    next += GAPS[index];
    const open = variant !== 'closed' && index === CHUNK_ROWS.length - 1;
    writeChunk({ paths, schema, geometry, feed, catalog, coder, salt }, index, next, rows, open ? variant : undefined);
    for (let row = 0; row < rows; row++) sequences.push(next + row);
    next += rows;
  });
  if (variant === 'killed') {
    const files = ringPaths(paths.directory, name);
    const ring = createRing(files.ring, 'owner', schema, {
      feedName: name, feedUid: feed.uid, storeId, bootId: bootId(), persist: true, slotCount: RING_SLOTS, baseSequence: next - CHUNK_ROWS.at(-1), createdUs: 1,
    }, 0);
    ring.epoch = 1;
    ring.setWriter(true, 999_999_999);
    class Writer extends RowWriter {
      waitForRoom() { throw new Error('the ring is full'); }
    }
    const writer = new (rowWriterClass(schema, Writer))(schema, ring, Bell.create(files.bell, 'owner'), schema.fields.map((field) => (field === side ? coder : undefined)));
    // The records of the last chunk came through it, too.
    for (let sequence = ring.baseSequence; sequence < next + RING_ROWS; sequence++) {
      if (isMarked(sequence + salt)) writer.markIndex();
      writer.writeValues(...recordOf(sequence + salt));
      if (sequence >= next) sequences.push(sequence);
    }
    ring.resetPosition(RING.TAIL, next);
    next += RING_ROWS;
    catalog.view.setRingPlace(RING_PLACE.FEED_DIRECTORY, process.getuid());
    catalog.view.setWriter(true, 999_999_999, bootId());
  }
  if (variant === 'outage') catalog.view.setWriter(true, 999_999_999, 'ab'.repeat(16));
  writeSegments(paths.segments, 'owner', feed.uid, segmentsOfChunks(Array.from({ length: catalog.view.count }, (_, index) => catalog.view.entry(index))));
  symbols.close();
  return { feed, schema, geometry, paths, storeId, sequences, next, chunkRows: CHUNK_ROWS, ringSlots: RING_SLOTS, variant };
}

function writeChunk({ paths, schema, geometry, feed, catalog, coder, salt }, index, first, rows, open) {
  const chunkId = index + 1;
  const file = createChunk(chunkPath(paths, chunkId), 'owner', { chunkId, feedName: feed.name, feedUid: feed.uid, createdUs: T0 }, schema, geometry, geometry.blockRows);
  const { header, fd } = file;
  const place = { firstSequence: first, epoch: 1, gapBefore: GAPS[index] };
  header.activate({ ...place, activatedUs: T0, bootId: open === 'outage' ? 'ab'.repeat(16) : bootId() });
  const entry = catalog.view.append({ ...place, chunkId, createdUs: T0 });
  reserveRows(fd, geometry, 0, rows, file.path);
  const columns = schema.columns.map((column) => cellsOf(column, first + salt, rows, coder));
  columns.forEach((cells, i) => writeFully(fd, cells, geometry.columnOffsets[i], file.path));
  const blocks = [];
  for (let block = 0; block * BLOCK_ROWS < rows; block++) {
    const count = Math.min(BLOCK_ROWS, rows - block * BLOCK_ROWS);
    const cells = columns.map((bytes, i) => bytes.subarray(block * BLOCK_ROWS * geometry.columnWidths[i], (block * BLOCK_ROWS + count) * geometry.columnWidths[i]));
    if (count < BLOCK_ROWS && open !== undefined) break;
    blocks.push(describeBlock(schema, cells, count));
    header.writeBlock(block, geometry, schema, blocks.at(-1));
  }
  header.committedRows = rows;
  if (open === undefined) {
    const all = describeBlock(schema, columns, rows);
    const indexPoints = columns[schema.indexColumn.index].filter((cell) => cell === 1).length;
    const facts = { rows, sortedMask: all.sortedMask, indexPoints, sealedUs: T0, ranges: all.ranges };
    header.syncedRows = rows;
    header.writeSeal(schema, { ...facts, reason: SEAL_REASON.FULL });
    catalog.view.seal(entry, { ...facts, sealReason: SEAL_REASON.FULL });
  } else if (open === 'outage') {
    header.markSynced(SYNCED_ROWS, tailChecksum(geometry, SYNCED_ROWS, (column, from, count) => columns[column].subarray(from * geometry.columnWidths[column], (from + count) * geometry.columnWidths[column])));
  }
  syncData(fd, file.path);
  closeFile(fd);
}

/** Of the open chunk after an outage: rows behind these and not in a complete block may be gone. */
export const SYNCED_ROWS = 35;

function cellsOf(column, first, rows, coder) {
  const bytes = Buffer.alloc(rows * column.width);
  for (let row = 0; row < rows; row++) {
    const [price, size, side, recv, ts] = recordOf(first + row);
    const at = row * column.width;
    if (column.name === 'price') bytes.writeDoubleLE(price, at);
    else if (column.name === 'size') bytes.writeUInt32LE(size, at);
    else if (column.name === 'side') bytes.writeUInt32LE(coder.code(side), at);
    else if (column.name === 'recv') bytes.writeBigInt64LE(BigInt(recv), at);
    else if (column.name === 'ts') bytes.writeBigUInt64LE(BigInt(ts), at);
    else bytes[at] = isMarked(first + row) ? 1 : 0;
  }
  return bytes;
}

export { RING, columnChecksum, isMarked };
