/** What can be told of a feed by reading it as a reader does. Nothing is written, nothing locked. */
import {
  CHUNK_STATE, ENTRY_STATE, FileLock, NS_PER_UNIT, type Schema, chunkIdOf, chunkPath, compileSchema, feedPaths, fileExists, fileStat, listDirectory, openCatalog, peekChunk, system,
} from '@deepwater/core';
import { FeedReader, type ReaderSource } from '@deepwater/query';
import { removeChunks } from '../retention/remove-chunks.js';
import { spanText } from '../retention/hold-text.js';
import { type HealthCheck, type HealthRequest, checked } from './health-check.js';

/** Headers of chunks that are looked at in one feed: the first, the last, and some in between. */
const CHUNKS_MAX = 1000;
const FULL_WARN = 0.9;
/** A seal further ahead of the wall clock than this was made by another clock. */
const FUTURE_MS = 3_600_000;
/** What has been due for so long should have been removed. */
const OVERDUE_MS = 3_600_000;

type Finding = Omit<HealthCheck, 'check' | 'feed'>;

/** One feed, looked at twice: what moves in between is alive. */
export class FeedHealth {
  readonly #schema: Schema;
  readonly #paths;
  readonly #reader: FeedReader;
  readonly #name: string;
  #first: { head: number; tail: number; locked: boolean } | undefined;

  constructor(private readonly source: ReaderSource, private readonly request: HealthRequest) {
    this.#name = source.spec.name;
    this.#schema = compileSchema(source.spec);
    this.#paths = feedPaths(source.basePath, this.#name);
    this.#reader = new FeedReader(source);
  }

  /** The first look. @returns whether a second one, later, can tell more: somebody writes. */
  begin(): boolean {
    try {
      this.#first = this.#look();
      return this.#first.locked;
    } catch {
      return false; // the checks say what is wrong
    }
  }

