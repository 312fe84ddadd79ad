/** A catalog made from the headers of a feed's chunks, which are the truth. */
import { CATALOG, ENTRY_BYTES, ENTRY_STATE } from '../layout/catalog-layout.js';
import { CHUNK, CHUNK_STATE, SEAL_REASON } from '../layout/chunk-layout.js';
import type { ChunkHeader } from '../chunk/chunk-header.js';
import { peekChunk } from '../chunk/chunk-file.js';
import { DeepwaterError } from '../errors/index.js';
import { listDirectory } from '../mapping/directories.js';
import { fileExists } from '../mapping/files.js';
import { PAGE_BYTES, alignUp, reserveAddressSpace } from '../mapping/mapped-file.js';
import type { Schema } from '../schema/index.js';
import { type FeedPaths, chunkIdOf, chunkPath } from '../store/feed-paths.js';
import { type RemovedChunk, appendRemoved, readRemoved, removedEnd } from '../store/removed-file.js';
import type { CatalogFile } from './catalog-file.js';
import { type CatalogEntry, CatalogView, type NewEntry, type SealedFacts } from './catalog-view.js';

/** The chunks of a feed that were taken into use, in the order of their records. */
export interface StartedChunks {
  readonly chunks: readonly { readonly id: number; readonly header: ChunkHeader }[];
  /** Files of chunks there are, started or not. */
  readonly files: number;
  /** The last chunk that retention removed. */
  readonly removed: RemovedChunk | undefined;
}

/**
 * Looks at the first page of each chunk file. Those that are not chunks of this feed, or too damaged to tell, are left out.
 * @param removed the last one that retention removed: files below it are only not gone yet
 * @param leftOut told why, and whether it was taken into use: then it had records, for all that is known
 */
export function startedChunks(paths: FeedPaths, schema: Schema, feedUid: string, removed: RemovedChunk | undefined, leftOut: (error: Error, started: boolean) => void): StartedChunks {
  const ids = (listDirectory(paths.chunks) ?? []).flatMap((name) => chunkIdOf(name) ?? []).sort((a, b) => a - b);
  const end = removedEnd(removed);
  const chunks = ids
    .flatMap((id) => {
      let started = false;
      try {
        const { header, size } = peekChunk(chunkPath(paths, id));
        started = (header.state === CHUNK_STATE.ACTIVE || header.state === CHUNK_STATE.SEALED) && header.activationHolds;
        header.check(schema, size);
        const belongs = header.feedUid === feedUid && header.chunkId === id;
        return belongs && started && header.firstSequence >= end ? [{ id, header }] : [];
      } catch (error) {
        leftOut(error as Error, started);
        return [];
      }
    })
    .sort((a, b) => a.header.firstSequence - b.header.firstSequence);
  return { chunks, files: ids.length, removed };
}

/**
 * Puts the entries of chunks into an empty catalog.
 *
 * An earlier catalog that is no longer believed still vouches for the chunks that it calls sealed, under a checksum: their seals were on the
 * device before their entries were made. Where a chunk is missing, or says otherwise, the entry stands, and whoever reads finds the two at odds.
 * @param earlier that catalog
 * @returns the newest writer epoch among them, and whether the last was closed by its writer, or there is none
 */
export function addChunks(view: CatalogView, { chunks, removed }: StartedChunks, schema: Schema, earlier?: CatalogView): { epoch: number; closed: boolean } {
  if (removed !== undefined) appendRemoved(view, removed);
  const entries = new Map(chunks.map(({ id, header }) => [id, entryOf(id, header, schema)]));
  for (const known of sealedEntries(earlier, removedEnd(removed))) entries.set(known.chunkId, { ...known, seal: known });
  let epoch = removed?.epoch ?? 0;
  let closed = true;
  for (const entry of [...entries.values()].sort(inOrder)) {
    epoch = Math.max(epoch, entry.epoch);
    const index = view.append(entry);
    closed = entry.seal?.sealReason === SEAL_REASON.CLOSED;
    if (entry.seal !== undefined) view.seal(index, entry.seal);
  }
  return { epoch, closed };
}

type FoundEntry = NewEntry & { readonly seal?: SealedFacts };

