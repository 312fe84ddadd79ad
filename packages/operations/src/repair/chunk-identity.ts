/** What a chunk file says that it is, proven where its words are damaged. */
import {
  CHUNK, CHUNK_MAGIC, CHUNK_VERSION, type CatalogEntry, ChunkHeader, type ChunkGeometry, type Schema, crc32, geometryOf, getText,
} from '@deepwater/core';

/** What is known of a chunk from elsewhere. */
export interface ChunkContext {
  readonly id: number;
  readonly schema: Schema;
  readonly feedUid: string;
  readonly feedName: string;
  /** Its entry in the catalog, where there is one, and whether its checksum holds. */
  readonly entry?: CatalogEntry | undefined;
  readonly entryHolds: boolean;
  /** Sizes that chunks of this feed have. */
  readonly geometries: readonly ChunkGeometry[];
  /** Where chunks that are sound end, and where they begin. */
  readonly ends: ReadonlySet<number>;
  readonly begins: ReadonlySet<number>;
  /** The catalog can be believed, and all chunks that it knows have lower ids. */
  readonly behindCatalog: boolean;
  /** Records from this number on are in the ring that a writer left, where there is one. */
  readonly ringTail?: number | undefined;
}

/** What a chunk may have been made as. */
export interface ChunkIdentityGuess {
  readonly geometry: ChunkGeometry;
  readonly createdUs: number;
  /** `proven`: by its checksum, or by all other words. `likely`: its blocks have to say so, too. */
  readonly how: 'sound' | 'proven' | 'likely';
}

export type ChunkIdentityLook =
  | { readonly is: 'ours'; readonly guesses: readonly ChunkIdentityGuess[] }
  | { readonly is: 'unused' }
  | { readonly is: 'foreign' | 'newer' | 'unknown'; readonly why: string; readonly zeros?: boolean };

/** @param front the bytes up to the first page's end at least */
export function lookAtIdentity(front: Buffer, context: ChunkContext): ChunkIdentityLook {
  const { schema, feedUid, id } = context;
  const header = new ChunkHeader(front, '');
  const view = new DataView(front.buffer, front.byteOffset, front.byteLength);
  const crc = view.getUint32(CHUNK.IDENTITY_CRC, true);
  if (crc === crc32(front.subarray(0, CHUNK.IDENTITY_CRC)) && getText(view, CHUNK.MAGIC, 8) === CHUNK_MAGIC) {
    const version = view.getUint32(CHUNK.VERSION, true);
    if (version !== CHUNK_VERSION) return { is: 'newer', why: `it has chunk format ${version}, and this version knows ${CHUNK_VERSION}` };
    if (header.feedUid !== feedUid) return { is: 'foreign', why: `it belongs to another feed (${header.feedName}, ${header.feedUid})` };
    if (header.chunkId !== id) return { is: 'foreign', why: `it is chunk ${header.chunkId} under the name of chunk ${id}` };
    if (header.schemaHash !== schema.hash) return { is: 'foreign', why: `it was written with schema ${header.schemaHash}, the feed has ${schema.hash}` };
    return { is: 'ours', guesses: [{ geometry: geometryOf(schema, header.capacityRows, header.blockRows), createdUs: header.createdUs, how: 'sound' }] };
  }
  // A writer that is killed as it makes a chunk leaves this; in the catalog it is before it has rows.
  if (front.every((byte) => byte === 0)) return context.behindCatalog ? { is: 'unused' } : { is: 'unknown', why: 'its header is zeros', zeros: true };
  const likely: ChunkIdentityGuess[] = [];
  for (const geometry of candidates(header, context)) {
    for (const createdUs of new Set([header.createdUs, context.entry?.createdUs ?? 0])) {
      const made = Buffer.alloc(geometry.columnsOffset);
      const other = new ChunkHeader(made, '');
      other.writeIdentity({ chunkId: id, feedName: context.feedName, feedUid, createdUs }, schema, geometry);
      // The words prove the checksum, or the checksum proves the words.
      const words = made.subarray(0, CHUNK.IDENTITY_CRC).equals(front.subarray(0, CHUNK.IDENTITY_CRC));
      const proven = words || made.readUInt32LE(CHUNK.IDENTITY_CRC) === crc;
      if (proven) return { is: 'ours', guesses: [{ geometry, createdUs, how: 'proven' }] };
    }
    // What makes it this feed's stands there, or the catalog's entry, which holds, is that of these blocks.
    const named = header.feedUid === feedUid && header.chunkId === id && header.schemaHash === schema.hash;
    if (named || context.entryHolds) likely.push({ geometry, createdUs: context.entry?.createdUs ?? header.createdUs, how: 'likely' });
  }
  if (likely.length > 0) return { is: 'ours', guesses: likely };
  return { is: 'unknown', why: 'its header is damaged, and nothing proves what it was' };
}

/** Sizes that the file can have been made with: those of its own words first, where they make sense. */
function candidates(header: ChunkHeader, { schema, geometries }: ChunkContext): ChunkGeometry[] {
  const { capacityRows, blockRows } = header;
  const sane = blockRows >= 1 && capacityRows >= blockRows && capacityRows <= 2 ** 28;
  const own = sane ? [geometryOf(schema, capacityRows, blockRows)].filter(({ fileBytes }) => fileBytes === header.fileBytes) : [];
  return [...own, ...geometries];
}
