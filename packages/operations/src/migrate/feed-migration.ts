import {
  CATALOG, CHUNK_STATE, type ChunkPlace, DeepwaterError, type FeedFile, type FeedPaths, type FoundStore, type Schema, chunkIdOf, chunkPath, closeFile, compileSchema,
  crc32, failpoint, feedPaths, fileExists, fileStat, getHex, listDirectory, openCatalog, openExisting, putHex, readAt, readWholeFile, replaceWhole,
  SEAL_REASON, type SealReason, SymbolDictionaryReader, segmentsOfChunks, syncDirectory, writeSegments,
} from '@deepwater/core';
import { type OldChunk, lookAtChunk, unindexedSchema } from './old-chunk.js';
import type { FeedMigration } from './report.js';
import { rewriteChunk } from './rewrite-chunk.js';
import { leftRing, recordsIn, rewriteRing, ringFiles } from './rewrite-ring.js';
import { oldSymbols, rewriteSymbols } from './rewrite-symbols.js';

/** What has to be done with a feed, found without changing anything. */
export interface FeedPlan {
  readonly feed: FeedFile;
  readonly paths: FeedPaths;
  /** In order of their numbers; those that cannot be read are in `problems`. */
  readonly chunks: readonly OldChunk[];
  readonly rewrites: readonly OldChunk[];
  /** The catalog speaks of the schema without an index column. */
  readonly catalog: boolean;
  /** A ring whose rows have no index column. */
  readonly ring: string | undefined;
  readonly report: FeedMigration;
  /** Bytes that chunks which are written anew take. */
  readonly bytes: number;
}

/** @throws DeepwaterError DW_SYSTEM_CALL */
export function planFeed(store: FoundStore, feed: FeedFile): FeedPlan {
  const paths = feedPaths(store.basePath, feed.name);
  const { spec } = feed;
  const problems: string[] = [];
  const chunks: OldChunk[] = [];
  for (const id of (listDirectory(paths.chunks) ?? []).flatMap((name) => chunkIdOf(name) ?? [])) {
    try {
      const chunk = lookAtChunk(chunkPath(paths, id), spec);
      if (chunk !== undefined) chunks.push(chunk);
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error)) throw error;
      problems.push(error.message);
    }
  }
  chunks.sort((a, b) => a.header.firstSequence - b.header.firstSequence);
  const rewrites = chunks.filter(({ unindexed, checksum }) => unindexed || checksum === 'crc32');
  const earlier = unindexedSchema(spec);
  const current = compileSchema(spec);
  let ring: string | undefined;
  let inRing = 0;
  for (const file of ringFiles(store, paths.directory, spec)) {
    for (const schema of earlier === undefined ? [current] : [current, earlier]) {
      const left = leftRing(file, schema, feed.uid);
      if (left === undefined) continue;
      const { from, to } = recordsIn(left);
      inRing += to - from;
      if (schema === earlier) ring = file;
    }
  }
  const symbols = oldSymbols(paths);
  if (symbols?.problem !== undefined) problems.push(symbols.problem);
  const reasons = [...new Set(rewrites.flatMap(({ unindexed, checksum }) => [...(unindexed ? ['no index column'] : []), ...(checksum === 'crc32' ? ['checksums are CRC-32'] : [])]))];
  const [first, last] = [chunks[0], chunks.at(-1)];
  return {
    feed, paths, chunks, rewrites, ring, catalog: earlier !== undefined && catalogHash(paths.catalog) === earlier.hash,
    bytes: rewrites.reduce((sum, { path: file }) => sum + (fileStat(file)?.allocated ?? 0) * 1.25, 0),
    report: {
      feed: feed.name, chunks: chunks.length, records: chunks.reduce((sum, { rows }) => sum + rows, 0), first: first?.header.firstSequence ?? 0,
      next: last === undefined ? 0 : last.header.firstSequence + last.rows, rewritten: rewrites.length, reasons, inRing,
      segments: spec.persist ? segmentsOfChunks(chunks.map(placeOf)).length : 0, problems,
    },
  };
}

