/** Values of one magnitude fall into this many equal buckets: an error of at most 1 in 128. */
const STEPS = 128;
const STEP_BITS = 7;
const VALUE_MAX = 2 ** 31 - 1;

/**
 * Counts of whole numbers from 0 to 2^31-1 (nanoseconds: up to 2.1 s; more counts as that) in buckets that grow with the
 * value, as in HdrHistogram (http://hdrhistogram.org). Recording allocates nothing.
 */
export class Histogram {
  readonly #counts = new Float64Array((32 - STEP_BITS) * STEPS);
  #max = 0;
  #total = 0;

  record(value: number): void {
    const whole = value <= 0 ? 0 : value >= VALUE_MAX ? VALUE_MAX : value | 0;
    this.#counts[bucketOf(whole)]++;
    if (whole > this.#max) this.#max = whole;
    this.#total++;
  }

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  /** The smallest value that this part of all values does not exceed, rounded up to its bucket. */
  quantile(q: number): number {
    const wanted = Math.ceil(this.#total * q);
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket];
      if (seen >= wanted && seen > 0) return Math.min(topOf(bucket), this.#max);
    }
    return this.#max;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#max = 0;
    this.#total = 0;
  }
}

/** Values below 2 x STEPS have a bucket each; above, each doubling has STEPS buckets. */
function bucketOf(value: number): number {
  if (value < 2 * STEPS) return value;
  const shift = 31 - Math.clz32(value) - STEP_BITS;
  return shift * STEPS + (value >>> shift);
}

function topOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}
