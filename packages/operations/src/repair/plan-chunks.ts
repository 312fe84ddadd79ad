/** Looks at every chunk file of a feed and says what is to be done with each. Changes nothing. */
import path from 'node:path';
import {
  type CatalogEntry, type ChunkGeometry, DeepwaterError, type FeedPaths, type FeedSpec, type RemovedChunk, SEAL_REASON, type Schema, bootId, chunkGeometry, chunkIdOf, isUnusableFile, chunkPath, listDirectory,
  removedEnd,
} from '@deepwater/core';
import type { CatalogEvidence, EvidenceEntry } from './catalog-evidence.js';
import type { ChunkContext } from './chunk-identity.js';
import { intact, isSplit, stretchOf } from './keep-rows.js';
import { lookAtChunk } from './look-at-chunk.js';
import type { ChunkLook, LookedChunk } from './looked-chunk.js';
import type { BlockRun, ChunkMap, Damage } from './report.js';
import { type Stretch, UNFINISHED } from './write-stretch.js';

export interface ChunksPlan {
  /** Chunks that stay where they are, in order of their numbers. */
  readonly kept: readonly LookedChunk[];
  /** Chunks of those whose front is put right in place. */
  readonly fronts: readonly LookedChunk[];
  /** Chunks that are to be written. */
  readonly stretches: readonly Stretch[];
  /** Files that go into quarantine, and why. */
  readonly aside: readonly { readonly file: string; readonly why: string }[];
  /** What an earlier repair left that did not live to its end. */
  readonly unfinished: readonly string[];
  readonly damages: readonly Damage[];
  readonly maps: readonly ChunkMap[];
  readonly lostRecords: number;
  readonly keptRecords: number;
  /** First number that no chunk has, and no chunk ever had, as far as chunks and catalog tell. */
  readonly end: number;
  /** Where the chunks end that will be there. */
  readonly chunksEnd: number;
  readonly nextId: number;
  /** The first number behind `chunksEnd` of a record that is lost. */
  readonly lostFrom: number;
  /** Numbers at the end were given out, and nothing tells how many. */
  readonly endUnknown: boolean;
  /** A chunk that the catalog calls by another number, which is damaged. */
  readonly misnamed: number | undefined;
  readonly codes: ReadonlyMap<number, number>;
}

export interface FeedSubject {
  readonly name: string;
  readonly uid: string;
  readonly spec: FeedSpec;
  readonly paths: FeedPaths;
  readonly schema: Schema;
  readonly basePath: string;
  /** Records from this number on are in the ring that a writer left, where there is one. */
  readonly ringTail?: number | undefined;
}

export interface LookHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onChunk?: ((chunks: number, of: number) => void) | undefined;
}

