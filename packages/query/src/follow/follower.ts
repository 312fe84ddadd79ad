/**
 * A subscriber's place in a feed, and the rows that come next: from the ring as long as it holds them, from chunks where
 * history was asked for or the writer was a lap faster. One number (`next`) is all there is to remember; the rest is looked up
 * again when it has changed. Synchronous, without an object for any record.
 *
 *                 chunks ──────────────┐       ring ─────────────┐
 *   sequence  0 … │ … next? … committed│ tail … next? … head
 *
 * Numbers that were never given to a record (after a power loss, between two rings of a memory feed) are passed over. Records
 * that are gone (overwritten in the ring of a memory feed, deleted by retention) are lost, counted, and told.
 */
import { type Field, RING, RUN_DIVISOR, loadPosition } from '@deepwater/core/engine';
import { type Ring, type RingTaker, oldestSafe } from '@deepwater/ring';
import type { CatalogIndex } from '../catalog-index.js';
import { firstIndexPoint } from '../index-points.js';
import { type Cut, pinRef, refOf } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import { unpinChunk } from '../open-chunk.js';
import { RING_PIECE_ROWS } from '../ring-block.js';
import { countRuns } from '../run-list.js';
import { type ChunkPiece, type Piece, runsOfChunk } from '../select.js';
import { runNow } from '../slices.js';
import { accountGap } from './account-gap.js';
import { checkPiece } from './checked-rows.js';
import { rowsOutside } from './chunks-outside.js';
import { checkFeedPresent } from './feed-presence.js';
import { placeOf } from './first-record.js';
import { type FollowOptions, type Playback, STEP, type Step, ringIsNear } from './follow-step.js';
import { historyInRing } from './history-in-ring.js';
import { Losses } from './losses.js';
import { missingRecord } from './missing-record.js';
import { PendingRows } from './pending-rows.js';
import { presentCut } from './present-cut.js';
import { Presence } from './presence.js';

/** The ring does not hold the next row any more, and chunks do. */
const LAPPED = -1;
/** Looks at catalog and ring without finding what must be in one of them, before that is an error. */
const LOOKS_MAX = 16;

export class Follower {
  /** Sequence number wanted next. */
  next: number;
  readonly losses: Losses;
  /** After a step that found columns. Valid until the next step. */
  piece: Piece | undefined;
  /** After a step that found rows of the ring: the number of the first, and how many. */
  first = 0; rows = 0;
  readonly #presence = new Presence();
  /** Rows below this number are history, of which `bounds` are wanted. */
  readonly #historyEnd: number;
  /** Whether the first index point is still looked for. */
  seeking: boolean;
  #pending: PendingRows | undefined;
  #pinned: string | undefined;
  #ring: Ring | undefined;
  #taker: RingTaker | undefined;
  // What the ring says of itself, kept where it is looked at for each run.
  #words: Int32Array = new Int32Array(0);
  #slotCount = 0;
  #safeRows = 0;
  #persist = false;

  constructor(
    readonly files: FeedFiles,
    private readonly options: FollowOptions,
  ) {
    this.losses = new Losses(options.onLoss);
    this.seeking = options.playback?.found === false;
    this.losses.held = options.playback !== undefined;
    const { next, historyEnd } = placeOf(files, options);
    this.next = next;
    this.#historyEnd = historyEnd;
  }

