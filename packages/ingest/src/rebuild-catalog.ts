/** A feed's chunk catalog as a writer opens it: the one that is there, or one made again from the chunks. */
import {
  type CatalogFile, CHUNK_STATE, DeepwaterError, type FeedPaths, type Schema, bootId, chunkIdOf, chunkPath, createCatalog, failpoint, fileExists,
  listDirectory, openCatalog, peekChunk, removeFile, renameFile, syncDirectory,
} from '@deepwater/core/engine';
import type { FeedSource, IngestSettings } from './lane-source.js';

/** @param notes takes what was put right, for the log @throws DeepwaterError DW_DISK_FULL, DW_SYSTEM_CALL */
export function openOrRebuildCatalog(source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, notes: string[]): CatalogFile {
  let stale: CatalogFile | undefined;
  if (fileExists(paths.catalog)) {
    try {
      const catalog = openCatalog(paths.catalog, schema, source.feedUid, true);
      const { open, bootId: boot } = catalog.view.writer;
      // After a power loss the catalog's pages may be older than the chunks': trust the chunks.
      if (!(open && boot !== bootId())) return catalog;
      stale = catalog;
      notes.push('the machine went down while the feed was written: its catalog is made again from the chunks');
    } catch (error) {
      if (!(error instanceof DeepwaterError) || (error.code !== 'DW_FILE_CORRUPT' && error.code !== 'DW_FORMAT_VERSION')) throw error;
      notes.push(error.message);
    }
  }
  // Under another name until it is whole: readers find the old one or the new one.
  const next = `${paths.catalog}.new`;
  removeFile(next);
  const rebuilt = rebuildCatalog(source, settings, paths, schema, next, notes);
  // No chunk tells that a writer was open, where the last one happened to be sealed.
  if (stale !== undefined) rebuilt.view.setWriter(true, 0, stale.view.writer.bootId);
  failpoint('open.catalog-new');
  renameFile(next, paths.catalog);
  failpoint('open.catalog-renamed');
  syncDirectory(paths.directory);
  stale?.view.retire();
  failpoint('open.stale-retired');
  return openCatalog(paths.catalog, schema, source.feedUid, true);
}

/** Makes the catalog from the chunk headers, which are the truth. Files that are not chunks of this feed are left alone. */
function rebuildCatalog(source: FeedSource, settings: IngestSettings, paths: FeedPaths, schema: Schema, file: string, notes: string[]): CatalogFile {
  const ids = chunkIds(paths);
  const catalog = createCatalog(file, settings.access, schema, source.feedUid, ids.length * 2);
  const chunks = ids
    .map((id) => ({ id, path: chunkPath(paths, id) }))
    .flatMap(({ id, path }) => {
      try {
        const { header, size } = peekChunk(path);
        header.check(schema, size);
        const belongs = header.feedUid === source.feedUid && header.chunkId === id;
        const started = header.state === CHUNK_STATE.ACTIVE || header.state === CHUNK_STATE.SEALED;
        return belongs && started && header.activationHolds ? [{ id, header }] : [];
      } catch (error) {
        notes.push(`left out of the catalog: ${(error as Error).message}`);
        return [];
      }
    })
    .sort((a, b) => a.header.firstSequence - b.header.firstSequence);
  let epoch = 0;
  for (const { id, header } of chunks) {
    epoch = Math.max(epoch, header.epoch);
    const index = catalog.view.append({
      chunkId: id, firstSequence: header.firstSequence, epoch: header.epoch, gapBefore: header.gapBefore, createdUs: header.createdUs,
    });
    const seal = header.seal(schema);
    if (seal !== undefined) catalog.view.seal(index, { ...seal, sealReason: seal.reason });
  }
  catalog.view.epoch = epoch;
  if (chunks.length > 0) notes.push(`the chunk catalog was made again from ${chunks.length} chunks`);
  return catalog;
}

function chunkIds(paths: FeedPaths): number[] {
  return (listDirectory(paths.chunks) ?? []).flatMap((name) => chunkIdOf(name) ?? []).sort((a, b) => a - b);
}
