/** One feed: looks at all of it, then puts right what is wrong, the catalog last. */
import path from 'node:path';
import {
  type Access, CHUNK, type RemovedChunk, SEAL_REASON, SEGMENT_KIND, type SegmentEntries, type SealReason, chunkGeometry, closeFile,
  failpoint, fileStat, isUnusableFile, openExisting, Quarantine, readSegments, regularFileSize, removeFile, replaceWhole, segmentsOfChunks, setFileSize, startedChunks, syncData, system, writeFully, writeRemoved,
  writeSegments, bootId,
} from '@deepwater/core';
import { type CatalogEvidence, readCatalog } from './catalog-evidence.js';
import { catalogDiffers } from './check-catalog.js';
import { ChunkBytes } from './chunk-bytes.js';
import { type LeftRing, findLeftRing, inFeedDirectory, ringHolds, setTail } from './left-ring.js';
import type { LookedChunk } from './looked-chunk.js';
import { type ChunksPlan, type FeedSubject, type LookHooks, planChunks } from './plan-chunks.js';
import { planRemoved } from './plan-removed.js';
import { type SymbolsPlan, planSymbols } from './plan-symbols.js';
import type { Damage, FeedRepair } from './report.js';
import { writeCatalog } from './write-catalog.js';
import { type Stretch, writeStretch } from './write-stretch.js';

/** As far as a writer without a ring passes the numbers of one that is lost (ingest/src/open-feed.ts). */
const NUMBERS_JUMP = 2 ** 36;

export interface FeedWork extends FeedSubject {
  readonly access: Access;
  readonly storeId: string;
  /** Where rings of the store in shared memory are. */
  readonly ringDirectory: string;
}

export interface FeedPlan {
  readonly work: FeedWork;
  readonly repair: FeedRepair;
  readonly steps: FeedSteps;
}

interface FeedSteps {
  readonly chunks: ChunksPlan;
  readonly catalog: CatalogEvidence;
  readonly makeCatalog: boolean;
  readonly removed: RemovedChunk | undefined;
  readonly writeRemoved: boolean;
  readonly symbols: SymbolsPlan;
  readonly segments: SegmentEntries | undefined;
  readonly makeSegments: boolean;
  readonly ring: LeftRing | undefined;
  readonly tail: number | undefined;
  readonly marker: Stretch | undefined;
}

