/** Seconds that a rate is taken over. */
const WINDOW = 10;

/** How fast a counter grows, from looks at it about once a second. */
export class Rate {
  readonly #looks: { readonly ms: number; readonly total: number }[] = [];

  look(total: number, nowMs: number): void {
    this.#looks.push({ ms: nowMs, total });
    if (this.#looks.length > WINDOW + 1) this.#looks.shift();
  }

  /** Over the looks that are kept: the last ten seconds, or as many as there were. */
  get perS(): number {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined || last.ms <= first.ms) return 0;
    return Math.max(0, last.total - first.total) * 1000 / (last.ms - first.ms);
  }
}
