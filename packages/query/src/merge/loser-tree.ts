/**
 * The tournament of a k-way merge. Every feed's next record has a key; a node of the tree holds the feed that lost there, and who
 * won overall has the next record. After a record was taken, only the nodes above its feed play again: log2(k) comparisons.
 *
 *            [1]             node 1: loser of the final        feeds are the leaves k .. 2k-1
 *         /       \
 *       [2]       [3]        parent of node n: n >> 1
 *      /   \     /   \
 *     f0   f1   f2   f3
 *
 * Feeds that win many times in a row are copied run by run: as far as their keys stay below the second's.
 */
import { FAR } from './time-scale.js';

/** Wins in a row after which a run is looked for. */
const GALLOP_AFTER = 6;
/** Runs longer than this are copied by `set`. */
const COPY_MIN = 32;

export const BATCH_ROWS = 4096;

/** Why `run` came back: the batch is full, all feeds have ended, keys have to be counted from a later base; or a feed's number: its block is used up. */
export const FULL = -1;
export const ENDED = -2;
export const TOO_FAR = -3;

export class LoserTree {
  readonly source = new Uint16Array(BATCH_ROWS);
  readonly row = new Uint32Array(BATCH_ROWS);
  readonly times = new Float64Array(BATCH_ROWS);
  /** Records in the batch. */
  length = 0;
  /** Where each feed is in `keys` and `rows`, and where its block ends. */
  readonly at: Int32Array;
  readonly end: Int32Array;
  readonly #loser: Int32Array;
  readonly #loserKey: Float64Array;
  #winner = 0;
  #key = Infinity;
  #streak = 0;

  constructor(
    readonly feeds: number,
    private readonly keys: Float64Array,
    private readonly rows: Uint32Array,
  ) {
    this.at = new Int32Array(feeds);
    this.end = new Int32Array(feeds);
    this.#loser = new Int32Array(feeds);
    this.#loserKey = new Float64Array(feeds);
  }

  /** Plays every game, from the feeds' blocks as they are now. */
  begin(): void {
    const { feeds } = this;
    const winners = new Int32Array(2 * feeds);
    const keyOf = (feed: number): number => ((this.at[feed] as number) < (this.end[feed] as number) ? this.keys[this.at[feed] as number] as number : Infinity);
    for (let feed = 0; feed < feeds; feed++) winners[feeds + feed] = feed;
    for (let node = feeds - 1; node > 0; node--) {
      const left = winners[2 * node] as number;
      const right = winners[2 * node + 1] as number;
      const leftKey = keyOf(left);
      const rightKey = keyOf(right);
      const leftWins = leftKey < rightKey || (leftKey === rightKey && left < right);
      winners[node] = leftWins ? left : right;
      this.#loser[node] = leftWins ? right : left;
      this.#loserKey[node] = leftWins ? rightKey : leftKey;
    }
    this.#winner = feeds === 1 ? 0 : winners[1] as number;
    this.#key = keyOf(this.#winner);
    this.#streak = 0;
  }

  /** The winner's next block has been filled, or there is none: it plays again. */
  settle(): void {
    const w = this.#winner;
    this.#key = (this.at[w] as number) < (this.end[w] as number) ? this.keys[this.at[w] as number] as number : Infinity;
    const { feeds } = this;
    for (let node = (w + feeds) >> 1; node > 0; node >>= 1) this.#play(node);
  }

  #play(node: number): void {
    const other = this.#loserKey[node] as number;
    const feed = this.#loser[node] as number;
    if (other > this.#key || (other === this.#key && feed > this.#winner)) return;
    this.#loserKey[node] = this.#key;
    this.#loser[node] = this.#winner;
    this.#key = other;
    this.#winner = feed;
  }

  /** Takes records into the batch until something else has to be done first. */
  run(): number {
    const { feeds, keys, rows, source, row, times, at, end } = this;
    const loser = this.#loser;
    const loserKey = this.#loserKey;
    let n = this.length;
    let w = this.#winner;
    let key = this.#key;
    let streak = feeds === 1 ? GALLOP_AFTER : this.#streak;
    let why = FULL;
    while (n < BATCH_ROWS) {
      if (key >= FAR) {
        why = key === Infinity ? ENDED : TOO_FAR;
        break;
      }
      let place = at[w] as number;
      if (streak >= GALLOP_AFTER) {
        const to = this.#runEnd(w, place, Math.min(end[w] as number, place + BATCH_ROWS - n));
        if (to - place > COPY_MIN) {
          times.set(keys.subarray(place, to), n);
          row.set(rows.subarray(place, to), n);
          source.fill(w, n, n + to - place);
          n += to - place;
          place = to;
        } else {
          for (; place < to; place++, n++) {
            source[n] = w;
            row[n] = rows[place] as number;
            times[n] = keys[place] as number;
          }
        }
        // Short runs do not pay for being looked for.
        streak = feeds === 1 ? GALLOP_AFTER : 0;
      } else {
        source[n] = w;
        row[n] = rows[place] as number;
        times[n] = key;
        place += 1;
        n += 1;
      }
      at[w] = place;
      if (place === end[w]) {
        why = w;
        break;
      }
      key = keys[place] as number;
      let first = w;
      for (let node = (w + feeds) >> 1; node > 0; node >>= 1) {
        const other = loserKey[node] as number;
        if (other > key) continue;
        const feed = loser[node] as number;
        if (other === key && feed > first) continue;
        loserKey[node] = key;
        loser[node] = first;
        key = other;
        first = feed;
      }
      streak = first === w ? streak + 1 : 0;
      w = first;
    }
    this.length = n;
    this.#winner = w;
    this.#key = key;
    this.#streak = streak;
    return why;
  }

  /** As far as the winner's records come before every other feed's. */
  #runEnd(w: number, from: number, to: number): number {
    let second = Infinity;
    let tiesToo = true;
    for (let node = (w + this.feeds) >> 1; node > 0; node >>= 1) {
      const other = this.#loserKey[node] as number;
      if (other > second) continue;
      const loses = (this.#loser[node] as number) < w;
      tiesToo = other < second ? !loses : tiesToo && !loses;
      second = other;
    }
    if (second >= FAR) {
      second = FAR;
      tiesToo = false;
    }
    const { keys } = this;
    // The winner's next record is in the run, whatever comes after it.
    let low = from + 1;
    let step = 1;
    let high = low;
    while (high < to && comesFirst(keys[high] as number, second, tiesToo)) {
      low = high + 1;
      step *= 2;
      high += step;
    }
    if (high > to) high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comesFirst(keys[middle] as number, second, tiesToo)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const comesFirst = (key: number, second: number, tiesToo: boolean): boolean => key < second || (tiesToo && key === second);
