/** What is known of the block that is being filled: it has no descriptor yet, so its rows are looked at, each of them once. */
import type { Clock } from '@deepwater/core/engine';
import { timeAt } from './clock-cells.js';
import type { BlockFacts } from './open-chunk.js';
import { SIGN, flipOf } from './time-bounds.js';

export class OpenBlock {
  #seen: number;
  #leastRow: number;
  #greatestRow: number;
  #sorted = true;
  #facts: BlockFacts | undefined;
  readonly #flip: number;

  /** @param from the block's first row; there must be one */
  constructor(
    readonly clock: Clock,
    readonly from: number,
  ) {
    this.#seen = from;
    this.#leastRow = from;
    this.#greatestRow = from;
    this.#flip = flipOf(clock);
  }

  /** Times and order of the block's rows as far as `to`, or as far as an earlier call went. */
  facts(words: Int32Array, to: number): BlockFacts {
    if (to > this.#seen) {
      this.#look(words, to);
      const { signed } = this.clock;
      this.#facts = { range: { min: timeAt(words, this.#leastRow, signed), max: timeAt(words, this.#greatestRow, signed) }, sorted: this.#sorted };
    }
    return this.#facts as BlockFacts;
  }

  #look(words: Int32Array, to: number): void {
    const flip = this.#flip;
    const high = (row: number): number => (words[2 * row + 1] as number) ^ flip;
    const low = (row: number): number => (words[2 * row] as number) ^ SIGN;
    let leastHigh = high(this.#leastRow);
    let leastLow = low(this.#leastRow);
    let greatestHigh = high(this.#greatestRow);
    let greatestLow = low(this.#greatestRow);
    for (let row = this.#seen; row < to; row++) {
      const h = (words[2 * row + 1] as number) ^ flip;
      const l = (words[2 * row] as number) ^ SIGN;
      if (h > greatestHigh || (h === greatestHigh && l >= greatestLow)) {
        greatestHigh = h;
        greatestLow = l;
        this.#greatestRow = row;
        continue;
      }
      // Below the greatest so far: the rows before it are not all below it.
      this.#sorted = false;
      if (h < leastHigh || (h === leastHigh && l < leastLow)) {
        leastHigh = h;
        leastLow = l;
        this.#leastRow = row;
      }
    }
    this.#seen = to;
  }
}
