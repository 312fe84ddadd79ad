/** How many are remembered; what comes twice comes soon after. A power of two. */
const REMEMBERED = 1024;

/** The latest ids of trades that are told apart by a text: those do not count, so a repetition can only be known by having seen it. */
export class RecentIds {
  readonly #seen = new Set<string>();
  readonly #order: string[] = [];
  #next = 0;

  /** @returns whether it is new */
  add(id: string): boolean {
    const before = this.#seen.size;
    this.#seen.add(id);
    if (this.#seen.size === before) return false;
    const oldest = this.#order[this.#next];
    if (oldest !== undefined) this.#seen.delete(oldest);
    this.#order[this.#next] = id;
    this.#next = (this.#next + 1) & (REMEMBERED - 1);
    return true;
  }
}
