import { nowNs } from '../clock.js';
import { Histogram } from '../histogram.js';
import { priceOf, timeOf } from '../records.js';
import type { HopResult } from './hop.js';

/** What a subscriber does with each record of a hop: checks it, and counts how long after its due time it came. */
export class Arrivals {
  readonly #latencies = new Histogram();
  readonly #problems: string[] = [];
  readonly #warmUp: number;
  readonly #end: number;
  #next = 0;
  #lastNs = 0;

  /** @param warmUp this many come first and do not count */
  constructor(records: number, warmUp = 0) {
    this.#warmUp = warmUp;
    this.#end = warmUp + records;
  }

  get complete(): boolean {
    return this.#next >= this.#end || this.#problems.length > 0;
  }

  take(price: number, dueNs: number, timeUs: number): void {
    const now = nowNs();
    const late = now - dueNs;
    this.#lastNs = now;
    const n = this.#next++;
    if (price !== priceOf(n) || timeUs !== timeOf(n)) {
      if (this.#problems.length < 3) this.#problems.push(`instead of record ${n} came (${price}, ${dueNs}, ${timeUs})`);
    } else if (n >= this.#warmUp) this.#latencies.record(late);
  }

  /** How long the records took that count; a problem where not all of them came. */
  result(): HopResult {
    const problems = this.#next === this.#end || this.#problems.length > 0 ? this.#problems : [`${this.#next} records, not ${this.#end}`];
    return { p50Ns: this.#latencies.quantile(0.5), p99Ns: this.#latencies.quantile(0.99), maxNs: this.#latencies.max, lastNs: this.#lastNs, problems };
  }
}
