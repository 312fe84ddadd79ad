import {
  CHUNK_STATE, type CatalogView, type ChunkHeader, DeepwaterError, type FeedPaths, RING, RING_PLACE, type Schema, bootId, catalogInMemory, chunkIdOf, chunkPath, closeFile, feedPaths,
  fileExists, fileStat, listDirectory, openCatalog, openExisting, peekChunk, readAt, ringPaths, sharedRingDirectory, system,
} from '@deepwater/core/engine';
import { type Ring, openRing } from '@deepwater/ring';
import { CatalogIndex } from './catalog-index.js';
import { checkFeedSame } from './follow/feed-presence.js';
import { dropChunk } from './open-chunk.js';
import type { ReaderSource } from './reader-source.js';

/** Whether an error says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return DeepwaterError.isDeepwaterError(error) && error.values['errno'] === 'ENOENT';
}

/**
 * The files of one feed, as a reader finds them: opened when needed, opened again when a successor has taken a file's
 * place. Nothing is created, nothing is locked.
 */
export class FeedFiles {
  readonly paths: FeedPaths;
  /** Records from this number on do not exist, for whoever is to see no more: as the feed was when it came to be asked. */
  headLimit: (() => number) | undefined;
  #catalog: CatalogIndex | undefined;
  /** The catalog on disk, where it is from before a power loss and not believed. */
  #stale: { readonly view: CatalogView; readonly inode: bigint | undefined } | undefined;
  #ring: Ring | undefined;
  #ringEpoch = -1;
  #firstLive = 0;
  /** Since when the catalog under its name says that another has taken its place, by the monotonic clock. */
  #retiredSince: number | undefined;
  /** Paths of chunks that were asked for, by id. */
  readonly #chunks = new Map<number, string>();

  constructor(
    readonly source: ReaderSource,
    readonly schema: Schema,
    /** Anonymous bytes wanted behind the mapping of the ring. */
    private readonly ringScratchBytes = 0,
  ) {
    this.paths = feedPaths(source.basePath, source.spec.name);
  }

