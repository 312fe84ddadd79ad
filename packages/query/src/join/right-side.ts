/** The right side of a join: the record that prevails at ever later times, by going along; at earlier ones, by search. */
import { type Clock, type Field } from '@deepwater/core/engine';
import { timeAt } from '../clock-cells.js';
import { FeedCursor, type FeedView, viewOf } from '../merge/feed-cursor.js';
import { MergeMemory } from '../merge/merge-memory.js';
import type { FeedRequest } from '../merge/stretches.js';
import { FAR } from '../merge/time-scale.js';
import { ceilOf } from '../merge/feed-point.js';
import { boundsOnClock } from '../time-bounds.js';
import type { LeftBatch } from './left-batches.js';
import { Matches } from './matches.js';
import { Prevailing, type Standing } from './prevailing.js';

/** Keys of the right side that are made at once. */
const BLOCK_ROWS = 4096;
/** Up to so many records of a batch are looked up one by one, rather than going along from the first of them. */
const LOOKUPS_MAX = 16;
/** Distances that are told exactly from their keys, and compared with a tolerance as numbers, are below. */
const LONG = FAR / 2;

export class RightSide {
  readonly #clock: Clock;
  readonly #clockField: Field;
  readonly #arrays = MergeMemory.take();
  readonly #view: FeedView;
  readonly #prevailing: Prevailing;
  #cursor: FeedCursor | undefined;
  #at = 0;
  /** What stood at the last time that was asked about. */
  #standing: Standing | undefined;

  /** Takes the cut. @param tolerance greatest distance of a match, in common units */
  constructor(
    private readonly request: FeedRequest,
    private readonly factor: number,
    private readonly strict: boolean,
    private readonly tolerance: bigint | undefined,
  ) {
    const { files: { schema }, wanted: { bounds } } = request;
    this.#clock = bounds.clock;
    this.#clockField = schema.fields[bounds.clock.fieldIndex] as Field;
    this.#view = viewOf(request, 'time');
    this.#prevailing = new Prevailing(request, this.#view);
  }

  /** The matches of a batch; the caller closes them. */
  *match(batch: LeftBatch): Generator<undefined, Matches, void> {
    const { keys, base } = batch;
    const matches = new Matches(keys.length, this.request);
    let from = 0;
    if (keys.length <= LOOKUPS_MAX) from = keys.length;
    else if (this.#cursor === undefined) yield* this.#seek(base);
    else if (this.#standing !== undefined) {
      const passed = Number(this.#timeOf(this.#standing) - base);
      while (from < keys.length && (this.strict ? (keys[from] as number) <= passed : (keys[from] as number) < passed)) from++;
      if (from > LOOKUPS_MAX) {
        yield* this.#seek(base);
        from = 0;
      }
    }
    for (let i = 0; i < from; i++) {
      const found = yield* this.#lookUp(base + BigInt(keys[i] as number));
      yield;
      if (found === undefined) continue;
      this.#put(matches, batch, i, found, Number(this.#timeOf(found) - base));
      found.part.drop();
    }
    if (from < keys.length) yield* this.#goAlong(matches, batch, from);
    return matches;
  }

  close(): void {
    this.#cursor?.close();
    this.#stand(undefined);
    this.#arrays.give();
  }

  *#goAlong(matches: Matches, batch: LeftBatch, from: number): Generator<undefined, void, void> {
    const { keys: left, order, base } = batch;
    const cursor = this.#cursor as FeedCursor;
    const { keys, rows } = this.#arrays;
    const { strict } = this;
    const limit = this.tolerance === undefined ? Infinity : Number(this.tolerance);
    const { partOf, row } = matches;
    cursor.rebase(base);
    let i = from;
    while (i < left.length) {
      const { end } = cursor;
      const first = this.#at;
      if (first < end) {
        const standing = this.#standing;
        // Up to the first record of the block, what stood before it stands on.
        const next = keys[first] as number;
        for (; i < left.length && (strict ? (left[i] as number) <= next : (left[i] as number) < next); i++) {
          if (standing !== undefined) this.#put(matches, batch, i, standing, Number(this.#timeOf(standing) - base));
        }
        let at = first;
        let index = -1;
        for (; i < left.length; i++) {
          const key = left[i] as number;
          if (strict) while (at < end && (keys[at] as number) < key) at++;
          else while (at < end && (keys[at] as number) <= key) at++;
          // The block's last record may not be the last one that is early enough.
          if (at === end) break;
          const distance = key - (keys[at - 1] as number);
          if (distance >= LONG) {
            this.#put(matches, batch, i, { part: cursor.part, row: rows[at - 1] as number }, keys[at - 1] as number);
          } else if (distance <= limit) {
            const to = order === undefined ? i : order[i] as number;
            partOf[to] = index < 0 ? (index = matches.indexOf(cursor.part)) : index;
            row[to] = rows[at - 1] as number;
          }
        }
        if (at > first) this.#stand({ part: cursor.part.hold(), row: rows[at - 1] as number });
        this.#at = at;
        if (at < end) continue;
      }
      const more = end > cursor.from && (yield* cursor.load());
      cursor.dropRetired();
      this.#at = cursor.from;
      if (more) continue;
      const standing = this.#standing;
      if (standing === undefined) return;
      const standingKey = Number(this.#timeOf(standing) - base);
      for (; i < left.length; i++) this.#put(matches, batch, i, standing, standingKey);
    }
  }

  #put(matches: Matches, { order, keys, base }: LeftBatch, i: number, found: Standing, foundKey: number): void {
    if (this.tolerance !== undefined) {
      const distance = (keys[i] as number) - foundKey;
      const exact = distance < FAR ? BigInt(distance) : base + BigInt(keys[i] as number) - this.#timeOf(found);
      if (exact > this.tolerance) return;
    }
    matches.put(order === undefined ? i : order[i] as number, found.part, found.row);
  }

  /** Goes along from a time on. */
  *#seek(time: bigint): Generator<undefined, void, void> {
    const { request: { wanted, ...request }, factor } = this;
    const low = ceilOf(time, BigInt(factor));
    this.#stand(yield* this.#prevailing.below(low));
    this.#cursor?.close();
    const bounds = boundsOnClock(this.#clock, wanted.bounds.clockIndex, low, wanted.bounds.high);
    this.#cursor = new FeedCursor({ ...request, wanted: { ...wanted, bounds } }, 'time', factor, this.#arrays, 0, BLOCK_ROWS);
    this.#cursor.open(this.#view);
    yield* this.#cursor.load();
    this.#cursor.dropRetired();
    this.#at = 0;
  }

  /** What stands at a time in common units; the caller drops its part. */
  *#lookUp(time: bigint): Generator<undefined, Standing | undefined, void> {
    const factor = BigInt(this.factor);
    return yield* this.#prevailing.below(this.strict ? ceilOf(time, factor) : ceilOf(time + 1n, factor));
  }

  #timeOf({ part, row }: Standing): bigint {
    return timeAt(part.words(this.#clockField), row, this.#clock.signed) * BigInt(this.factor);
  }

  #stand(standing: Standing | undefined): Standing | undefined {
    this.#standing?.part.drop();
    return (this.#standing = standing);
  }
}