/** Brings a feed up to date; each step finds what an earlier, interrupted one has done. */
export function migrateFeed({ feed, paths, rewrites, catalog, ring, chunks }: FeedPlan, { manifest: { access } }: FoundStore): void {
  const schema = compileSchema(feed.spec);
  for (const chunk of rewrites) rewriteChunk(chunk, schema, access);
  if (rewrites.length > 0) syncDirectory(paths.chunks);
  const earlier = unindexedSchema(feed.spec);
  if (ring !== undefined && earlier !== undefined) {
    const left = leftRing(ring, earlier, feed.uid);
    if (left !== undefined) rewriteRing(left, feed.spec, earlier, access);
  }
  if (catalog) rewriteCatalog(paths, schema, access);
  rewriteSymbols(paths, feed.uid, access);
  if (feed.spec.persist && !fileExists(paths.segments)) {
    writeSegments(paths.segments, access, feed.uid, segmentsOfChunks(placesOf(feed, paths, schema, chunks)));
    failpoint('migrate.segments-made');
  }
}

/**
 * Holds a feed against what it was before.
 * @throws DeepwaterError DW_FILE_CORRUPT where a chunk, a record count or a place in the sequence differs, or an old chunk is left
 */
export function verifyFeed({ feed, paths, chunks }: FeedPlan): void {
  for (const before of chunks) {
    const now = lookAtChunk(before.path, feed.spec);
    const wrong =
      now === undefined ? 'it is no chunk any more'
      : now.unindexed || now.checksum === 'crc32' ? 'it is still of the old kind'
      : now.header.firstSequence !== before.header.firstSequence || now.header.chunkId !== before.header.chunkId ? 'its place in the sequence differs'
      : now.rows !== before.rows ? `it holds ${now.rows} records, not ${before.rows}`
      : now.header.state !== before.header.state ? 'its state differs'
      : undefined;
    if (wrong === undefined) continue;
    throw new DeepwaterError('DW_FILE_CORRUPT', `After migration ${before.path} is not what it was: ${wrong}. The store still has its old format; take it from the backup.`, { values: { path: before.path, wrong } });
  }
  if (fileExists(paths.catalog)) openCatalog(paths.catalog, compileSchema(feed.spec), feed.uid, false);
  new SymbolDictionaryReader(paths.symbols, feed.uid).reload();
}

/** What chunks tell of segments, with those that are deleted and only the catalog knows, where it can be read. */
function placesOf(feed: FeedFile, paths: FeedPaths, schema: Schema, chunks: readonly OldChunk[]): ChunkPlace[] {
  try {
    const { view } = openCatalog(paths.catalog, schema, feed.uid, false);
    const known = new Map(chunks.map((chunk) => [chunk.header.chunkId, chunk]));
    return Array.from({ length: view.count }, (_, index) => {
      const entry = view.entry(index);
      const chunk = known.get(entry.chunkId);
      return chunk === undefined ? entry : placeOf(chunk);
    });
  } catch (error) {
    if (!DeepwaterError.isDeepwaterError(error)) throw error;
    return chunks.map(placeOf);
  }
}

function placeOf({ header, schema, rows }: OldChunk): ChunkPlace {
  const seal = header.state === CHUNK_STATE.SEALED ? header.seal(schema) : undefined;
  const { firstSequence, epoch, activatedUs } = header;
  return { firstSequence, rows, epoch, createdUs: activatedUs, sealedUs: seal?.sealedUs ?? 0, sealReason: seal?.reason ?? (SEAL_REASON.NONE as SealReason) };
}

function catalogHash(file: string): string | undefined {
  if (!fileExists(file)) return undefined;
  const fd = openExisting(file, false);
  try {
    const bytes = Buffer.alloc(CATALOG.HEADER_BYTES);
    return readAt(fd, bytes, 0, file) < bytes.length ? undefined : getHex(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), CATALOG.SCHEMA_HASH, 8);
  } finally {
    closeFile(fd);
  }
}

/** The same catalog for the schema with an index column: its entries are laid out alike, and count no index points. */
function rewriteCatalog(paths: FeedPaths, schema: Schema, access: 'owner' | 'group'): void {
  const bytes = readWholeFile(paths.catalog);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  putHex(view, CATALOG.SCHEMA_HASH, 8, schema.hash);
  view.setUint32(CATALOG.IDENTITY_CRC, crc32(bytes.subarray(0, CATALOG.IDENTITY_CRC)), true);
  replaceWhole(paths.catalog, `${paths.catalog}.migrated`, bytes, access);
  failpoint('migrate.catalog-rewritten');
}