  /** The second look, and everything else. */
  async checks(): Promise<HealthCheck[]> {
    const check = (name: string, look: () => Finding): HealthCheck => checked(name, look, this.#name);
    try {
      if (!fileExists(this.#paths.catalog)) {
        const written = this.source.spec.persist && this.#hasChunks();
        return [check('catalog', () => (written
          ? { state: 'fail', message: `${this.#paths.catalog} is missing and there are chunks. It is made again when a writer opens the feed.` }
          : { state: 'ok', value: 'never written' })), check('recent writes', () => this.#recent())];
      }
      return [
        check('catalog', () => this.#catalogHealth()),
        check('chunks', () => this.#chunkHeaders()),
        check('records', () => this.#records()),
        check('ring', () => this.#ringHealth()),
        check('ingest', () => this.#ingest()),
        check('writer', () => this.#writer()),
        check('recent writes', () => this.#recent()),
        check('times', () => this.#times()),
        await this.#overdue().catch((error: unknown): HealthCheck => ({ check: 'cleanup', feed: this.#name, state: 'fail', message: (error as Error).message })),
      ];
    } finally {
      await this.#reader.close();
    }
  }

  #catalog() {
    return openCatalog(this.#paths.catalog, this.#schema, this.source.feedUid, false).view;
  }

  #hasChunks(): boolean {
    return (listDirectory(this.#paths.chunks) ?? []).some((name) => chunkIdOf(name) !== undefined);
  }

  #look(): { head: number; tail: number; locked: boolean; fill: number; slots: number; waiting: number } {
    const { next, waiting, ringFill, ringRecords } = this.#reader.activity();
    return { head: next, tail: next - waiting, waiting, fill: ringFill, slots: ringRecords, locked: FileLock.isHeld(this.#paths.lock) };
  }

  #catalogHealth(): Finding {
    const view = this.#catalog();
    if (view.retired && this.#catalog().retired) {
      return { state: 'fail', value: 'replaced', message: `${this.#paths.catalog} says that another has taken its place: a deletion of the feed was broken off, unless it is going on. Delete the feed again, or write it: its catalog is made again then.` };
    }
    let damaged = 0;
    for (let index = view.firstLive; index < view.count; index++) if (view.state(index) === ENTRY_STATE.SEALED && !view.entryHolds(index)) damaged += 1;
    if (damaged === 0) return { state: 'ok', value: `${view.count - view.firstLive} chunks` };
    return { state: 'fail', value: damaged, limit: 0, message: `${damaged} entries of ${this.#paths.catalog} are damaged. Run \`deepwater repair --feed ${this.#name}\`.` };
  }

  /** The header of each chunk: it is there, it is this feed's, it is sealed as the catalog says. */
  #chunkHeaders(): Finding {
    const view = this.#catalog();
    const live: number[] = [];
    for (let index = view.firstLive; index < view.count; index++) if (view.state(index) !== ENTRY_STATE.DELETED) live.push(index);
    const step = Math.max(1, Math.ceil(live.length / CHUNKS_MAX));
    const chosen = live.filter((_, at) => at % step === 0 || at === live.length - 1);
    const problems = chosen.flatMap((index) => {
      const { chunkId, firstSequence, rows, state } = view.entry(index);
      const problem = this.#chunkProblem(chunkPath(this.#paths, chunkId), firstSequence, state === ENTRY_STATE.SEALED ? rows : undefined);
      // Retention may have taken it while we looked.
      return problem === undefined || view.state(index) === ENTRY_STATE.DELETED || view.retired ? [] : [problem];
    });
    if (problems.length === 0) return { state: 'ok', value: chosen.length === live.length ? `${live.length} sound` : `${chosen.length} of ${live.length} looked at, sound` };
    return { state: 'fail', value: problems.length, limit: 0, message: `${problems[0]}${problems.length > 1 ? ` And ${problems.length - 1} more.` : ''} Run \`deepwater repair --feed ${this.#name}\`.` };
  }

  #chunkProblem(file: string, firstSequence: number, rows: number | undefined): string | undefined {
    try {
      const { header, size } = peekChunk(file);
      header.check(this.#schema, size);
      const seal = header.seal(this.#schema);
      if (header.feedUid !== this.source.feedUid) return `${file} is of another feed.`;
      if (!header.activationHolds || header.firstSequence !== firstSequence) return `${file} does not begin where the catalog says (${firstSequence}).`;
      if (rows !== undefined && (header.state !== CHUNK_STATE.SEALED || seal?.rows !== rows)) return `${file} is not sealed with ${rows} rows, as the catalog says.`;
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** The first and the last record, really read. */
  #records(): Finding {
    const { first, next } = this.#reader.bounds();
    if (first === next) return { state: 'ok', value: 'none' };
    const oldest = this.#reader.readFromSync(first, 1).records as unknown[];
    const newest = this.#reader.lastSync(1) as unknown[];
    // Of a memory feed that is written, or under retention, the first one may just have gone.
    const moved = this.#reader.bounds().first !== first;
    if (newest.length === 1 && (oldest.length === 1 || moved)) return { state: 'ok', value: `${first} to ${next - 1}` };
    return { state: 'fail', message: `Records ${first} to ${next - 1} are there, and the ${newest.length === 1 ? 'first' : 'last'} one cannot be read. Run \`deepwater repair --feed ${this.#name}\`.` };
  }

  #ringHealth(): Finding {
    const now = this.#look();
    if (now.slots === 0) return { state: 'ok', value: 'none' };
    if (!this.source.spec.persist) return { state: 'ok', value: `${now.slots} records` };
    const value = `${Math.round(now.fill * 100)} % of ${now.slots}`;
    const full = now.waiting >= now.slots;
    if (now.fill < FULL_WARN) return { state: 'ok', value, limit: `${FULL_WARN * 100} %` };
    return { state: full ? 'fail' : 'warn', value, limit: `${FULL_WARN * 100} %`, message: `The ring is ${full ? 'full: writers wait' : 'nearly full'}. Look at the disk's speed and space, or raise ringRecords.` };
  }

  /** Whether rows that wait in the ring of a living writer go into chunks. */
  #ingest(): Finding {
    const before = this.#first;
    const now = this.#look();
    if (!this.source.spec.persist) return { state: 'ok', value: 'in memory' };
    if (!now.locked || before === undefined) return { state: 'ok', value: now.locked ? 'just opened' : 'no writer' };
    const { observeMs } = this.request;
    if (this.source.spec.durability.intervalMs * 2 > observeMs) return { state: 'skipped', message: `Its records go into chunks every ${this.source.spec.durability.intervalMs} ms; it was watched for ${observeMs}.` };
    const waited = before.head > before.tail;
    if (!waited || now.tail > before.tail) return { state: 'ok', value: `${now.waiting} waiting` };
    return { state: 'fail', value: `${now.waiting} waiting`, limit: `${observeMs} ms`, message: `${now.waiting} records wait in the ring, and none went into a chunk for ${observeMs} ms although process ${FileLock.holder(this.#paths.lock) ?? 'unknown'} has the writer. Look at the log, and at the disk.` };
  }

  #writer(): Finding {
    const { open, pid } = this.#catalog().writer;
    const now = this.#look();
    if (now.locked) return { state: 'ok', value: `process ${FileLock.holder(this.#paths.lock) ?? pid}` };
    if (!open) return { state: 'ok', value: 'none' };
    const left = this.source.spec.persist && now.waiting > 0 ? ` It left ${now.waiting} records in the ring: the next writer moves them into chunks.` : '';
    return { state: 'warn', value: 'ended', message: `The last writer (process ${pid}) ended without closing.${left}` };
  }

  /** How long ago the last record came. By when it was written, or by its own time, whichever says later. */
  #recent(): Finding {
    const { maxAgeSeconds } = this.request;
    const now = fileExists(this.#paths.catalog) ? this.#look() : undefined;
    const moved = now !== undefined && this.#first !== undefined && now.head > this.#first.head;
    const ageMs = moved ? 0 : this.#ageMs();
    const seconds = Math.max(0, ageMs / 1000);
    const value = now === undefined || now.head === 0 ? 'never written' : `${Math.round(seconds)} s ago`;
    if (maxAgeSeconds === undefined) return { state: 'ok', value };
    if (seconds <= maxAgeSeconds) return { state: 'ok', value, limit: `${maxAgeSeconds} s` };
    const who = now?.locked === true ? `process ${FileLock.holder(this.#paths.lock) ?? 'unknown'} has its writer open` : 'nobody has its writer open';
    return { state: 'fail', value, limit: `${maxAgeSeconds} s`, message: `The last record came ${spanText(ageMs)} ago; ${who}.` };
  }

  #ageMs(): number {
    const nowMs = system.wallMs();
    const times: number[] = [];
    if (fileExists(this.#paths.catalog)) {
      const view = this.#catalog();
      if (view.count > 0) {
        const { chunkId, state, sealedUs } = view.entry(view.count - 1);
        // Rows are written, not mapped: the file's time is that of the last ones.
        times.push(state === ENTRY_STATE.ACTIVE ? Number((fileStat(chunkPath(this.#paths, chunkId))?.modifiedNs ?? 0n) / 1_000_000n) : sealedUs / 1000);
      }
      const newest = this.#reader.newest();
      const unit = this.#schema.clocks[0]?.unit ?? 'us';
      if (newest !== undefined) times.push(Number((BigInt(newest.time) * NS_PER_UNIT[unit]) / 1_000_000n));
    }
    // One that was never written is as old as it is itself.
    if (times.length === 0) times.push(Number((fileStat(this.#paths.spec)?.modifiedNs ?? 0n) / 1_000_000n));
    return nowMs - Math.max(...times.filter((time) => time <= nowMs + FUTURE_MS), 0);
  }

  /** Clocks that were wrong: of whoever wrote the records, or of this machine when it sealed them. */
  #times(): Finding {
    const view = this.#catalog();
    const limit = (system.wallMs() + FUTURE_MS) * 1000;
    let future = 0;
    for (let index = view.firstLive; index < view.count; index++) if (view.state(index) === ENTRY_STATE.SEALED && view.entry(index).sealedUs > limit) future += 1;
    const wild = this.#reader.newest()?.wild ?? 0;
    const messages = [
      ...(future > 0 ? [`${future} chunks were sealed by a clock that was ahead; retention keeps them, and what came after, for longer.`] : []),
      ...(wild > 0 ? [`${wild} records have times more than an hour ahead; \`latest\` leaves them out.`] : []),
    ];
    return messages.length === 0 ? { state: 'ok' } : { state: 'warn', value: future + wild, limit: 0, message: messages.join(' ') };
  }

  /** What should have gone an hour ago. */
  async #overdue(): Promise<HealthCheck> {
    const { removed } = await removeChunks(this.source, { nowMs: system.wallMs() - OVERDUE_MS, believed: true, dryRun: true, access: 'owner' });
    const chunks = removed.reduce((sum, removal) => sum + removal.chunks, 0);
    if (chunks === 0) return { check: 'cleanup', feed: this.#name, state: 'ok', value: 0, limit: 0 };
    return { check: 'cleanup', feed: this.#name, state: 'warn', value: chunks, limit: 0, message: `${chunks} chunks are beyond the feed's retention. Have \`deepwater cleanup\` run regularly (--install-cron), or the clock looked at.` };
  }
}
