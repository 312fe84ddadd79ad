/**
 * `removed.json` of a feed: the last chunk that retention removed. Where the catalog is lost, it is what still knows how
 * far the numbers went, although no chunk is left; and it says that a chunk below it, whose file is still there, is gone.
 */
import type { CatalogEntry, CatalogView } from '../catalog/catalog-view.js';
import { DeepwaterError, describeValue } from '../errors/index.js';
import type { SealReason } from '../layout/chunk-layout.js';
import { type Access, readSmallFile, replaceFile } from '../mapping/files.js';
import type { FeedPaths } from './feed-paths.js';
import { sealHolds, sealedJson } from './sealed-json.js';

const FORMAT = 1;
const BYTES_MAX = 64 * 1024;

/** What the catalog said of the last chunk that was removed. */
export type RemovedChunk = Omit<CatalogEntry, 'index' | 'state'>;

/** Reads what was removed; undefined where nothing was. @throws DeepwaterError DW_FILE_CORRUPT */
export function readRemoved({ removed: file }: FeedPaths, feedUid: string, clockCount: number): RemovedChunk | undefined {
  const text = readSmallFile(file, BYTES_MAX);
  if (text === undefined) return undefined;
  let parsed: Record<string, unknown>;
  try {
    parsed = Object(JSON.parse(text)) as typeof parsed;
  } catch (cause) {
    throw corrupt(file, 'it is not JSON', cause);
  }
  if (!sealHolds(parsed)) throw corrupt(file, 'what it says does not have its checksum');
  const { format, feed, ranges } = parsed;
  if (format !== FORMAT) throw corrupt(file, `its format is ${describeValue(format)}`);
  if (feed !== feedUid) throw corrupt(file, `it belongs to feed ${describeValue(feed)}`);
  const count = (key: string): number => {
    const value = parsed[key];
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw corrupt(file, `its ${key} is ${describeValue(value)}`);
    return value as number;
  };
  const time = (value: unknown): bigint => {
    if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) throw corrupt(file, `one of its times is ${describeValue(value)}`);
    return BigInt(value);
  };
  if (!Array.isArray(ranges) || ranges.length !== clockCount) throw corrupt(file, 'its ranges are not those of the clocks');
  return {
    chunkId: count('chunkId'), firstSequence: count('firstSequence'), rows: count('rows'), epoch: count('epoch'), gapBefore: count('gapBefore'),
    createdUs: count('createdUs'), sealedUs: count('sealedUs'), sealReason: count('sealReason') as SealReason,
    sortedMask: count('sortedMask'), indexPoints: count('indexPoints'),
    ranges: (ranges as unknown[]).map((range) => ({ min: time((range as unknown[])?.[0]), max: time((range as unknown[])?.[1]) })),
  };
}

/** Says so durably. Before the file of the chunk goes. */
export function writeRemoved({ removed: file }: FeedPaths, feedUid: string, access: Access, chunk: RemovedChunk): void {
  const { chunkId, firstSequence, rows, epoch, gapBefore, createdUs, sealedUs, sealReason, sortedMask, indexPoints, ranges } = chunk;
  replaceFile(file, sealedJson({
    format: FORMAT, feed: feedUid, chunkId, firstSequence, rows, epoch, gapBefore, createdUs, sealedUs, sealReason, sortedMask, indexPoints,
    ranges: ranges.map(({ min, max }) => [String(min), String(max)]),
  }), access);
}

/** Begins a catalog that is made again with the last chunk that was removed, as an entry that is deleted. */
export function appendRemoved(view: CatalogView, chunk: RemovedChunk): void {
  const index = view.append(chunk);
  view.seal(index, chunk);
  view.markDeleted(index);
}

/** The first sequence number that is not removed. */
export const removedEnd = (chunk: RemovedChunk | undefined): number => (chunk === undefined ? 0 : chunk.firstSequence + chunk.rows);

function corrupt(file: string, why: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError('DW_FILE_CORRUPT', `${file} cannot be used: ${why}. Run \`deepwater repair\`.`, { values: { path: file, reason: why }, cause });
}
