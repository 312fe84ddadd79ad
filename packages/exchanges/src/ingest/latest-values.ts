import type { Percentiles } from './status.js';

/** How many of the latest values percentiles are taken of. A power of two. */
const KEPT = 4096;

/** The latest values of a measurement; a store each, and sorted only when somebody asks. */
export class LatestValues {
  readonly #values = new Float64Array(KEPT);
  #count = 0;

  add(value: number): void {
    this.#values[this.#count & (KEPT - 1)] = value;
    this.#count += 1;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The nearest-rank percentiles (https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method); undefined before there is a value. */
  percentiles(): Percentiles | undefined {
    const samples = Math.min(this.#count, KEPT);
    if (samples === 0) return undefined;
    const sorted = this.#values.slice(0, samples).sort();
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * samples) - 1)] as number;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted[samples - 1] as number, samples };
  }
}
