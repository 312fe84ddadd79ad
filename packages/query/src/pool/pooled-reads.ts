/** Reads that look for rows in the pool. What they find is where the rows are; records are made of them by the thread that asked. */
import { constants } from 'node:fs';
import { type Field, system } from '@deepwater/core/engine';
import { GRAIN_ROWS, KeptCount, type Partial } from '../aggregate/partial.js';
import type { AggregateRequest } from '../aggregate/request.js';
import { type Cut, takeCut } from '../cut.js';
import type { DecodeHelpers } from '../decode-values.js';
import type { FeedFiles } from '../feed-files.js';
import type { Found, Newest } from '../newest.js';
import { type Elsewhere, type FoundRows, type RowsWanted, sequenceOfLast } from '../reads.js';
import { select } from '../select.js';
import { type Steps, awaited } from '../slices.js';
import type { BarsPart } from '../bars/read-bars.js';
import type { TimeBounds } from '../time-bounds.js';
import type { AggregatePayload } from './aggregate-task.js';
import type { BarsAnswer, BarsPayload } from './bars-task.js';
import type { FindPayload, TimePayload } from './feed-tasks.js';
import type { Limited } from './limited-call.js';
import { nearRead } from './near.js';
import { PieceList } from './piece-list.js';
import { type WirePieces, fromWire } from './pieces-wire.js';
import type { QueryPool } from './query-pool.js';
import { FEED_TASKS, scan } from './scan.js';

/**
 * Results that are mapped rather than copied can be larger than memory, and are read by whoever gets them: so many bytes of them are brought into memory
 * beforehand. Those behind come as a loop over the result reaches them, the kernel reading ahead.
 */
const MAPPED_TOUCH_BYTES = 256 * 2 ** 20;

export class PooledReads {
  /** As text: see worker-feeds.ts. */
  readonly #source: string;
  #used = false;
  #tells: boolean | undefined;

  constructor(private readonly pool: QueryPool, private readonly files: FeedFiles, private readonly helpers: DecodeHelpers) {
    this.#source = JSON.stringify(files.source);
  }

  /** For one read, which sees the records that are published now; undefined where it is better done by the calling thread. */
  begin(limited: Limited): Elsewhere | undefined {
    if (!this.pool.warmOrSoon()) return undefined;
    // Two loads from memory that every read looks at; the files behind them are looked at in the pool.
    const catalog = this.files.catalog();
    if (catalog === undefined) return undefined;
    this.#used = true;
    return new PooledRead(this.pool, this.files, this.helpers, this.#source, this.#nearRows(), limited, this.files.ring(catalog)?.head);
  }

  /** How many rows a read may look at in the thread that asks: none where the kernel would not tell whether they are in memory. */
  #nearRows(): number {
    this.#tells ??= isWritable(this.files.paths.catalog);
    return this.#tells ? this.pool.nearRows : 0;
  }