  /** The catalog; undefined where no writer has ever opened the feed. @throws DeepwaterError DW_FILE_CORRUPT, DW_SYSTEM_CALL, DW_FEED_UNKNOWN where it was deleted and made anew */
  catalog(): CatalogIndex | undefined {
    if (this.#stale !== undefined && this.#isReplaced(this.#stale)) this.#catalog = this.#stale = undefined;
    const known = this.#catalog;
    if (known === undefined || known.view.retired || known.view.count > known.room) this.#catalog = this.#openCatalog() ?? known;
    const now = this.#catalog;
    if (now !== undefined) {
      now.checkCounters();
      this.#forgetDeleted(now, now === known);
      if (!now.view.retired) this.#retiredSince = undefined;
    }
    return now;
  }

  /**
   * Whoever follows a feed waits where its catalog is retired and has no successor yet: the feed is being deleted, or a writer opens it. Neither takes
   * long; where a deletion was broken off, or the mark is damage, nobody will come.
   * @throws DeepwaterError DW_FILE_CORRUPT where it has been so for seconds
   */
  checkSuccession(): void {
    if (this.#catalog?.view.retired !== true) return;
    const now = system.monotonicMs();
    this.#retiredSince ??= now;
    if (now - this.#retiredSince < SUCCESSION_MS_MAX) return;
    throw new DeepwaterError('DW_FILE_CORRUPT', `${this.paths.catalog} says that another has taken its place, and none has: a deletion of the feed was broken off, or the file is damaged. It is made again when a writer opens the feed, or by \`deepwater repair\`.`, {
      values: { path: this.paths.catalog, ms: Math.round(now - this.#retiredSince) },
    });
  }

  /** The ring that the feed is written through now; undefined where there is none, or none of this boot. */
  ring(catalog: CatalogIndex): Ring | undefined {
    const { epoch } = catalog.view;
    if (this.#ring !== undefined && !this.#ring.retired && this.#ringEpoch === epoch) return this.#ring;
    this.#ringEpoch = epoch;
    this.#ring = this.#openRing(catalog);
    return this.#ring;
  }

  /** Whether a look for the ring, where there was none, may find one, or that the feed is gone. Cheap, and never wrong when it says no. */
  mayHaveRing(): boolean {
    const view = this.#catalog?.view;
    if (view !== undefined) return view.retired || view.ringPlace.place !== RING_PLACE.NONE;
    return fileExists(this.paths.catalog) || !fileExists(this.paths.spec);
  }

  chunk(chunkId: number): string {
    let path = this.#chunks.get(chunkId);
    if (path === undefined) this.#chunks.set(chunkId, (path = chunkPath(this.paths, chunkId)));
    return path;
  }

  /** Makes what follows the feed through these files; where that fails, nobody else would close them. */
  forFollower<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Lets go of every mapping. */
  close(): void {
    for (const path of this.#chunks.values()) dropChunk(path);
    this.#chunks.clear();
    this.#catalog = this.#stale = undefined;
    this.#ring = undefined;
  }

  #openCatalog(): CatalogIndex | undefined {
    for (let attempt = 1; ; attempt++) {
      try {
        const inode = fileStat(this.paths.catalog)?.inode;
        const file = openCatalog(this.paths.catalog, this.schema, this.source.feedUid, false);
        if (!isStale(file.view)) {
          const catalog = new CatalogIndex(file);
          this.#checkSuccessor(catalog);
          return catalog;
        }
        // The machine went down while the feed was written, and no writer has come since: the catalog may be older than the chunks.
        this.#stale = { view: file.view, inode };
        return new CatalogIndex(catalogInMemory(this.paths, this.schema, this.source.feedUid, file.view));
      } catch (error) {
        if (!isMissing(error)) {
          checkFeedSame(this.source);
          throw error;
        }
        if (this.#catalog !== undefined || !this.#hasChunks()) return undefined;
        // The first writer may have come between the two looks.
        if (attempt < ATTEMPTS && fileExists(this.paths.catalog)) continue;
        // Chunks without a catalog: an empty answer would be a wrong one.
        throw new DeepwaterError('DW_FILE_CORRUPT', `${this.paths.catalog} is missing and there are chunks. It is made again when a writer opens the feed, or by \`deepwater repair\`.`, {
          values: { path: this.paths.catalog }, cause: error,
        });
      }
    }
  }

  /** Whether a writer has come to one that was not believed, or has put another into its place. */
  #isReplaced({ view, inode }: { readonly view: CatalogView; readonly inode: bigint | undefined }): boolean {
    return view.retired || !isStale(view) || fileStat(this.paths.catalog)?.inode !== inode;
  }

  /**
   * An older state of the catalog, such as a backup's or one that a device gave back, is whole and knows fewer chunks than there are.
   * @throws DeepwaterError DW_FILE_CORRUPT
   */
  #checkSuccessor(catalog: CatalogIndex): void {
    const { count } = catalog.view;
    if (count > catalog.room) return;
    const last = count === 0 ? 0 : catalog.chunkId(count - 1);
    for (let ahead = 1; ahead <= PREPARED_MAX; ahead++) {
      const chunkId = last + ahead;
      const path = chunkPath(this.paths, chunkId);
      const header = peekHeader(path);
      // A chunk is in the catalog before it has rows.
      // Repair gives chunks new ids, wherever in the sequence they stand.
      if (header === undefined || catalog.knows(chunkId, count) || header.feedUid !== this.source.feedUid || !header.activationHolds || header.committedRows === 0) continue;
      if ((header.state !== CHUNK_STATE.ACTIVE && header.state !== CHUNK_STATE.SEALED) || catalog.view.count > count || catalog.view.retired) continue;
      throw new DeepwaterError('DW_FILE_CORRUPT', `${this.paths.catalog} does not know ${path}, which has records from ${header.firstSequence} on. Run \`deepwater repair\`; the catalog is made again from the chunks.`, {
        values: { path: this.paths.catalog, chunk: path, count },
      });
    }
  }

  #hasChunks(): boolean {
    try {
      return (listDirectory(this.paths.chunks) ?? []).some((name) => chunkIdOf(name) !== undefined);
    } catch {
      return false;
    }
  }

  #openRing(catalog: CatalogIndex): Ring | undefined {
    const { place, user } = catalog.view.ringPlace;
    if (place === RING_PLACE.NONE) return undefined;
    const { source, paths } = this;
    if (place !== RING_PLACE.SHARED_MEMORY && place !== RING_PLACE.FEED_DIRECTORY) {
      throw new DeepwaterError('DW_FILE_CORRUPT', `${paths.catalog} is damaged: it says that the ring is in place ${place as number}. It is corrected when a writer opens the feed.`, {
        values: { path: paths.catalog, place },
      });
    }
    const directory = place === RING_PLACE.FEED_DIRECTORY ? paths.directory : source.ringDir ?? sharedRingDirectory(source.storeId, user);
    const file = ringPaths(directory, source.spec.name).ring;
    for (let attempt = 1; ; attempt++) {
      try {
        const ring = openRing(file, this.schema, source.feedUid, 'read-only', this.ringScratchBytes);
        // A copied store, or a ring that a reboot left: its rows are in the chunks, or nowhere.
        const ours = ring.storeId === source.storeId && ring.bootId === bootId() && ring.persist === source.spec.persist;
        return ours && !ring.retired ? ring : undefined;
      } catch (error) {
        if (isMissing(error) || isUnborn(file)) return undefined;
        // Made between the look at its checksum and the other: look again before giving up.
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Mappings of chunks that retention has deleted would keep their disk space. */
  #forgetDeleted(catalog: CatalogIndex, same: boolean): void {
    const { firstLive } = catalog.view;
    if (same) {
      for (let index = this.#firstLive; index < firstLive; index++) {
        const chunkId = catalog.chunkId(index);
        dropChunk(this.chunk(chunkId));
        this.#chunks.delete(chunkId);
      }
    }
    this.#firstLive = firstLive;
  }
}

const ATTEMPTS = 4;
/** Far longer than a successor takes, or the file of a feed that is deleted. */
const SUCCESSION_MS_MAX = 5000;
/** Chunk files that are made ahead at most, and never used where their writer ends. */
const PREPARED_MAX = 4;

/** The header of a chunk file; undefined where there is none, or what is there is none. */
function peekHeader(path: string): ChunkHeader | undefined {
  // The usual answer, several times at each opening: an error is costly.
  if (!fileExists(path)) return undefined;
  try {
    return peekChunk(path).header;
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error)) return undefined;
    throw error;
  }
}

/** Whether a catalog was being written when the machine went down, and has had no writer since. */
function isStale(view: CatalogView): boolean {
  const { open, bootId: boot } = view.writer;
  return open && boot !== bootId();
}

/** Whether a ring file is just being made: the checksum of its identity is the last thing written. */
function isUnborn(file: string): boolean {
  let fd: number;
  try {
    fd = openExisting(file, false);
  } catch (error) {
    return isMissing(error);
  }
  try {
    const head = Buffer.alloc(RING.EPOCH);
    readAt(fd, head, 0, file);
    return head.readUInt32LE(RING.IDENTITY_CRC) === 0;
  } finally {
    closeFile(fd);
  }
}
