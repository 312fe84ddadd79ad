/** The record that prevails before any time: found by search, backwards where there is a filter. */
import { type Field, UNITS_PER_SECOND } from '@deepwater/core/engine';
import { greatestInside, timeAt } from '../clock-cells.js';
import type { FeedView } from '../merge/feed-cursor.js';
import { MergedPart } from '../merge/part.js';
import type { FeedRequest } from '../merge/stretches.js';
import { type Found, greatestInCut } from '../newest.js';
import { closePiece, openPiece, sequenceOf } from '../piece-source.js';
import { wordsOf } from '../row-source.js';
import { pieces } from '../select.js';
import { boundsOnClock } from '../time-bounds.js';

/** A record by the part that has it; whoever is given one drops the part. */
export interface Standing {
  readonly part: MergedPart;
  readonly row: number;
}

const TRIES_MAX = 16;
/** Each window that is searched is so many times as long as the one after it. */
const WINDOW_GROWTH = 8n;

/** What has been found: from `after` (the time of `found`, or the beginning) up to `limit` no other record prevails. */
interface Known {
  readonly found: Found | undefined;
  readonly limit: bigint;
}

export class Prevailing {
  /** So that asking for ever later times looks at every record once. */
  #known: Known | undefined;

  constructor(
    private readonly request: FeedRequest,
    private readonly view: FeedView,
  ) {}

  /** The record with the greatest time below `limit`, in units of the clock; of equal times the one that arrived last. */
  *below(limit: bigint): Generator<undefined, Standing | undefined, void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const found = yield* this.#find(limit);
      if (found === undefined) return undefined;
      const standing = this.#open(found.sequence);
      if (standing !== undefined) return standing;
      // Retention took its chunk away between the two: what is left has another greatest.
      this.#known = undefined;
    }
    return undefined;
  }

  #open(sequence: number): Standing | undefined {
    const { request: { files, wanted, fields }, view: { cut, held } } = this;
    for (const piece of pieces(files, { cut, held, from: sequence, limit: 1, fields: wanted.fields })) {
      const part = piece === undefined ? undefined : MergedPart.ofPiece(files, piece, fields);
      if (piece === undefined || part === undefined) continue;
      const row = piece.runs[0] as number;
      if (part.sequenceOf(row) === sequence) return { part, row };
      part.drop();
    }
    return undefined;
  }

  *#find(limit: bigint): Generator<undefined, Found | undefined, void> {
    const { request: { files, wanted: { bounds: { clockIndex }, where } }, view: { cut, ring } } = this;
    if (where === undefined) return greatestInCut(files, cut, ring, clockIndex, limit - 1n);
    const known = this.#known;
    if (known !== undefined && limit <= known.limit && (known.found === undefined || known.found.time < limit)) return known.found;
    const floor = known !== undefined && limit > known.limit ? known.limit : undefined;
    const found = (yield* this.#search(floor, limit)) ?? (floor === undefined ? undefined : known?.found);
    this.#known = { found, limit };
    return found;
  }

  /** Window by window, backwards, each ending at a record so that gaps cost nothing. Times in [floor, limit). */
  *#search(floor: bigint | undefined, limit: bigint): Generator<undefined, Found | undefined, void> {
    const { request: { files, wanted: { bounds: { clock, clockIndex } } }, view: { cut, ring } } = this;
    let length = BigInt(UNITS_PER_SECOND[clock.unit]);
    for (let high = limit - 1n; floor === undefined || high >= floor; length *= WINDOW_GROWTH) {
      const last = greatestInCut(files, cut, ring, clockIndex, high);
      yield;
      if (last === undefined || (floor !== undefined && last.time < floor)) return undefined;
      const low = last.time - length + 1n;
      const from = floor !== undefined && low < floor ? floor : low;
      const found = yield* this.#greatestWithin(from, last.time);
      if (found !== undefined) return found;
      high = from - 1n;
    }
    return undefined;
  }

  *#greatestWithin(low: bigint, high: bigint): Generator<undefined, Found | undefined, void> {
    const { request: { files, wanted: { bounds: { clock, clockIndex }, where } }, view: { cut, held } } = this;
    const field = files.schema.fields[clock.fieldIndex] as Field;
    let wanted = boundsOnClock(clock, clockIndex, low, high);
    let best: Found | undefined;
    for (const piece of pieces(files, { cut, held, bounds: wanted, fields: [field], where })) {
      yield;
      const source = piece === undefined ? undefined : openPiece(files, piece);
      if (piece === undefined || source === undefined) continue;
      try {
        const words = wordsOf(source, field);
        for (let r = 0; r < piece.runs.length; r += 2) {
          const row = greatestInside(words, wanted, piece.runs[r] as number, piece.runs[r + 1] as number);
          if (row < 0) continue;
          best = { time: timeAt(words, row, clock.signed), sequence: sequenceOf(piece, row) };
          // In order of arrival: an equal time that comes later beats it.
          wanted = boundsOnClock(clock, clockIndex, best.time, high);
        }
      } finally {
        closePiece(piece);
      }
    }
    return best;
  }
}