/** One without rows stands before that with the records from its number on: entries are searched, and gone on from, by where the last one begins and ends. */
function inOrder(a: FoundEntry, b: FoundEntry): number {
  const empty = ({ seal }: FoundEntry): number => (seal?.rows === 0 ? 0 : 1);
  return a.firstSequence - b.firstSequence || empty(a) - empty(b) || a.chunkId - b.chunkId;
}

function entryOf(chunkId: number, header: ChunkHeader, schema: Schema): FoundEntry {
  const { firstSequence, epoch, gapBefore, createdUs } = header;
  const seal = header.seal(schema);
  return { chunkId, firstSequence, epoch, gapBefore, createdUs, ...(seal === undefined ? {} : { seal: { ...seal, sealReason: seal.reason } }) };
}

/** A chunk has its name, its size and its identity on the device before it is taken into use. @throws DeepwaterError DW_FILE_CORRUPT where one has not */
function checkActive(paths: FeedPaths, schema: Schema, feedUid: string, catalog: CatalogView): void {
  for (let index = catalog.firstLive; index < Math.min(catalog.count, catalog.capacity); index++) {
    if (catalog.state(index) !== ENTRY_STATE.ACTIVE) continue;
    const path = chunkPath(paths, catalog.entry(index).chunkId);
    if (!fileExists(path)) {
      throw new DeepwaterError('DW_FILE_CORRUPT', `${path} is missing, and the machine went down while it was written. Put the file back, or run \`deepwater repair\`.`, { values: { path, index } });
    }
    const { header, size } = peekChunk(path);
    header.check(schema, size);
    // Its place in the sequence lies in one sector, which is there as a whole or not at all; it was made ahead before that.
    const blank = header.bytes.subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC + 4).every((byte) => byte === 0);
    const wrong =
      header.feedUid !== feedUid ? 'it is of another feed'
      : header.chunkId !== catalog.entry(index).chunkId ? `it is chunk ${header.chunkId}`
      : !blank && !header.activationHolds ? 'the checksum over its place in the sequence does not hold'
      : header.state < CHUNK_STATE.PREPARED || header.state > CHUNK_STATE.SEALED ? `it is in the state ${header.state}`
      : header.state === CHUNK_STATE.PREPARED && (header.committedRows !== 0 || header.syncedRows !== 0 || header.reservedRows === 0) ? 'its counts are not those of a chunk that was made ahead'
      : undefined;
    if (wrong !== undefined) throw new DeepwaterError('DW_FILE_CORRUPT', `${path} is damaged: ${wrong}. Run \`deepwater repair --dry-run\` to see what can be kept.`, { values: { path, index, reason: wrong } });
  }
}

/** What a catalog says of sealed chunks, where its checksum holds. @param end records below it have been removed */
function* sealedEntries(catalog: CatalogView | undefined, end: number): Generator<CatalogEntry, void, void> {
  if (catalog === undefined) return;
  for (let index = catalog.firstLive; index < Math.min(catalog.count, catalog.capacity); index++) {
    if (catalog.state(index) !== ENTRY_STATE.SEALED || !catalog.entryHolds(index)) continue;
    const entry = catalog.entry(index);
    if (entry.firstSequence >= end) yield entry;
  }
}

/** A catalog in memory alone, for readers where the one on disk cannot be believed: they write nothing. @param earlier that one */
export function catalogInMemory(paths: FeedPaths, schema: Schema, feedUid: string, earlier: CatalogView): CatalogFile {
  let damage: Error | undefined;
  const started = startedChunks(paths, schema, feedUid, readRemoved(paths, feedUid, schema.clocks.length), (error, hadRecords) => { if (hadRecords) damage ??= error; });
  // Without its records the answer would be a wrong one. What has no header has none that survived.
  if (damage !== undefined) throw damage;
  checkActive(paths, schema, feedUid, earlier);
  const capacity = started.chunks.length + earlier.count + 2;
  const fileBytes = alignUp(CATALOG.HEADER_BYTES + capacity * ENTRY_BYTES, PAGE_BYTES);
  const memory = reserveAddressSpace(fileBytes, paths.catalog);
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const view = new CatalogView(buffer, fileBytes, paths.catalog, schema);
  view.writeIdentity(feedUid, capacity);
  addChunks(view, started, schema, earlier);
  return { mapped: { memory, buffer, fileBytes, scratchOffset: buffer.byteLength }, view };
}