  /** Ends the reads of a group, and has the pool's threads let go of the feed's files. */
  close(group: object, error: Error): void {
    this.pool.end(group, error);
    if (!this.#used || !this.pool.warm) return;
    const task = { filename: FEED_TASKS, name: 'forget', payload: { source: this.#source } };
    // One for each thread: those that are idle get one each, since each is taken up by it. One that is busy goes on with its next look at the feed.
    for (let thread = 0; thread < this.pool.threads; thread++) this.pool.run(task).catch(() => {});
  }
}

class PooledRead implements Elsewhere {
  constructor(
    private readonly pool: QueryPool, private readonly files: FeedFiles, private readonly helpers: DecodeHelpers, private readonly source: string,
    private readonly nearRows: number, private readonly limited: Limited,
    /** Only records before this number; of a feed without a ring, where nobody writes, as many as the first task finds. */
    private head: number | undefined,
  ) {}

  *rows(wanted: RowsWanted): Steps<FoundRows> {
    const { bounds, limit = Infinity, fields, from, last, where } = wanted;
    const { source, files, limited } = this;
    if (limit <= 0 || bounds?.empty === true) return { found: [], head: this.head ?? takeCut(files).head };
    const near = this.nearRows > 0 ? nearRead(files, this.helpers, this.head, wanted, this.nearRows) : undefined;
    if (near !== undefined) {
      const { cut, from: first, found = yield* select(files, { ...wanted, cut, from: first }) } = near;
      return { found, head: (this.head = cut.head) };
    }
    const { morselBytes, threads } = this.pool;
    // What is not there does not travel.
    const payload: FindPayload = {
      source, threads, touch: true, fields: fields.map(({ index }) => index),
      ...(this.head === undefined ? {} : { head: this.head }), ...(from === undefined ? {} : { from }), ...(last === undefined ? {} : { last }),
      ...(morselBytes === undefined ? {} : { morselBytes }), ...(limit === Infinity ? {} : { limit }), ...(where === undefined ? {} : { where: where.predicate }),
      ...(bounds === undefined ? {} : { clockIndex: bounds.clockIndex, low: bounds.low, high: bounds.high }),
    };
    const touchedRows = wanted.mapped === true ? MAPPED_TOUCH_BYTES / fields.reduce((sum, { width }) => sum + width, 0) : Infinity;
    const list = new PieceList(limit);
    let stale = false;
    let cut: Cut | undefined;
    this.head = yield* awaited(scan<WirePieces, FindPayload>(
      this.pool, { filename: FEED_TASKS, name: 'findRows', what: limited.what, payload }, limited,
      (wire) => {
        cut ??= cutOf(files, this.head);
        const pieces = fromWire(files, cut, wire);
        if (pieces === undefined) stale = true;
        else list.add(pieces);
        return !stale && !list.full;
      },
      (given, _part, rowsBefore) => (rowsBefore >= touchedRows ? { ...given, touch: false } : given),
    ));
    if (!stale) return { found: list.pieces, head: this.head };
    const now = takeCut(files, this.head);
    const first = last === undefined ? from : sequenceOfLast(files, now, last);
    return { found: yield* select(files, { ...wanted, cut: now, from: first }), head: this.head };
  }

  *newest(clockIndex: number, limit: bigint): Steps<Newest | undefined> {
    const { newest, head } = yield* awaited(this.#run<{ newest: Newest | undefined; head: number }>('newestRow', { source: this.source, head: this.head, clockIndex, limit }));
    this.head = head;
    return newest;
  }

  *greatest(clockIndex: number, limit: bigint): Steps<Found | undefined> {
    const { found, head } = yield* awaited(this.#run<{ found: Found | undefined; head: number }>('greatestRow', { source: this.source, head: this.head, clockIndex, limit }));
    this.head = head;
    return found;
  }

  *partials(request: AggregateRequest, bounds: TimeBounds, fields: readonly Field[]): Steps<readonly Partial[]> {
    const { pool, limited, source } = this;
    const payload: AggregatePayload = {
      source, head: this.head, fields: fields.map(({ index }) => index), clockIndex: bounds.clockIndex, low: bounds.low, high: bounds.high,
      grainRows: GRAIN_ROWS, timesOnly: true, morselBytes: pool.morselBytes, threads: pool.threads, request: { ...request, outputs: [] },
      ...(request.where === undefined ? {} : { where: request.where }),
    };
    const all: Partial[] = [];
    const kept = new KeptCount();
    this.head = yield* awaited(scan<readonly Partial[], AggregatePayload>(pool, { filename: FEED_TASKS, name: 'aggregateRows', what: limited.what, payload }, limited, (partials) => {
      for (const partial of partials) {
        kept.add(partial);
        all.push(partial);
      }
    }));
    return all;
  }

  *bars(options: unknown, { low, high }: TimeBounds): Steps<readonly BarsPart[]> {
    const { pool, limited, source } = this;
    const task = { filename: FEED_TASKS, name: 'makeBars', what: limited.what };
    const payload: BarsPayload = { source, head: this.head, options, low, high, morselBytes: pool.morselBytes };
    const { head, made, parts = [], rows = 0 } = yield* awaited(pool.run<BarsAnswer>({ ...task, payload }, limited));
    if (made !== undefined) return [made];
    this.head = head;
    const all: BarsPart[] = [];
    yield* awaited(pool.map<BarsAnswer>(parts.map((part) => ({ payload: { ...payload, ...part, head, rows }, rows })), { ...task, ...limited }, (answer) => { all.push(answer.made as BarsPart); }));
    return all;
  }

  #run<R>(name: string, payload: TimePayload): Promise<R> {
    const { what, signal, group } = this.limited;
    return this.pool.run<R>({ filename: FEED_TASKS, name, payload, what }, { signal, group });
  }
}

/** Of files that a process may not write, nor owns, the kernel says that all of them are in memory. */
function isWritable(path: string): boolean {
  try {
    system.files.access(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What pieces that were found elsewhere are opened with: the thread's own catalog. */
function cutOf(files: FeedFiles, head = Infinity): Cut {
  const catalog = files.catalog();
  return { catalog, count: catalog?.view.count ?? 0, chunksEnd: head, ringFrom: head, head, ring: undefined };
}