/** @throws the signal's reason; DeepwaterError DW_SYSTEM_CALL, DW_FORMAT_VERSION for a chunk of a later version */
export async function planChunks(feed: FeedSubject, catalog: CatalogEvidence, removed: RemovedChunk | undefined, { signal, onChunk }: LookHooks): Promise<ChunksPlan> {
  const planner = new ChunksPlanner(feed, catalog, removed);
  const ids = planner.list();
  for (const [index, id] of ids.entries()) {
    signal?.throwIfAborted();
    planner.look(id);
    onChunk?.(index + 1, ids.length);
    // So that a signal can be heard, and progress seen.
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  return planner.plan();
}

class ChunksPlanner {
  readonly #entries = new Map<number, EvidenceEntry>();
  readonly #looks = new Map<number, ChunkLook>();
  readonly #aside: { file: string; why: string }[] = [];
  readonly #unfinished: string[] = [];
  readonly #damages: Damage[] = [];
  readonly #maps: ChunkMap[] = [];
  readonly #from: number;
  #lost = 0;

  constructor(private readonly feed: FeedSubject, private readonly catalog: CatalogEvidence, removed: RemovedChunk | undefined) {
    for (const each of catalog.entries) this.#entries.set(each.entry.chunkId, each);
    this.#from = removedEnd(removed);
  }

  /** Ids of the chunk files there are; what is none is to be put aside. */
  list(): number[] {
    const { chunks } = this.feed.paths;
    return (listDirectory(chunks) ?? []).flatMap((name) => {
      const id = chunkIdOf(name);
      if (id !== undefined) return [id];
      const file = path.join(chunks, name);
      if (name.endsWith(UNFINISHED)) this.#unfinished.push(file);
      else if (!name.endsWith('.new') && !name.endsWith('.migrated')) this.#putAside(file, 'it is no chunk', false);
      return [];
    });
  }

  look(id: number): void {
    const file = chunkPath(this.feed.paths, id);
    try {
      this.#looks.set(id, lookAtChunk(file, this.#contextOf(id, [], new Set(), new Set())));
    } catch (error) {
      if (!isUnusable(error)) throw error;
      this.#looks.set(id, { is: 'foreign', why: (error as Error).message });
    }
  }

  plan(): ChunksPlan {
    this.#lookAgain();
    const fronts: LookedChunk[] = [];
    const split: LookedChunk[] = [];
    let looked: LookedChunk[] = [];
    for (const [id, look] of this.#looks) this.#judge(id, look, looked);
    looked.sort((a, b) => a.first - b.first || a.rows - b.rows);
    looked = this.#withoutCopies(looked);
    const kept: LookedChunk[] = [];
    const stretches: Stretch[] = [];
    const ends = new Map(looked.filter((chunk) => !isSplit(chunk)).map((chunk) => [`${chunk.first}/${chunk.rows}`, chunk]));
    let nextId = Math.max(0, ...this.#looks.keys(), ...this.#entries.keys()) + 1;
    for (const chunk of looked) {
      this.#tell(chunk);
      if (!isSplit(chunk)) {
        kept.push(chunk);
        if (chunk.front !== undefined || chunk.short) fronts.push(chunk);
        continue;
      }
      split.push(chunk);
      this.#aside.push({ file: chunk.path, why: 'blocks of it are damaged; those that hold are in chunks of their own' });
      const parts = intact(chunk);
      if (chunk.gapBefore > 0 && parts[0]?.[0] !== 0 && !ends.has(`${chunk.first}/0`)) stretches.push({ ...stretchOf(chunk, 0, 0, nextId++), gapBefore: chunk.gapBefore });
      for (const [from, to] of parts) {
        // One that an earlier repair, which was interrupted, has made already is taken.
        if (ends.has(`${chunk.first + from}/${to - from}`)) continue;
        stretches.push(stretchOf(chunk, from, to, nextId++));
      }
    }
    const missing = this.#tellMissing(looked);
    // Numbers that no record ever had before the first of a chunk stay such: an empty chunk keeps its place.
    const own = chunkGeometry(this.feed.schema, this.feed.spec.chunkSizeBytes);
    for (const { firstSequence: first, gapBefore, epoch, createdUs, sealedUs } of missing.gaps) {
      if (ends.has(`${first}/0`)) continue;
      stretches.push({ id: nextId++, first, rows: 0, epoch, gapBefore, createdUs, activatedUs: createdUs, bootId: bootId(), reason: SEAL_REASON.RECOVERED, sealedUs: sealedUs || createdUs, geometry: own });
    }
    // Empty ones at the end, of what the ring may still have, do not count.
    const withRows = [...kept.filter(({ rows, had, seal }) => rows > 0 || (had === 0 && seal !== undefined)), ...stretches.filter(({ rows }) => rows > 0)];
    const chunksEnd = Math.max(this.#from, 0, ...withRows.map(({ first, rows }) => first + rows));
    const had = [...looked.map((chunk) => chunk.first + chunk.had), ...missing.ends, ...this.catalog.entries.filter(({ holds }) => holds).map(({ entry }) => entry.firstSequence + entry.rows)];
    const codes = new Map<number, number>();
    for (const chunk of looked) for (const [field, code] of chunk.codes) codes.set(field, Math.max(code, codes.get(field) ?? -1));
    return {
      kept, fronts, stretches, aside: this.#aside, unfinished: this.#unfinished, damages: this.#damages, maps: this.#maps, lostRecords: this.#lost, nextId, codes,
      keptRecords: kept.reduce((sum, { rows }) => sum + rows, 0) + stretches.reduce((sum, { rows }) => sum + rows, 0),
      end: Math.max(this.#from, 0, ...had), chunksEnd, endUnknown: missing.endUnknown, misnamed: missing.misnamed,
      lostFrom: Math.min(Infinity, ...this.#damages.flatMap(({ lost, first }) => (lost && first !== undefined && first >= chunksEnd ? [first] : []))),
    };
  }

  /** Once more at those that nothing told anything of, with what is known of the others by now. */
  #lookAgain(): void {
    const sound = [...this.#looks.values()].flatMap((look) => (look.is === 'chunk' ? [look.chunk] : []));
    const ends = new Set([0, this.#from, ...sound.map(({ first, had }) => first + had)]);
    const begins = new Set(sound.map(({ first, gapBefore }) => first - gapBefore));
    for (const [id, look] of this.#looks) {
      if (look.is === 'unknown') this.#looks.set(id, lookAtChunk(chunkPath(this.feed.paths, id), this.#contextOf(id, sound.map(({ geometry }) => geometry), ends, begins)));
    }
  }

  #contextOf(id: number, geometries: readonly ChunkGeometry[], ends: ReadonlySet<number>, begins: ReadonlySet<number>): ChunkContext {
    const { schema, uid, name, spec, ringTail } = this.feed;
    const found = this.#entries.get(id);
    const behindCatalog = this.catalog.usable && !this.catalog.stale && id > Math.max(0, ...this.#entries.keys());
    const own = chunkGeometry(schema, spec.chunkSizeBytes);
    const others = new Map([own, ...geometries].map((geometry) => [`${geometry.capacityRows}/${geometry.blockRows}`, geometry]));
    return { id, schema, feedUid: uid, feedName: name, entry: found?.entry, entryHolds: found?.holds === true, geometries: [...others.values()], ends, begins, behindCatalog, ringTail };
  }

  #judge(id: number, look: ChunkLook, looked: LookedChunk[]): void {
    const file = chunkPath(this.feed.paths, id);
    if (look.is === 'newer') {
      throw new DeepwaterError('DW_FORMAT_VERSION', `${file} is not for this version: ${look.why}. Repair the store with the Deepwater that wrote it; nothing was changed.`, { values: { path: file } });
    }
    if (look.is === 'chunk') {
      // What retention has removed, and whose file is not gone yet, is the next clean-up's.
      if (look.chunk.first >= this.#from && this.#entries.get(id)?.deleted !== true) looked.push(look.chunk);
    } else if (look.is !== 'unused') this.#putAside(file, look.why, look.is === 'unknown', look.first ?? this.#entries.get(id)?.entry.firstSequence);
  }

  #putAside(file: string, why: string, lost: boolean, first?: number): void {
    this.#aside.push({ file, why });
    this.#damages.push({ file: this.#relative(file), what: why, remedy: 'it goes into quarantine', lost, ...(first === undefined ? {} : { first }) });
  }

  /** Of chunks with the same records one is kept: that with more of them. Sorted by their first numbers. */
  #withoutCopies(looked: readonly LookedChunk[]): LookedChunk[] {
    return looked.filter((chunk) => {
      const other = looked.find((each) => each !== chunk && each.first <= chunk.first && each.first + each.had >= chunk.first + chunk.rows && chunk.rows > 0
        && (each.rows > chunk.rows || (each.rows === chunk.rows && each.id < chunk.id)) && !isSplit(each));
      if (other === undefined) return true;
      this.#putAside(chunk.path, `its records are in chunk ${other.id} as well`, false);
      return false;
    });
  }

  #tell(chunk: LookedChunk): void {
    const { flaws, first, path: file, runs } = chunk;
    if (flaws.length === 0) return;
    const clock = this.feed.schema.clocks[0]?.name ?? '';
    for (const { what, lost, from, to, range, bytes } of flaws) {
      if (lost && to !== Infinity) this.#lost += to - from;
      this.#damages.push({
        file: this.#relative(file), what, lost, remedy: lost ? 'these records are lost; the others are kept' : 'it is put right',
        ...(to > from ? { first: first + from, ...(to === Infinity ? {} : { next: first + to }) } : {}), ...(range === undefined ? {} : { times: { clock, ...range } }), ...(bytes === undefined ? {} : { bytes }),
      });
    }
    this.#maps.push({
      file: this.#relative(file), first, next: first + chunk.had,
      runs: [
        ...runs.map(({ state, blocks, from, to }): BlockRun => ({ state, blocks, first: first + from, next: first + to })),
        ...(chunk.had > chunk.rows ? [{ state: 'damaged' as const, blocks: 0, first: first + chunk.rows, next: first + chunk.had }] : []),
      ],
    });
  }

  /** Records of chunks that the catalog knows and that are not there, or cannot be told any more. */
  #tellMissing(looked: readonly LookedChunk[]): { ends: number[]; endUnknown: boolean; misnamed: number | undefined; gaps: CatalogEntry[] } {
    const gaps: CatalogEntry[] = [];
    const there = new Set(looked.map(({ id }) => id));
    const ends: number[] = [];
    let endUnknown = looked.at(-1)?.endUnknown === true;
    let misnamed: number | undefined;
    for (const { entry, holds, deleted } of this.#entries.values()) {
      if (deleted || there.has(entry.chunkId) || entry.firstSequence < this.#from) continue;
      const look = this.#looks.get(entry.chunkId);
      // After a power loss the catalog may know a chunk that never came to have rows; but its file has its name before it is in the catalog.
      if (!holds && (look?.is === 'unused' || (this.catalog.stale && look?.is === 'unknown' && look.zeros === true))) continue;
      // Its number is damaged: the chunk that it tells of is there, and no other entry is of it.
      const own = holds || look !== undefined ? undefined : looked.find(({ id, first, epoch }) => first === entry.firstSequence && epoch === entry.epoch && !this.#entries.has(id));
      if (own !== undefined) {
        misnamed = own.id;
        continue;
      }
      const file = this.#relative(chunkPath(this.feed.paths, entry.chunkId));
      const next = holds ? entry.firstSequence + entry.rows : undefined;
      const covered = looked.some((chunk) => chunk.first <= entry.firstSequence && next !== undefined && chunk.first + chunk.rows >= next);
      if (covered || next === entry.firstSequence) continue;
      if (next !== undefined) {
        ends.push(next);
        this.#lost += entry.rows;
      } else {
        endUnknown = true;
        ends.push(entry.firstSequence);
      }
      if (entry.gapBefore > 0) gaps.push(entry);
      const [range] = entry.ranges;
      this.#damages.push({
        file, what: look === undefined ? 'the chunk is missing' : 'none of its records can be kept', remedy: 'its records are told as lost', lost: true,
        first: entry.firstSequence, ...(next === undefined ? {} : { next }), ...(range === undefined ? {} : { times: { clock: this.feed.schema.clocks[0]?.name ?? '', ...range } }),
      });
    }
    for (const look of this.#looks.values()) {
      if (look.is !== 'unknown' || look.first === undefined || look.first < this.#from || looked.some(({ first }) => first >= look.first!)) continue;
      endUnknown = true;
      ends.push(look.first);
    }
    if (!this.catalog.usable) {
      const unknown = [...this.#looks].filter(([id, look]) => look.is === 'unknown' && !this.#entries.has(id)).map(([id]) => id);
      if (unknown.some((id) => looked.every((chunk) => chunk.id < id))) endUnknown = true;
      this.#tellHoles(looked);
    }
    return { ends, endUnknown, misnamed, gaps };
  }

  /** Without a catalog nothing but the numbers themselves tells that chunks are missing. */
  #tellHoles(looked: readonly LookedChunk[]): void {
    let end = this.#from;
    for (const { first, gapBefore, had } of looked) {
      const known = this.catalog.entries.some(({ entry }) => entry.firstSequence === end);
      if (first - gapBefore > end && !known) {
        this.#lost += first - gapBefore - end;
        this.#damages.push({ file: this.#relative(this.feed.paths.chunks), what: 'a chunk is missing', remedy: 'its records are told as lost', lost: true, first: end, next: first - gapBefore });
      }
      end = Math.max(end, first + had);
    }
  }

  #relative(file: string): string {
    return path.relative(this.feed.basePath, file);
  }
}

/** What is under the name cannot be a chunk that is to be kept: a link, a directory, too short, somebody else's. */
function isUnusable(error: unknown): boolean {
  return isUnusableFile(error) || (DeepwaterError.isDeepwaterError(error) && ['EISDIR', 'ENXIO'].includes(String(error.values['errno'])));
}