/** Looks at a feed and says what is wrong and what is to be done. Changes nothing. @throws DeepwaterError, the signal's reason */
export async function planFeed(work: FeedWork, hooks: LookHooks): Promise<FeedPlan> {
  const { paths, schema, uid, spec, name } = work;
  const catalog = readCatalog(paths, schema, uid);
  const removal = planRemoved(paths, uid, schema.clocks.length, catalog);
  const ring = findLeftRing([work.ringDirectory, paths.directory], name, schema, uid, work.storeId, spec.persist);
  const chunks = await planChunks({ ...work, ringTail: ring?.ring?.tail }, catalog, removal.removed, hooks);
  const damages: Damage[] = [...chunks.damages];
  const tell = (file: string, what: string, remedy: string, lost = false, more: Partial<Damage> = {}): void => {
    damages.push({ file: path.relative(work.basePath, file), what, remedy, lost, ...more });
  };
  if (ring?.problem !== undefined) tell(ring.file, ring.problem, 'it goes into quarantine; what was in no chunk yet is lost', true);
  const segmentsState = lookAtSegments(work, chunks, catalog);
  if (segmentsState.problem !== undefined) tell(paths.segments, segmentsState.problem, segmentsState.held === undefined ? 'it is made again from the chunks' : 'its entries that hold are kept', segmentsState.lost);

  // Numbers that were given out are not given out again.
  const { chunksEnd } = chunks;
  let { end } = chunks;
  const left = ring?.ring;
  if (chunks.endUnknown || (removal.unknown && chunks.kept.length + chunks.stretches.length === 0)) {
    const told = Math.max(end, ...(segmentsState.held?.entries ?? []).map(({ sequence }) => sequence));
    end = left?.persist === true ? Math.max(told, left.tail) : told + NUMBERS_JUMP;
  }
  // Between the chunks' end and the ring's beginning may lie numbers that no record had, but none that is lost.
  const start = Math.max(chunksEnd, left?.baseSequence ?? 0);
  const tail = left !== undefined && left.tail > start && ringHolds(left, start) && (start === chunksEnd || start <= chunks.lostFrom) ? start : undefined;
  const lostOfRing = tail === undefined && left?.persist === true && left.tail > left.baseSequence ? Math.max(0, left.tail - chunks.end) : 0;
  if (lostOfRing > 0) tell(ring?.file ?? '', `records ${chunks.end} to ${chunks.end + lostOfRing - 1} were given out, and are neither in a chunk nor in the ring any more`, 'they are told as lost', true, { first: chunks.end, next: chunks.end + lostOfRing });
  end = Math.max(end, chunks.end + lostOfRing);
  const marker = spec.persist && tail === undefined && end > chunksEnd ? markerOf(work, chunks, end) : undefined;
  if (tail !== undefined) tell(ring?.file ?? '', `records ${tail} to ${(left?.tail ?? 0) - 1} are in no chunk any more, and the ring still has them`, 'the next writer puts them into a chunk');

  const removedUnknown = removal.unknown && marker === undefined && chunks.kept.length + chunks.stretches.length === 0;
  if (removal.problem !== undefined) {
    tell(paths.removed, removal.problem, removal.unknown ? 'it goes into quarantine; numbers go on behind all that is known' : 'it is written again from the catalog', removal.unknown);
  }
  const symbols = planSymbols(paths, schema, uid, chunks.codes, catalog.symbolsGiven);
  if (symbols.bytes !== undefined) {
    tell(paths.symbols, symbols.problems.join('; '), 'entries that hold are kept', false);
    for (const [field, codes] of symbols.lost) tellLostCodes(work, chunks.kept, field, codes, tell);
  }
  const changed = chunks.stretches.length > 0 || chunks.fronts.length > 0 || chunks.aside.length > 0 || marker !== undefined || damages.some(({ file }) => file.includes(`${path.sep}chunks`));
  const why = catalog.problem ?? (changed ? undefined : catalogDiffers(catalog, chunks.kept, removal.removed) ?? (chunks.misnamed === undefined ? undefined : `it calls chunk ${chunks.misnamed} by another number`));
  if (why !== undefined) tell(paths.catalog, why, 'it is made again from the chunks');
  const inRing = tail === undefined ? [] : damages.filter(({ lost, first }) => lost && first !== undefined && first >= tail);
  const told = damages.map((damage): Damage => (inRing.includes(damage) ? { ...damage, lost: false, remedy: 'the ring still has these records' } : damage));
  const ofRing = inRing.reduce((sum, { first = 0, next = first }) => sum + next - first, 0);
  return {
    work,
    repair: { feed: name, damages: told, chunks: chunks.maps, keptRecords: chunks.keptRecords, lostRecords: chunks.lostRecords + lostOfRing - ofRing },
    steps: {
      chunks, catalog, makeCatalog: why !== undefined || (changed && spec.persist && (catalog.there || chunks.kept.length + chunks.stretches.length > 0)), removed: removal.removed,
      writeRemoved: removal.problem !== undefined, symbols, segments: segmentsState.held, makeSegments: segmentsState.problem !== undefined, ring, tail,
      marker: marker ?? (removedUnknown ? markerOf(work, chunks, end) : undefined),
    },
  };
}

/** An empty chunk that begins where numbers go on. */
function markerOf({ schema, spec }: FeedWork, { nextId, kept, stretches }: ChunksPlan, end: number): Stretch | undefined {
  const nowUs = system.wallMs() * 1000;
  const epoch = Math.max(1, ...kept.map((chunk) => chunk.epoch), ...stretches.map((stretch) => stretch.epoch));
  return {
    id: nextId, first: end, rows: 0, epoch, gapBefore: 0, createdUs: nowUs, activatedUs: nowUs, bootId: bootId(), reason: SEAL_REASON.RECOVERED, sealedUs: nowUs,
    geometry: kept.at(-1)?.geometry ?? stretches.at(-1)?.geometry ?? chunkGeometry(schema, spec.chunkSizeBytes),
  };
}

