/** The right side of a join: the record that prevails at ever later times, by going along; at earlier ones, by search. */
import { type Clock, type Field } from '@deepwater/core/engine';
import { timeAt } from '../clock-cells.js';
import { FeedCursor, type FeedView, viewOf } from '../merge/feed-cursor.js';
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

export class RightSide {
  readonly #clock: Clock;
  readonly #clockField: Field;
  readonly #arrays = { keys: new Float64Array(BLOCK_ROWS), rows: new Uint32Array(BLOCK_ROWS) };
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
  }

  *#goAlong(matches: Matches, batch: LeftBatch, from: number): Generator<undefined, void, void> {
    const { keys: left, base } = batch;
    const cursor = this.#cursor as FeedCursor;
    const { keys, rows } = this.#arrays;
    const { strict } = this;
    cursor.rebase(base);
    let standing = this.#standing;
    let standingKey = standing === undefined ? 0 : Number(this.#timeOf(standing) - base);
    let at = this.#at;
    for (let i = from; i < left.length; i++) {
      const key = left[i] as number;
      for (;;) {
        const before = at;
        const { end } = cursor;
        if (strict) while (at < end && (keys[at] as number) < key) at++;
        else while (at < end && (keys[at] as number) <= key) at++;
        if (at > before) {
          standing = this.#stand({ part: cursor.part.hold(), row: rows[at - 1] as number });
          standingKey = keys[at - 1] as number;
        }
        if (at < end || end === cursor.from) break;
        const more = yield* cursor.load();
        cursor.dropRetired();
        at = cursor.from;
        if (!more) break;
      }
      if (standing !== undefined) this.#put(matches, batch, i, standing, standingKey);
    }
    this.#at = at;
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