  /** The ring that is followed now; undefined while there is none, or chunks are read. */
  get ring(): Ring | undefined { return this.#ring; }

  /** Whether rows are there that no step has given out. Cheap; says nothing of rings that are not known yet. */
  get behind(): boolean {
    return this.#pending !== undefined || (this.#ring !== undefined && loadPosition(this.#words, RING.HEAD) > this.next);
  }

  /**
   * The next rows there are, at most `max`; of rows that are copied out of the ring, at most `ringMax`.
   * @param looks at the head of the ring before there is nothing: more than one is to spin
   * @throws DeepwaterError DW_FEED_UNKNOWN where the feed is gone, DW_FILE_CORRUPT, DW_SYSTEM_CALL; what `onLoss` throws
   */
  step(max: number, ringMax: number = max, looks = 1): Step {
    for (;;) {
      if (this.seeking && !this.#seek((this.options.playback as Playback).column)) return STEP.NOTHING;
      const found = this.#step(max, ringMax, looks);
      if (!this.losses.held) return found;
      const lost = this.losses.forget();
      if (lost === undefined) {
        this.losses.held = found === STEP.NOTHING;
        return found;
      }
      // The index point that it was to begin with is gone, before anything was given: it begins with the next one.
      this.#pending = undefined;
      this.next = lost;
      this.seeking = true;
    }
  }

  #step(max: number, ringMax: number, looks: number): Step {
    if (this.#pending === undefined) {
      if (this.#pinned !== undefined) this.#unpin();
      if (this.#ring !== undefined) {
        const found = this.#takeRing(ringMax, looks);
        if (found === STEP.RING) this.#presence.tell(this.next, this.losses.count);
        if (found !== LAPPED) return found;
      }
    }
    const found = this.#look(max, ringMax);
    this.#presence.tell(this.next, this.losses.count);
    this.losses.report();
    return found;
  }

  /**
   * Looks whether the ring has a successor, or the feed is gone, after a wait in vain; the next step then begins from the files.
   * @throws DeepwaterError DW_FEED_UNKNOWN
   */
  refresh(): void {
    const catalog = this.files.catalog();
    if (catalog === undefined || catalog.view.retired) checkFeedPresent(this.files.source);
    if (this.#ring === undefined || this.#ring.retired || catalog === undefined || this.files.ring(catalog) !== this.#ring) this.#ring = undefined;
  }

  /** Lets go of everything. */
  close(): void {
    this.#unpin();
    this.#presence.leave();
    this.#pending = undefined;
    this.#ring = undefined;
    this.files.close();
  }

  /** Rows of the ring (see ring-taker.ts). */
  #takeRing(max: number, looks: number): Step | typeof LAPPED {
    const from = this.next;
    const rows = (this.#taker as RingTaker).take(from, max, looks);
    if (rows < 0) return this.#takeBehind(max);
    if (rows === 0) return STEP.NOTHING;
    this.first = from;
    this.rows = rows;
    this.next = from + rows;
    return STEP.RING;
  }

  /** The same for who is a lap behind, or nearly so, or waits for a record that is far ahead. */
  #takeBehind(max: number): Step | typeof LAPPED {
    const words = this.#words;
    for (let distance = this.#slotCount; ; distance = Math.max(1, distance / 2)) {
      const head = loadPosition(words, RING.HEAD);
      let from = this.next;
      if (from >= head) return this.#nothing();
      if (from < head - this.#safeRows || distance < this.#slotCount) {
        if (this.#persist) {
          if (loadPosition(words, RING.TAIL) > from) return LAPPED;
        } else {
          // Whoever begins where the writer is about to write loses that race again and again, so each time the distance is halved.
          from = Math.max(from, head - this.#safeRows, head - distance);
          this.losses.add(this.next, from);
          this.next = from;
        }
      }
      const to = Math.min(head, from + max);
      (this.#taker as RingTaker).copy(from, to);
      if (from >= loadPosition(words, RING.HEAD) - this.#safeRows || (this.#persist && loadPosition(words, RING.TAIL) <= from)) {
        this.first = from;
        this.rows = to - from;
        this.next = to;
        this.losses.report();
        return STEP.RING;
      }
      if (this.#persist) return LAPPED;
    }
  }

  /** A ring that was put out of use has a successor, or its rows are in chunks. */
  #nothing(): Step | typeof LAPPED {
    return Atomics.load(this.#words, RING.RETIRED >> 2) === 0 ? STEP.NOTHING : LAPPED;
  }

  /** The slow way: from what the files say now. */
  #look(max: number, ringMax: number): Step {
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      if (this.#pending !== undefined) return this.#part(max);
      const cut = presentCut(this.files);
      if (cut === undefined) return STEP.NOTHING;
      const before = this.next;
      if (this.next < cut.chunksEnd && !ringIsNear(cut, this.next, this.#historyEnd)) {
        this.#openChunkRows(cut);
      } else if (cut.ring === undefined) {
        this.#ring = undefined;
        return STEP.NOTHING;
      } else {
        this.#attach(cut.ring);
        // Below the first number of the ring there are chunks only, and they end before `next`.
        if (this.next < cut.ring.baseSequence && this.next >= cut.chunksEnd) this.next = cut.ring.baseSequence;
        if (this.next < this.#historyEnd) {
          this.#openRingRows(cut.ring, cut.head);
        } else {
          const found = this.#takeRing(ringMax, 1);
          if (found === STEP.NOTHING || found === STEP.RING) return found;
        }
      }
      if (this.next > before) looks = 0;
    }
    throw missingRecord(this.files.source.spec.name, this.next);
  }

  /** Goes on to the first index point from `next` on; where there is none yet, past everything there is. @returns whether it found one. */
  #seek(column: Field): boolean {
    if (this.#ring !== undefined && !this.#ring.retired && !this.behind) return false;
    const cut = presentCut(this.files);
    if (cut === undefined) return false;
    const found = firstIndexPoint(this.files, column, cut, this.next);
    this.seeking = found === undefined;
    this.next = found ?? Math.max(this.next, cut.head);
    if (found !== undefined || cut.ring === undefined) this.#ring = undefined; // it may lie in a chunk
    else this.#attach(cut.ring); // what is waited on
    this.#presence.tell(this.next, this.losses.count);
    return found !== undefined;
  }

  #attach(ring: Ring): void {
    if (this.#ring === ring) return;
    this.#ring = ring;
    this.#taker = this.options.taker(ring);
    this.#words = ring.words;
    this.#slotCount = ring.slotCount;
    this.#safeRows = ring.slotCount - ring.slotCount / RUN_DIVISOR;
    this.#persist = ring.persist;
    this.#presence.attach(ring, this.next, this.losses.count);
  }

  /** Rows of the chunk that holds `next`, or of the first one after it. */
  #openChunkRows(cut: Cut): void {
    const { files, options } = this;
    const catalog = cut.catalog as CatalogIndex;
    for (let index = catalog.indexOfSequence(this.next, cut.count); index < cut.count; index++) {
      this.next += rowsOutside(catalog, index, this.next, this.#historyEnd, options.bounds);
      const ref = refOf(files, cut, index, this.next);
      if (ref === undefined) continue;
      accountGap(catalog, this.next, ref.firstSequence + ref.from, index, this.losses, this.#historyEnd, options.bounds);
      this.next = ref.firstSequence + ref.from;
      const filtered = options.bounds !== undefined && this.next < this.#historyEnd;
      const to = filtered ? Math.min(ref.to, this.#historyEnd - ref.firstSequence) : ref.to;
      const part = { ...ref, to, sealed: ref.sealed && to === ref.to };
      // Pinned until it has been given out: retention cannot take it away in between. It may have done so before.
      if (pinRef(files, cut, part) === undefined) return;
      this.#pinned = ref.path;
      const runs: ChunkPiece['runs'] = filtered
        ? runNow(runsOfChunk(files, cut, part, options.bounds, Infinity)).pairs
        : Int32Array.of(ref.from, to);
      const end = ref.firstSequence + to;
      if (runs.length > 0) {
        this.#pending = new PendingRows({ cut, ref: part, runs, rows: countRuns(runs) }, end);
      } else {
        this.#unpin();
        this.next = end;
      }
      return;
    }
    accountGap(catalog, this.next, cut.chunksEnd, cut.count, this.losses, this.#historyEnd, options.bounds);
    this.next = cut.chunksEnd;
  }

  /** History that is not in a chunk yet. */
  #openRingRows(ring: Ring, head: number): void {
    const to = Math.min(this.#historyEnd, head, this.next + RING_PIECE_ROWS);
    const found = historyInRing(ring, this.files.schema, this.options, this.next, to);
    if (found === 'overwritten') {
      if (ring.persist) return;
      const oldest = oldestSafe(ring, ring.head);
      this.losses.add(this.next, oldest);
      this.next = Math.max(this.next, oldest);
    } else if (found === undefined) {
      this.next = to;
    } else {
      this.#pending = found;
    }
  }

  #part(max: number): Step {
    const pending = this.#pending as PendingRows;
    this.piece = checkPiece(this.files, pending.take(max, this.options.scattered), this.options.fields, () => { this.#pending = undefined; this.#unpin(); });
    this.next = pending.next;
    if (pending.done) this.#pending = undefined;
    return STEP.COLUMNS;
  }

  #unpin(): void {
    if (this.#pinned !== undefined) unpinChunk(this.#pinned);
    this.#pinned = undefined;
  }
}