interface SegmentsState {
  readonly held: SegmentEntries | undefined;
  readonly problem: string | undefined;
  readonly lost: boolean;
}

function lookAtSegments({ paths, uid, spec }: FeedWork, { kept, stretches }: ChunksPlan, catalog: CatalogEvidence): SegmentsState {
  if (!spec.persist) return { held: undefined, problem: undefined, lost: false };
  let held: SegmentEntries | undefined;
  try {
    held = readSegments(paths.segments, uid);
  } catch (error) {
    if (!isUnusableFile(error)) throw error;
    return { held: undefined, problem: error.message, lost: true };
  }
  if (held === undefined) {
    const written = kept.length + stretches.length > 0 && (catalog.entries.length > 0 || catalog.problem !== undefined || !catalog.there);
    return { held, problem: written ? 'it is missing, and with it what writers marked' : undefined, lost: written };
  }
  if (held.problem === 'another feed') return { held: undefined, problem: 'it belongs to another feed', lost: true };
  if (held.damaged.length > 0) return { held, problem: `${held.damaged.length} of its entries ${held.damaged.length === 1 ? 'is' : 'are'} damaged; a boundary that was marked there is lost`, lost: true };
  return { held, problem: held.problem === undefined ? undefined : 'its header is damaged', lost: false };
}

type Tell = (file: string, what: string, remedy: string, lost?: boolean, more?: Partial<Damage>) => void;

/** Which records have a code whose text is lost. */
function tellLostCodes({ paths, schema }: FeedWork, kept: readonly LookedChunk[], field: number, codes: readonly number[], tell: Tell): void {
  const name = schema.fields[field]?.name ?? String(field);
  const wanted = new Set(codes);
  let [count, first, next] = [0, Infinity, 0];
  for (const chunk of kept) {
    const bytes = ChunkBytes.open(chunk.path);
    try {
      const cells = bytes.cells(chunk.geometry, field, 0, chunk.rows);
      const view = new DataView(cells.buffer, cells.byteOffset, cells.byteLength);
      for (let row = 0; row < chunk.rows; row++) {
        if (!wanted.has(view.getUint32(row * 4, true))) continue;
        count += 1;
        first = Math.min(first, chunk.first + row);
        next = Math.max(next, chunk.first + row + 1);
      }
    } finally {
      bytes.close();
    }
  }
  tell(paths.symbols, `the texts of codes ${codes.join(', ')} of field ${name} are lost; ${count} records have them`, `those records are kept; ${name} of them cannot be read`, true, count > 0 ? { first, next } : {});
}

/** Puts right what was found. Ended at any step, it can be run again. @throws DeepwaterError */
export function carryOut({ work, repair, steps }: FeedPlan): Quarantine {
  const { paths, schema, uid, name, access, basePath } = work;
  const quarantine = new Quarantine(basePath, access, name);
  for (const file of steps.chunks.unfinished) removeFile(file);
  if (repair.damages.length === 0) return quarantine;
  for (const chunk of steps.chunks.fronts) mendFront(chunk, quarantine);
  const made = [...steps.chunks.stretches, ...(steps.marker === undefined ? [] : [steps.marker])];
  for (const stretch of made) writeStretch(stretch, paths, schema, { name, uid }, access);
  for (const { file, why } of steps.chunks.aside) quarantine.take(file, why);
  if (steps.writeRemoved) {
    if (fileStat(paths.removed) !== undefined) quarantine.take(paths.removed, 'it is damaged');
    if (steps.removed !== undefined) writeRemoved(paths, uid, access, steps.removed);
    failpoint('repair.removed-written');
  }
  if (steps.symbols.bytes !== undefined) replace(paths.symbols, steps.symbols.bytes, quarantine, access, 'repair.symbols-written');
  if (steps.ring?.problem !== undefined) {
    quarantine.take(steps.ring.file, steps.ring.problem);
    failpoint('repair.ring-moved');
  } else if (steps.tail !== undefined && steps.ring !== undefined) setTail(steps.ring.file, schema, uid, steps.tail);
  if (steps.makeSegments) {
    keepCopy(paths.segments, quarantine, 'entries of it, or its header, are damaged');
    writeSegments(paths.segments, access, uid, steps.segments?.entries ?? segmentsOfFiles(work, steps.removed));
    failpoint('repair.segments-written');
  }
  if (steps.makeCatalog) makeCatalog(work, steps, quarantine);
  return quarantine;
}

