/** Equity over time, at whole multiples of an interval since 1970. */
export interface EquityCurve {
  /** Microseconds between two values. */
  readonly intervalUs: number;
  /** Microseconds since 1970. The first is the last multiple of the interval before the first record, with the cash to begin with. */
  readonly times: readonly number[];
  /** Cash, and positions at their marks, as they were when the records before that time had been given. */
  readonly values: readonly number[];
}

const SECOND_US = 1_000_000;
/** Each a multiple of the one before, so that a curve can be thinned out; after the last each is twice the one before. */
const INTERVALS_US = [0.001, 0.01, 0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400].map((seconds) => seconds * SECOND_US);
/** More values than this, and the next interval is taken. */
export const VALUES_MAX = 1500;

/** Takes the equity at regular times, without knowing how long it will go on: where there are too many values it keeps every so manieth. */
export class EquitySampler {
  /** The next time at which a value is wanted; records from there on come after it. */
  next = -Infinity;
  #interval: number;
  readonly #fixed: boolean;
  #values: number[] = [];
  /** Time of the first value. */
  #begin = 0;

  /** @param intervalUs as fine as this, where somebody has a wish; it is doubled where that makes too many values */
  constructor(private readonly cash: number, intervalUs?: number) {
    this.#fixed = intervalUs !== undefined;
    this.#interval = intervalUs ?? INTERVALS_US[0] as number;
  }

  /** A record at `time`, not before `next`, comes. @param equity before it */
  pass(time: number, equity: number): void {
    if (this.#values.length === 0) this.#start(time);
    else this.#fill(time, equity);
    this.next = this.#begin + this.#values.length * this.#interval;
  }

  /** @param equity at the end; the curve ends at the first multiple of the interval after the last record */
  finish(equity: number): EquityCurve {
    if (this.#values.length > 0) this.#values.push(equity);
    return { intervalUs: this.#interval, times: this.#values.map((_, i) => this.#begin + i * this.#interval), values: this.#values };
  }

  #start(time: number): void {
    this.#begin = Math.floor(time / this.#interval) * this.#interval;
    this.#values.push(this.cash);
  }

  #fill(time: number, equity: number): void {
    while ((time - this.#begin) / this.#interval >= VALUES_MAX) this.#thin();
    const count = Math.floor((time - this.#begin) / this.#interval) + 1;
    while (this.#values.length < count) this.#values.push(equity);
  }

  #thin(): void {
    const before = this.#interval;
    const after = (this.#fixed ? undefined : INTERVALS_US.find((interval) => interval > before)) ?? before * 2;
    const begin = Math.floor(this.#begin / after) * after;
    const kept = [this.cash];
    const skipped = Math.round((this.#begin - begin) / before);
    const step = Math.round(after / before);
    for (let i = step - skipped; i < this.#values.length; i += step) kept.push(this.#values[i] as number);
    this.#interval = after;
    this.#begin = begin;
    this.#values = kept;
  }
}
