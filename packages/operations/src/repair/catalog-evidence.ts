/** What the catalog of a feed says, as far as it can be believed, entry by entry. */
import {
  CATALOG, type CatalogEntry, CatalogView, ENTRY, ENTRY_BYTES, ENTRY_STATE, type FeedPaths, type Schema, bootId, closeFile, fileStat, openExisting, readAt, regularFileSize,
} from '@deepwater/core';

export interface CatalogEvidence {
  /** The file's header holds. */
  readonly usable: boolean;
  /** Why it has to be made again, by itself; undefined where it is sound. */
  readonly problem: string | undefined;
  /** There is something under its name. */
  readonly there: boolean;
  /** A writer had it open when the machine went down: the next writer and all readers take the chunks' word anyway. */
  readonly stale: boolean;
  readonly entries: readonly EvidenceEntry[];
  readonly epoch: number;
  readonly writer: { readonly open: boolean; readonly pid: number; readonly bootId: string } | undefined;
  readonly ringPlace: CatalogView['ringPlace'] | undefined;
  /** Entries that the symbol dictionary had at least; 0: nothing is known. */
  readonly symbolsGiven: number;
}

export interface EvidenceEntry {
  readonly entry: CatalogEntry;
  /** Its checksum holds: sealed or deleted, with all its facts. */
  readonly holds: boolean;
  readonly deleted: boolean;
}

const NOTHING = { usable: false, stale: false, entries: [], epoch: 0, writer: undefined, ringPlace: undefined, symbolsGiven: 0 };

export function readCatalog(paths: FeedPaths, schema: Schema, feedUid: string): CatalogEvidence {
  if (fileStat(paths.catalog) === undefined) return { ...NOTHING, there: false, problem: undefined };
  let view: CatalogView;
  let size: number;
  try {
    ({ view, size } = copyOf(paths.catalog, schema));
  } catch (error) {
    return { ...NOTHING, there: true, problem: (error as Error).message };
  }
  let problem: string | undefined;
  try {
    view.check(feedUid);
  } catch (error) {
    problem = (error as Error).message;
  }
  // Entries of a catalog whose header is damaged are evidence all the same; those of another feed are not.
  if (problem !== undefined && !hasUid(paths.catalog, feedUid)) return { ...NOTHING, there: true, problem };
  const room = Math.floor((size - CATALOG.HEADER_BYTES) / ENTRY_BYTES);
  const entries = entriesOf(view, room);
  const { writer, epoch, ringPlace } = view;
  const usable = problem === undefined;
  const stale = usable && writer.open && writer.bootId !== bootId();
  return {
    usable, there: true, stale, entries, epoch: epoch < 2 ** 31 ? epoch : 0, writer: usable ? writer : undefined, ringPlace: usable && ringPlace.place <= 2 ? ringPlace : undefined,
    symbolsGiven: usable ? view.symbolsGiven : 0,
    problem: problem ?? retiredProblem(view) ?? (stale ? openProblem(view, room) : countersProblem(view, room)),
  };
}

/** In memory of our own: states that are not to be believed are put right there. */
function copyOf(file: string, schema: Schema): { view: CatalogView; size: number } {
  const fd = openExisting(file, false);
  try {
    const size = regularFileSize(fd, file);
    const buffer = new SharedArrayBuffer(Math.max(Math.min(size, BYTES_MAX), CATALOG.HEADER_BYTES));
    const bytes = Buffer.alloc(buffer.byteLength);
    readAt(fd, bytes, 0, file);
    new Uint8Array(buffer).set(bytes);
    return { view: new CatalogView(buffer, buffer.byteLength, file, schema), size: buffer.byteLength };
  } finally {
    closeFile(fd);
  }
}

const BYTES_MAX = 2 ** 30;

function hasUid(file: string, feedUid: string): boolean {
  const fd = openExisting(file, false);
  try {
    const bytes = Buffer.alloc(8);
    readAt(fd, bytes, CATALOG.FEED_UID, file);
    return bytes.toString('hex') === feedUid;
  } finally {
    closeFile(fd);
  }
}

