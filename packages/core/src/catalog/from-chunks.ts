/** A catalog made from the headers of a feed's chunks, which are the truth. */
import { ENTRY_BYTES, CATALOG } from '../layout/catalog-layout.js';
import { CHUNK_STATE, SEAL_REASON } from '../layout/chunk-layout.js';
import type { ChunkHeader } from '../chunk/chunk-header.js';
import { peekChunk } from '../chunk/chunk-file.js';
import { listDirectory } from '../mapping/directories.js';
import { PAGE_BYTES, alignUp, reserveAddressSpace } from '../mapping/mapped-file.js';
import type { Schema } from '../schema/index.js';
import { type FeedPaths, chunkIdOf, chunkPath } from '../store/feed-paths.js';
import { type RemovedChunk, appendRemoved, readRemoved, removedEnd } from '../store/removed-file.js';
import type { CatalogFile } from './catalog-file.js';
import { CatalogView } from './catalog-view.js';

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
 * @param leftOut told why
 */
export function startedChunks(paths: FeedPaths, schema: Schema, feedUid: string, removed: RemovedChunk | undefined, leftOut: (reason: string, error: Error, id: number) => void): StartedChunks {
  const ids = (listDirectory(paths.chunks) ?? []).flatMap((name) => chunkIdOf(name) ?? []).sort((a, b) => a - b);
  const end = removedEnd(removed);
  const chunks = ids
    .flatMap((id) => {
      try {
        const { header, size } = peekChunk(chunkPath(paths, id));
        header.check(schema, size);
        const belongs = header.feedUid === feedUid && header.chunkId === id;
        const started = header.state === CHUNK_STATE.ACTIVE || header.state === CHUNK_STATE.SEALED;
        return belongs && started && header.activationHolds && header.firstSequence >= end ? [{ id, header }] : [];
      } catch (error) {
        leftOut((error as Error).message, error as Error, id);
        return [];
      }
    })
    .sort((a, b) => a.header.firstSequence - b.header.firstSequence);
  return { chunks, files: ids.length, removed };
}

/**
 * Puts the entries of chunks into an empty catalog.
 * @returns the newest writer epoch among them, and whether the last was closed by its writer, or there is none
 */
export function addChunks(view: CatalogView, { chunks, removed }: StartedChunks, schema: Schema): { epoch: number; closed: boolean } {
  if (removed !== undefined) appendRemoved(view, removed);
  let epoch = removed?.epoch ?? 0;
  let closed = true;
  for (const { id, header } of chunks) {
    epoch = Math.max(epoch, header.epoch);
    const index = view.append({
      chunkId: id, firstSequence: header.firstSequence, epoch: header.epoch, gapBefore: header.gapBefore, createdUs: header.createdUs,
    });
    const seal = header.seal(schema);
    closed = seal?.reason === SEAL_REASON.CLOSED;
    if (seal !== undefined) view.seal(index, { ...seal, sealReason: seal.reason });
  }
  return { epoch, closed };
}

/** A catalog in memory alone, for readers where the one on disk cannot be believed: they write nothing. */
export function catalogInMemory(paths: FeedPaths, schema: Schema, feedUid: string): CatalogFile {
  const unusable: { error: Error; id: number }[] = [];
  const started = startedChunks(paths, schema, feedUid, readRemoved(paths, feedUid, schema.clocks.length), (_, error, id) => { unusable.push({ error, id }); });
  // One in the midst had records: without it the answer would be a wrong one.
  const inMidst = unusable.find(({ id }) => started.chunks.some((chunk) => chunk.id > id));
  if (inMidst !== undefined) throw inMidst.error;
  const capacity = started.chunks.length + 2;
  const fileBytes = alignUp(CATALOG.HEADER_BYTES + capacity * ENTRY_BYTES, PAGE_BYTES);
  const memory = reserveAddressSpace(fileBytes, paths.catalog);
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  const view = new CatalogView(buffer, fileBytes, paths.catalog, schema);
  view.writeIdentity(feedUid, capacity);
  addChunks(view, started, schema);
  return { mapped: { memory, buffer, fileBytes, scratchOffset: buffer.byteLength }, view };
}
