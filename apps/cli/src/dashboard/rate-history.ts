/** Values kept: four minutes, of which a wide terminal shows most. */
const VALUES_MAX = 240;
const EVERY_MS = 1000;

/** Records of each second that has gone by, for the picture of the rate. */
export class RateHistory {
  #rates: number[] = [];
  #records = 0;
  #atMs: number | undefined;

  get rates(): readonly number[] {
    return this.#rates;
  }

  /** @param records all there have been */
  add(records: number, nowMs: number): void {
    const ms = this.#atMs === undefined ? 0 : nowMs - this.#atMs;
    if (this.#atMs !== undefined && ms >= 0 && ms < EVERY_MS) return;
    // Counted from nothing again, or a clock that was set back: it begins anew.
    if (this.#atMs !== undefined && ms > 0 && records >= this.#records) {
      this.#rates = [...this.#rates, ((records - this.#records) * 1000) / ms].slice(-VALUES_MAX);
    }
    this.#atMs = nowMs;
    this.#records = records;
  }
}
