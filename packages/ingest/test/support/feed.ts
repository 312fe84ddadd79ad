import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  CHUNK_STATE, type CatalogView, ENTRY_STATE, RING_PLACE, type Schema, chunkPath, compileSchema, feedPaths, openCatalog,
  openChunkForReading, parseFeedSpec, ringPaths, sharedRingDirectory,
} from '@deepwater/core';
import { type Ring, openRing } from '@deepwater/ring';
import { type FeedSource, IngestService, type IngestOptions } from '@deepwater/ingest';

export const FEED_UID = 'feedfeedfeedfeed';

export function temporaryStore(): { path: string; remove: () => void } {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'deepwater-ingest-'));
  return { path: directory, remove: () => {
    rmSync(directory, { recursive: true, force: true });
    rmSync(sharedRingDirectory(storeIdOf(directory)), { recursive: true, force: true });
  } };
}

const storeIdOf = (basePath: string): string => Buffer.from(path.basename(basePath)).toString('hex').padEnd(32, '0').slice(-32);

/** A store id of its own for every store, so that rings of different tests do not meet in shared memory. */
export function feedSource(basePath: string, spec: object): FeedSource {
  return { basePath, storeId: storeIdOf(basePath), feedUid: FEED_UID, spec: parseFeedSpec(spec) };
}

export function ingest(options: Partial<IngestOptions> = {}): { service: IngestService; events: string[] } {
  const events: string[] = [];
  const service = IngestService.start({ access: 'owner', onEvent: (event) => events.push(event.message), ...options });
  return { service, events };
}

export const selfChecking = {
  name: 'checked',
  fields: [
    { name: 'sequence', type: 'float64' },
    { name: 'square', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'small', type: 'uint16' },
    { name: 'timestamp_us', type: 'uint64' },
  ],
  timestamp: 'timestamp_us',
} as const;

/** The values of record n, each a function of n. */
export function recordOf(n: number): [number, number, string, number, number] {
  return [n, (n * n) % 1_000_003, n % 3 === 0 ? 'B' : 'S', n % 65536, 1_700_000_000_000_000 + n * 7];
}

export interface FeedFiles {
  readonly schema: Schema;
  readonly catalog: CatalogView;
  readonly ring: Ring | undefined;
}

/** Looks at a feed's files from outside, as a reader does. */
export function openFiles(source: FeedSource): FeedFiles {
  const schema = compileSchema(source.spec);
  const paths = feedPaths(source.basePath, source.spec.name);
  const { view } = openCatalog(paths.catalog, schema, source.feedUid, false);
  const { place, user } = view.ringPlace;
  const directory = place === RING_PLACE.SHARED_MEMORY ? sharedRingDirectory(source.storeId, user) : paths.directory;
  const ring = place === RING_PLACE.NONE ? undefined : openRing(ringPaths(directory, source.spec.name).ring, schema, source.feedUid, 'read-only');
  return { schema, catalog: view, ring };
}

export interface ChunkRows {
  readonly chunkId: number;
  readonly firstSequence: number;
  readonly rows: number;
  readonly sealed: boolean;
  readonly columns: readonly DataView[];
  /** Feeds of mode IF: their index points, as the rows and as the catalog have them. */
  readonly marks: Uint8Array | undefined;
  readonly indexPoints: number;
}

/** The chunks of a feed from catalog index `from` on, with their committed rows. */
export function* chunksOf(source: FeedSource, from = 0): Generator<ChunkRows> {
  const schema = compileSchema(source.spec);
  const paths = feedPaths(source.basePath, source.spec.name);
  const { view } = openCatalog(paths.catalog, schema, source.feedUid, false);
  for (let index = from; index < view.count; index++) {
    const entry = view.entry(index);
    const chunk = openChunkForReading(chunkPath(paths, entry.chunkId), schema);
    yield {
      chunkId: entry.chunkId,
      firstSequence: chunk.header.firstSequence,
      rows: chunk.header.committedRows,
      sealed: chunk.header.state === CHUNK_STATE.SEALED && entry.state === ENTRY_STATE.SEALED,
      marks: schema.indexColumn === undefined ? undefined
        : new Uint8Array(chunk.mapped.buffer, chunk.geometry.columnOffsets[schema.indexColumn.index], chunk.header.committedRows),
      indexPoints: entry.indexPoints,
      columns: schema.fields.map((field, i) => new DataView(chunk.mapped.buffer, chunk.geometry.columnOffsets[i], chunk.header.committedRows * field.width)),
    };
  }
}

/** Whether a record of the self-checking feed is an index point, where its mode is IF. */
export const isIndexPoint = (n: number): boolean => n % 997 === 0;

/** Checks rows of the self-checking feed; the first one that is wrong, as text. */
export function firstWrong(chunk: ChunkRows, numberOf: (sequence: number) => number = (s) => s): string | undefined {
  const [sequence, square, side, small, time] = chunk.columns as [DataView, DataView, DataView, DataView, DataView];
  for (let row = 0; row < chunk.rows; row++) {
    const n = numberOf(chunk.firstSequence + row);
    const want = recordOf(n);
    const got = [
      sequence.getFloat64(row * 8, true), square.getFloat64(row * 8, true), String.fromCharCode(side.getUint8(row)),
      small.getUint16(row * 2, true), Number(time.getBigUint64(row * 8, true)),
    ];
    if (chunk.marks !== undefined && chunk.marks[row] !== (isIndexPoint(n) ? 1 : 0)) return `chunk ${chunk.chunkId} row ${row}, record ${n}: its mark is ${chunk.marks[row]}`;
    if (got.some((value, i) => value !== want[i])) return `chunk ${chunk.chunkId} row ${row}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`;
  }
  if (chunk.sealed && chunk.marks !== undefined && chunk.indexPoints !== chunk.marks.filter((mark) => mark === 1).length) return `chunk ${chunk.chunkId}: its entry counts ${chunk.indexPoints} index points`;
  return undefined;
}
