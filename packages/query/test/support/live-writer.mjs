/**
 * Writes a feed at full speed in a thread of its own: publishes records in bursts into a small ring and moves them into
 * small chunks, as writer and ingest worker do. Every record says in each of its fields which one it is.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  RING, RING_PLACE, SEAL_REASON, bootId, chunkPath, closeFile, compileSchema, createCatalog, createChunk, columnChecksum, feedPaths,
  geometryOf, openCatalog, readAt, reserveRows, ringPaths, storePosition, writeFully,
} from '@deepwater/core';
import { Bell, RowWriter, createRing, gatherField, rowWriterClass } from '@deepwater/ring';

const { source, slotCount, capacityRows, blockRows, records, reads, stop } = workerData;
const schema = compileSchema(source.spec);
const paths = feedPaths(source.basePath, source.spec.name);
const geometry = geometryOf(schema, capacityRows, blockRows);
const catalog = createCatalog(paths.catalog, 'owner', schema, source.feedUid, Math.ceil(records / capacityRows) + 8).view;
const files = ringPaths(paths.directory, source.spec.name);
const ring = createRing(files.ring, 'owner', schema, {
  feedName: source.spec.name, feedUid: source.feedUid, storeId: source.storeId, bootId: bootId(), persist: source.spec.persist,
  slotCount, baseSequence: 0, createdUs: 1,
}, 0);
catalog.epoch = 1;
catalog.setRingPlace(RING_PLACE.FEED_DIRECTORY, 0);

class LiveWriter extends RowWriter {
  waitForRoom() { drain(Infinity); }
}
const writer = new (rowWriterClass(schema, LiveWriter))(schema, ring, Bell.create(files.bell, 'owner'), []);

/** The time of record n: mostly rising, now and then far back. */
const timeOf = (n) => 1_700_000_000_000_000 + (n % 97 === 0 ? Math.floor(n / 2) : n) * 10;

let tail = 0;
let tailHigh = -1;
let chunk;
let nextId = 1;

function drain(most) {
  let left = Math.min(most, ring.head - tail);
  while (left > 0) {
    chunk ??= activate();
    const rows = Math.min(left, capacityRows - chunk.rows, blockRows - (chunk.rows % blockRows));
    move(rows);
    left -= rows;
    if (chunk.rows === capacityRows) seal();
  }
}

function activate() {
  const chunkId = nextId++;
  const file = createChunk(chunkPath(paths, chunkId), 'owner', { chunkId, feedName: source.spec.name, feedUid: source.feedUid, createdUs: 1 }, schema, geometry, blockRows);
  file.header.activate({ firstSequence: tail, epoch: 1, gapBefore: 0, activatedUs: 1, bootId: bootId() });
  const index = catalog.append({ chunkId, firstSequence: tail, epoch: 1, gapBefore: 0, createdUs: 1 });
  return { file, index, rows: 0, min: undefined, max: undefined };
}

function move(rows) {
  const { file } = chunk;
  reserveRows(file.fd, geometry, chunk.rows, chunk.rows + rows, file.path);
  for (const field of schema.fields) {
    const cells = new Uint8Array(rows * 8);
    gatherField(ring, field, tail, tail + rows, cells, 0);
    writeFully(file.fd, cells.subarray(0, rows * field.width), geometry.columnOffsets[field.index] + chunk.rows * field.width, file.path);
  }
  chunk.rows += rows;
  if (chunk.rows % blockRows === 0) describe(chunk.rows - blockRows, blockRows);
  file.header.committedRows = chunk.rows;
  tail += rows;
  tailHigh = storePosition(ring.words, RING.TAIL, tail, tailHigh);
}

function describe(from, count) {
  const times = Array.from({ length: count }, (_, i) => BigInt(timeOf(catalog.firstSequence(chunk.index) + from + i)));
  const min = times.reduce((a, b) => (a < b ? a : b));
  const max = times.reduce((a, b) => (a > b ? a : b));
  const sortedMask = times.every((time, i) => i === 0 || times[i - 1] <= time) ? 1 : 0;
  chunk.min = chunk.min === undefined || min < chunk.min ? min : chunk.min;
  chunk.max = chunk.max === undefined || max > chunk.max ? max : chunk.max;
  chunk.file.header.writeBlock(from / blockRows, geometry, schema, { count, sortedMask, ranges: [{ min, max }], columnChecksums: schema.fields.map((field) => columnChecksum(cellsIn(field, from, count))) });
}

/** The cells of a block as they stand in the file. */
function cellsIn(field, from, count) {
  const cells = new Uint8Array(count * field.width);
  readAt(chunk.file.fd, cells, geometry.columnOffsets[field.index] + from * field.width, chunk.file.path);
  return cells;
}

function seal() {
  const facts = { rows: chunk.rows, sortedMask: 0, sealedUs: 2, ranges: [{ min: chunk.min, max: chunk.max }] };
  chunk.file.header.writeSeal(schema, { ...facts, reason: SEAL_REASON.FULL });
  catalog.seal(chunk.index, { ...facts, sealReason: SEAL_REASON.FULL });
  closeFile(chunk.file.fd);
  chunk = undefined;
}

function waitForReads(wanted) {
  for (let begun; Atomics.load(stop, 0) === 0 && (begun = Atomics.load(stop, 1)) < wanted; ) Atomics.wait(stop, 1, begun, 1000);
}

openCatalog(paths.catalog, schema, source.feedUid, false); // it must be one that readers accept
parentPort.postMessage('ready');
let burst = 1;
for (let n = 0; n < records && Atomics.load(stop, 0) === 0; ) {
  for (let i = 0; i < burst && n < records; i++, n++) writer.writeValues(n, n * 2 + 1, n % 65536, timeOf(n));
  burst = (burst * 7 + 3) % 61 + 1;
  // However slow the reader is: the next part is written while its next read is under way.
  waitForReads(Math.floor((n / records) * reads));
  if (source.spec.persist) drain(burst);
}
if (source.spec.persist) drain(Infinity);
parentPort.postMessage('done');