function makeCatalog(work: FeedWork, { catalog, removed, segments, chunks, ring }: FeedSteps, quarantine: Quarantine): void {
  const { paths } = work;
  if (catalog.problem !== undefined) keepCopy(paths.catalog, quarantine, catalog.problem);
  const last = segments?.entries.at(-1);
  // A ring says that its writer did not end; an entry that closes, and where the chunks end, that it did.
  const closed = ring === undefined && last?.kind === SEGMENT_KIND.CLOSED && last.sequence === chunks.chunksEnd;
  writeCatalog({
    ...work, removed, evidence: catalog, epoch: Math.max(0, ...(segments?.entries ?? []).map(({ epoch }) => epoch)),
    closed, ringDirectory: ring !== undefined && !inFeedDirectory(ring.file, paths.directory) ? path.dirname(ring.file) : work.ringDirectory,
  });
}

/** Puts the front of a chunk as it has to be over the one that is damaged, which is kept. The cells stay where they are. */
function mendFront({ path: file, front, short, geometry }: LookedChunk, quarantine: Quarantine): void {
  const fd = openExisting(file, true);
  try {
    if (front !== undefined) {
      const before = Buffer.alloc(front.length);
      const bytes = ChunkBytes.open(file);
      try {
        bytes.front(front.length).copy(before);
      } finally {
        bytes.close();
      }
      quarantine.keep(file, before, '.front', `its first ${front.length} bytes, as they were before they were put right`);
      failpoint('repair.front-saved');
    }
    if (short && regularFileSize(fd, file) < geometry.fileBytes) setFileSize(fd, geometry.fileBytes, file);
    if (front !== undefined) {
      // The words last: what they promise is there by then.
      writeFully(fd, front.subarray(CHUNK.HEADER_BYTES), CHUNK.HEADER_BYTES, file);
      writeFully(fd, front.subarray(0, CHUNK.HEADER_BYTES), 0, file);
    }
    syncData(fd, file);
    failpoint('repair.front-written');
  } finally {
    closeFile(fd);
  }
}

/** What chunks tell of segments, where their file is lost. */
function segmentsOfFiles({ paths, schema, uid }: FeedWork, removed: RemovedChunk | undefined): ReturnType<typeof segmentsOfChunks> {
  const { chunks } = startedChunks(paths, schema, uid, removed, () => {});
  return segmentsOfChunks(chunks.map(({ header }) => {
    const seal = header.seal(schema);
    return {
      firstSequence: header.firstSequence, rows: seal?.rows ?? header.committedRows, epoch: header.epoch, createdUs: header.activatedUs, sealedUs: seal?.sealedUs ?? 0,
      sealReason: seal?.reason ?? (SEAL_REASON.NONE as SealReason),
    };
  }));
}

/** Puts a copy of a file that is about to be replaced into quarantine; what is no file at all goes there itself. */
function keepCopy(file: string, quarantine: Quarantine, why: string): void {
  const stat = fileStat(file);
  if (stat === undefined) return;
  if (stat.kind !== 'file') {
    quarantine.take(file, why);
    return;
  }
  const fd = openExisting(file, false);
  closeFile(fd);
  const bytes = ChunkBytes.open(file);
  try {
    quarantine.keep(file, bytes.front(bytes.size), '', why);
  } finally {
    bytes.close();
  }
}

function replace(file: string, content: Buffer, quarantine: Quarantine, access: Access, then: 'repair.symbols-written'): void {
  keepCopy(file, quarantine, 'it is damaged');
  replaceWhole(file, `${file}.new`, content, access);
  failpoint(then);
}