function entriesOf(view: CatalogView, room: number): EvidenceEntry[] {
  const found: EvidenceEntry[] = [];
  const { count, firstLive } = view;
  for (let index = 0; index < room; index++) {
    const holds = view.entryHolds(index) && view.state(index) !== 0;
    const entry = view.entry(index);
    if (!isOfChunk(entry)) {
      if (index >= count) break;
      continue;
    }
    if (holds) {
      found.push({ entry: entry.state === ENTRY_STATE.ACTIVE ? factsOf(view, index) : entry, holds, deleted: entry.state === ENTRY_STATE.DELETED && index < Math.max(firstLive, 1) });
    } else if (index < count && entry.state === ENTRY_STATE.ACTIVE) found.push({ entry, holds: false, deleted: false });
  }
  return found;
}

/** Whether there can be such a chunk: names of their files have twelve digits. */
const isOfChunk = ({ chunkId, firstSequence }: CatalogEntry): boolean => chunkId > 0 && chunkId < CHUNK_IDS && Number.isSafeInteger(chunkId) && Number.isSafeInteger(firstSequence);
const CHUNK_IDS = 1e12;

/** The facts of an entry that is whole although its state does not say so. */
function factsOf(view: CatalogView, index: number): CatalogEntry {
  const bytes = view.bytesOfEntry(index);
  const state = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const before = state.getUint32(ENTRY.STATE, true);
  state.setUint32(ENTRY.STATE, ENTRY_STATE.SEALED, true);
  const entry = view.entry(index);
  state.setUint32(ENTRY.STATE, before, true);
  return entry;
}

function retiredProblem(view: CatalogView): string | undefined {
  try {
    return view.retired ? 'it says that another has taken its place' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What readers hold one against that was open when the machine went down: chunks that it calls open have to be there. */
function openProblem(view: CatalogView, room: number): string | undefined {
  for (let index = view.firstLive; index < Math.min(view.count, room); index++) {
    const entry = view.entry(index);
    if (entry.state === ENTRY_STATE.ACTIVE && !isOfChunk(entry)) return `entry ${index} tells of no chunk`;
  }
  return undefined;
}

/** What readers hold a catalog's counters and entries against. */
function countersProblem(view: CatalogView, room: number): string | undefined {
  const { count, firstLive, ringPlace } = view;
  if (ringPlace.place > 2) return `it says that the ring is in place ${ringPlace.place}`;
  if (firstLive > count) return `it counts ${count} entries, of which ${firstLive} are gone`;
  let before: CatalogEntry | undefined;
  for (let index = 0; index < Math.min(count, room); index++) {
    const entry = view.entry(index);
    if (entry.state < ENTRY_STATE.ACTIVE || entry.state > ENTRY_STATE.DELETED) return `entry ${index} has the state ${entry.state}`;
    if ((entry.state === ENTRY_STATE.DELETED) !== (index < firstLive)) return `entry ${index} ${index < firstLive ? 'counts as gone and is not marked so' : 'is marked as deleted, and older ones are not'}`;
    if (entry.state !== ENTRY_STATE.ACTIVE && !view.entryHolds(index)) return `entry ${index} does not have its checksum`;
    if (!isOfChunk(entry)) return `entry ${index} tells of no chunk`;
    if (before !== undefined && entry.firstSequence < before.firstSequence) return `entry ${index} begins with record ${entry.firstSequence}, the one before it with ${before.firstSequence}`;
    if (before !== undefined && entry.chunkId === before.chunkId) return `entry ${index} is the one before it once more`;
    before = entry;
  }
  const beyond = count < room ? view.state(count) : 0;
  return beyond === ENTRY_STATE.SEALED || beyond === ENTRY_STATE.DELETED ? `it counts ${count} entries and has more` : undefined;
}
