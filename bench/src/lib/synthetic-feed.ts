import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import {
  CHUNK_STATE, ChunkHeader, SEAL_REASON, bootId, chunkGeometry, chunkPath, compileSchema, columnChecksum, createCatalog, feedPaths, readFeedFile,
} from '@deepwater/core';
import { columnsOf, timeOf } from './records.js';

/** Rows in each chunk: a few, the rest of the file is a hole. */
export const SYNTHETIC_CHUNK_ROWS = 8;

/**
 * Gives an empty feed sealed chunks as if years of records had been written and most of them were holes: chunk k holds the
 * records from 8 k on, in a sparse file of a full chunk's size. @returns the logical size of all chunks, bytes
 */
export function makeChunks(basePath: string, feedName: string, count: number): number {
  const feed = readFeedFile(basePath, feedName);
  if (feed === undefined) throw new RangeError(`no feed ${feedName}`);
  const schema = compileSchema(feed.spec);
  const geometry = chunkGeometry(schema, feed.spec.chunkSizeBytes);
  const paths = feedPaths(basePath, feedName);
  mkdirSync(paths.chunks, { recursive: true, mode: 0o700 });
  rmSync(paths.catalog, { force: true });
  const catalog = createCatalog(paths.catalog, 'owner', schema, feed.uid, count + 256).view;
  const front = new Uint8Array(geometry.blockTableOffset + geometry.blockBytes);
  const rows = SYNTHETIC_CHUNK_ROWS;
  const createdUs = timeOf(0);
  for (let k = 0; k < count; k++) {
    const first = k * rows;
    const path = chunkPath(paths, k + 1);
    const { price, size, timestamp } = columnsOf(first, rows);
    const columns = [price, size, timestamp].map((cells) => new Uint8Array(cells.buffer));
    const ranges = [{ min: BigInt(timeOf(first)), max: BigInt(timeOf(first + rows - 1)) }];
    const header = new ChunkHeader(front.fill(0), path);
    header.writeIdentity({ chunkId: k + 1, feedName, feedUid: feed.uid, createdUs }, schema, geometry);
    header.activate({ firstSequence: first, epoch: 1, gapBefore: 0, activatedUs: createdUs, bootId: bootId() });
    header.reservedRows = rows;
    header.committedRows = rows;
    header.syncedRows = rows;
    header.writeBlock(0, geometry, schema, { count: rows, sortedMask: 1, ranges, columnChecksums: columns.map((bytes) => columnChecksum(bytes)) });
    header.writeSeal(schema, { rows, reason: SEAL_REASON.FULL, sealedUs: createdUs, sortedMask: 1, indexPoints: 0, ranges });
    if (header.state !== CHUNK_STATE.SEALED) throw new RangeError('a chunk was not sealed');
    const fd = openSync(path, 'wx', 0o600);
    ftruncateSync(fd, geometry.fileBytes);
    writeSync(fd, front, 0, front.length, 0);
    columns.forEach((bytes, i) => writeSync(fd, bytes, 0, bytes.length, geometry.columnOffsets[i]));
    closeSync(fd);
    const index = catalog.append({ chunkId: k + 1, firstSequence: first, epoch: 1, gapBefore: 0, createdUs });
    catalog.seal(index, { rows, sortedMask: 1, indexPoints: 0, sealedUs: createdUs, sealReason: SEAL_REASON.FULL, ranges });
  }
  catalog.epoch = 1;
  return count * geometry.fileBytes;
}
