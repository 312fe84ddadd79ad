/** Holes that are remembered of a symbol; of more, the oldest are forgotten, and what comes late of them counts as seen. */
const HOLES_MAX = 64;

/**
 * The trades of a symbol whose ids follow one another: which are new, which have been seen, and which never came. What was missing is new when it
 * comes after all, from a snapshot of recent trades or out of order.
 */
export class TradeRun {
  /** The newest id; 0 before the first. */
  last = 0;
  /** The first id missing before the trade that `take` took last; 0 where none is. */
  hole = 0;
  /** Missing ids: the first and the last of each hole, the oldest hole first. */
  readonly #missing: number[] = [];

  /** @param last the newest id that is known from before, 0 where none is */
  constructor(last = 0) {
    this.last = last;
  }

  /** A trade from before what is to be followed. */
  anchor(id: number): void {
    if (id > this.last) this.last = id;
  }

  /** @returns whether the trade is new */
  take(id: number): boolean {
    this.hole = 0;
    const next = this.last + 1;
    if (id < next) return this.#missing.length > 0 && this.#takeMissing(id);
    if (id > next && this.last !== 0) this.miss(id - 1);
    this.last = id;
    return true;
  }

  /** Trades up to `id` are known to exist and have not come. @returns whether that is news */
  miss(id: number): boolean {
    if (this.last === 0 || id <= this.last) return false;
    this.hole = this.last + 1;
    this.#missing.push(this.hole, id);
    if (this.#missing.length > 2 * HOLES_MAX) this.#missing.splice(0, 2);
    this.last = id;
    return true;
  }

  #takeMissing(id: number): boolean {
    const missing = this.#missing;
    for (let at = missing.length - 2; at >= 0; at -= 2) {
      const [from, to] = [missing[at], missing[at + 1]];
      if (id < from || id > to) continue;
      if (from === to) missing.splice(at, 2);
      else if (id === from) missing[at] = id + 1;
      else if (id === to) missing[at + 1] = id - 1;
      else missing.splice(at + 1, 0, id - 1, id + 1);
      return true;
    }
    return false;
  }
}
